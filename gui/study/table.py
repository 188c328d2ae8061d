"""The runs of a study as a table that fills while they end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from engine.base.plain_text import plain
from engine.study.page import HEADINGS, STATES, line_of
from engine.study.table import Row
from gui.study.work import NO_RESULT
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim

Index = QModelIndex | QPersistentModelIndex

_STATE_WIDTH = 190

_AT_FAULT = ("refused", "failed", "lost")
_TOOLTIPS = dict(
    zip(
        HEADINGS,
        (
            "Training images with a good match that is better than the best of the control; – "
            "without a control.",
            "Unseen images with a good match: what chance finds.",
            "Distinct images with a confidence above 0.9.",
            "Which share of those is recovered.",
            "Share of the training images that their multipliers give away where 1 % of the "
            "control is accused.",
            "Computing time of the run.",
            "Done; refused or failed, for good; lost, which the next start tries again.",
        ),
        strict=True,
    )
)


class RunsModel(QAbstractTableModel):
    """Rows by their place; a cell is worded when it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._names: tuple[str, ...] = ()
        self._places: dict[str, int] = {}
        self._is_driven = True
        self._worded: tuple[Row | None, tuple[str, ...]] = (None, ())

    @property
    def headings(self) -> tuple[str, ...]:
        """What the columns are called."""
        return (*self._names, *HEADINGS)

    def show_rows(self, rows: Sequence[Row], names: tuple[str, ...], is_driven: bool) -> None:
        """Shows another study.

        Args:
            rows: all of them.
            names: of the variables.
            is_driven: whether this process works on it, and knows what is under way.
        """
        self.beginResetModel()
        self._rows, self._names, self._is_driven = list(rows), names, is_driven
        self._worded = (None, ())
        self._places = {row.id: place for place, row in enumerate(self._rows)}
        self.endResetModel()

    def update_rows(self, rows: Sequence[Row]) -> None:
        """Some rows say something else than before; the others are not touched."""
        places = []
        for row in rows:
            place = self._places.get(row.id)
            if place is not None:
                self._rows[place] = row
                places.append(place)
        last = len(self.headings) - 1
        for first, end in _stretches(sorted(places)):
            self.dataChanged.emit(self.index(first, 0), self.index(end, last))

    # --- what Qt asks for -------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        """How many runs there are."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """How many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(self.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What stands in a cell."""
        row, column = self._rows[index.row()], index.column()
        is_state = column == len(self.headings) - 1
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return verbatim(self._words(row, column))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column, len(self._names), is_state)
        if role == Qt.ItemDataRole.ForegroundRole and is_state and row.state in _AT_FAULT:
            return theme.error_colour()
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """What a column is called, and what it means."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = self.headings[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TOOLTIPS.get(name, "What tells this run from others.")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            is_state = section == len(self.headings) - 1
            return _alignment(section, len(self._names), is_state)
        return None

    def _words(self, row: Row, column: int) -> str:
        if self._worded[0] is not row:  # Cells are asked for row by row.
            self._worded = (row, line_of(row, self._names))
        words = self._worded[1][column]
        if not self._is_driven and column == len(self.headings) - 1:
            words = NO_RESULT if words == STATES["missing"] else words
        return plain(words)


class RunsView(QTableView):
    """Shows a `RunsModel`."""

    def __init__(self, model: RunsModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName("Runs of the study")
        self.setToolTip("One row a run; what nobody knows is –.")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setWordWrap(False)
        # Rows of one height: of ten thousand, none is measured.
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + theme.SPACING)
        rows.hide()
        header = self.horizontalHeader()
        header.setSectionsMovable(False)
        header.setHighlightSections(False)
        header.setMinimumSectionSize(6 * theme.MARGIN)
        model.modelReset.connect(self._fit_headings)

    def _fit_headings(self) -> None:
        """Columns are as wide as what they are called, and as what stands in a usual cell.

        How a run stands is seen beside what it is, before the numbers.
        """
        model, metrics, header = self.model(), self.fontMetrics(), self.horizontalHeader()
        for column in range(model.columnCount()):
            words = str(model.headerData(column, Qt.Orientation.Horizontal))
            first = str(model.index(0, column).data()) if model.rowCount() else ""
            width = max(metrics.horizontalAdvance(each) for each in (words, first[:32]))
            self.setColumnWidth(column, width + 2 * theme.MARGIN)
        state = model.columnCount() - 1
        self.setColumnWidth(state, _STATE_WIDTH)
        header.moveSection(header.visualIndex(state), model.columnCount() - len(HEADINGS))


def _stretches(places: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of places that follow one another."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def _alignment(column: int, variables: int, is_state: bool) -> Qt.AlignmentFlag:
    """Numbers end where their heading ends; words begin where it begins."""
    is_word = column < variables or is_state
    side = Qt.AlignmentFlag.AlignLeft if is_word else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
