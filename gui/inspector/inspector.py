"""The inspector: one candidate, large, with its drift, its numbers, its match and its neurons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.plain_text import percent
from engine.evidence.membership_scores import Membership
from engine.viewing.portrait import Contrast, Portrait
from gui.inspector.near_row import NearRow
from gui.inspector.picture import Picture
from gui.inspector.scrubber import Scrubber
from gui.inspector.words import (
    describe_confidence,
    describe_match,
    describe_membership,
    describe_multiplier,
    describe_outputs,
)
from gui.toolkit import theme

_LARGEST = 240
_CONTRASTS: tuple[tuple[str, Contrast], ...] = (
    ("Contrast stretched", "stretched"),
    ("Contrast as it is", "fixed"),
)
_ROWS = {
    "Confidence": "An estimate, without any training image, that this is one (0 to 1).",
    "Output": "What the network gives for this image, and by how much the label's class leads. "
    "Training images that carry a multiplier lie at the margin: they lead by least.",
    "Multiplier": "How much this candidate contributes to the weights: λ. Where each wrong class "
    "has one of its own, their sum, and the largest of them.",
    "Label": "The class that the candidate was given at the start.",
    "Match": "The training image that the scoring rule pairs with this candidate, or else the "
    "one most like it.",
    "Membership": "Whether that training image stands out from the control, at 1 % false "
    "positives. It is asked of the training image and not of the reconstruction, which was made to "
    "explain the weights: the network's answer to it would say nothing.",
}


class Inspector(QWidget):
    """Shows a `Portrait`."""

    changed = Signal()
    """Emitted when another candidate is shown, or none."""

    noise_toggled = Signal(bool)
    """Emitted when the noise outside the row space is to be shown, or not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._portrait: Portrait | None = None
        self.picture = Picture("Candidate", 160)
        self.picture.setMaximumHeight(_LARGEST)
        self.picture.setToolTip("Drag it into a folder or another program")
        self.scrubber = Scrubber("drift of the candidate")
        self.scrubber.moved.connect(self._show_frame)
        self.match, self.difference = Picture("Training image", 80), Picture("Difference", 80)
        self._hint = theme.secondary("Click a tile to look at it closely. Arrow keys walk on.")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture)
        column.addWidget(self.scrubber)
        column.addLayout(self._looks())
        column.addLayout(self._numbers())
        column.addWidget(self._comparison())
        self.near = NearRow()
        column.addWidget(self.near)
        column.addWidget(self._neurons())
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        layout.addWidget(self._hint, 1)
        layout.addWidget(self._content, 1)
        self.clear()

    def _looks(self) -> QVBoxLayout:
        """How the image is shown."""
        self.contrast = QComboBox()
        self.contrast.setAccessibleName("Contrast")
        for text, contrast in _CONTRASTS:
            self.contrast.addItem(text, contrast)
        self.contrast.setToolTip(
            "Stretched from the least to the largest value, as scores see it; or the values as "
            "they are"
        )
        self.contrast.currentIndexChanged.connect(self._show_frame)
        self.with_mean = QCheckBox("&With mean")
        self.with_mean.setToolTip("Adds the mean training image, where it is known")
        self.with_mean.setChecked(True)
        self.with_mean.toggled.connect(self._show_frame)
        self.with_noise = QCheckBox("Noise outside")
        self.with_noise.setToolTip(
            "<p>The part of a candidate that the weights say nothing of, outside the row space of "
            "the first layer: noise at the start, and gone from the middle of the search on. It "
            "is never scored.</p>"
        )
        self.with_noise.setChecked(True)
        self.with_noise.toggled.connect(self._show_frame)
        self.with_noise.toggled.connect(self.noise_toggled)
        self.smooth = QCheckBox("Smooth")
        self.smooth.setToolTip("Smooths between pixels; else each pixel is a square")
        self.smooth.toggled.connect(self._set_smooth)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copies the image to the clipboard (Ctrl+C)")
        self.copy_button.clicked.connect(self.picture.copy)
        rows = QVBoxLayout()
        for widgets in (
            (self.contrast, self.copy_button),
            (self.with_mean, self.smooth),
            (self.with_noise,),
        ):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
            rows.addLayout(row)
        return rows

    def _numbers(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.setVerticalSpacing(3)
        self._values: dict[str, QLabel] = {}
        for name, tooltip in _ROWS.items():
            label, value = QLabel(name), QLabel()
            value.setWordWrap(True)
            value.setTextFormat(Qt.TextFormat.PlainText)  # Names of classes are somebody else's.
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setToolTip(f"<p>{tooltip}</p>")
            value.setToolTip(label.toolTip())
            form.addRow(label, value)
            self._values[name] = value
        self._form = form
        return form

    def _comparison(self) -> QWidget:
        self._match_row = QWidget()
        grid = QGridLayout(self._match_row)
        grid.setContentsMargins(0, 0, 0, 0)
        for index, (picture, text) in enumerate(
            ((self.match, "Training image"), (self.difference, "Difference"))
        ):
            caption = theme.secondary(text)
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(picture, 0, index)
            grid.addWidget(caption, 1, index)
        return self._match_row

    def _neurons(self) -> QWidget:
        self._neuron_row = QWidget()
        self._neuron_grid = QGridLayout(self._neuron_row)
        self._neuron_grid.setContentsMargins(0, 0, 0, 0)
        self.neurons: list[Picture] = []
        self._neuron_captions: list[QLabel] = []
        return self._neuron_row

    @property
    def portrait(self) -> Portrait | None:
        """What is shown."""
        return self._portrait

    def value(self, name: str) -> str:
        """What a row says."""
        return self._values[name].text()

    def clear(self) -> None:
        """Shows nothing but how to choose a tile."""
        self._portrait = None
        self.scrubber.set_steps(())
        self._content.hide()
        self._hint.show()
        self.changed.emit()

    def show_portrait(self, portrait: Portrait) -> None:
        """Shows another candidate, at the end of its drift."""
        self._portrait = portrait
        self._hint.hide()
        self._content.show()
        self.scrubber.pause()
        self.scrubber.set_steps(portrait.steps)
        self.with_mean.setEnabled(portrait.mean is not None)
        self.with_noise.setEnabled(portrait.has_noise)
        self.picture.file_name = f"candidate-{portrait.candidate:04}.png"
        self.picture.setAccessibleName(f"Candidate {portrait.candidate}")
        restart = f", restart {portrait.restart}" if portrait.restart > 1 else ""
        self._values["Confidence"].setText(
            f"{describe_confidence(portrait)} (candidate {portrait.candidate}{restart})"
        )
        self._values["Output"].setText(describe_outputs(portrait))
        self._values["Multiplier"].setText(describe_multiplier(portrait))
        self._values["Label"].setText(portrait.classes.numbered(portrait.label))
        self._show_match(portrait)
        self.near.show_near(portrait.near)
        self.show_membership(None)
        self._show_neurons(portrait)
        self._show_frame()
        self.changed.emit()

    def _show_match(self, portrait: Portrait) -> None:
        match = portrait.match
        self._match_row.setVisible(match is not None)
        self._form.setRowVisible(self._values["Match"], match is not None)
        if match is not None:
            self._values["Match"].setText(describe_match(portrait))

    def show_membership(self, found: Membership | None) -> None:
        """Shows what the network says of the training image that the candidate is matched with.

        Args:
            found: of the images that it was matched with; None where nobody has asked.
        """
        match = None if self._portrait is None else self._portrait.match
        self._form.setRowVisible(self._values["Membership"], match is not None)
        if match is not None:
            self._values["Membership"].setText(describe_membership(match, found))

    def _show_neurons(self, portrait: Portrait) -> None:
        while len(self.neurons) < len(portrait.fired):
            layer = len(self.neurons)
            picture = Picture(f"Neurons of layer {layer + 1}", 64)
            picture.setToolTip("Neurons of the layer as squares; bright ones fire")
            caption = theme.secondary()
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._neuron_grid.addWidget(picture, 0, layer)
            self._neuron_grid.addWidget(caption, 1, layer)
            self.neurons.append(picture)
            self._neuron_captions.append(caption)
        for layer, (picture, caption) in enumerate(
            zip(self.neurons, self._neuron_captions, strict=True)
        ):
            is_there = layer < len(portrait.fired)
            picture.setVisible(is_there)
            caption.setVisible(is_there)
            if is_there:
                picture.show_pixels(portrait.neuron_map(layer))
                caption.setText(f"Layer {layer + 1}: {percent(portrait.share_fired(layer))} fire")

    @Slot()
    def _show_frame(self) -> None:
        portrait = self._portrait
        if portrait is None:
            return
        frame, noisy = self.scrubber.index, self.with_noise.isChecked()
        contrast: Contrast = self.contrast.currentData()
        pixels = portrait.pixels(frame, contrast, self.with_mean.isChecked(), noisy)
        self.picture.show_pixels(pixels)
        self.match.show_pixels(portrait.match_pixels())
        self.difference.show_pixels(portrait.difference(frame, noisy))

    @Slot(bool)
    def _set_smooth(self, is_smooth: bool) -> None:
        for picture in (self.picture, self.match, self.difference):
            picture.set_smooth(is_smooth)
