"""The queue as a table: a row a checkpoint, moved with the mouse or the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem

from gui.queue.item import QueueItem
from gui.queue.items import QueueList
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim

_COLUMNS = {
    "Checkpoint": "The file.",
    "State": "How far it is, or what became of it.",
    "Recovered": "Training images that are good and above the control's best; needs a control.",
    "Remembered": "About how many training images left a trace, by the weights alone.",
    "Above 0.9": "Images of the gallery with a confidence above 0.9.",
    "Time": "Computing time.",
}
_STATE = 1


class QueueTable(QTreeWidget):
    """Shows a `QueueList`; dragging a row, or Alt with Up and Down, moves it."""

    open_wanted = Signal(object)
    """Emitted with the `QueueItem` that was activated."""

    def __init__(self, queue: QueueList) -> None:
        super().__init__()
        self._queue = queue
        self._rows: dict[QueueItem, QTreeWidgetItem] = {}
        self._dragged: QueueItem | None = None
        self.setAccessibleName("Queue")
        self.setToolTip("Enter opens a finished run; Alt+Up and Alt+Down move, Delete removes.")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._lay_out_columns()
        self.doubleClicked.connect(self._on_double_clicked)
        queue.listed.connect(self._fill)
        queue.item_changed.connect(self._show)

    def _lay_out_columns(self) -> None:
        self.setHeaderLabels(list(_COLUMNS))
        for column, (title, words) in enumerate(_COLUMNS.items()):
            self.headerItem().setToolTip(column, words)
            self.headerItem().setTextAlignment(column, _alignment(column))
            width = self.fontMetrics().horizontalAdvance(title)
            self.setColumnWidth(column, width + 3 * theme.MARGIN)
        self.setColumnWidth(0, 20 * theme.MARGIN)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(_STATE, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(4 * theme.MARGIN)

    @property
    def chosen(self) -> list[QueueItem]:
        """The items that are selected, in the order of the queue."""
        return [item for item in self._queue.items if self._rows[item].isSelected()]

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for item in self._rows:
            self._show(item)

    @Slot()
    def _fill(self) -> None:
        """Shows the items in their order; what is selected stays so."""
        chosen = {item for item, row in self._rows.items() if row.isSelected()}
        current = self._item_at(self.currentIndex())
        for _ in range(self.topLevelItemCount()):
            self.takeTopLevelItem(0)
        rows, height = self._rows, self.fontMetrics().height() + theme.SPACING
        self._rows = {item: rows.get(item) or _new_row(item, height) for item in self._queue.items}
        self.addTopLevelItems(list(self._rows.values()))
        if current in self._rows:
            self.setCurrentItem(self._rows[current])
        for item, row in self._rows.items():
            row.setSelected(item in chosen)
            self._show(item)

    @Slot(object)
    def _show(self, item: QueueItem) -> None:
        row = self._rows[item]
        for column, text in enumerate((item.state, *item.cells), _STATE):
            row.setText(column, text)
        row.setToolTip(_STATE, item.state)
        font = row.font(0)
        font.setBold(item.is_under_way)
        row.setFont(0, font)
        row.setForeground(_STATE, theme.error_colour() if item.has_failed else QBrush())

    # --- mouse and keys -------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A row that is pressed with the left button can be dragged."""
        super().mousePressEvent(event)
        is_left = event.button() == Qt.MouseButton.LeftButton
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        index = self.indexAt(event.position().toPoint())
        self._dragged = self._item_at(index) if is_left and plain else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The dragged row goes where the mouse is.

        No drag and drop of Qt's: what is dropped on the window is meant for the whole window.
        """
        if self._dragged is None:
            super().mouseMoveEvent(event)
            return
        target = self._item_at(self.indexAt(event.position().toPoint()))
        if target not in (None, self._dragged) and self._dragged in self._rows:
            self._queue.move_to(self._dragged, self._queue.items.index(target))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The row stays where it is."""
        self._dragged = None
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Delete removes, Alt with Up and Down moves."""
        key, with_alt = event.key(), event.modifiers() & Qt.KeyboardModifier.AltModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self._item_at(self.currentIndex()))
        elif key == Qt.Key.Key_Delete:
            self._queue.remove(self.chosen)
        elif with_alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._queue.move(self.chosen, -1 if key == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        self._open(self._item_at(index))

    def _open(self, item: QueueItem | None) -> None:
        if item is not None:
            self.open_wanted.emit(item)

    def _item_at(self, index: QModelIndex) -> QueueItem | None:
        items: Sequence[QueueItem] = list(self._rows)
        return items[index.row()] if 0 <= index.row() < len(items) else None


def _new_row(item: QueueItem, height: int) -> QTreeWidgetItem:
    row = QTreeWidgetItem([item.path.name])
    row.setSizeHint(0, QSize(0, height))
    row.setToolTip(0, verbatim(str(item.path)))
    for column in range(len(_COLUMNS)):
        row.setTextAlignment(column, _alignment(column))
    return row


def _alignment(column: int) -> Qt.AlignmentFlag:
    """Numbers end where their heading ends; words begin where it begins."""
    side = Qt.AlignmentFlag.AlignRight if column > _STATE else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
