"""Which run to compare with: one that is kept, one that was opened lately, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.several import MOST
from gui.toolkit import theme

Offer = tuple[str, Path]
"""A run, and what it is called."""


class RunChooser(QDialog):
    """Offers runs in a list, and the way to any other."""

    chosen = Signal(str, object)
    """Emitted with what a run is called and its path."""

    several_chosen = Signal(object)
    """Emitted with several runs, each with what it is called and its path."""

    file_wanted = Signal()
    """Emitted when the run is to be chosen among files."""

    def __init__(self, offers: Sequence[Offer], parent: QWidget) -> None:
        """
        Args:
            offers: at least one.
            parent: owner.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare with Another Run")
        self.list = QListWidget()
        self.list.setAccessibleName("Runs to compare with")
        for words, path in offers:
            item = QListWidgetItem(words)
            item.setToolTip(str(path))
            item.setData(Qt.ItemDataRole.UserRole, (words, path))
            self.list.addItem(item)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setToolTip(f"Up to {MOST - 1}, with Ctrl or Shift and a click.")
        self.list.setCurrentRow(0)
        self.list.itemSelectionChanged.connect(self._follow_selection)
        self.list.itemActivated.connect(self._take)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.compare_button = buttons.addButton("Com&pare", QDialogButtonBox.ButtonRole.AcceptRole)
        self.compare_button.setToolTip("Compares the open run with those that are chosen.")
        self.file_button = buttons.addButton(
            "Choose a &File…", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.file_button.setToolTip("Any session that was saved")
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        self.file_button.clicked.connect(self._want_file)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.setSpacing(theme.SPACING)
        rows.addWidget(theme.secondary("The open run is compared with one of these, or several"))
        rows.addWidget(self.list, 1)
        rows.addWidget(buttons)
        self.resize(420, 300)
        for button in buttons.findChildren(QPushButton):
            button.setAutoDefault(button is self.compare_button)  # Not the first of them, Cancel.
        self.compare_button.setDefault(True)
        self.list.setFocus()

    @Slot()
    def _follow_selection(self) -> None:
        self.compare_button.setEnabled(1 <= len(self.list.selectedItems()) < MOST)

    @Slot()
    def _take(self) -> None:
        items = sorted(self.list.selectedItems(), key=self.list.row)
        if not 1 <= len(items) < MOST or not self.isVisible():
            return
        self.accept()
        found: list[Offer] = [item.data(Qt.ItemDataRole.UserRole) for item in items]
        if len(found) == 1:
            self.chosen.emit(*found[0])
        else:
            self.several_chosen.emit(found)

    @Slot()
    def _want_file(self) -> None:
        self.accept()
        self.file_wanted.emit()
