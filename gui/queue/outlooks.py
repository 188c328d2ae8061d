"""Whether what waits in the queue has a chance: said before hours are spent on it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from engine.evidence.diagnostics import sees_no_chance
from engine.network.checkpoints import load_network
from engine.stationarity.spectrum import spectrum_of
from gui.opening.opened import Refusal
from gui.queue.item import Phase, QueueItem
from gui.queue.items import QueueList
from gui.queue.results import attempt
from gui.toolkit.background import Background, always


class QueueOutlooks(QObject):
    """Looks at the weights of what waits, one checkpoint after the other, on a thread."""

    def __init__(self, items: QueueList, background: Background, parent: QObject) -> None:
        """
        Args:
            items: what is looked at, and told of it.
            background: where that is done.
            parent: owner.
        """
        super().__init__(parent)
        self._list, self._background = items, background
        self._is_looking = self._has_ended = False
        items.listed.connect(self._look)

    def end(self) -> None:
        """Looks at no other: the window closes."""
        self._has_ended = True

    @Slot()
    def _look(self) -> None:
        unknown = [item for item in self._list.waiting if item.has_chance is None]
        if unknown and not self._is_looking and not self._has_ended:
            self._is_looking = True
            path = unknown[0].path
            self._background.start(
                "",
                lambda _: attempt(lambda: not sees_no_chance(spectrum_of(load_network(path)))),
                partial(self._take, unknown[0]),
                always,
            )

    def _take(self, item: QueueItem, found: bool | Refusal) -> None:
        """What cannot be read says why when its turn comes."""
        self._is_looking = False
        item.has_chance = isinstance(found, Refusal) or found
        if item in self._list.items and item.phase is Phase.WAITING:
            self._list.item_changed.emit(item)
        self._look()
