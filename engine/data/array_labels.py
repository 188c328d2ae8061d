"""What an array of labels means: class numbers from 0, however they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.image_files import LARGEST_LABEL

Array = NDArray[Any]

_MANY = 10
"""Classes of which none is missing where labels are counted from 1: fewer, but for two, may be some
of more classes that are counted from 0."""

_KINDS = (
    f"Labels are one whole number an image from 0 to {LARGEST_LABEL:,}, −1 and 1, a word an image, "
    "or one-hot rows."
)


@dataclass(frozen=True)
class Labels:
    """Class numbers.

    Attributes:
        numbers: from 0, int64, shape (n,).
        classes: what classes 0, 1, … were called.
        said: what had to be understood; empty where they were such numbers.
    """

    numbers: NDArray[np.int64]
    classes: tuple[str, ...]
    said: str = ""


def as_labels(array: Array, count: int, name: str) -> Labels:
    """Reads the labels of so many images.

    Args:
        array: of any kind that labels come in.
        count: of images.
        name: of array and file, for people.

    Raises:
        UnusableInput: they are none; the message says why.
    """
    array = array.reshape(count) if array.size == count and array.ndim <= 2 else array
    if len(array.shape) == 0 or len(array) != count:
        raise UnusableInput(f"{name} has shape {array.shape} for {count:,} images.", _KINDS)
    if array.dtype.kind in "US" and array.ndim == 1:
        return _of_words(array, name)
    if array.dtype.kind not in "buif":
        raise UnusableInput(f"{name} holds no labels, but {array.dtype}.", _KINDS)
    if array.ndim == 2:
        return _one_hot(array, name)
    if array.ndim != 1:
        raise UnusableInput(f"{name} has shape {array.shape} for {count:,} images.", _KINDS)
    whole = np.isfinite(array) & (np.floor(array) == array)
    if not whole.all():
        place = int(np.flatnonzero(~whole)[0])
        raise UnusableInput(f"{name} holds {array[place]:.4g} at image {place:,}.", _KINDS)
    return _of_numbers(array, name)


def numbered(numbers: NDArray[np.int64], said: str = "") -> Labels:
    """Class numbers that are called as they are."""
    return Labels(numbers, tuple(str(n) for n in range(int(numbers.max(initial=0)) + 1)), said)


def _of_numbers(array: Array, name: str) -> Labels:
    low, high = float(array.min()), float(array.max())
    if low < -1 or high > LARGEST_LABEL or (low < 0 and high > 1):
        raise UnusableInput(f"{name} holds labels from {low:.6g} to {high:.6g}.", _KINDS)
    numbers = array.astype(np.int64)
    there = set(np.unique(numbers).tolist())
    if -1 in there:
        if 0 in there:
            raise UnusableInput(f"{name} holds both −1 and 0.", _KINDS)
        return Labels((numbers > 0).astype(np.int64), ("-1", "1"), "labels −1 and 1")
    most = int(high)
    if there == set(range(1, most + 1)) and (most == 2 or most >= _MANY):
        called = tuple(str(n) for n in range(1, most + 1))
        return Labels(numbers - 1, called, f"labels 1–{most} are counted from 1")
    return numbered(numbers)


def _one_hot(array: Array, name: str) -> Labels:
    is_one_hot = np.isin(array, (0, 1)).all() and (array.sum(1) == 1).all()
    if not is_one_hot or array.shape[1] > LARGEST_LABEL:
        raise UnusableInput(
            f"{name} has shape {array.shape}, and its rows are not one-hot: an image with several "
            "labels, or with none, is of no class.",
            _KINDS,
        )
    numbers = array.argmax(1).astype(np.int64)
    return Labels(numbers, tuple(str(n) for n in range(array.shape[1])), "labels are one-hot")


def _of_words(array: Array, name: str) -> Labels:
    words = array.astype(str) if array.dtype.kind == "U" else np.char.decode(array, "utf-8")
    words = np.char.strip(words)
    if np.char.isdecimal(words).all() and np.char.str_len(words).max() < 6:
        return _of_numbers(words.astype(np.int64), name)
    classes, numbers = np.unique(words, return_inverse=True)
    if len(classes) > LARGEST_LABEL:
        raise UnusableInput(f"{name} holds {len(classes):,} different words.", _KINDS)
    called = tuple(plain(str(each)) for each in classes)
    return Labels(numbers.astype(np.int64), called, "labels are words, in order of the alphabet")
