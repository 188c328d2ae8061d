"""The images in question, the most exposed first: a table of any length."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from engine.evidence.membership_scores import Exposed, Membership

_COLUMNS = {
    "Image": "Its number among the images in question, counted from 1.",
    "Class": "Its class, or what the network gives it where labels are not known.",
    "Multiplier": "How much of the weights it explains, beside all others and the control.",
    "In control": "How many images of the control have no less of a multiplier. None: "
    "nothing that the network never saw stands out as much.",
}
_WIDTH = 330
_Index = QModelIndex | QPersistentModelIndex


class ExposedTable(QTableView):
    """Images with a multiplier, by its size."""

    def __init__(self) -> None:
        super().__init__()
        self._model = _ExposedModel(self)
        self.setModel(self._model)
        self.setAccessibleName("Images in question, the most exposed first")
        self.setToolTip("Images in question, the most exposed first; the headers say what it is.")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setFixedWidth(_WIDTH)
        # One height for all: to measure ten thousand rows would keep the window waiting.
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def show_found(self, found: Membership | None) -> None:
        """Lists the images of an answer; none without one."""
        self._model.show_found(found)


class _ExposedModel(QAbstractTableModel):
    """What the table shows; a cell is made when it comes into view."""

    def __init__(self, parent: QTableView) -> None:
        super().__init__(parent)
        self._found: Membership | None = None
        self._images: list[Exposed] = []

    def show_found(self, found: Membership | None) -> None:
        if found is self._found:
            return  # Whoever has scrolled down stays there.
        self.beginResetModel()
        self._found = found
        self._images = [] if found is None else found.most_exposed()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._images)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role != Qt.ItemDataRole.DisplayRole or self._found is None:
            return None
        image = self._images[index.row()]
        above = image.control_above
        return (
            f"{image.image + 1:,}",
            self._found.classes.numbered(image.label),
            f"{image.multiplier:.3g}",
            "–" if above is None else f"{above:,}" if above else "none",
        )[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return f"{section + 1:,}" if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<p>{list(_COLUMNS.values())[section]}</p>"
        return list(_COLUMNS)[section] if role == Qt.ItemDataRole.DisplayRole else None
