"""The losses over steps, on a log axis."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.base.colours import is_dashed, layer
from engine.reconstruction.losses import Losses
from gui.toolkit import theme
from gui.toolkit.throttle import Throttle
from gui.views.plots import Plot

_DRAWING_INTERVAL = 0.4


class LayerPlot(Plot):
    """The relative stationarity residual of each layer."""

    def __init__(self, depth: int) -> None:
        layers = {f"layer {index + 1}": layer(index) for index in range(depth)}
        super().__init__("Relative stationarity residual, ‖R‖/‖θ‖", layers, "step", "log")

    def _curve_pen(self, index: int) -> QPen:
        pen = super()._curve_pen(index)
        if is_dashed(index):
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen


class Curves(QWidget):
    """Relative stationarity residual per layer, and constraint loss, side by side."""

    step_chosen = Signal(float)
    """Emitted with the step that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        self._depth = 0
        self._residuals: Plot | None = None
        self._constraint = Plot("Constraint loss", {"constraint": "curve"}, "step", "log")
        self._constraint.clicked.connect(self.step_chosen)
        layout.addWidget(self._constraint, 1)
        self._throttle = Throttle(_DRAWING_INTERVAL)
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
        self._residuals = LayerPlot(depth)
        self._residuals.clicked.connect(self.step_chosen)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(0, self._residuals, 1)
        self.clear()

    def clear(self) -> None:
        """Draws nothing."""
        self.show_losses(Losses.none(self._depth))

    def show_losses(self, losses: Losses, hurry: bool = True) -> None:
        """Draws all rows.

        Args:
            losses: the rows.
            hurry: False leaves them out if others were drawn a moment ago.
        """
        if not self._throttle.lets_through(hurry):
            return
        assert self._residuals is not None
        self._residuals.show_columns(losses.step, losses.relative_per_layer)
        seen = losses.constraint_seen
        self._constraint.show_curve(0, losses.step[seen], losses.constraint[seen])

    def show_cursors(self, steps: Sequence[float]) -> None:
        """Marks the steps that the timeline is at."""
        assert self._residuals is not None
        self._residuals.show_cursors(steps)
        self._constraint.show_cursors(steps)

    @property
    def cursors(self) -> list[float]:
        """The steps that are marked."""
        return self._constraint.cursors

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        assert self._residuals is not None
        self._residuals.restyle()
        self._constraint.restyle()
