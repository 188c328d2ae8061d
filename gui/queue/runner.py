"""Several checkpoints, run in turn: each is opened, run, and its results are written.

The queue does what a person would do by hand: File → Open, Start, and Export → Everything. So
what it writes is what one run with the same settings and seed would give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.base.progress import Progress
from engine.exports.summary import FAILED, REFUSED, Outcome, Summary, without_run
from gui.opening.opened import Opened, Refusal, SharedImages
from gui.opening.opener import Opener
from gui.opening.reading import is_checkpoint
from gui.queue.item import Phase, QueueItem
from gui.queue.items import QueueList
from gui.queue.memory import QueueMemory
from gui.queue.progress import GivenImages, QueueProgress
from gui.queue.results import attempt, how_it_ended, known_after, known_of, write_run
from gui.run.activity import Activity
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.run.settings_panel import SettingsPanel
from gui.run.worker import RunEnd
from gui.toolkit.background import always
from gui.toolkit.log import LOGGER


class QueueRunner(QObject):
    """Drives the window through a list of checkpoints."""

    changed = Signal()
    """Emitted when the queue starts, ends, is about to end, or writes somewhere else."""

    began = Signal()
    """Emitted when the network that is run is what a person wants to look at."""

    def __init__(
        self,
        context: AppContext,
        opener: Opener,
        runner: SessionRunner,
        assessment: Assessment,
        settings: SettingsPanel,
    ) -> None:
        super().__init__(context.window)
        self._context, self._opener, self._settings = context, opener, settings
        self._runner, self._assessment = runner, assessment
        self._controller, self._messages = context.controller, context.messages
        self.list = QueueList(self)
        self.list.folder_chosen.connect(self.changed)
        self._given = GivenImages(context.workspace, opener, self)
        self._shared: SharedImages | None = None
        given = (self._shared_now, self._given.put_back)
        self.memory = QueueMemory(context, settings, self.list, given, self)
        self._summary: Summary | None = None
        self._current: QueueItem | None = None
        self._known: Outcome | None = None
        self._end: RunEnd | None = None
        self._was_stopped = False
        self._ends_after = False
        self._then: Callable[[], object] | None = None
        self._starts = 0
        self._ended: Counter[str] = Counter()
        controller = context.controller
        controller.activity_changed.connect(self._on_run_activity)
        self._progress = QueueProgress(controller, self.list, lambda: self._current, self)
        controller.ended.connect(self._on_run_ended)
        controller.rested.connect(self._on_run_rested)

    def begin(self) -> None:
        """From here on what waits is kept; what an earlier window has left is offered."""
        self.memory.begin()
        self.changed.connect(self.memory.keep)
        self.memory.offer()

    @property
    def is_on(self) -> bool:
        """Whether checkpoints are run in turn."""
        return self._controller.in_queue

    @property
    def folder(self) -> Path | None:
        """Where results go, once that has been chosen."""
        return self.list.folder

    @property
    def ends_after(self) -> bool:
        """Whether the queue ends once the present checkpoint is finished."""
        return self._ends_after

    @property
    def is_stopping(self) -> bool:
        """Whether the queue ends as soon as what was found is written."""
        return self._then is not None

    @property
    def current(self) -> QueueItem | None:
        """What the queue is busy with."""
        return self._current

    def _shared_now(self) -> SharedImages | None:
        """What networks without images of their own are scored against."""
        return self._shared if self.is_on else self._given.images()

    # --- commands -----------------------------------------------------------------------------

    def add(self, paths: Sequence[Path]) -> None:
        """Adds checkpoints; what is none is named in a sentence, and left out."""
        good = [path for path in paths if is_checkpoint(path)]
        others = ", ".join(path.name for path in paths if path not in good)
        if others:
            self._messages.show_error(f"Only networks can be queued; left out: {others}.")
        self.list.add(good)

    @Slot()
    def start(self) -> None:
        """Runs what waits, with the settings of the panel; asks first if a run is on."""
        folder = self.folder
        if self.is_on or not self.list.waiting or folder is None:
            return
        if self._controller.is_active:
            question = "Stop the run and start the queue?"
            self._runner.stop_then(question, "Stop and &Start", self.start)
            return
        try:
            self._settings.settings()
        except UnusableInput as error:
            self._messages.show_error(str(error))
            return
        self._begin(folder)

    def stop_after_this(self) -> None:
        """Ends once the present checkpoint is finished."""
        self._ends_after = self.is_on
        self.changed.emit()

    def stop_now(self, then: Callable[[], object]) -> None:
        """Ends the present run, writes what it found, and ends; calls `then` at last."""
        if not self.is_on:
            then()
            return
        self._then = then
        item = self._current
        if item is None or item.phase is Phase.OPENING:
            if item is not None:
                self.list.change(item, Phase.WAITING)
            self._finish()
            return
        self.changed.emit()
        self._controller.stop()

    # --- from one checkpoint to the next -------------------------------------------------------

    def _begin(self, folder: Path) -> None:
        self._shared = self._given.images()
        self._starts += 1
        number = self._starts
        self._ends_after, self._ended = False, Counter()
        self._controller.take_for_queue(self.stop_now)
        self.began.emit()
        self.changed.emit()
        LOGGER.info(f"The queue begins: {len(self.list.waiting)} networks, results in {folder}")
        self._context.background.start(
            "Looking at the folder …",
            lambda _: attempt(lambda: Summary(folder)),
            self._on_folder_ready,
            lambda: self.is_on and self._starts == number,
        )

    def _on_folder_ready(self, found: Summary | Refusal) -> None:
        if isinstance(found, Refusal):
            self._finish(found.sentence)
        else:
            self._summary = found
            self._next()

    def _next(self) -> None:
        """Opens the next checkpoint, or ends."""
        waiting = self.list.waiting
        if self._then is not None or self._ends_after or not waiting:
            self._finish()
            return
        item = waiting[0]
        self._current, self._end, self._was_stopped = item, None, False
        item.share, item.remaining_seconds, item.is_paused = 0.0, None, False
        self.list.change(item, Phase.OPENING)
        self.changed.emit()
        self._opener.open_for_queue(
            item.path,
            self._shared,
            self._on_read,
            lambda: self._current is item and item.phase is Phase.OPENING,
        )

    def _on_read(self, found: Opened | Refusal) -> None:
        """Shows the network, and starts on it."""
        item = self._current
        assert item is not None
        if isinstance(found, Refusal):
            self._record(item, lambda: without_run(item.path, REFUSED, found.sentence))
            return
        self._known = known_of(item.path, found)
        self._opener.opened.emit(found)
        self.list.change(item, Phase.RUNNING)
        self._runner.start()
        if not self._controller.is_active:
            sentence = self._messages.text
            self._record(item, lambda: without_run(item.path, FAILED, sentence))

    @Slot(object)
    def _on_run_ended(self, end: RunEnd) -> None:
        """A run without a session has failed; else its last frame is waited for."""
        item = self._current
        if not self.is_on or item is None:
            return
        self._end = end
        if end.session is None:
            known = self._known
            assert known is not None
            found = replace(known, outcome=FAILED, sentence=end.error)
            self._record(item, lambda: found)

    @Slot()
    def _on_run_rested(self) -> None:
        """All of the run is there: its results are written."""
        item, end = self._current, self._end
        if not self.is_on or item is None or end is None or end.session is None:
            return
        folder, known = self.folder, self._known
        assert folder is not None
        assert known is not None
        self._assessment.cancel_gallery()  # It is worked out here, and shown at the end.
        session, references = end.session, self._context.workspace().references
        known = known_after(known, end, self._was_stopped)
        self._record(item, lambda: write_run(folder, item.path, session, references, known))

    def _record(self, item: QueueItem, work: Callable[[], Outcome]) -> None:
        """Has an outcome worked out and written down; then comes the next checkpoint."""
        summary = self._summary
        assert summary is not None
        self.list.change(item, Phase.WRITING)
        self.changed.emit()

        def recorded(_report: Progress) -> Outcome | Refusal:
            def record() -> Outcome:
                outcome = work()
                summary.add(outcome)
                return outcome

            return attempt(record)

        self._context.background.start(
            f"Writing the results of {item.path.name} …", recorded, self._on_recorded, always
        )

    def _on_recorded(self, found: Outcome | Refusal) -> None:
        item = self._current
        assert item is not None
        if isinstance(found, Refusal):
            item.outcome = Outcome(str(item.path), FAILED, sentence=found.sentence)
        else:
            item.outcome = found
            if found.folder is not None and self.folder is not None:
                item.results = self.folder / found.folder
            LOGGER.info(f"The queue: {item.path.name} {item.state}")
        self._ended[item.outcome.outcome] += 1
        self.list.change(item, Phase.ENDED)
        if isinstance(found, Refusal):
            # What cannot be written once will not be written for the others; the run stays open.
            self._finish(f"The results of {item.path.name} could not be written: {found.sentence}")
        else:
            self._next()

    def _finish(self, error: str = "") -> None:
        """The queue is off."""
        self._current = None
        self._ends_after = False
        then, self._then = self._then, None
        self._controller.give_back()
        self.changed.emit()
        if error:
            self._messages.show_error(error)
        else:
            told = how_it_ended(self._ended, len(self.list.waiting), self.folder)
            self._messages.show_note(told)
        self._assessment.show_gallery()
        if then is not None:
            then()

    @Slot(object)
    def _on_run_activity(self, activity: Activity) -> None:
        """A run that somebody stopped has not come to its own end."""
        item = self._current
        if item is not None and item.phase is Phase.RUNNING:
            self._was_stopped |= activity is Activity.STOPPING
