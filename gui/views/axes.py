"""The axes of plots: numbers that people can read, and never more than there is room for."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtGui import QFontMetrics

_BETWEEN_NUMBERS = 6
"""Pixels between two numbers of an axis, at least."""

_FINE = 0.0
"""The spacing that stands for round numbers, where a decade is more than is shown."""


class LogAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph says no types
    """Decades, 2 and 5 between them where there is room, and round numbers where there is none of
    these; never more than can be read.
    """

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Positions of the ticks, in powers of ten."""
        decades = range(math.floor(low), math.ceil(high) + 1)
        within = [1, 2, 5] if high - low < 2 else [1]
        ticks = [d + math.log10(m) for d in decades for m in within]
        spacing = max(1, math.ceil((high - low) / 5))
        if len(within) == 1:
            ticks = [tick for tick in ticks if round(tick) % spacing == 0]
        seen = [tick for tick in ticks if low <= tick <= high]
        if len(seen) > 1 or not math.isfinite(high - low):
            return [(1.0, seen)]
        return [(_FINE, _round_numbers(low, high))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """0.05, 1, 200, 1e-06; 5340 where ticks lie closer."""
        digits = 6 if spacing == _FINE else 3
        return [f"{10**value:.{digits}g}" for value in values]


class StepAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph says no types
    """Numbers below the plot; fewer of them where they would run into each other."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """Distances between ticks; the first is that of those with numbers."""
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if not levels or not high > low:
            return levels
        spacing = levels[0][0]
        metrics = QFontMetrics(self.style["tickFont"] or self.font())
        ends = [math.ceil(low / spacing) * spacing, math.floor(high / spacing) * spacing]
        words = self.tickStrings(ends, 1.0, spacing)
        room = max(metrics.horizontalAdvance(each) for each in words) + _BETWEEN_NUMBERS
        while spacing * size < room * (high - low) and spacing < high - low:
            spacing *= 2
        return [(spacing, 0.0), *levels[1:]]


def _round_numbers(low: float, high: float) -> list[float]:
    """Logarithms of up to five round numbers between two logarithms that lie close together."""
    first, last = 10**low, 10**high
    rough = (last - first) / 4
    if rough <= 0:
        return []
    decade = 10 ** math.floor(math.log10(rough))
    step = next(factor * decade for factor in (1, 2, 5, 10) if factor * decade >= rough)
    numbers = range(math.ceil(first / step), math.floor(last / step) + 1)
    return [math.log10(number * step) for number in numbers if number]


class ExponentAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph says no types
    """For values that are decadic logarithms already: 1e-40 is beyond what a float plot likes."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """1e-40, and nothing between two powers of ten."""
        return [f"1e{value:.0f}" if float(value).is_integer() else "" for value in values]
