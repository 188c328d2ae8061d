"""Fewer points for a curve that has more than can be seen."""

from __future__ import annotations

import numpy as np

from engine.base.rows import Rows


def thinned(x: Rows, y: Rows, most: int) -> tuple[Rows, Rows]:
    """Least and largest value of each of many stretches, where they are: no peak is lost or moved.

    Args:
        x: rising, shape (n,).
        y: shape (n,); what is not a number counts only where a stretch has nothing else.
        most: points that are kept, about; no less than 2.

    Returns:
        x and y of the points: all of them where they are few. The first and the last are always
        kept.
    """
    if len(x) <= most:
        return x, y
    size = -(-len(x) // (most // 2))
    stretches = np.pad(y, (0, -len(y) % size), constant_values=np.nan).reshape(-1, size)
    lacks = np.isnan(stretches)
    least = np.where(lacks, np.inf, stretches).argmin(1)
    largest = np.where(lacks, -np.inf, stretches).argmax(1)
    places = np.column_stack([least, largest]) + size * np.arange(len(stretches))[:, None]
    kept = np.unique(np.append(places, [0, len(x) - 1]))
    kept = kept[kept < len(x)]
    return x[kept], y[kept]
