"""The one worker that drives a run on the one thread it lives on.

A worker busy in its loop never runs queued slots, so pause, stop and “save what there is” are
flags that the loop looks at between two snapshots. What it has to show it leaves in a slot of
one frame; the window's timer takes it from there, at its own pace.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.devices import describe_device
from engine.errors import AfterimageError
from engine.live import Frame, LiveView, References
from engine.network import Network
from engine.reconstruction import Reconstruction, RunState, Snapshot
from engine.session import Session, save_session, session_of
from engine.settings import Settings

_AUTOSAVE_SECONDS = 30.0


@dataclass(frozen=True)
class RunRequest:
    """What to run, and what to score it against."""

    network: Network
    settings: Settings
    state: RunState | None
    references: References | None
    autosave: Path | None


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: its session, where there is one; a sentence, where something went wrong."""

    session: Session | None
    error: str = ""


class FrameSlot:
    """Holds the newest frame; older ones that nobody took are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None

    def put(self, frame: Frame) -> None:
        """Leaves a frame, in place of an older one."""
        with self._lock:
            self._frame = frame

    def take(self) -> Frame | None:
        """The newest frame, once."""
        with self._lock:
            frame, self._frame = self._frame, None
            return frame


class RunControl:
    """Pause, go on, stop, and requests for a session, from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._stopped = False
        self._wanted: Callable[[Session], None] | None = None
        self._references_changed = False

    def pause(self) -> None:
        """Holds the run before its next step."""
        self._set(paused=True)

    def go_on(self) -> None:
        """Lets a paused run go on."""
        self._set(paused=False)

    def stop(self) -> None:
        """Ends the run before its next step, paused or not."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def refresh(self) -> None:
        """Makes a paused run show itself anew, with other references."""
        with self._changed:
            self._references_changed = True
            self._changed.notify_all()

    def want_session(self, receiver: Callable[[Session], None]) -> None:
        """Asks for the run as it stands; the receiver is called on the worker's thread."""
        with self._changed:
            self._wanted = receiver
            self._changed.notify_all()

    def between_steps(self, session: Callable[[], Session], show: Callable[[], None]) -> bool:
        """Called by the run's thread. Serves requests, sleeps while paused; False means stop."""
        while True:
            with self._changed:
                wanted, self._wanted = self._wanted, None
                if wanted is None:
                    if self._stopped:
                        return False
                    if not self._paused:
                        return True
                    if not self._references_changed:
                        self._changed.wait()
                    refresh, self._references_changed = self._references_changed, False
                else:
                    refresh = False
            if wanted is not None:
                wanted(session())
            elif refresh and self._paused:
                show()

    def _set(self, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            # A pause shows its last step in full.
            self._references_changed = paused
            self._changed.notify_all()


class Worker(QObject):
    """Lives on its own thread; runs one request after the other."""

    started = Signal(object)
    """Emitted with the run's final `Settings`, automatic values filled in."""

    ended = Signal(object)
    """Emitted with a `RunEnd`, as soon as no further step is taken."""

    rested = Signal()
    """Emitted after `ended`, once the last frame is in the slot, drawn and scored in full."""

    complained = Signal(str)
    """Emitted with a sentence when a copy of the run could not be kept."""

    def __init__(self) -> None:
        super().__init__()
        self.slot = FrameSlot()
        self.control = RunControl()
        self.view: LiveView | None = None

    def prepare(self, request: RunRequest) -> None:
        """Called by the window before `run`, so that a stop can never come too early."""
        self.slot = FrameSlot()
        self.control = RunControl()
        self.view = LiveView(request.network.mean, request.references)

    @Slot(object)
    def run(self, request: RunRequest) -> None:
        """Drives one run from start to end."""
        view, control, slot = self.view, self.control, self.slot
        assert view is not None
        last: Snapshot | None = None
        session, error = None, ""
        try:
            run = Reconstruction(request.network, request.settings, request.state)
            self.started.emit(run.settings)
            last, error = self._drive(run, view, control, slot, request.autosave)
            session = session_of(run, describe_device(run.device), last.note or error)
        except AfterimageError as failure:
            error = str(failure)
        # Whatever else goes wrong must reach a person, not vanish with the thread.
        except Exception as failure:
            traceback.print_exc()
            error = f"The run failed unexpectedly ({type(failure).__name__}: {failure})."
        self.ended.emit(RunEnd(session, error))
        if last is not None and session is not None:
            self._show(last, view, slot, at_rest=True)
            self.rested.emit()
            if request.autosave is not None:
                self._keep(session, request.autosave)

    def _drive(
        self,
        run: Reconstruction,
        view: LiveView,
        control: RunControl,
        slot: FrameSlot,
        autosave: Path | None,
    ) -> tuple[Snapshot, str]:
        """The last snapshot, and why the run failed if it did."""
        device = describe_device(run.device)
        last: Snapshot | None = None
        saved_at = time.monotonic()

        def session() -> Session:
            return session_of(run, device)

        def show() -> None:
            assert last is not None
            self._show(last, view, slot, at_rest=True)

        with closing(run.iterate()) as snapshots:
            try:
                for last in snapshots:
                    if last.is_last:
                        break
                    self._show(last, view, slot)
                    if autosave is not None and time.monotonic() - saved_at > _AUTOSAVE_SECONDS:
                        self._keep(session(), autosave)
                        saved_at = time.monotonic()
                    if not control.between_steps(session, show):
                        break
            except AfterimageError as failure:
                if last is None:
                    raise
                return last, str(failure)
        assert last is not None
        return last, ""

    def _show(
        self, snapshot: Snapshot, view: LiveView, slot: FrameSlot, at_rest: bool = False
    ) -> None:
        """Leaves a frame in the slot; a picture or score that fails must not cost the run."""
        try:
            slot.put(view.frame(snapshot, at_rest))
        except Exception as error:
            view.references = None
            self.complained.emit(
                f"The candidates could not be drawn or scored ({error}). The run itself goes on."
            )

    def _keep(self, session: Session, path: Path) -> None:
        """Keeps a copy against crashes; a full disk must not end the run."""
        try:
            save_session(session, path)
        except OSError as error:
            self.complained.emit(
                f"The run could not be kept safe on disk ({error.strerror or error})."
            )
