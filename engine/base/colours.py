"""What each colour means, on every screen and in every report, in both schemes.

One thing keeps one colour wherever it is drawn. The colours of one plot can be told apart by people
who see no red, no green or no blue, and all of them can be read as text on the grounds below
(`tests/engine/base/test_colours.py` works out both).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Meaning = Literal[
    "training",
    "control",
    "accent",
    "cursor",
    "curve",
    "run A",
    "run B",
    "layer 1",
    "layer 2",
    "layer 3",
    "layer 4",
    "warning",
    "error",
]


class Shades(NamedTuple):
    """One colour as `#rrggbb`, on a light ground and on a dark one."""

    light: str
    dark: str


COLOURS: dict[Meaning, Shades] = {
    # Images that the network was trained on, or is asked about; and images that it never saw.
    "training": Shades("#2b62b5", "#7fb2ff"),
    "control": Shades("#6f6a63", "#a8a29a"),
    # What has been recovered, and what a person has chosen.
    "accent": Shades("#ae501b", "#f0914d"),
    # The moment that is looked at.
    "cursor": Shades("#1f1d1a", "#eceae6"),
    # A curve that is alone on its plot.
    "curve": Shades("#46586c", "#b7c6d8"),
    "run A": Shades("#0a6f99", "#6cd8ef"),
    "run B": Shades("#5d1c5a", "#e83fdc"),
    "layer 1": Shades("#8e1fb8", "#c67bed"),
    "layer 2": Shades("#0a613c", "#12a673"),
    "layer 3": Shades("#826b04", "#f3cb1c"),
    "layer 4": Shades("#be2c81", "#f680c6"),
    # What somebody should think about; and what could not be done.
    "warning": Shades("#9c4a00", "#ffb35c"),
    "error": Shades("#a3262a", "#ff8f87"),
}

LAYERS: tuple[Meaning, ...] = ("layer 1", "layer 2", "layer 3", "layer 4")
"""Deeper layers take these again, with a dashed line."""

RUNS: tuple[Meaning, Meaning] = ("run A", "run B")

CANVAS = Shades("#ffffff", "#151413")
"""Behind curves and images."""

EMPTY = Shades("#f1eee9", "#22201e")
"""Where an image could be and none is."""

WINDOW = Shades("#f4f2ee", "#1d1c1b")
"""Behind words."""


def layer(index: int) -> Meaning:
    """The colour of a layer, counted from 0."""
    return LAYERS[index % len(LAYERS)]


def is_dashed(index: int) -> bool:
    """Whether a layer, counted from 0, shares its colour with one before it."""
    return index >= len(LAYERS)
