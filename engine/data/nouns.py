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
        """A sentence about images, said of these; it holds no name of a file, which may say so."""
        words = {"image": self.one, "images": self.several, "pixels": self.numbers}

        def said(found: re.Match[str]) -> str:
            word = words[found["word"].lower()]
            article = found["article"] or ""
            if word[0] not in "aeiou":
                article = article.replace("n", "")
            return article + (word.capitalize() if found["word"][0].isupper() else word)

        return _IMAGES.sub(said, sentence)


_IMAGES = re.compile(r"(?<![\w-])(?P<article>an )?(?P<word>images?|pixels)\b", re.IGNORECASE)
"""Words as such; `--images` is the name of an option."""


IMAGES = Nouns("image", "images", "pixels")
ROWS = Nouns("row", "rows", "features")


def nouns_of(shape: Sequence[int]) -> Nouns:
    """The words for inputs of a shape, (c, h, w)."""
    return ROWS if is_vector(shape) else IMAGES
