"""A vector for the eye: a bar for each feature, up or down from zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.inputs import InputShape, is_vector

if TYPE_CHECKING:
    from torch import Tensor

_WIDTH, _LEAST_HEIGHT, _MOST_HEIGHT = 90, 25, 65
"""Pixels of a tile, about."""
_MOST_COLUMNS = 256
"""Of a tile; where there are more features, several share one."""
_WITH_GAP = 3
"""Pixels that a column has at least, for the last of them to be left free."""
_BACKGROUND, _ZERO, _BAR = 24, 84, 232


def tile_size(shape: InputShape) -> tuple[int, int]:
    """Height and width of the tile of an image (c, h, w), or of a vector's bars."""
    if not is_vector(shape):
        return shape[1], shape[2]
    columns = min(shape[2], _MOST_COLUMNS)
    width = columns * _column(columns)
    height = min(max(width // 2, _LEAST_HEIGHT), _MOST_HEIGHT)
    return height - (height + 1) % 2, width  # Odd, so that there is a middle.


def bars(vectors: Tensor) -> NDArray[np.uint8]:
    """Tiles of some vectors.

    Where there are more features than columns, a column reaches from the least to the largest of
    those that share it, and to zero.

    Args:
        vectors: in [0, 1], ½ for zero, shape (n, d).

    Returns:
        Shape (n, *tile_size).
    """
    count, features = vectors.shape
    height, width = tile_size((1, 1, features))
    columns = min(features, _MOST_COLUMNS)
    starts = np.arange(columns) * features // columns
    levels = np.rint((1 - vectors.double().numpy()) * (height - 1))
    middle = (height - 1) // 2
    top = np.minimum(np.minimum.reduceat(levels, starts, axis=1), middle)
    bottom = np.maximum(np.maximum.reduceat(levels, starts, axis=1), middle)
    rows = np.arange(height)[None, :, None]
    tiles = np.full((count, height, columns), _BACKGROUND, np.uint8)
    is_bar = (top[:, None] <= rows) & (rows <= bottom[:, None])
    tiles[is_bar & ((top < middle) | (bottom > middle))[:, None]] = _BAR
    wide = tiles.repeat(_column(columns), 2)
    if _column(columns) >= _WITH_GAP:
        wide[:, :, _column(columns) - 1 :: _column(columns)] = _BACKGROUND
    line = wide[:, middle]
    line[line == _BACKGROUND] = _ZERO
    assert wide.shape[2] == width
    return wide


def _column(columns: int) -> int:
    """Pixels of a column."""
    return max(1, math.ceil(_WIDTH / columns))
