"""What the weights alone tell of a network's chance, and what the training images add."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

from engine.base.plain_text import percent
from engine.evidence.diagnostics import Health, about_images
from engine.evidence.stationarity_check import CARRIES, DecayReading, TrueStationarity
from engine.network.network import Network
from gui.toolkit import theme
from gui.toolkit.layout import scrolled
from gui.views.plots import Plot, SpectrumPlot

_NUMBERS_WIDTH = 390
_SHOWN_IMAGES = 5


class HealthView(QWidget):
    """Numbers on the left, spectrum and multipliers on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outlook = QLabel()
        self._outlook.setWordWrap(True)
        numbers = QWidget()
        self._form = QFormLayout(numbers)
        self._form.setContentsMargins(theme.MARGIN, theme.SPACING, theme.SPACING, theme.SPACING)
        self._form.setHorizontalSpacing(theme.MARGIN)
        self._form.setVerticalSpacing(3)
        self._form.addRow(self._outlook)
        self._values: dict[str, QLabel] = {}
        for name, tooltip in _ROWS.items():
            value, label = QLabel(), QLabel(name)
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setToolTip(f"<p>{tooltip}</p>")
            value.setToolTip(label.toolTip())
            self._form.addRow(label, value)
            self._values[name] = value
        scroll = scrolled(numbers)
        scroll.setAccessibleName("Health of the network")
        scroll.setMinimumWidth(_NUMBERS_WIDTH)
        self._spectrum = SpectrumPlot()
        self._multipliers = Plot(
            "Multipliers, relative to the largest",
            {"multipliers": "curve"},
            "image, largest first",
            "log",
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        layout.addWidget(scroll, 3)
        layout.addWidget(self._spectrum, 2)
        layout.addWidget(self._multipliers, 2)
        self.show_stationarity(None)

    @property
    def outlook(self) -> str:
        """The sentence of outlook."""
        return self._outlook.text()

    def value(self, name: str) -> str:
        """What a row says."""
        return self._values[name].text()

    def show_health(self, network: Network, health: Health) -> None:
        """Shows what the weights alone tell; forgets what other images told."""
        self._outlook.setText(health.outlook)
        spectrum = health.spectrum
        self._values["Homogeneous"].setText(network.homogeneity)
        self._values["Training"].setText(health.signs.words)
        self._values["Spectrum"].setText(
            f"{spectrum.rank} of {len(spectrum.values)} values above the noise floor "
            f"({spectrum.floor:.2g})"
        )
        self._values["Remembered"].setText(about_images(health.remembered))
        self._values["Layer norms"].setText(
            f"{_listed([layer.norm for layer in health.layers])}; {_balance(health)}"
        )
        self._values["Least residual"].setText(
            f"{health.floor:.2f}; per layer {_listed([layer.floor for layer in health.layers])}"
        )
        self._spectrum.show_spectrum(spectrum.values, spectrum.floor, spectrum.rank)
        self.show_stationarity(None)

    def show_stationarity(self, found: TrueStationarity | None) -> None:
        """Shows what the training images add; without them nothing."""
        self._multipliers.setVisible(found is not None)
        for name in ("Residual", "Weight decay", "Multipliers", "Margins"):
            self._form.setRowVisible(self._values[name], found is not None)
        if found is None:
            self._multipliers.clear_curves()
            return
        per_layer = _listed(list(found.relative_per_layer))
        self._values["Residual"].setText(f"{found.relative:.3f}; per layer {per_layer}")
        self._values["Weight decay"].setText(_decay(found.decay))
        solved = "" if found.unknowns == "one an image" else "; one for each wrong class, summed"
        self._values["Multipliers"].setText(
            f"{found.carrying} of {len(found.multipliers)} images carry one; the largest: images "
            + ", ".join(str(place) for place in found.heaviest(_SHOWN_IMAGES))
            + solved
        )
        margins = np.sort(found.margins)
        wrong = f"; {found.wrong} on the wrong side" if found.wrong else ""
        self._values["Margins"].setText(
            f"{margins[0]:.3g} to {margins[-1]:.3g}, half below {np.median(margins):.3g}{wrong}"
        )
        largest = found.multipliers.max(initial=0.0)
        if largest > 0:
            falling = np.sort(found.multipliers)[::-1] / largest
            self._multipliers.show_curve(0, np.arange(1.0, len(falling) + 1), falling)
            self._multipliers.show_levels([(percent(CARRIES), CARRIES, False)])

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self._spectrum.restyle()
        self._multipliers.restyle()


_ROWS = {
    "Homogeneous": "Whether the output grows by a power of the factor when all weights are "
    "multiplied by it, as in ReLU networks with a bias on the first layer at most. What training "
    "to a margin leaves is known of such networks; weight decay needs no such thing.",
    "Training": "What the weights look like. Weight decay that has come to rest leaves the squared "
    "norm of each layer's weights equal to that of the layer before, its bias included. It wears "
    "off the random start, which hides images: networks with it give up more, not fewer. Gradient "
    "descent without it, Adam without it and AdamW cannot be told apart.",
    "Spectrum": "Singular values of the first layer above the noise that a random start leaves: "
    "the directions that training has written.",
    "Remembered": "An estimate, from the weights alone, of how many training images carry a "
    "multiplier: how many directions stand above the noise and are not vanishingly faint. Where "
    "a random start is still there, it hides others; Adam without weight decay, and AdamW, can "
    "leave directions that are no image's.",
    "Layer norms": "At stationarity neighbouring layers are in balance: with a bias on the first "
    "layer at most, all have the same norm. Without weight decay, layers that started at a usual "
    "size keep a part that no image explains. That says nothing of the chance; what is left of "
    "the start in the first layer does.",
    "Least residual": "The share of the weights' norm that as many images as the network seems "
    "to remember leave unexplained, whatever they are. Read the residuals of a run against it. By "
    "itself it is no measure of the chance: images have come back where it is 0.98, and where it "
    "is 0.",
    "Residual": "The share of the weights' norm that the true training images leave unexplained, "
    "with the multipliers that explain most.",
    "Weight decay": "The same share where each image pulls as its loss says, with one factor for "
    "all. Near nothing is left where weight decay has come to rest, and the factor tells which.",
    "Multipliers": "How many training images have a multiplier above 5 % of the largest, by "
    "non-negative least squares. The others have left hardly a trace.",
    "Margins": "By how much the output of each image's class leads; of a network with one output, "
    "that output times the label. After training to a margin, images with a multiplier share the "
    "smallest.",
}


def _balance(health: Health) -> str:
    """How equal those norms are that have to be."""
    if health.signs.has_upper_biases:
        return f"balance, with biases, {health.balance:.2f}"
    return f"smallest over largest {health.balance:.2f}"


def _decay(reading: DecayReading | None) -> str:
    """`0.074 is left; per layer 0.11, 0.06; would be 0.001`."""
    if reading is None:
        return "–; no image has a loss left"
    per_layer = _listed(list(reading.relative_per_layer))
    which = f"; a decay of {reading.weight_decay:.2g}" if reading.weight_decay < np.inf else ""
    return f"{reading.relative:.3f}; per layer {per_layer}{which}"


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.2g}" for value in values)
