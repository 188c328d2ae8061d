"""What an array of images means: its layout, and the range of its values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.data.image_files import MAX_NUMBERS, TOO_MUCH
from engine.data.inputs import InputShape

Array = NDArray[Any]

_ROUNDING = 1e-4
_BYTE, _SIXTEEN_BITS = 255, 65_535
_LEAST_WHITE = 0.25
"""Of what white is in a range: where nothing is brighter than that, values are of another range."""

_SHAPES = "Images are (n, c, h, w) or (n, h, w, c) with 1 or 3 channels, (n, h, w), or (n, c·h·w)."
_RANGE = "Give images with values from 0 to 1, or from 0 to 255."
_DIVIDE = "Divide them by it, so that they are from 0 to 1; only 255 and 65,535 are known here."


def as_images(array: Array, name: str, shape: InputShape | None) -> tuple[Array, list[str]]:
    """uint8, or floats in [0, 1], shape (n, c, h, w), and what had to be understood for that.

    Args:
        array: of any layout and range that images come in.
        name: of array and file, for people.
        shape: (c, h, w) that the network reads, where there is one; decides between layouts.

    Raises:
        UnusableInput: it holds no images; the message says why.
    """
    if array.dtype.kind not in "buif":
        raise UnusableInput(f"{name} holds no numbers, but {array.dtype}.", _RANGE)
    if array.size > MAX_NUMBERS:
        raise UnusableInput(f"{name} {TOO_MUCH}")
    laid_out, layout = _laid_out(array, name, shape)
    values, scale = _in_range(laid_out, name)
    return values, [word for word in (layout, scale) if word]


def _laid_out(array: Array, name: str, shape: InputShape | None) -> tuple[Array, str]:
    size = "×".join(str(n) for n in array.shape)
    refusal = UnusableInput(f"{name} has shape {array.shape}, which is none of images.", _SHAPES)
    if not array.size:
        raise UnusableInput(f"{name} is empty ({size or 'no dimension'}).", _SHAPES)
    if array.ndim == 3:
        return array[:, None], ""
    if array.ndim == 2:
        rows = shape if shape and math.prod(shape) == array.shape[1] else square(array.shape[1])
        if rows is None:
            raise refusal
        words = "×".join(str(n) for n in rows)
        return array.reshape(len(array), *rows), f"each row is an image of {words}"
    if array.ndim != 4:
        raise refusal
    first, last = tuple(array.shape[1:]), (array.shape[3], *array.shape[1:3])
    if first == shape or (last != shape and first[0] in (1, 3)):
        return array, ""
    if last[0] == 4:
        return np.moveaxis(array[..., :3], 3, 1), "channels last; the fourth, alpha, left out"
    if last[0] not in (1, 3):
        raise refusal
    return np.moveaxis(array, 3, 1), "channels last"


def square(numbers: int) -> InputShape | None:
    """(c, s, s) of so many numbers, grey before colour; None where there is none."""
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if channels * side * side == numbers:
            return channels, side, side
    return None


def tells_its_range(images: Array, white: int = _BYTE) -> bool:
    """Whether whole numbers can be of a range from 0 to a white: not if all of them are dark."""
    high = float(images.max(initial=0))
    return high == 0 or _LEAST_WHITE * white < high <= white + _ROUNDING


def _in_range(images: Array, name: str) -> tuple[Array, str]:
    if images.dtype == np.uint8 and tells_its_range(images):
        return images, ""
    _check_finite(images, name)
    low, high = float(images.min()), float(images.max())
    is_whole = images.dtype.kind != "f"
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        words = "0 and 1 are black and white" if is_whole else ""
        return np.clip(images.astype(np.float32), 0, 1), words
    if low >= -_ROUNDING and tells_its_range(images):
        values = np.clip(images.astype(np.float32) / _BYTE, 0, 1)
        return values, "values 0–255 were divided by 255"
    if is_whole and low >= 0 and tells_its_range(images, _SIXTEEN_BITS):
        return images.astype(np.float32) / _SIXTEEN_BITS, "values were divided by 65,535"
    if abs(low + 1) < _ROUNDING and abs(high - 1) < _ROUNDING:
        values = np.clip((images.astype(np.float32) + 1) / 2, 0, 1)
        return values, "values from −1 to 1 were brought to 0 to 1"
    if low < 0:
        looks, instead = "they look as if a mean had been subtracted already", _RANGE
    else:
        looks, instead = "what value white has is not known", _DIVIDE
    raise UnusableInput(
        f"{name} has values outside [0, 1], from {low:.6g} to {high:.6g}; {looks}.", instead
    )


def _check_finite(images: Array, name: str) -> None:
    if images.dtype.kind != "f":
        return
    bad = ~np.isfinite(images)
    count = int(bad.sum())
    if not count:
        return
    place = tuple(int(n) for n in np.argwhere(bad)[0])
    what = "NaN" if np.isnan(images[place]) else "an infinite value"
    image, channel, row, column = place
    raise UnusableInput(
        f"{name} holds {what} at image {image:,}, channel {channel}, row {row}, column {column} "
        f"({counted(count, 'values')} of {images.size:,} are no numbers).",
        "Leave such images out, or put numbers in.",
    )
