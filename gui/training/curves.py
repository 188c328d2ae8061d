"""How a training goes: loss, accuracy, margin, and the spectrum of the first layer."""

from __future__ import annotations

from collections import deque

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.stationarity.spectrum import Spectrum
from engine.training.curves import TrainingCurves
from engine.training.view import TrainingFrame
from gui.toolkit import theme
from gui.toolkit.throttle import Throttle
from gui.views.plots import Plot, SpectrumPlot

_DRAWING_INTERVAL = 0.1
_MOST_POINTS = 4000


class TrainingCurvesView(QWidget):
    """Four plots side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loss = Plot("Loss", {"loss": "curve"}, "step", "exponent")
        self._accuracy = Plot("Accuracy, %", {"training": "training", "test": "control"}, "step")
        self._margin = Plot("Normalised margin", {"margin": "curve"}, "step")
        self._spectrum = SpectrumPlot()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        for plot in self._plots():
            layout.addWidget(plot, 1)
        self._throttle = Throttle(_DRAWING_INTERVAL)
        self._shown: Spectrum | None = None
        self._drawings = deque(
            (self._draw_loss, self._draw_accuracy, self._draw_margin, self._draw_spectrum)
        )
        self.clear()

    def show_frame(self, frame: TrainingFrame, hurry: bool = False) -> None:
        """Draws a moment.

        Args:
            frame: the moment.
            hurry: draws all plots now; else one of them at most, each in its turn, so that no
                drawing holds up the window.
        """
        curves = TrainingCurves(frame.curves.rows[:: 1 + len(frame.curves) // _MOST_POINTS])
        if hurry:
            for draw in self._drawings:
                draw(frame, curves)
            return
        if self._throttle.lets_through():
            self._drawings[0](frame, curves)
            self._drawings.rotate(-1)

    def _draw_loss(self, _frame: TrainingFrame, curves: TrainingCurves) -> None:
        self._loss.show_curve(0, curves.step, curves.log10_loss)

    def _draw_accuracy(self, frame: TrainingFrame, curves: TrainingCurves) -> None:
        self._accuracy.show_curve(0, curves.step, 100 * curves.accuracy)
        whole = frame.curves
        measured = np.flatnonzero(np.isfinite(whole.test_accuracy))
        self._accuracy.name_curve(1, len(measured) > 0)
        measured = measured[:: 1 + len(measured) // _MOST_POINTS]
        self._accuracy.show_curve(1, whole.step[measured], 100 * whole.test_accuracy[measured])

    def _draw_margin(self, _frame: TrainingFrame, curves: TrainingCurves) -> None:
        self._margin.show_curve(0, curves.step, curves.margin)

    def _draw_spectrum(self, frame: TrainingFrame, _curves: TrainingCurves) -> None:
        spectrum = frame.spectrum
        if spectrum is not None and spectrum is not self._shown:
            self._shown = spectrum
            self._spectrum.show_spectrum(spectrum.values, spectrum.floor, spectrum.rank)

    def clear(self) -> None:
        """Draws nothing."""
        self._shown = None
        self._accuracy.name_curve(1, False)
        for plot in self._plots():
            plot.clear_curves()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for plot in self._plots():
            plot.restyle()

    def _plots(self) -> tuple[Plot, ...]:
        return (self._loss, self._accuracy, self._margin, self._spectrum)
