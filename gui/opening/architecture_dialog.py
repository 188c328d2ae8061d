"""Asks for the steps of a convolutional network, which its weights do not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.data.inputs import InputShape, shape_in_words
from engine.network.architecture_text import WORDS
from engine.network.fitting import Shaped, fit
from engine.network.known_architectures import known_that_fit, said_architecture
from gui.toolkit import theme

_WIDTH, _LINES, _MOST_SHOWN = 560, 4, 20


@dataclass(frozen=True)
class AskedFor:
    """The network whose architecture is asked for.

    Attributes:
        name: of its file.
        layers: by name and shape.
        text: its architecture as it is read now; empty where it is not open.
        candidates: architectures that may be right, the most likely first.
        shape: (c, h, w) of its images where it is known.
    """

    name: str
    layers: Sequence[Shaped]
    text: str = ""
    candidates: Sequence[str] = ()
    shape: InputShape | None = None


class ArchitectureDialog(QDialog):
    """A field of text, what fits to choose from, and below it whether the weights fit."""

    chosen = Signal(str)
    """Emitted with the architecture that a person has chosen, as text."""

    def __init__(self, asked: AskedFor, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Architecture")
        self._asked = asked
        self.usual = _choice_of(asked)
        self.usual.activated.connect(self._take)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Architecture")
        self.text.setTabChangesFocus(True)
        self.text.setToolTip(
            f"<p>Steps between commas: {listed(WORDS, 'or')}. Strides and padding stand behind a "
            "step: conv stride 2 padding 1. Kernel sizes and channels come from the weights.</p>"
        )
        self.text.setFixedHeight(self.text.fontMetrics().lineSpacing() * _LINES + 2 * theme.SPACING)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._lay_out()
        self.text.textChanged.connect(self._check)
        first = asked.text or next(iter(asked.candidates), "")
        self.text.setPlainText(first)
        self.usual.setCurrentIndex(self.usual.findData(first))
        self._check()

    def _lay_out(self) -> None:
        rows = QVBoxLayout(self)
        rows.setSpacing(theme.SPACING)
        asked = QLabel(
            f"Which steps does {self._asked.name} take? Its weights do not show strides, padding "
            "and pooling."
        )
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWordWrap(True)
        named = QLabel("&Usual ones that fit")
        named.setBuddy(self.usual)
        steps = QLabel("&Steps")
        steps.setBuddy(self.text)
        for widget in (asked, named, self.usual, steps, self.text, self.verdict):
            rows.addWidget(widget)
        if not self.usual.count():
            named.hide()
            self.usual.hide()
        rows.addStretch(1)
        for role, tooltip in (
            (QDialogButtonBox.StandardButton.Ok, "Reads the network so."),
            (QDialogButtonBox.StandardButton.Cancel, "Leaves it as it is."),
        ):
            self.buttons.button(role).setToolTip(tooltip)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        rows.addWidget(self.buttons)
        self.setMinimumWidth(_WIDTH)

    @Slot(int)
    def _take(self, index: int) -> None:
        self.text.setPlainText(self.usual.itemData(index))

    @Slot()
    def _check(self) -> None:
        """Says below the text whether the weights fit it, and which images they then read."""
        said = ""
        try:
            said = self._fitting()
            self.verdict.setText(said)
        except UnusableInput as error:
            self.verdict.setText(str(error))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(bool(said))

    def _fitting(self) -> str:
        """What fits, in a sentence.

        Raises:
            UnusableInput: it does not.
        """
        architecture, _ = said_architecture(self.text.toPlainText())
        found = fit(architecture, self._asked.layers, self._asked.shape)
        assumed = "" if found.is_only else " (assumed; the input shape can be changed)"
        return f"Fits, with images of {shape_in_words(found.shape)}{assumed}."

    def accept(self) -> None:
        """Tells what was chosen."""
        self.chosen.emit(self.text.toPlainText())
        super().accept()


def _choice_of(asked: AskedFor) -> QComboBox:
    """The known ones that fit by name, then others as text; the data of each is its text."""
    combo = QComboBox()
    combo.setAccessibleName("Usual architectures that fit")
    combo.setToolTip("Architectures that fit the shapes of the weights; one is put into the field.")
    policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    combo.setSizeAdjustPolicy(policy)
    combo.setMinimumContentsLength(40)
    for known in known_that_fit(asked.layers, asked.shape):
        combo.addItem(known.about, known.text)
    for text in asked.candidates[:_MOST_SHOWN]:
        combo.addItem(text, text)
    return combo
