"""How a training goes: loss, accuracy, margin, and the spectrum of the first layer."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.history import TrainingCurves
from engine.live_training import TrainingFrame
from gui import theme
from gui.plots import Plot, SpectrumPlot

_DRAWING_INTERVAL = 0.3
_MOST_POINTS = 4000


class TrainingCurvesView(QWidget):
    """Four plots side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loss = Plot("Loss", ["loss"], 0, "exponent")
        self._accuracy = Plot("Accuracy in %", ["training", "test"], 1)
        self._margin = Plot("Normalised margin", ["margin"], 3)
        self._spectrum = SpectrumPlot()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        for plot in self._plots():
            layout.addWidget(plot, 1)
        self._next_drawing = 0.0

    def show_frame(self, frame: TrainingFrame, hurry: bool = False) -> None:
        """Draws a moment, unless another was drawn just before and there is no hurry."""
        now = time.monotonic()
        if not hurry and now < self._next_drawing:
            return
        self._next_drawing = now + _DRAWING_INTERVAL
        curves = TrainingCurves(frame.curves.rows[:: 1 + len(frame.curves) // _MOST_POINTS])
        self._loss.show_curve(0, curves.step, curves.log10_loss)
        self._accuracy.show_curve(0, curves.step, 100 * curves.accuracy)
        measured = np.isfinite(curves.test_accuracy)
        self._accuracy.show_curve(1, curves.step[measured], 100 * curves.test_accuracy[measured])
        self._margin.show_curve(0, curves.step, curves.margin)
        if frame.spectrum is not None:
            spectrum = frame.spectrum
            self._spectrum.show_spectrum(spectrum.values, spectrum.floor, spectrum.rank)

    def clear(self) -> None:
        """Draws nothing."""
        for plot in self._plots():
            plot.clear_curves()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for plot in self._plots():
            plot.restyle()

    def _plots(self) -> tuple[Plot, ...]:
        return (self._loss, self._accuracy, self._margin, self._spectrum)
