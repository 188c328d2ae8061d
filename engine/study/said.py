"""The tables of a study's file, held to what they may say."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.json_text import held_to
from engine.base.plain_text import listed
from engine.data.datasets import Selection
from engine.reconstruction.settings import PRESETS, Settings, fast, settings_from_dict
from engine.training.recipe import FROM_A_BASE, RECIPES, Recipe, parse_widths

MOST_RUNS = 100_000
"""Of one study."""

_NOT_IN_SETTINGS = ("seed",)

_OF_A_BASE = ("hidden", "biases", "start")


def selection_of(said: Mapping[str, Any]) -> Selection:
    """Which images of its source a training takes.

    Raises:
        UnusableInput: a value is of another kind, or below 0.
    """
    given = {
        "rule": said.get("classes", ""),
        "per_class": said.get("per_class", 50),
        "seed": said.get("draw"),
    }
    try:
        return held_to(given, Selection)
    except ValueError as error:
        raise UnusableInput(f"[training] cannot be read: {error}.") from error


def recipe_of(said: Mapping[str, Any], names: list[str], has_base: bool = False) -> Recipe:
    """How a training makes its networks.

    Args:
        said: the table of the training.
        names: what of it is the recipe's.
        has_base: whether it fine-tunes a network that is there.

    Raises:
        UnusableInput: there is no such recipe, or a value lies outside its range.
    """
    named = said.get("recipe", "fine-tune" if has_base else "margin")
    if named not in RECIPES:
        raise UnusableInput(
            f"There is no recipe “{named}” for a study.", f"Choose {listed(list(RECIPES), 'or')}."
        )
    if named in FROM_A_BASE and not has_base:
        raise UnusableInput(
            f"The recipe {named} needs a network to begin with.", 'Name it: base = "…".'
        )
    for name in _OF_A_BASE if has_base else ():
        if name in said:
            raise UnusableInput(
                f"“{name}” and “base” were given, and the base says what the layers are and where "
                "they start.",
                f"Leave “{name}” out.",
            )
    given = {name: said[name] for name in names if name in said}
    if isinstance(given.get("hidden"), str | int):
        given["hidden"] = parse_widths(str(given["hidden"]))
    try:
        return held_to({**asdict(RECIPES[named]), **given}, Recipe)
    except ValueError as error:
        raise UnusableInput(f"[training] cannot be read: {error}.") from error


def check_settings(said: Mapping[str, Any]) -> None:
    """Holds the settings of a search to what a run may be given.

    Raises:
        UnusableInput: there are no such, or a value lies outside its range.
    """
    known = [each.name for each in fields(Settings) if each.name not in _NOT_IN_SETTINGS]
    check_names(said, known, "[settings]")
    if said.get("preset", "fast") not in PRESETS:
        raise UnusableInput(
            f"There is no preset “{said['preset']}”.", f"Choose {listed(PRESETS, 'or')}."
        )
    if said.get("preset", "fast") == "fast":  # That of the paper depends on the network.
        settings_from_dict({**fast(said.get("training", "auto")).as_dict(), **said})


def seeds_of(said: Any) -> list[int]:
    """The seeds of a study.

    Raises:
        UnusableInput: they are no whole numbers from 0, each once.
    """
    seeds = said if isinstance(said, list) else [said]
    if not seeds or any(type(each) is not int or not 0 <= each < 2**31 for each in seeds):
        raise UnusableInput("“seeds” is no list of whole numbers from 0.", "Write seeds = [0, 1].")
    if len(set(seeds)) < len(seeds):
        raise UnusableInput("“seeds” holds a seed twice.", "Name each once.")
    return seeds


def text_of(said: Mapping[str, Any], name: str) -> str:
    """A value that has to be a text.

    Raises:
        UnusableInput: it is none, or empty.
    """
    if not isinstance(said[name], str) or not said[name]:
        raise UnusableInput(f"“{name}” is no text.", f'Write it like {name} = "…".')
    return str(said[name])


def check_values(said: Mapping[str, Any]) -> None:
    """Refuses tables within tables, and dates, which say nothing here.

    Raises:
        UnusableInput: there is one.
    """
    for name, value in said.items():
        if not isinstance(value, str | int | float | bool | list):
            raise UnusableInput(f"“{name}” is no text, number or list.", "Write one value, or [ ].")


def check_names(said: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Refuses what a table does not know.

    Args:
        said: the table.
        known: the names that it may have.
        where: what the table is called, as a sentence has it.

    Raises:
        UnusableInput: it has another one.
    """
    unknown = [name for name in said if name not in known]
    if unknown:
        raise UnusableInput(
            f"{where[0].upper()}{where[1:]} knows nothing called “{unknown[0]}”.",
            f"It may have {listed(list(known), 'or')}.",
        )


def check_count(said: Mapping[str, Any]) -> None:
    """Refuses more runs than a study may have, before any of them is made.

    Raises:
        UnusableInput: there are more.
    """
    tables = (said, *(said.get(name, {}) for name in ("training", "checkpoints", "settings")))
    lists = [value for table in tables for value in table.values() if isinstance(value, list)]
    count = math.prod(max(1, len(values)) for values in lists)
    if count > MOST_RUNS:
        raise UnusableInput(
            f"The study has {count:,} runs, and {MOST_RUNS:,} are the most.", "Vary less at once."
        )
