"""Plots that the window's views are made of; none of them is dragged or zoomed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QPalette, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.base.colours import Meaning
from engine.base.rows import Rows
from gui.toolkit import theme
from gui.views.axes import ExponentAxis, LogAxis, StepAxis
from gui.views.thinning import thinned

_UPRIGHT_LABEL = {"position": 0.85, "anchors": [(0, 0.5), (0, 0.5)]}
_LEVEL_LABELS = {
    True: {"position": 0.02, "anchors": [(0, 0), (0, 1)]},
    False: {"position": 0.98, "anchors": [(1, 0), (1, 1)]},
}
"""On the left or not: above the line, or below it where the line is high up."""


_PEN = 1.5
"""Width of a curve."""

_MOST_POINTS = 400
"""Of a curve that are drawn; a smooth line through thousands would hold up the window."""


class Plot(QWidget):
    """Named curves. The title says what is upwards, and names the curves in their colours."""

    clicked = Signal(float)
    """Emitted with the x that was clicked."""

    _most_points = _MOST_POINTS

    def __init__(
        self,
        title: str,
        curves: Mapping[str, Meaning],
        along: str = "",
        axis: str = "linear",
        labels_left: bool = False,
    ) -> None:
        """
        Args:
            title: what is upwards, with its unit if it has one.
            curves: their names, which are not shown if there is only one, and what their colours
                mean.
            along: what is to the right, with its unit if it has one.
            axis: `linear`; `log` for positive values; `exponent` for decadic logarithms.
            labels_left: whether level lines are labelled on the left, because curves cross them on
                the right.
        """
        super().__init__()
        self._title, self._names, self._colours = title, list(curves), list(curves.values())
        self._along, self._unnamed = along, set[int]()
        self._labels_left = labels_left
        self._is_log = axis == "log"
        kinds = {"linear": pg.AxisItem, "log": LogAxis, "exponent": ExponentAxis}
        self._canvas = _canvas(kinds[axis]("left"), self._is_log)
        self._canvas.setAccessibleName(title)
        self._curves = [self._canvas.plot(antialias=True) for _ in curves]
        for curve in self._curves:
            # A line that folds back on itself takes many times as long as its pieces.
            curve.curve.setSegmentedLineMode("on")
        self._levels: list[pg.InfiniteLine] = []
        self._cursors: list[pg.InfiniteLine] = []
        self._canvas.scene().sigMouseClicked.connect(self._on_clicked)
        self._heading = QLabel(textFormat=Qt.TextFormat.RichText)
        self._heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        # A long title must not make the plot wider than there is room.
        self._heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        theme.let_wrap(self._heading)
        self._heading.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setAutoFillBackground(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.SPACING // 2, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._heading)
        layout.addWidget(self._canvas, 1)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self._canvas.setBackground(theme.plot_background())
        colours = QPalette()
        colours.setColor(QPalette.ColorRole.Window, theme.plot_background())
        self.setPalette(colours)
        self._heading.setText(self._title_with_names())
        for name in ("left", "bottom"):
            theme.restyle_axis(self._canvas.getAxis(name))
        self.name_axis(self._along)
        for index, curve in enumerate(self._curves):
            curve.setPen(self._curve_pen(index))
        for line in self._levels:
            line.setPen(self._level_pen())
            line.label.setColor(theme.plot_foreground())
        for line in self._cursors:
            line.setPen(self._cursor_pen())

    def event(self, event: QEvent) -> bool:
        """On a screen that is finer or coarser, lines stay as wide."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.restyle()
        return super().event(event)

    def name_axis(self, along: str) -> None:
        """Says what is to the right."""
        self._along = along
        if along:
            colour = theme.plot_foreground().name()
            bottom = self._canvas.getAxis("bottom")
            bottom.setLabel(along, color=colour)
            bottom.setHeight(2 * self.fontMetrics().height() + theme.SPACING)

    def _curve_pen(self, index: int) -> QPen:
        return theme.plot_pen(self, theme.colour(self._colours[index]), _PEN)

    def show_cursors(self, places: Sequence[float]) -> None:
        """Marks moments by upright lines."""
        while len(self._cursors) > len(places):
            self._canvas.removeItem(self._cursors.pop())
        while len(self._cursors) < len(places):
            line = pg.InfiniteLine(angle=90, pen=self._cursor_pen())
            self._canvas.addItem(line, ignoreBounds=True)
            self._cursors.append(line)
        for line, place in zip(self._cursors, places, strict=True):
            line.setValue(place)

    @property
    def cursors(self) -> list[float]:
        """The moments that are marked."""
        return [float(line.value()) for line in self._cursors]

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        if isinstance(event, MouseClickEvent):
            view = self._canvas.getPlotItem().getViewBox()
            if view.sceneBoundingRect().contains(event.scenePos()):
                self.clicked.emit(view.mapSceneToView(event.scenePos()).x())

    def _cursor_pen(self) -> QPen:
        return theme.plot_pen(self, theme.colour("cursor"))

    def set_title(self, title: str) -> None:
        """Says something else above the curves."""
        self._title = title
        self._heading.setText(self._title_with_names())

    def name_curve(self, index: int, is_named: bool) -> None:
        """Names a curve beside the title, or does not, as long as there is nothing of it."""
        if is_named is (index in self._unnamed):
            self._unnamed ^= {index}
            self._heading.setText(self._title_with_names())

    def show_columns(self, x: Rows, columns: Rows) -> None:
        """Draws columns (n, curves) over x (n,); what is not finite, or not positive on a log axis,
        is a gap.
        """
        shown = np.where(columns > 0, columns, np.nan) if self._is_log else columns
        for curve, values in zip(self._curves, shown.T, strict=True):
            self._draw(curve, x, values)

    def show_curve(self, index: int, x: Rows, y: Rows) -> None:
        """Draws one curve over an x of its own."""
        self._draw(self._curves[index], x, np.where(y > 0, y, np.nan) if self._is_log else y)

    def show_levels(self, levels: Sequence[tuple[str, float, bool]]) -> None:
        """Draws dashed lines: (what it is, where, upright or level). Lines that are there move."""
        if [is_upright for _, _, is_upright in levels] != [
            line.angle == 90 for line in self._levels
        ]:
            for line in self._levels:
                self._canvas.removeItem(line)
            self._levels = [self._make_level(is_upright) for _, _, is_upright in levels]
        for line, (text, where, is_upright) in zip(self._levels, levels, strict=True):
            line.setValue(math.log10(where) if self._is_log and not is_upright else where)
            line.label.setFormat(text)

    def _make_level(self, is_upright: bool) -> pg.InfiniteLine:
        line = pg.InfiniteLine(
            angle=90 if is_upright else 0,
            pen=self._level_pen(),
            label="",
            labelOpts=_UPRIGHT_LABEL if is_upright else _LEVEL_LABELS[self._labels_left],
        )
        line.label.setColor(theme.plot_foreground())
        self._canvas.addItem(line)
        return line

    def clear_curves(self) -> None:
        """Draws nothing."""
        for curve in self._curves:
            curve.clear()
        self.show_levels([])

    def _draw(self, curve: pg.PlotDataItem, x: Rows, y: Rows) -> None:
        if np.isfinite(y).any():
            curve.setData(*thinned(x, y, self._most_points), connect="finite")
        else:
            curve.clear()

    def _level_pen(self) -> QPen:
        return theme.plot_pen(self, theme.plot_foreground(), style=Qt.PenStyle.DashLine)

    def _title_with_names(self) -> str:
        """The title, followed by each curve's name in its colour."""
        if len(self._names) == 1:
            return self._title
        names = (
            f'<span style="color:{theme.colour(meaning).name()}">■\u00a0{name}</span>'
            for index, (name, meaning) in enumerate(zip(self._names, self._colours, strict=True))
            if index not in self._unnamed
        )
        return f"{self._title} {' '.join(names)}"


