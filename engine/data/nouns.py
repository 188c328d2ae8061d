"""What is reconstructed, in words: images have pixels, rows of a table have features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.inputs import is_vector


@dataclass(frozen=True)
class Nouns:
    """The words for one kind of input.

    Attributes:
        one: thing that is reconstructed.
        several: of them.
        numbers: that it consists of.
    """

    one: str
    several: str
    numbers: str


IMAGES = Nouns("image", "images", "pixels")
ROWS = Nouns("row", "rows", "features")


def nouns_of(shape: Sequence[int]) -> Nouns:
    """The words for inputs of a shape, (c, h, w)."""
    return ROWS if is_vector(shape) else IMAGES
