"""The losses over steps, on a log axis."""

from __future__ import annotations

import math
import time

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.history import Losses, Rows
from gui import theme

_DRAWING_INTERVAL = 0.4


class _LogAxis(pg.AxisItem):
    """Decades, and 2 and 5 between them where there is room; never more than can be read."""

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Positions of the ticks, in powers of ten."""
        decades = range(math.floor(low), math.ceil(high) + 1)
        within = [1, 2, 5] if high - low < 2 else [1]
        ticks = [d + math.log10(m) for d in decades for m in within]
        spacing = max(1, math.ceil((high - low) / 5))
        if len(within) == 1:
            ticks = [tick for tick in ticks if round(tick) % spacing == 0]
        return [(1.0, [tick for tick in ticks if low <= tick <= high])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """0.05, 1, 200, 1e-06."""
        return [f"{10**value:.3g}" for value in values]


class _LogPlot(pg.PlotWidget):
    """Curves over steps; zeros and missing values are gaps."""

    def __init__(self, title: str, names: list[str], first_colour: int) -> None:
        super().__init__(axisItems={"left": _LogAxis("left")})
        self._title, self._names, self._first_colour = title, names, first_colour
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getPlotItem().setClipToView(True)
        self.setDownsampling(auto=True, mode="peak")
        self.setLogMode(x=False, y=True)
        self._curves = [self.plot() for _ in names]
        self.getAxis("left").setWidth(48)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.setBackground(theme.plot_background())
        self.setTitle(self._title_with_names(), color=theme.plot_foreground().name(), size="9pt")
        for name in ("left", "bottom"):
            theme.restyle_axis(self.getAxis(name))
        for index, curve in enumerate(self._curves):
            curve.setPen(pg.mkPen(theme.curve_colour(self._first_colour + index), width=1))

    def show_rows(self, steps: Rows, columns: Rows) -> None:
        """Draws columns (n, curves) over steps (n,)."""
        positive = np.where(columns > 0, columns, np.nan)
        for curve, values in zip(self._curves, positive.T, strict=True):
            if np.isfinite(values).any():
                curve.setData(steps, values, connect="finite")
            else:
                curve.clear()

    def _title_with_names(self) -> str:
        """The title, followed by each curve's name in its colour."""
        if len(self._names) == 1:
            return self._title
        names = (
            f'<span style="color:{theme.curve_colour(self._first_colour + i).name()}">{name}</span>'
            for i, name in enumerate(self._names)
        )
        return f"{self._title}: {', '.join(names)}"


class Curves(QWidget):
    """Relative stationarity residual per layer, and constraint loss, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        self._depth = 0
        self._residuals: _LogPlot | None = None
        self._constraint = _LogPlot("Constraint loss", ["constraint"], 5)
        layout.addWidget(self._constraint, 1)
        self._next_drawing = 0.0
        self.set_depth(3)

    def set_depth(self, depth: int) -> None:
        """Prepares one curve a layer."""
        if depth == self._depth:
            self.clear()
            return
        self._depth = depth
        if self._residuals is not None:
            self._residuals.setParent(None)
            self._residuals.deleteLater()
        names = [f"layer {layer}" for layer in range(1, depth + 1)]
        self._residuals = _LogPlot("Relative stationarity residual", names, 0)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(0, self._residuals, 1)
        self.clear()

    def clear(self) -> None:
        """Draws nothing."""
        self.show_losses(Losses(np.empty((0, 5 + self._depth))))

    def show_losses(self, losses: Losses, hurry: bool = True) -> None:
        """Draws all rows.

        Args:
            losses: the rows.
            hurry: False leaves them out if others were drawn a moment ago.
        """
        now = time.monotonic()
        if not hurry and now < self._next_drawing:
            return
        self._next_drawing = now + _DRAWING_INTERVAL
        assert self._residuals is not None
        self._residuals.show_rows(losses.step, losses.relative_per_layer)
        self._constraint.show_rows(losses.step, losses.constraint[:, None])

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        assert self._residuals is not None
        self._residuals.restyle()
        self._constraint.restyle()
