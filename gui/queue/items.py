"""The checkpoints of the queue, in their order, and where their results go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gui.queue.item import Phase, QueueItem


class QueueList(QObject):
    """Items that can be added, moved and taken out; what is under way stays."""

    listed = Signal()
    """Emitted when there are other items, or in another order."""

    item_changed = Signal(object)
    """Emitted with a `QueueItem` that says something else than before."""

    folder_chosen = Signal()
    """Emitted when results go somewhere else."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: list[QueueItem] = []
        self.folder: Path | None = None

    @property
    def waiting(self) -> list[QueueItem]:
        """Those that have not been begun, the next one first."""
        return [item for item in self.items if item.phase is Phase.WAITING]

    def add(self, paths: Sequence[Path]) -> None:
        """Adds checkpoints at the end; one that waits already is not added twice."""
        for path in paths:
            if path not in [item.path for item in self.waiting]:
                self.items.append(QueueItem(path))
        self.listed.emit()

    def choose_folder(self, folder: Path) -> None:
        """Where results go to."""
        self.folder = folder
        self.folder_chosen.emit()

    def move(self, items: Collection[QueueItem], by: int) -> None:
        """Moves items one place up (−1) or down (+1), as far as there is room."""
        places = range(len(self.items))
        for place in places if by < 0 else reversed(places):
            other = place + by
            if self.items[place] not in items or other not in places:
                continue
            if self.items[other] not in items:  # Else all that are moved are at the end already.
                row = self.items
                row[place], row[other] = row[other], row[place]
        self.listed.emit()

    def move_to(self, item: QueueItem, place: int) -> None:
        """Moves one item to a place."""
        self.items.remove(item)
        self.items.insert(place, item)
        self.listed.emit()

    def remove(self, items: Collection[QueueItem]) -> None:
        """Takes items out of the list, except the one that is under way; results stay on disk."""
        self.items = [item for item in self.items if item not in items or item.is_under_way]
        self.listed.emit()

    def clear(self) -> None:
        """Takes all out that are not under way."""
        self.remove(list(self.items))

    def change(self, item: QueueItem, phase: Phase) -> None:
        """An item is further than it was."""
        item.phase = phase
        self.item_changed.emit(item)
