"""What the runs came to over one of their variables, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.base.colours import Meaning
from engine.base.plain_text import plain
from engine.exports.charts import Range
from engine.study.measures import MEASURES
from engine.study.plots import COUNTS, SEED, SHARES, ranges, shown, values_of
from engine.study.table import Table
from gui.toolkit import theme
from gui.views.plots import Plot

_MOST_PLACES, _MOST_LETTERS = 8, 12
"""Below a plot that have room; of each."""

_ASIDE = 0.06
"""How far series stand beside each other, as a share of the way between two places."""


@dataclass(frozen=True)
class Drawn:
    """What is drawn over a variable.

    Attributes:
        over: the variable.
        places: its values, as they stand below a plot.
        ranges: by the name of a measure, at each place; None where nobody knows.
    """

    over: str
    places: tuple[str, ...]
    ranges: Mapping[str, Sequence[Range | None]]


def drawn(table: Table, over: str) -> Drawn:
    """All that is drawn over a variable; runs that differ in others count together."""
    values, rows = values_of(table, over), table.rows
    found = {name: ranges(rows, over, values, name) for name in (*COUNTS, *SHARES)}
    return Drawn(over, tuple(plain(shown(each)) for each in values), found)


class StudyPlots(QWidget):
    """Two plots over the same variable: counts of images, and shares."""

    chosen = Signal()
    """Emitted when another variable is to be drawn over."""

    def __init__(self) -> None:
        super().__init__()
        self.over = QComboBox()
        self.over.setAccessibleName("Horizontal axis")
        self.over.setToolTip("The variable that results are drawn over.")
        self.over.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.over.currentIndexChanged.connect(self._choose)
        self.words = theme.secondary()
        self.counts, self.shares = RangesPlot(COUNTS, None), RangesPlot(SHARES, 1.0)
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        label = QLabel("O&ver")
        label.setBuddy(self.over)
        row.addWidget(label)
        row.addWidget(self.over)
        row.addWidget(self.words, 1)
        plots = QHBoxLayout()
        plots.setSpacing(1)
        for plot in (self.counts, self.shares):
            plots.addWidget(plot, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(row)
        rows.addLayout(plots, 1)
        self.setMinimumHeight(180)

    def offer(self, varied: Sequence[str]) -> None:
        """Offers the variables of another study; without any there is no plot."""
        self.over.blockSignals(True)
        self.over.clear()
        self.setVisible(bool(varied))
        for name in varied:
            self.over.addItem(plain(name), name)
        self.over.blockSignals(False)
        others = [name for name in varied if name != SEED]
        together = " Runs that differ in another variable count together." if others[1:] else ""
        self.words.setText(f"Points are means; bars go from the least to the largest.{together}")
        self._choose()

    @property
    def variable(self) -> str:
        """What is drawn over; empty where nothing is varied."""
        return str(self.over.currentData() or "")

    def show_drawn(self, found: Drawn) -> None:
        """Draws, unless something else has been chosen meanwhile."""
        if found.over == self.variable:
            for plot in (self.counts, self.shares):
                plot.show_ranges(found)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for plot in (self.counts, self.shares):
            plot.restyle()

    @Slot()
    def _choose(self) -> None:
        for plot in (self.counts, self.shares):
            plot.show_ranges(Drawn(self.variable, (), {}))
        if self.variable:
            self.chosen.emit()


class RangesPlot(Plot):
    """Some measures over places: means with a bar from the least to the largest."""

    def __init__(self, measures: Mapping[str, Meaning], top: float | None) -> None:
        """
        Args:
            measures: that are drawn, and what their colours mean.
            top: the largest value that there can be; None takes what there is.
        """
        self._measures, self._top = list(measures), top
        self._bars: list[pg.ErrorBarItem] = []
        self._dots: list[pg.ScatterPlotItem] = []
        super().__init__("", {MEASURES[name]: each for name, each in measures.items()}, " ")
        for _ in measures:
            self._bars.append(pg.ErrorBarItem(beam=0.08))
            self._dots.append(pg.ScatterPlotItem(size=7))
        for item in (*self._bars, *self._dots):
            self._canvas.addItem(item)
        self.found: Drawn | None = None
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        super().restyle()
        for index, (bars, dots) in enumerate(zip(self._bars, self._dots, strict=True)):
            bars.setData(pen=self._curve_pen(index))
            dots.setPen(None)
            dots.setBrush(theme.colour(self._colours[index]))

    def show_ranges(self, found: Drawn) -> None:
        """Draws something else."""
        self.found = found
        count = len(found.places)
        self.name_axis(plain(found.over) or " ")
        step = max(1, math.ceil(count / _MOST_PLACES))
        places = [(at, _short(found.places[at])) for at in range(0, count, step)]
        self._canvas.getAxis("bottom").setTicks([places])
        self._canvas.setXRange(-0.5, max(0.5, count - 0.5), padding=0)
        highest = [self._show(index, name, found) for index, name in enumerate(self._measures)]
        self._canvas.setYRange(0, self._top or max(1.0, *highest), padding=0.08)

    def _show(self, index: int, measure: str, found: Drawn) -> float:
        """Draws one measure; returns its largest value."""
        known = found.ranges.get(measure, ())
        numbers = [(math.nan,) * 3 if r is None else (r.low, r.mean, r.high) for r in known]
        low, mean, high = np.array(numbers, dtype=np.float64).reshape(-1, 3).T
        aside = _ASIDE * (index - (len(self._measures) - 1) / 2)
        x = np.arange(len(mean), dtype=np.float64) + np.float64(aside)
        self.show_curve(index, x, mean)
        seen = np.isfinite(mean)
        x, low, mean, high = x[seen], low[seen], mean[seen], high[seen]
        self._bars[index].setData(x=x, y=mean, top=high - mean, bottom=mean - low)
        self._dots[index].setData(x, mean)
        self.name_curve(index, bool(len(mean)))
        return float(high.max()) if len(high) else 0.0


def _short(words: str) -> str:
    return words if len(words) <= _MOST_LETTERS else f"{words[: _MOST_LETTERS - 1]}…"
