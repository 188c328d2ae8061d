"""The one worker that drives a run on the one thread it lives on.

What it has to show it leaves in a slot of one frame; the window's timer takes it from there, at
its own pace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import AfterimageError, DeviceFailed
from engine.evidence.references import References
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState, Snapshot
from engine.runtime.beside import Beside
from engine.runtime.device_errors import device_errors
from engine.runtime.devices import give_back_freed_memory
from engine.session.autosave import MOST_SECONDS, Autosave
from engine.session.driver import drive
from engine.session.image_sets import ImageSets
from engine.session.session import Session, session_of
from engine.session.session_file import save_session
from engine.viewing.frames import Frame, LiveView
from gui.run.mailbox import Latest, Mailbox
from gui.toolkit.faults import report


@dataclass(frozen=True)
class RunRequest:
    """What to run, what to score it against, and where and how often copies are kept.

    `sets` is what the run was scored against before, also where that cannot be found now.
    """

    network: Network
    settings: Settings
    state: RunState | None
    references: References | None
    autosave: Path | None
    copy_seconds: float = MOST_SECONDS
    sets: ImageSets = field(default_factory=ImageSets)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: its session, where there is one; a sentence, where something went wrong."""

    session: Session | None
    error: str = ""


class ReconstructionWorker(QObject):
    """Lives on its own thread; runs one request after the other."""

    started = Signal(object)
    """Emitted with the run's final `Settings`, automatic values filled in."""

    ended = Signal(object)
    """Emitted with a `RunEnd`, as soon as no further step is taken."""

    rested = Signal()
    """Emitted after `ended`, once the last frame is in the slot, drawn and scored in full."""

    complained = Signal(str)
    """Emitted with a sentence when a copy of the run could not be kept."""

    noticed = Signal(str)
    """Emitted with a sentence when something happened on the way, and the run goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.slot = Latest[Frame]()
        self.mailbox = Mailbox()
        self.view: LiveView | None = None
        self.shows_mosaic, self.is_noisy = False, True
        self.newest: Session | None = None
        self._copying = Beside[None]("copy")
        self._sets = ImageSets()

    def prepare(self, request: RunRequest) -> None:
        """Called by the window before `run`, so that a stop can never come too early."""
        self.slot = Latest[Frame]()
        self.mailbox = Mailbox()
        self._sets = request.sets
        self.view = LiveView(request.network.mean, request.references, request.settings.seed)
        self.view.shows_mosaic, self.view.is_noisy = self.shows_mosaic, self.is_noisy

    @Slot(object)
    def run(self, request: RunRequest) -> None:
        """Drives one run from start to end."""
        view, mailbox, slot = self.view, self.mailbox, self.slot
        assert view is not None
        last: Snapshot | None = None
        session, error = None, ""
        self.newest = None
        try:
            run = Reconstruction(request.network, request.settings, request.state)
            self.started.emit(run.settings)
            last, error = self._drive(run, view, mailbox, slot, request)
            session = self._session_at_end(run, last.note or error)
        except AfterimageError as failure:
            error = str(failure)
        # Whatever else goes wrong must reach a person, not vanish with the thread.
        except Exception as failure:
            report(failure)
            error = "The run could not begin, because of an error in Afterimage itself."
        self.ended.emit(RunEnd(session, error))
        if last is not None and session is not None:
            self._copying.wait()
            if request.autosave is not None:
                self.keep(lambda: session, request.autosave)
            self.show(last, view, slot, at_rest=True)
            self.rested.emit()
        view.end()
        give_back_freed_memory()

    def _drive(
        self,
        run: Reconstruction,
        view: LiveView,
        mailbox: Mailbox,
        slot: Latest[Frame],
        request: RunRequest,
    ) -> tuple[Snapshot, str]:
        """The last snapshot, and why the run failed if it did."""
        watcher = _Watcher(self, run, view, mailbox, slot, request.autosave)
        autosave = Autosave(run.seconds, request.copy_seconds)
        driven = drive(run.iterate(), watcher, autosave, run.earlier_notes)
        last, failure = driven.last, driven.failure
        if failure is None:
            return last, ""
        if isinstance(failure, AfterimageError):
            return last, str(failure)
        report(failure)
        return last, (
            f"An error in Afterimage itself ended the run after step {last.step:,}. "
            "What it had found is kept."
        )

    def _session_at_end(self, run: Reconstruction, note: str) -> Session | None:
        """The run as it stands; the newest that there was, where that cannot be had any more."""
        try:
            return session_of(run, run.computed_on, note)
        except Exception as failure:
            if not isinstance(failure, AfterimageError):
                report(failure)
            return None if self.newest is None else replace(self.newest, note=note)

    def show(
        self, snapshot: Snapshot, view: LiveView, slot: Latest[Frame], at_rest: bool = False
    ) -> None:
        """Leaves a frame in the slot; a picture or score that fails must not cost the run."""
        try:
            with device_errors(snapshot.unknowns.device, len(snapshot.unknowns)):
                slot.put(view.frame(snapshot, at_rest))
        except Exception as error:
            if isinstance(error, DeviceFailed) and snapshot.unknowns.device.type != "cpu":
                return  # The next step finds out as well, and goes on elsewhere.
            view.references = None
            self.complained.emit(
                f"The candidates could not be drawn or scored ({error}). The run itself goes on."
            )

    def _with_images(self, session: Session) -> Session:
        """A copy knows what the run is scored against, so that it can be scored again."""
        references = None if self.view is None else self.view.references
        if references is None or references.sets is None:
            return session.with_sets(self._sets.for_copy())
        now = ImageSets.of(*references.sets)
        return session.with_sets(now.beside(self._sets).for_copy())

    def keep_beside(self, session: Callable[[], Session], path: Path) -> None:
        """Keeps a copy while the run goes on; not while the one before is still being written.

        What is written is a copy of the run's state, which its steps do not touch.
        """
        if self._copying.is_busy and not self._copying.is_done:
            return
        self._copying.wait()
        try:
            stand = session()
        except AfterimageError as error:
            self.complained.emit(f"The run could not be kept safe on disk: {error}")
            return
        self._copying.begin(lambda: self.keep(lambda: stand, path))

    def keep(self, session: Callable[[], Session], path: Path) -> None:
        """Keeps a copy against crashes; a full disk must not end the run."""
        try:
            save_session(self._with_images(session()), path)
        except OSError as error:
            self.complained.emit(
                f"The run could not be kept safe on disk ({error.strerror or error})."
            )
        except AfterimageError as error:
            self.complained.emit(f"The run could not be kept safe on disk: {error}")
        except Exception as error:
            report(error)


@dataclass(frozen=True)
class _Watcher:
    """Shows a run, keeps copies of it, and answers what the window asks between two steps."""

    worker: ReconstructionWorker
    run: Reconstruction
    view: LiveView
    mailbox: Mailbox
    slot: Latest[Frame]
    autosave: Path | None

    def begin(self) -> None:
        """No copy is wanted before there is something to lose."""

    def show(self, snapshot: Snapshot, news: str) -> None:
        """Shows all but the last, which waits until the window knows that the run has ended."""
        if snapshot.is_last:
            return
        if news:
            self.worker.noticed.emit(news)
        self.worker.show(snapshot, self.view, self.slot)

    def save(self) -> None:
        """Keeps a copy, if one is wanted."""
        if self.autosave is not None:
            self.worker.keep_beside(self._session, self.autosave)

    def goes_on(self, snapshot: Snapshot) -> bool:
        """Serves the window, and waits while it wants a pause."""
        in_full = partial(self.worker.show, snapshot, self.view, self.slot, at_rest=True)
        return self.mailbox.between_steps(self._session, in_full)

    def _session(self) -> Session:
        self.worker.newest = session_of(self.run, self.run.computed_on)
        return self.worker.newest
