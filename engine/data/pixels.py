"""Images as people see them: numbers become pixels, tiles become one picture.

A vector is shown as bars around zero, one a feature (`engine.data.bars`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.bars import bars
from engine.data.inputs import is_vector
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


Pixels = NDArray[np.uint8]


GAP = 1
"""Pixels between two tiles of a mosaic."""


USUAL_WIDTH = 500
"""Pixels that an export is wide, about, where nobody says otherwise."""


def display_pixels(images: Tensor, mean: Tensor | None) -> Pixels:
    """Candidates as people see them: plus the mean where it is known, each stretched to [0, 255].

    Args:
        images: centred images, shape (n, c, h, w); of vectors what the network reads.
        mean: μ, shape (c, h, w), or None; vectors are shown without.

    Returns:
        uint8, shape (n, h, w, 3) for colour, (n, h, w) for grey images; (n, *tile_size) of vectors.
    """
    if is_vector(images.shape[1:]):
        low, high = (end[:, None, None, None] for end in shown_range(images))
        return unit_pixels((images - low) / (high - low))
    # In place from here on: a thousand colour images are 12 MB, and every copy is felt.
    shown = images.clone() if mean is None else images + mean
    low, high = shown.flatten(1).aminmax(dim=1)
    shown.sub_(low[:, None, None, None])
    shown.mul_((255 / (high - low).clamp_min(1e-12))[:, None, None, None])
    pixels = shown.add_(0.5).to(torch.uint8)
    pixels = pixels.squeeze(1) if images.shape[1] == 1 else pixels.permute(0, 2, 3, 1)
    return np.ascontiguousarray(pixels.numpy())


def shown_range(images: Tensor) -> tuple[Tensor, Tensor]:
    """What is shown darkest and brightest of each image (n, c, h, w), shapes (n,).

    Its least and its largest value; of a vector as far below zero as above it.
    """
    low, high = images.flatten(1).aminmax(dim=1)
    if is_vector(images.shape[1:]):
        high = torch.maximum(high, -low).clamp_min(1e-12)
        low = -high
    return low, high


def real_pixels(images: Tensor) -> Pixels:
    """Real images as they are, and vectors, as the network reads them, as candidates are."""
    return display_pixels(images, None) if is_vector(images.shape[1:]) else unit_pixels(images)


def unit_pixels(images: Tensor) -> Pixels:
    """Real images in [0, 1], shape (n, c, h, w), as they are; shaped as by `display_pixels`.

    Of vectors ½ is zero.
    """
    if is_vector(images.shape[1:]):
        return bars(images.flatten(1))
    pixels = (images * 255).round().to(torch.uint8)
    pixels = pixels.squeeze(1) if images.shape[1] == 1 else pixels.permute(0, 2, 3, 1)
    return np.ascontiguousarray(pixels.numpy())


def columns_for(tiles: Pixels) -> int:
    """How many tiles (n, h, w[, 3]) in a row make a mosaic about as wide as high."""
    count, height, width = (int(side) for side in tiles.shape[:3])
    square = math.ceil(math.sqrt(count * (height + GAP) / (width + GAP)))
    return max(1, min(square, count))


def mosaic(tiles: Pixels, columns: int, background: int = 0) -> Pixels:
    """Tiles (n, h, w[, 3]) in rows of `columns`, with a gap of one pixel around each."""
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    canvas = np.full(
        (rows, columns, height + GAP, width + GAP, *tiles.shape[3:]), background, np.uint8
    )
    canvas.reshape(rows * columns, *canvas.shape[2:])[:count, GAP:, GAP:] = tiles
    joined = canvas.swapaxes(1, 2).reshape(
        rows * (height + GAP), columns * (width + GAP), *tiles.shape[3:]
    )
    padding = [(0, GAP), (0, GAP)] + [(0, 0)] * (joined.ndim - 2)
    return np.ascontiguousarray(np.pad(joined, padding, constant_values=background))


def enlarged(pixels: Pixels, factor: int) -> Pixels:
    """Each pixel as a square of `factor` × `factor`: nothing is blurred or invented."""
    return np.ascontiguousarray(pixels.repeat(factor, 0).repeat(factor, 1))


def enlargement(width: int, target: int = USUAL_WIDTH) -> int:
    """The whole factor that brings an image close to the usual width of an export."""
    return max(1, round(target / width))