def _canvas(left: pg.AxisItem, is_log: bool) -> pg.PlotWidget:
    """Where the curves are drawn."""
    canvas = pg.PlotWidget(axisItems={"left": left, "bottom": StepAxis("bottom")})
    canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    canvas.setMouseEnabled(x=False, y=False)
    canvas.setMenuEnabled(False)
    canvas.hideButtons()
    canvas.getPlotItem().setClipToView(True)
    canvas.getPlotItem().layout.setContentsMargins(
        0, theme.SPACING, theme.SPACING, theme.SPACING // 2
    )
    canvas.setLogMode(x=False, y=is_log)
    left.setWidth(48)
    for axis in (left, canvas.getAxis("bottom")):
        axis.enableAutoSIPrefix(False)
    return canvas


class SpectrumPlot(Plot):
    """The singular values of the first layer, with noise floor and knee."""

    def __init__(self) -> None:
        super().__init__(
            "Singular values of layer 1",
            {"singular values": "curve"},
            "number, largest first",
            "log",
        )

    def show_spectrum(self, values: Rows, floor: float, rank: int) -> None:
        """Draws it.

        Args:
            values: in falling order.
            floor: of the noise.
            rank: how many values lie above it.
        """
        self.show_curve(0, np.arange(1.0, len(values) + 1), values)
        levels = [("noise floor", floor, False)]
        if rank:
            levels.append((f"{rank} above\nthe floor", float(rank), True))
        self.show_levels(levels)
