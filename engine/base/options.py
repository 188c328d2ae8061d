"""Options of a frozen dataclass that know their own name, explanation and range.

The window's forms and tooltips, the command line's help and the checks all come from the fields
themselves, so that an option is described once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, field, fields
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed


def option(default: Any, label: str, tooltip: str, low: float, high: float) -> Any:
    """A number, with its name for people, its explanation, and the range that it may take."""
    meta = {"label": label, "tooltip": tooltip, "low": low, "high": high}
    return field(default=default, metadata=meta)


def choice(default: str, label: str, tooltip: str, names: Mapping[Any, str]) -> Any:
    """One of several words, with its name for people, its explanation, and what each is called."""
    return field(default=default, metadata={"label": label, "tooltip": tooltip, "names": names})


def is_number(each: Field[Any]) -> bool:
    """Whether a field was made with `option`."""
    return "low" in each.metadata


def _shown(number: float) -> str:
    """A number in a few digits, also one that no float can hold."""
    try:
        return f"{number:g}"
    except OverflowError:
        return "more than a number can be"


def check_options(options: Any, choices: Mapping[str, Sequence[str]]) -> None:
    """Checks a dataclass instance.

    Args:
        options: fields made with `option` are checked against their range, and those made with
            `choice` against its words.
        choices: what other fields may be; those that it does not name go unchecked.

    Raises:
        UnusableInput: a value is none of the choices, or outside its range.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        allowed = each.metadata.get("names", choices.get(each.name))
        if allowed is not None and value not in allowed:
            raise UnusableInput(
                f"The setting {each.name} cannot be “{value}”.",
                f"Choose {listed([str(one) for one in allowed], 'or')}.",
            )
        if is_number(each) and not each.metadata["low"] <= value <= each.metadata["high"]:
            low, high = each.metadata["low"], each.metadata["high"]
            raise UnusableInput(
                f"{each.metadata['label']} is {_shown(value)}; it must be from {low:g} to {high:g}."
            )
