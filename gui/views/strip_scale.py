"""From steps and residuals to pixels, for a strip that is a few pixels high."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from engine.base.rows import Rows
from gui.views.thinning import thinned

_FEWEST_DECADES = 0.3
"""Upwards; so that a value that rests does not look like one that trembles."""

_MOST_LINES = 4

_CLOSE = 2.0
"""Pixels across, in which no more than two points of a curve are drawn."""


@dataclass(frozen=True)
class StripScale:
    """Where steps and residuals are on the strip.

    Attributes:
        room: what the curve fills.
        first: step at its left edge.
        last: step at its right edge.
        low: decadic logarithm of the value at the bottom.
        high: that at the top.
    """

    room: QRectF
    first: float
    last: float
    low: float
    high: float

    @classmethod
    def of(cls, steps: Rows, values: Rows, room: QRectF) -> StripScale | None:
        """One that all values fit into, or None where there is nothing to draw.

        Args:
            steps: shape (n,).
            values: one curve a column, shape (n, curves).
            room: where they are drawn.
        """
        logs = logarithms(values)
        finite = logs[np.isfinite(logs)]
        if not len(finite) or room.width() < 1:
            return None
        low, high = float(finite.min()), float(finite.max())
        missing = max(0.0, _FEWEST_DECADES - (high - low)) / 2
        return cls(room, float(steps[0]), float(steps[-1]), low - missing, high + missing)

    def across(self, step: float) -> float:
        """Pixels from the left."""
        return float(self._across(np.array(step)))

    def up(self, logarithm: float) -> float:
        """Pixels from the top."""
        return float(self._up(np.array(logarithm)))

    def lines(self, steps: Rows, values: Rows) -> list[list[QPointF]]:
        """A curve, in pieces where there are values that have no logarithm.

        Args:
            steps: shape (n,).
            values: shape (n,).
        """
        x, y = self._across(steps), self._up(logarithms(values))
        gaps = np.flatnonzero(~np.isfinite(y))
        starts, ends = np.append(-1, gaps) + 1, np.append(gaps, len(y))
        most = 2 * max(1, round(self.room.width() / _CLOSE))
        pieces = (
            thinned(x[start:end], y[start:end], most)
            for start, end in zip(starts, ends, strict=True)
            if end > start
        )
        return [[QPointF(*point) for point in np.column_stack(ends).tolist()] for ends in pieces]

    def round_values(self) -> list[float]:
        """Logarithms of a few powers of ten, or of 1, 2 and 5 of them where they lie closely."""
        decades = np.arange(math.floor(self.low), math.ceil(self.high) + 1)
        for within in (1.0,), (1.0, 2.0, 5.0):
            values = np.add.outer(decades, np.log10(within)).ravel()
            inside = values[(values > self.low) & (values < self.high)]
            if len(inside) > 1:
                break
        return [float(value) for value in inside[:: 1 + len(inside) // _MOST_LINES]]

    def _across(self, step: Rows) -> Rows:
        share = (step - self.first) / max(self.last - self.first, 1.0)
        return np.asarray(self.room.left() + share * self.room.width())

    def _up(self, logarithm: Rows) -> Rows:
        share = (logarithm - self.low) / (self.high - self.low)
        return np.asarray(self.room.bottom() - share * self.room.height())


def logarithms(values: Rows) -> Rows:
    """Decadic logarithms; not a number where there is none."""
    is_usable = (values > 0) & np.isfinite(values)
    return np.log10(values, out=np.full(values.shape, np.nan), where=is_usable)
