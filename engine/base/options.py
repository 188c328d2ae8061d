"""Options of a frozen dataclass that know their own name, explanation and range.

The window's forms and tooltips, the command line's help and the checks all come from the fields
themselves, so that an option is described once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields
from typing import Any

from engine.base.errors import UnusableInput


def option(default: Any, label: str, tooltip: str, low: float, high: float) -> Any:
    """A number, with its name for people, its explanation, and the range that it may take."""
    meta = {"label": label, "tooltip": tooltip, "low": low, "high": high}
    return field(default=default, metadata=meta)


def check_options(options: Any, choices: Mapping[str, Sequence[str]]) -> None:
    """Checks a dataclass instance.

    Args:
        options: fields made with `option` are checked against their range.
        choices: what fields made without it may be; those that it does not name go unchecked.

    Raises:
        UnusableInput: a value is none of the choices, or outside its range.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name in choices and value not in choices[each.name]:
            raise UnusableInput(f"The setting {each.name} cannot be “{value}”.")
        if each.metadata and not each.metadata["low"] <= value <= each.metadata["high"]:
            low, high = each.metadata["low"], each.metadata["high"]
            raise UnusableInput(f"{each.metadata['label']} must be from {low:g} to {high:g}.")
