"""What is reconstructed, in words: images have pixels, rows of a table have features."""

from __future__ import annotations

import re
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

    def of(self, sentence: str) -> str:
        """A sentence about images, said of these. It holds no name of a file, which may have such a
        word in it.
        """
        words = {"image": self.one, "images": self.several, "pixels": self.numbers}
        return _SAID.sub(
            lambda found: _like(found[0], words.get(found[0].lower(), found[0])), sentence
        )


_SAID = re.compile(r"(?<![\w-])(images?|pixels)\b", re.IGNORECASE)
"""Words as such; `--images` is the name of an option."""


def _like(said: str, word: str) -> str:
    return word.capitalize() if said[0].isupper() else word


IMAGES = Nouns("image", "images", "pixels")
ROWS = Nouns("row", "rows", "features")


def nouns_of(shape: Sequence[int]) -> Nouns:
    """The words for inputs of a shape, (c, h, w)."""
    return ROWS if is_vector(shape) else IMAGES
