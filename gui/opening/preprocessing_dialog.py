"""Asks what was done to images before the network read them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import percent
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputShape, Preprocessing, is_vector
from engine.data.normalisation import (
    WELL_KNOWN,
    as_constants,
    of_embeddings,
    parse_constants,
    untouched,
)
from engine.data.nouns import nouns_of
from engine.evidence.assumptions import Assumptions
from engine.evidence.preprocessing import feature_statistics, mean_image
from engine.network.network import Network
from gui.toolkit import theme

_WIDTH = 460
_SHOWN_WAYS = 6


class PreprocessingDialog(QDialog):
    """Nothing, a mean image, or constants; and what the training images say of them."""

    chosen = Signal(object)
    """Emitted with the `Preprocessing` that a person has chosen."""

    def __init__(
        self,
        network: Network,
        train: LabelledImages | None,
        assumptions: Assumptions | None,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preprocessing")
        self._shape, self._train = network.input_shape, train
        self._is_vector = network.inputs.is_vector
        as_they_are = "rows as their table has them" if self._is_vector else "images from 0 to 1"
        self.nothing = QRadioButton(f"&Nothing: it reads {as_they_are}")
        self.image = QRadioButton(
            "Each feature less its &mean, divided by its std"
            if self._is_vector
            else "Their &mean image was subtracted"
        )
        self.numbers = QRadioButton("&Constants: less a mean, divided by a std")
        self._group = QButtonGroup(self)
        self.unit = QRadioButton("&Embeddings, scaled to unit length")
        self.embedding = QRadioButton("Embeddings, as the &backbone gave them")
        for button in (self.nothing, self.image, self.numbers, self.unit, self.embedding):
            self._group.addButton(button)
        for button in (self.unit, self.embedding):
            button.setVisible(self._is_vector)
        self.constants = _constants_of(network.input_shape)
        self._complaint = QLabel()
        self._complaint.setWordWrap(True)
        self._complaint.hide()
        self._explain()
        self._lay_out(network, assumptions)
        self._show(network.inputs.preprocessing)

    def _explain(self) -> None:
        several = nouns_of(self._shape).several
        self.nothing.setToolTip(f"{several.capitalize()} go in as they are.")
        self.image.setToolTip(
            "<p>Mean and std of the training rows that are open. They only decide what candidates "
            "are compared with, and in which units they are given.</p>"
            if self._is_vector
            else "<p>The mean of the training images that are open. It moves what candidates are "
            "compared with; the search itself sees nothing of it.</p>"
        )
        if self._train is None:
            self.image.setEnabled(False)
            self.image.setToolTip(f"Needs training {several}, whose mean it is.")
        self.numbers.setToolTip(
            "The same numbers for every row."
            if self._is_vector
            else "The same numbers for every pixel of a channel."
        )
        self.constants.setToolTip(
            "<p>MEAN/STD, a number each or one a feature: 0.5,12/0.1,3.</p>"
            if self._is_vector
            else "<p>MEAN/STD, a number each or one a channel: 0.1307/0.3081. Or a name.</p>"
        )
        by_direction = "Rows are the embeddings of a backbone, compared by their cosine."
        self.unit.setToolTip(f"<p>{by_direction} Each is scaled to the length 1 first.</p>")
        self.embedding.setToolTip(f"<p>{by_direction}</p>")
        self.constants.setAccessibleName("Mean and std")
        self.constants.editTextChanged.connect(self._choose_numbers)

    def _lay_out(self, network: Network, assumptions: Assumptions | None) -> None:
        rows = QVBoxLayout(self)
        rows.setSpacing(theme.SPACING)
        several = nouns_of(self._shape).several
        asked = QLabel(f"What was done to {several} before {network.origin.name} read them?")
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWordWrap(True)
        rows.addWidget(asked)
        ways = (self.nothing, self.image, self.numbers, self.constants, self.unit, self.embedding)
        for widget in ways:
            rows.addWidget(widget)
        rows.addWidget(self._complaint)
        rows.addWidget(theme.secondary(_what_images_say(assumptions)))
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        for button, tooltip in (
            (buttons.button(QDialogButtonBox.StandardButton.Ok), "Reads the network so."),
            (buttons.button(QDialogButtonBox.StandardButton.Cancel), "Leaves it as it is."),
        ):
            button.setToolTip(tooltip)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        rows.addWidget(buttons)
        self.setMinimumWidth(_WIDTH)

    def _show(self, now: Preprocessing) -> None:
        constants = as_constants(now)
        if now.mean is None:
            return  # Nothing is chosen where nothing is known.
        if now.embedding:
            (self.unit if now.embedding == "unit" else self.embedding).setChecked(True)
        elif now.words == "none":
            self.nothing.setChecked(True)
        elif constants:
            self.constants.setEditText(constants)
            self.numbers.setChecked(True)
        elif self.image.isEnabled():
            self.image.setChecked(True)

    @Slot()
    def _choose_numbers(self) -> None:
        self.numbers.setChecked(True)

    def accept(self) -> None:
        """Tells what was chosen, or says why it cannot be."""
        try:
            found = self._found()
        except UnusableInput as error:
            self._complaint.setText(str(error))
            self._complaint.show()
            return
        self.chosen.emit(found)
        super().accept()

    def _found(self) -> Preprocessing:
        if self.nothing.isChecked():
            return untouched(self._shape, "user")
        if self.unit.isChecked() or self.embedding.isChecked():
            return of_embeddings("unit" if self.unit.isChecked() else "raw", self._shape, "user")
        if self.image.isChecked() and self._train is not None:
            return (feature_statistics if self._is_vector else mean_image)(self._train)
        if self.numbers.isChecked():
            return parse_constants(self.constants.currentText(), self._shape)
        raise UnusableInput("Choose what was done, or cancel.")


def _constants_of(shape: InputShape) -> QComboBox:
    """The well-known ones that fit, and room for others."""
    combo = QComboBox()
    combo.setEditable(True)
    combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    if not is_vector(shape):
        combo.addItems([n for n, known in WELL_KNOWN.items() if len(known.mean) in (1, shape[0])])
    combo.setCurrentIndex(-1)
    return combo


def _what_images_say(found: Assumptions | None) -> str:
    """How the usual ways fare with the training images, the best first."""
    if found is None:
        return "With training images open, the usual ways are tried out here."
    tried = found.preprocessing.ranked
    lines = [
        f"{percent(trial.right)} right, margin {trial.margin:.2f}: {trial.words}"
        for trial in tried[:_SHOWN_WAYS]
    ]
    if len(tried) > _SHOWN_WAYS:
        lines.append(f"… and {len(tried) - _SHOWN_WAYS} that fit worse")
    return "\n".join(["What the training images say of the usual ways:", *lines])
