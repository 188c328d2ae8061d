"""What the queue hears of the window: how far the run is, and which images were given by hand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from engine.viewing.frames import Frame
from gui.opening.opened import Opened, SharedImages
from gui.opening.opener import Opener
from gui.queue.item import Phase, QueueItem
from gui.queue.items import QueueList
from gui.run.activity import Activity
from gui.run.reconstruction_controller import ReconstructionController
from gui.state.workspace import CurrentWorkspace


class QueueProgress(QObject):
    """Writes into the item that runs how far it is."""

    def __init__(
        self,
        controller: ReconstructionController,
        items: QueueList,
        current: Callable[[], QueueItem | None],
        parent: QObject,
    ) -> None:
        """
        Args:
            controller: of the run.
            items: tells that an item has changed.
            current: what the queue is busy with.
            parent: owner.
        """
        super().__init__(parent)
        self._list, self._current = items, current
        controller.activity_changed.connect(self._on_run_state)
        controller.frame_ready.connect(self._on_frame)

    @property
    def _running(self) -> QueueItem | None:
        item = self._current()
        return item if item is not None and item.phase is Phase.RUNNING else None

    @Slot(object)
    def _on_run_state(self, state: Activity) -> None:
        item = self._running
        if item is not None:
            item.is_paused = state is Activity.PAUSED
            self._list.item_changed.emit(item)

    @Slot(object)
    def _on_frame(self, frame: Frame) -> None:
        item = self._running
        if item is not None:
            item.share = frame.step / max(1, frame.steps)
            item.remaining_seconds = frame.remaining_seconds
            self._list.item_changed.emit(item)


class GivenImages(QObject):
    """Knows whether the images that are open were given by hand.

    Those are shared by all networks of a queue; images beside a network belong to it alone.
    """

    def __init__(self, workspace: CurrentWorkspace, opener: Opener, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._by_hand = False
        self._put_back: SharedImages | None = None
        opener.opened.connect(self._on_opened)

    def images(self) -> SharedImages | None:
        """Those that were given by hand, now or for the queue that was put back."""
        workspace = self._workspace()
        if not self._by_hand or workspace.train is None:
            return self._put_back
        return SharedImages(workspace.train, workspace.control)

    def put_back(self, images: SharedImages) -> None:
        """Those that a queue had which an earlier window has left, until others are given."""
        self._put_back = images

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        if opened.network is not None:
            self._by_hand = opened.train is not None and not opened.is_beside
        elif opened.train is not None:
            self._by_hand = True
