"""What is said of reference images, or rows, beside their number."""

from __future__ import annotations

from engine.base.plain_text import counted
from engine.data.datasets import LabelledImages
from engine.data.nouns import nouns_of


def about_copies(images: LabelledImages) -> list[str]:
    """`3 are copies of others`, `5 training images left out`, where it is so."""
    found = []
    if images.copies:
        count = len(images.copies)
        found.append("1 is a copy of another" if count == 1 else f"{count:,} are copies of others")
    if images.apart is not None and images.apart.left_out:
        count = len(images.apart.left_out)
        nouns = nouns_of(images.images.shape[1:])
        found.append(f"{count:,} training {nouns.one if count == 1 else nouns.several} left out")
    return found


def number_of(images: LabelledImages) -> str:
    """`95 images, 5 training images left out`."""
    several = nouns_of(images.images.shape[1:]).several
    return ", ".join([counted(len(images), several), *about_copies(images)])


def details_of(images: LabelledImages) -> list[str]:
    """Where they come from, how they were read, and which were left out; a line each."""
    apart = "" if images.apart is None else images.apart.sentence
    return [line for line in (images.name, images.said, apart) if line]
