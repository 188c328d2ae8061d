"""Whether what waits in the queue has a chance: said before hours are spent on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.progress import Progress
from engine.evidence.diagnostics import sees_no_chance
from engine.network.checkpoints import load_network
from engine.stationarity.spectrum import images_spectrum
from gui.opening.opened import Refusal
from gui.queue.item import Phase, QueueItem
from gui.queue.items import QueueList
from gui.queue.results import attempt
from gui.toolkit.background import Background, always
from gui.toolkit.task import Task


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
        self._looked_at: QueueItem | None = None
        self._task: Task | None = None
        self._has_ended = False
        items.listed.connect(self._look)

    def end(self) -> None:
        """Looks at no other: the window closes."""
        self._has_ended = True
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _look(self) -> None:
        if self._task is not None:
            if self._looked_at not in self._list.items:
                self._task.cancel()
            return
        unknown = [item for item in self._list.waiting if item.has_chance is None]
        if unknown and not self._has_ended:
            self._looked_at = unknown[0]
            look, take = partial(_has_chance, unknown[0].path), partial(self._take, unknown[0])
            self._task = self._background.start("", look, take, always)
            self._task.finished.connect(self._go_on)

    @Slot()
    def _go_on(self) -> None:
        """One look is over, or was given up."""
        self._task = self._looked_at = None
        self._look()

    def _take(self, item: QueueItem, found: bool | Refusal) -> None:
        """What cannot be read says why when its turn comes."""
        item.has_chance = isinstance(found, Refusal) or found
        if item in self._list.items and item.phase is Phase.WAITING:
            self._list.item_changed.emit(item)


def _has_chance(path: Path, report: Progress) -> bool | Refusal:
    """Whether a checkpoint's weights hold anything; called on a thread.

    Raises:
        Cancelled: nobody wants to know any more.
    """
    network = attempt(lambda: load_network(path))
    report(0.5)
    if isinstance(network, Refusal):
        return network
    return attempt(lambda: not sees_no_chance(images_spectrum(network)))
