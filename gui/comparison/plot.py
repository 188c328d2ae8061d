"""The losses of two runs on one plot, with what they are under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.base.colours import RUNS, Meaning
from engine.base.rows import Rows
from engine.comparison.text import LOSSES_DO_NOT_RANK
from engine.reconstruction.losses import Losses
from gui.toolkit import theme
from gui.views.plots import Plot

_STATIONARITY, _CONSTRAINT = "Stationarity loss", "Constraint loss"
_CONSTRAINT_PLACE = 1
"""Among the losses that can be chosen."""


class LossPlot(QWidget):
    """One curve a run; which loss, and over what, can be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._losses: tuple[Losses, Losses] | None = None
        self._names = ("A", "B")
        self.which, self.over = QComboBox(), QComboBox()
        self.which.setAccessibleName("Loss")
        self.which.setToolTip(LOSSES_DO_NOT_RANK)
        self.over.setAccessibleName("Horizontal axis")
        self.over.setToolTip("Steps, or the computing time that they took")
        self.over.addItems(["Steps", "Seconds"])
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.plot = PointedPlot(_STATIONARITY, dict(zip(self._names, RUNS, strict=True)))
        self.plot.setToolTip(LOSSES_DO_NOT_RANK)
        self.plot.pointed.connect(self._read_out)
        self.plot.left.connect(self._name_curves)
        self.which.currentIndexChanged.connect(self._draw)
        self.over.currentIndexChanged.connect(self._draw)
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        row.addWidget(self.which)
        row.addWidget(QLabel("over"))
        row.addWidget(self.over)
        row.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addLayout(row)
        rows.addWidget(self.plot, 1)
        self.setMinimumSize(340, 200)

    def show_losses(self, losses: tuple[Losses, Losses], names: tuple[str, str]) -> None:
        """Draws the losses of A and B, which are called so in the legend."""
        self._losses, self._names = losses, names
        depth = max(each.relative_per_layer.shape[1] for each in losses)
        layers = [f"Relative residual, layer {layer}" for layer in range(1, depth + 1)]
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItems([_STATIONARITY, _CONSTRAINT, *layers])
        self.which.blockSignals(False)
        self._draw()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.plot.restyle()

    @Slot()
    def _draw(self) -> None:
        for index, (x, y) in enumerate(self._curves()):
            self.plot.show_curve(index, x, y)
        self._name_curves()

    def _curves(self) -> list[tuple[Rows, Rows]]:
        """What is drawn of A and B, as x and y; empty where a run has no such layer."""
        which, in_seconds = self.which.currentIndex(), self.over.currentIndex() == 1
        curves = []
        for losses in self._losses or ():
            x = losses.seconds if in_seconds else losses.step
            columns = [losses.stationarity, losses.constraint, *losses.relative_per_layer.T]
            seen = losses.constraint_seen if which == _CONSTRAINT_PLACE else slice(None)
            curves.append(
                (x[seen], columns[which][seen]) if which < len(columns) else (x[:0], x[:0])
            )
        return curves

    @Slot()
    def _name_curves(self) -> None:
        self.plot.name_axis("seconds" if self.over.currentIndex() == 1 else "step")
        self.plot.say(
            self.which.currentText(), [f"{k} {n}" for k, n in zip("AB", self._names, strict=True)]
        )

    @Slot(float)
    def _read_out(self, place: float) -> None:
        """Says what both curves are at a place."""
        if self._losses is None:
            return
        in_seconds = self.over.currentIndex() == 1
        where = f"{place:.1f} s" if in_seconds else f"step {max(0, round(place)):,}"
        values = [f"{k} {_at(x, y, place)}" for k, (x, y) in zip("AB", self._curves(), strict=True)]
        self.plot.say(f"{self.which.currentText()} at {where}", values)


class PointedPlot(Plot):
    """A plot on a log axis that tells where the pointer is."""

    pointed = Signal(float)
    """Emitted with the x under the pointer."""

    left = Signal()
    """Emitted when the pointer leaves."""

    def __init__(self, title: str, curves: Mapping[str, Meaning]) -> None:
        super().__init__(title, curves, axis="log")
        self._canvas.scene().sigMouseMoved.connect(self._on_moved)

    def say(self, title: str, names: Sequence[str]) -> None:
        """Says something else above the curves; plain text, of a run's own making."""
        self._names = [escape(name) for name in names]
        self.set_title(title)

    @property
    def words(self) -> str:
        """What stands above the curves."""
        return self._heading.text()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at any more."""
        super().leaveEvent(event)
        self.show_cursors(())
        self.left.emit()

    @Slot(object)
    def _on_moved(self, position: QPointF) -> None:
        view = self._canvas.getPlotItem().getViewBox()
        if view.sceneBoundingRect().contains(position):
            place = view.mapSceneToView(position).x()
            self.show_cursors([place])
            self.pointed.emit(place)


def _at(x: Rows, y: Rows, place: float) -> str:
    """A curve's value at the last step that is not beyond a place."""
    index = int(np.searchsorted(x, place, side="right")) - 1
    if index < 0 or (index == len(x) - 1 and place > x[-1] + 1) or not np.isfinite(y[index]):
        return "–"
    return f"{y[index]:.5g}"
