"""A folder that can be chosen, or left to what counts otherwise."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from gui.toolkit import dialogs


class FolderChoice(QWidget):
    """A folder, or none: then something else counts, which the empty field says."""

    edited = Signal()

    def __init__(self, name: str, otherwise: str, purpose: dialogs.Purpose) -> None:
        """
        Args:
            name: what it is for.
            otherwise: what counts where no folder is chosen.
            purpose: of the dialogs whose folder the choice begins at.
        """
        super().__init__()
        self._name, self._purpose = name, purpose
        self.folder: Path | None = None
        self._shown = QLineEdit()
        self._shown.setReadOnly(True)
        self._shown.setPlaceholderText(otherwise)
        self._shown.setAccessibleName(name)
        self.choose = QPushButton("Choose…")
        self.choose.setAccessibleName(f"Choose the {name[0].lower()}{name[1:]}")
        self.choose.clicked.connect(self._choose)
        self._clear = QPushButton("Clear")
        self._clear.setAccessibleName(f"No {name[0].lower()}{name[1:]}")
        self._clear.clicked.connect(self._on_cleared)
        for button in (self.choose, self._clear):
            button.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._shown, 1)
        row.addWidget(self.choose)
        row.addWidget(self._clear)
        self.show_folder(None)

    def show_folder(self, folder: Path | None) -> None:
        """Shows another folder, or none."""
        self.folder = folder
        self._shown.setText("" if folder is None else str(folder))
        self._shown.setCursorPosition(0)
        self._clear.setEnabled(folder is not None)

    def use(self, folder: Path | None) -> None:
        """Takes another folder, or none, and says so."""
        self.show_folder(folder)
        self.edited.emit()

    @Slot()
    def _choose(self) -> None:
        dialogs.choose_folder(self, self._name, self.use, self._purpose)

    @Slot()
    def _on_cleared(self) -> None:
        self.use(None)
