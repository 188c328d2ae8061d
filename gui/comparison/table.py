"""What two runs are and what differs between them, as a table."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from engine.comparison.comparison import Comparison
from engine.comparison.text import Row, table
from gui.toolkit import theme

_RUN = "Run"


class ComparisonTable(QTableWidget):
    """One row a fact, a column a run; what both share is said quietly."""

    def __init__(self) -> None:
        super().__init__(0, 3)
        self._rows: tuple[Row, ...] = ()
        self.setAccessibleName("What the two runs are and what differs")
        self.setToolTip("What both share is written quietly.")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalHeaderLabels(["", "A", "B"])
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across = self.horizontalHeader()
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setHighlightSections(False)
        across.setSectionsClickable(False)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.setMinimumWidth(340)

    def show_comparison(self, comparison: Comparison, names: tuple[str, str]) -> None:
        """Shows another comparison, of runs that are called so."""
        self._rows = (Row(_RUN, *names), *table(comparison))
        self.setRowCount(len(self._rows))
        for index, row in enumerate(self._rows):
            for column, words in enumerate((row.name, row.a, row.b)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.setItem(index, column, item)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        palette = QGuiApplication.palette()  # A widget hears of another one a little later.
        plain, quiet = palette.color(QPalette.ColorRole.Text), palette.color(theme.QUIET)
        for index, row in enumerate(self._rows):
            for column in range(3):
                is_plain = column > 0 and row.differs
                cell = self.item(index, column)
                if cell is not None:
                    cell.setForeground(plain if is_plain else quiet)
        for side in range(2):
            header = self.horizontalHeaderItem(side + 1)
            if header is not None:
                header.setForeground(theme.run_colour(side))
