"""What waits in the queue outlives the window: it is kept, and offered at the next start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.reconstruction.settings import Settings
from engine.session.finding_images import FoundImages, find_sets
from engine.session.image_sets import ImageSets
from engine.session.waiting_list import WaitingList, read_waiting_list, write_waiting_list
from gui.opening.opened import SharedImages
from gui.opening.reading import is_checkpoint
from gui.queue.item import Phase, QueueItem
from gui.queue.items import QueueList
from gui.run.context import AppContext
from gui.run.settings_panel import SettingsPanel
from gui.state.preferences import data_folder
from gui.toolkit.background import always
from gui.toolkit.log import LOGGER


class QueueMemory(QObject):
    """Keeps the list in a file; of several windows that are open, the first with a list does so.

    What was left at the last end stays in the file until it is put back. Nothing starts by itself.
    """

    changed = Signal()
    """Emitted when there is something that can be put back, and when it has been."""

    restored = Signal()
    """Emitted when what was left is in the list again, for a person to see."""

    def __init__(
        self,
        context: AppContext,
        settings: SettingsPanel,
        items: QueueList,
        given: tuple[Callable[[], SharedImages | None], Callable[[SharedImages], None]],
        parent: QObject,
    ) -> None:
        """
        Args:
            context: says where the list is kept.
            settings: those that the queue takes.
            items: the list that is kept.
            given: says which images all networks share, and takes those that are put back.
            parent: owner.
        """
        super().__init__(parent)
        self._context, self._settings, self._list = context, settings, items
        self._shared, self._share = given
        self._path = path = context.copies.waiting_list
        self._lock = QLockFile(str(path.with_suffix(".lock")))
        self._lock.setStaleLockTime(0)  # Only a dead process makes it stale, not its age.
        self._written: WaitingList | None = None
        self.left: WaitingList | None = None
        if path.exists():
            self._take()

    def begin(self) -> None:
        """From here on changes are written down."""
        for happened in (self._list.folder_chosen, self._list.listed, self._settings.edited):
            happened.connect(self.keep)
        self._list.item_changed.connect(self._keep_without)

    def end(self) -> None:
        """The window is gone; another may take over."""
        self._lock.unlock()

    # --- at the next start ----------------------------------------------------------------------

    @property
    def sentence(self) -> str:
        """`3 networks waited in the queue when Afterimage last ended.`; empty where none did."""
        if self.left is None:
            return ""
        count = len(self.left.checkpoints)
        what = "1 network" if count == 1 else f"{count:,} networks"
        return f"{what} waited in the queue when Afterimage last ended."

    @Slot()
    def offer(self) -> None:
        """Offers what was left, once the strip of messages offers nothing else."""
        strip = self._context.messages
        if self.left is None:
            return
        if strip.is_offering:
            strip.answered.connect(self.offer)
            return
        strip.show_note(f"{self.sentence} Nothing starts by itself.")
        what = "It" if len(self.left.checkpoints) == 1 else "Them"
        strip.offer(f"Put {what} Bac&k", self.put_back)

    @Slot()
    def put_back(self) -> None:
        """Looks which of the files are networks, and puts them back with folder and settings."""
        left = self.left
        if left is not None and self._is_queue_on:
            self._context.messages.show_note("The queue is on; put them back once it has ended.")
        elif left is not None:
            root = data_folder()
            self._context.background.start(
                "Looking at what waited …",
                lambda _: (
                    [path for path in left.checkpoints if is_checkpoint(path)],
                    find_sets(left.sets, root=root),
                ),
                lambda found: self._show(left, *found),
                always,
            )

    def _show(self, left: WaitingList, paths: Sequence[Path], found: FoundImages) -> None:
        items = self._list
        if self.left is not left or self._is_queue_on:  # It was asked for twice, or it began.
            return
        had_items = bool(items.items)
        self.left = None
        items.add(paths)
        if left.results is not None and items.folder is None:
            items.choose_folder(left.results)
        # Others that wait already were added with the settings that stand there.
        if left.settings is not None and not had_items and not self._context.controller.is_active:
            self._settings.show_settings(left.settings)
        if found.train is not None:
            self._share(SharedImages(found.train, found.control))
        if found.missing:
            sentences = [each.short_sentence for each in found.missing]
            self._context.messages.show_note(" ".join(sentences))
        self.changed.emit()
        self.restored.emit()

    @property
    def _is_queue_on(self) -> bool:
        return self._context.controller.in_queue

    # --- while the window is open -----------------------------------------------------------------

    @Slot(object)
    def _keep_without(self, item: QueueItem) -> None:
        """What has ended waits no more; how far a run is makes no difference."""
        if item.phase is Phase.ENDED:
            self.keep()

    @Slot()
    def keep(self) -> None:
        """Writes down what waits now, if that is something else than before."""
        waiting = self._waiting()
        if waiting == self._written or (waiting is None and not self._lock.isLocked()):
            return
        with suppress(OSError):  # Without the file the queue is still a queue.
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._lock.isLocked() and not self._take():
                return
            waiting = self._waiting()  # Another window may have left something.
            if waiting is None:
                self._path.unlink(missing_ok=True)
            else:
                write_waiting_list(waiting, self._path)
            self._written = waiting

    def _waiting(self) -> WaitingList | None:
        """What is not finished, after what was left before."""
        before = () if self.left is None else self.left.checkpoints
        # What was under way when all went dark has no results, so that it waits again.
        unfinished = [item for item in self._list.items if item.phase is not Phase.ENDED]
        own = [item.path.absolute() for item in unfinished]
        paths = (*before, *(path for path in own if path not in before))
        if not paths:
            return None
        left = self.left
        if left is not None and not own:
            return left
        shared = self._shared()
        sets = ImageSets() if shared is None else ImageSets.of(shared.train, shared.control)
        return WaitingList(paths, self._list.folder, self._entered(), sets.places())

    def _entered(self) -> Settings | None:
        try:
            return self._settings.settings()
        except UnusableInput:
            return None

    def _take(self) -> bool:
        """Makes the file this window's, and reads what another has left in it."""
        if not self._lock.tryLock(0):
            return False
        if self._path.exists():
            try:
                self.left = self._written = read_waiting_list(self._path)
            except UnusableInput as error:
                LOGGER.error(f"What waited in the queue is lost: {error}")
                with suppress(OSError):
                    self._path.unlink()
            self.changed.emit()
        return True
