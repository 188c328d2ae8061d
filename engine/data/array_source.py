"""Images and labels out of a file of arrays, whatever they are called in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.array_files import Arrays, names_of, read_arrays, what_is, with_first_as_label
from engine.data.array_images import as_images, square
from engine.data.array_labels import Labels, as_labels, numbered
from engine.data.inputs import InputShape
from engine.data.roles import Role, part_of

_SHOWN = 8
_NAMES = (
    "Images are looked for as images, image, x or data, labels as labels, label, y or targets; "
    "x_train and y_test, train_images and test_labels are found, too."
)


@dataclass(frozen=True)
class ArrayImages:
    """What a file of arrays holds.

    Attributes:
        pixels: uint8, or floats in [0, 1], shape (n, c, h, w).
        labels: of each.
        said: what had to be understood, for people; empty where all went by the book.
    """

    pixels: NDArray[Any]
    labels: Labels
    said: str


def read_array_images(path: Path, role: Role, shape: InputShape | None) -> ArrayImages:
    """Reads the images that a file holds for a role, and their labels.

    Args:
        path: a file of `array_files`.
        role: decides where there is a part for training and one for tests.
        shape: (c, h, w) that the network reads, where there is one.

    Raises:
        UnusableInput: it holds none; the message says why.
    """
    arrays = read_arrays(path)
    if "table" in arrays:
        arrays = _of_table(arrays["table"], shape)
    names = _by_preference(arrays, "images")
    name = part_of(names, role, lambda each: [what_is(each)[0]])
    if name is None:
        there = ", ".join(plain(each) for each in list(arrays)[:_SHOWN]) or "nothing"
        raise UnusableInput(
            f"{path.name} holds no array called “images”; it holds {there}.", _NAMES
        )
    part = what_is(name)[0]
    said = []
    parts = {what_is(each)[0] for each in names}
    if len(parts) > 1:
        said.append(f"of several parts, {plain(name)} was taken")
    pixels, words = as_images(arrays[name], f"“{plain(name)}” in {path.name}", shape)
    labels = _labels(arrays, part, len(pixels), path)
    said += [*words, *([labels.said] if labels.said else [])]
    return ArrayImages(pixels, labels, "; ".join(said))


def _labels(arrays: Arrays, part: str, count: int, path: Path) -> Labels:
    of_part = [each for each in _by_preference(arrays, "labels") if what_is(each)[0] == part]
    if not of_part:
        return numbered(np.zeros(count, np.int64))
    return as_labels(arrays[of_part[0]], count, f"“{plain(of_part[0])}” in {path.name}")


def _by_preference(arrays: Arrays, what: str) -> list[str]:
    """The names of arrays that are called as images, or labels, are; the plainest first."""
    names = names_of(what)
    found = [name for name in arrays if what_is(name)[1] == what]
    return sorted(found, key=lambda name: min(names.index(n) for n in names if n in name.lower()))


def _of_table(table: NDArray[Any], shape: InputShape | None) -> Arrays:
    """A table without a header: its first column is a label where the rest of a row is an image."""
    numbers = table.shape[1]
    if shape is not None:
        is_bare = math.prod(shape) == numbers
    else:
        is_bare = square(numbers) is not None and square(numbers - 1) is None
    return {"images": table} if is_bare else with_first_as_label(table)
