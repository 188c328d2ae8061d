"""The window that shows several runs side by side: a table, and who found which image."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.several import LETTERS, SeveralRuns, as_text
from gui.toolkit import theme
from gui.toolkit.images import image_of

_ICON, _CELL = 56, QSize(92, 84)
_LONGEST = 220


class SeveralWindow(QDialog):
    """Shows `SeveralRuns`; gone when it is closed."""

    pair_wanted = Signal(int, int)
    """Emitted with two runs that are to be looked at side by side."""

    def __init__(self, several: SeveralRuns, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # It holds whole runs.
        self.setWindowTitle(f"{len(several.runs)} Runs — Afterimage")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.several = several
        self.table, self.images = self._make_table(), self._make_images()
        self.headline = QLabel(several.headline)
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        self.headline.setWordWrap(True)
        self.headline.setTextFormat(Qt.TextFormat.PlainText)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.headline)
        column.addWidget(self.images, 1)
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.addWidget(self.table)
        whole.addWidget(lower)
        whole.setChildrenCollapsible(False)
        whole.setSizes([320, 280])
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.addLayout(self._top())
        rows.addWidget(whole, 1)
        self.resize(940, 680)
        self.restyle()

    def _top(self) -> QHBoxLayout:
        """Which two are looked at closely, and the whole as text."""
        self.pair = (QComboBox(), QComboBox())
        for place, choice in enumerate(self.pair):
            for letter, run in zip(LETTERS, self.several.runs, strict=False):
                words = f"{letter}: {run.name}"
                shown = choice.fontMetrics().elidedText(
                    words, Qt.TextElideMode.ElideMiddle, _LONGEST
                )
                choice.addItem(shown)
                choice.setItemData(choice.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
            choice.setCurrentIndex(place)
            choice.setAccessibleName(("First", "Second")[place] + " run to look at side by side")
            choice.setToolTip("Which two runs are looked at side by side.")
            choice.currentIndexChanged.connect(self._follow_pair)
        self.pair_button = QPushButton("&Side by Side")
        self.pair_button.setToolTip(
            self.several.nouns.of("Shows the losses and all distinct images of these two runs.")
        )
        self.pair_button.clicked.connect(self._want_pair)
        self.copy_button = QPushButton("&Copy as Text")
        self.copy_button.setToolTip("Copies the table and what was found, to be sent or kept.")
        self.copy_button.clicked.connect(self.copy)
        row = QHBoxLayout()
        for widget in (*self.pair, self.pair_button):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.copy_button)
        return row

    def _make_table(self) -> QTableWidget:
        lines, count = self.several.lines, len(self.several.runs)
        table = QTableWidget(len(lines), count + 1)
        table.setAccessibleName("What the runs are and what differs")
        table.setToolTip("What all share is written quietly.")
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setHorizontalHeaderLabels(["", *LETTERS[:count]])
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across = table.horizontalHeader()
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setSectionsClickable(False)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for row, line in enumerate(lines):
            for place, words in enumerate((line.name, *line.values)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                table.setItem(row, place, item)
        return table

    def _make_images(self) -> QListWidget:
        """Training images that were found, each with the runs that found it."""
        several = self.several
        images = QListWidget()
        nouns = several.nouns
        images.setAccessibleName(nouns.of("Training images that were found, and by which runs"))
        images.setToolTip(
            nouns.of("Training images that were recovered, and the runs that did it.")
        )
        images.setViewMode(QListWidget.ViewMode.IconMode)
        images.setResizeMode(QListWidget.ResizeMode.Adjust)
        images.setMovement(QListWidget.Movement.Static)
        images.setIconSize(QSize(_ICON, _ICON))
        images.setGridSize(_CELL)
        for place, each in enumerate(several.images or ()):
            item = QListWidgetItem(each.letters)
            if several.originals is not None:
                picture = QPixmap.fromImage(image_of(several.originals[place]))
                item.setIcon(QIcon(picture.scaledToHeight(_ICON)))
            else:
                item.setText(f"{each.number}: {each.letters}")
            item.setToolTip(f"Training {nouns.one} {each.number}, recovered by {each.letters}")
            images.addItem(item)
        images.setVisible(bool(several.images))
        return images

    @Slot()
    def _follow_pair(self) -> None:
        first, second = (choice.currentIndex() for choice in self.pair)
        self.pair_button.setEnabled(first != second)

    @Slot()
    def _want_pair(self) -> None:
        self.pair_wanted.emit(*(choice.currentIndex() for choice in self.pair))

    @Slot()
    def copy(self) -> None:
        """Puts it into the clipboard."""
        QGuiApplication.clipboard().setText(as_text(self.several))

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        palette = QGuiApplication.palette()
        plain, quiet = palette.color(QPalette.ColorRole.Text), palette.color(theme.QUIET)
        for row, line in enumerate(self.several.lines):
            for place in range(self.table.columnCount()):
                item = self.table.item(row, place)
                if item is not None:
                    item.setForeground(plain if place and line.differs else quiet)
