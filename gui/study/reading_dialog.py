"""Asks how the checkpoints of a study are read where their files do not say it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.layout import LAYOUTS
from engine.network.fine_tuned import HEADS
from engine.study.reading import reading_of
from gui.study.draft import FILES, Draft
from gui.study.values import CHECKPOINT_FILES
from gui.toolkit import dialogs, theme

_WIDTH = 520

_WORDS = {
    "base": ("&Base", "what they were fine-tuned from"),
    "shape": ("&Shape", "like 1x28x28, or vector"),
    "preprocessing": ("&Preprocessing", "none, mean, mnist, or 0.1307/0.3081"),
    "activation": ("&Activation", "relu, or leaky_relu:0.1"),
    "architecture": ("A&rchitecture", "of convolutions: a known one, or its steps"),
    "order": ("&Order of layers", "by their names, like fc1,fc3,fc2"),
}
"""What is written, by its name in a study's file: its label, and what an empty field says."""

_CHOICES = {"layout": ("&Layout of colours", LAYOUTS), "base_head": ("&Head began", HEADS)}


class ReadingDialog(QDialog):
    """One form for all checkpoints, and one for each that is read in another way."""

    chosen = Signal(object)
    """Emitted with a `Draft` that says something else of its checkpoints."""

    def __init__(self, draft: Draft, parent: QWidget) -> None:
        """
        Args:
            draft: a study of checkpoints.
            parent: the window that asks.
        """
        super().__init__(parent)
        self.setWindowTitle("How the Checkpoints Are Read")
        self.setMinimumWidth(_WIDTH)
        self._draft, self._file = draft, ""
        self.of = QComboBox()
        self.of.setAccessibleName("Said of")
        self.of.setToolTip("What is said of one checkpoint counts before what is said of all.")
        self.of.addItem("All checkpoints", "")
        for file in draft.values(FILES):
            self.of.addItem(plain(str(file).replace("\\", "/").rpartition("/")[2]), str(file))
        self.of.currentIndexChanged.connect(self._turn_to)
        self.fields = {name: _field(name) for name in _WORDS}
        self.choices = {name: _choice(name) for name in _CHOICES}
        self.error = theme.value_label()
        self.error.setAccessibleName("What cannot be used")
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.addRow("Said o&f", self.of)
        for name, (label, _) in _WORDS.items():
            form.addRow(label, self._with_button() if name == "base" else self.fields[name])
        for name, (label, _) in _CHOICES.items():
            form.addRow(label, self.choices[name])
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.setSpacing(theme.SPACING)
        rows.addWidget(
            theme.secondary("What is left empty is read from the files, as for a single network.")
        )
        rows.addLayout(form)
        rows.addWidget(self.error)
        rows.addWidget(buttons)

    def _with_button(self) -> QWidget:
        row, self.choose_button = QWidget(), QPushButton("Choose…")
        self.choose_button.setAccessibleName("Choose the base")
        self.choose_button.setAutoDefault(False)
        self.choose_button.clicked.connect(self._choose)
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(self.fields["base"], 1)
        across.addWidget(self.choose_button)
        row.setFocusProxy(self.fields["base"])
        return row

    def _show(self) -> None:
        said = self._draft.reading(self._file)
        for name, field in self.fields.items():
            field.setText(said.get(name, ""))
            field.setCursorPosition(0)
        for name, choice in self.choices.items():
            choice.setCurrentIndex(max(0, choice.findData(said.get(name, ""))))

    def _take(self) -> bool:
        """Takes over what is written; False where it says nothing, which is told then."""
        said = {name: field.text().strip() for name, field in self.fields.items()}
        said |= {name: str(choice.currentData()) for name, choice in self.choices.items()}
        draft = self._draft.with_reading(said, self._file)
        try:
            reading_of(draft.reading() | (draft.reading(self._file) if self._file else {}))
        except UnusableInput as error:
            self.error.setText(str(error))
            return False
        self._draft = draft
        self.error.setText("")
        return True

    @Slot()
    def _turn_to(self) -> None:
        if self.of.currentData() == self._file:
            return
        if self._take():
            self._file = str(self.of.currentData())
            self._show()
        else:
            self.of.setCurrentIndex(self.of.findData(self._file))

    @Slot()
    def _choose(self) -> None:
        dialogs.choose_file(
            self,
            "The network that they were fine-tuned from",
            CHECKPOINT_FILES,
            self.use_base,
            "models",
        )

    def use_base(self, path: Path) -> None:
        """Takes another base."""
        self.fields["base"].setText(str(path.absolute()))

    def accept(self) -> None:
        """Hands on what is said, unless it says nothing."""
        if self._take():
            self.chosen.emit(self._draft)
            super().accept()


def _field(name: str) -> QLineEdit:
    label, placeholder = _WORDS[name]
    field = QLineEdit()
    field.setPlaceholderText(placeholder)
    field.setAccessibleName(label.replace("&", ""))
    field.setToolTip(f"Empty: as the files say; else {placeholder}.")
    return field


def _choice(name: str) -> QComboBox:
    label, values = _CHOICES[name]
    choice = QComboBox()
    choice.setAccessibleName(label.replace("&", ""))
    choice.setToolTip("As the files say it, unless something else is chosen.")
    choice.addItem("as the files say", "")
    for value in values:
        choice.addItem(value, value)
    return choice
