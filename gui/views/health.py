"""What the weights alone tell of a network's chance, and what the training images add."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.base.plain_text import percent
from engine.data.nouns import IMAGES
from engine.evidence.diagnostics import (
    AT_REST,
    LARGELY,
    MOSTLY,
    Health,
)
from engine.evidence.outlook import CROWDED, Chance
from engine.evidence.stationarity_check import CARRIES, DecayReading, TrueStationarity
from engine.network.features import first_full
from engine.network.network import Network
from engine.stationarity.cases import BALANCED
from gui.toolkit import theme
from gui.toolkit.layout import scrolled
from gui.views.plots import Plot, SpectrumPlot

_NUMBERS_WIDTH = 390
_LARGE = 1.2
_SHOWN_IMAGES = 5


class HealthView(QWidget):
    """Verdict, reason and numbers on the left, spectrum and multipliers on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chance: Chance = "none"
        self._nouns = IMAGES
        self._verdict, self._reason = theme.heading(""), QLabel()
        font = self._verdict.font()
        font.setPointSizeF(_LARGE * font.pointSizeF())
        self._verdict.setFont(font)
        numbers = QWidget()
        self._form = QFormLayout(numbers)
        self._form.setContentsMargins(theme.MARGIN, theme.SPACING, theme.SPACING, theme.SPACING)
        self._form.setHorizontalSpacing(theme.MARGIN)
        self._form.setVerticalSpacing(theme.SPACING // 2)
        for label in (self._verdict, self._reason):
            label.setWordWrap(True)
            self._form.addRow(label)
        self._rows = {name: _Row(self._form, name, tooltip) for name, tooltip in _ROWS.items()}
        scroll = scrolled(numbers)
        scroll.setAccessibleName("Health of the network")
        scroll.setMinimumWidth(_NUMBERS_WIDTH)
        self._spectrum = SpectrumPlot()
        self._multipliers = Plot(
            "Multipliers, relative to the largest",
            {"multipliers": "curve"},
            "image, largest first",
            "log",
            labels_left=True,
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
        """Verdict and reason."""
        return f"{self._verdict.text()}. {self._reason.text()}"

    @property
    def verdict(self) -> QLabel:
        """What comes first."""
        return self._verdict

    def value(self, name: str) -> str:
        """What a row says."""
        return self._rows[name].value.text()

    def yardstick(self, name: str) -> str:
        """What a row says its number is to be measured by."""
        return self._rows[name].yardstick.text()

    def show_health(self, network: Network, health: Health) -> None:
        """Shows what the weights alone tell; forgets what other images told."""
        found, self._nouns = health.judged, health.nouns
        self._chance = found.chance
        self._verdict.setText(found.verdict)
        self._reason.setText(found.reason)
        self._colour_verdict()
        spectrum = health.spectrum
        directions, crowded = len(spectrum.values), round(CROWDED * len(spectrum.values))
        self._rows["Random start"].say(
            f"{percent(health.signs.start)} of the {health.layer}",
            f"up to {percent(1 - LARGELY)} a good chance, to {percent(1 - MOSTLY)} a fair one, "
            "where we measured",
        )
        self._rows["Remembered"].say(
            _of_remembered(health),
            f"above {crowded:,} they hide each other in {directions:,} directions",
        )
        self._rows["Training"].say(health.training, _of_training(health))
        self._form.setRowVisible(self._rows["Random start"], health.tuning is None)
        self._rows["Spectrum"].say(
            f"{spectrum.rank} of {directions:,} directions of the {health.layer} above the noise "
            f"floor ({spectrum.floor:.2g}), however faint",
            "with none there is no chance; one image can take several",
        )
        self._rows["Homogeneous"].say(network.homogeneity, "only training to a margin needs it")
        self._rows["Layer norms"].say(
            *_of_norms(health),
        )
        self._rows["Least residual"].say(
            f"{health.floor:.2f}; per layer {_listed([layer.floor for layer in health.layers])}",
            "a run's residual is read against it; says nothing of the chance",
        )
        self._spectrum.set_title(f"Singular values of layer {first_full(network) + 1}")
        self._spectrum.show_spectrum(spectrum.values, spectrum.floor, spectrum.rank)
        self.show_stationarity(None)

    def show_stationarity(self, found: TrueStationarity | None) -> None:
        """Shows what the training images add; without them nothing."""
        self._multipliers.setVisible(found is not None)
        for name in ("Residual", "Weight decay", "Multipliers", "Margins"):
            self._form.setRowVisible(self._rows[name], found is not None)
        if found is None:
            self._multipliers.clear_curves()
            return
        per_layer = _listed(list(found.relative_per_layer))
        self._rows["Residual"].say(
            f"{found.relative:.3f}; per layer {per_layer}", "0 where the images explain all of it"
        )
        self._rows["Weight decay"].say(
            _decay(found.decay), "near 0 where weight decay has come to rest"
        )
        several = self._nouns.several
        solved = "" if found.unknowns == "one an image" else "; one for each wrong class, summed"
        self._rows["Multipliers"].say(
            f"{found.carrying} of the {len(found.multipliers):,} training {several} carry one "
            f"above {percent(CARRIES)} of the largest; the largest: {several} "
            + ", ".join(str(place) for place in found.heaviest(_SHOWN_IMAGES))
            + solved,
            "the others have left hardly a trace",
        )
        margins = np.sort(found.margins)
        wrong = f"; {found.wrong} on the wrong side" if found.wrong else ""
        self._rows["Margins"].say(
            f"{margins[0]:.3g} to {margins[-1]:.3g}, half below {np.median(margins):.3g}{wrong}",
            "above 0 an image is on its own side",
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
        self._colour_verdict()

    def _colour_verdict(self) -> None:
        """What somebody should think about warns; where there is no chance, nothing does."""
        colours = {"good": theme.colour("warning"), "none": theme.plot_foreground()}
        palette = self._verdict.palette()
        chosen = colours.get(self._chance, theme.text_colour())
        palette.setColor(self._verdict.foregroundRole(), chosen)
        self._verdict.setPalette(palette)


def _of_training(health: Health) -> str:
    """What the row on training is to be measured by."""
    if health.tuning is None:
        return (
            f"below {percent(BALANCED)} looks like weight decay, below {percent(AT_REST)} like "
            "decay at rest"
        )
    return "a new layer, and a frozen one, are left out"


def _of_norms(health: Health) -> tuple[str, str]:
    """Layer norms, and what they are to be measured by."""
    norms = _listed([layer.norm for layer in health.layers])
    if health.tuning is None:
        return f"{norms}; {_balance(health)}", "1 is balance; says nothing of the chance"
    return norms, "of what fine-tuning changed, which is what is explained"


class _Row(QWidget):
    """A number, and below it what it is to be measured by."""

    def __init__(self, form: QFormLayout, name: str, tooltip: str) -> None:
        super().__init__()
        self.value, self.yardstick = QLabel(), theme.secondary()
        self.value.setWordWrap(True)
        self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.value)
        column.addWidget(self.yardstick)
        label = QLabel(name)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setToolTip(f"<p>{tooltip}</p>")
        self.setToolTip(label.toolTip())
        form.addRow(label, self)

    def say(self, value: str, yardstick: str) -> None:
        """Shows another network's."""
        self.value.setText(value)
        self.yardstick.setText(yardstick)


_ROWS = {
    "Random start": "How much of the first layer is still what it was filled with before training. "
    "It hides images; where we measured, what is left of it told best how many came back.",
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


def _of_remembered(health: Health) -> str:
    """`about 82 images carry a multiplier, by the weights alone`."""
    said = health.about_remembered
    return f"{said} carry a multiplier, by the weights alone" if health.remembered else said


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
