"""The window's side of a run: one thread, one worker, one timer that picks up frames."""

from __future__ import annotations

import enum
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from engine.live import References
from engine.session import Session
from engine.settings import Settings
from gui.worker import FrameSlot, RunEnd, RunRequest, Worker

_FRAMES_PER_SECOND = 30


class RunState(enum.Enum):
    """What the run is doing."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class RunController(QObject):
    """Starts, pauses and stops runs, and hands on what they show, all without waiting."""

    state_changed = Signal(object)
    """Emitted with the new `RunState`."""

    prepared = Signal(object)
    """Emitted with the run's final `Settings` once it is under way."""

    frame_ready = Signal(object)
    """Emitted with the newest `Frame`, at most 30 times a second."""

    ended = Signal(object)
    """Emitted with a `RunEnd` as soon as no further step is taken; a last frame may follow."""

    complained = Signal(str)
    """Emitted with a sentence when something beside the run itself went wrong."""

    session_ready = Signal(object)
    """Emitted with the `Session` that `request_session` asked for."""

    _requested = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = RunState.IDLE
        self._worker = Worker()
        self._thread = QThread(self)
        self._thread.setObjectName("reconstruction")
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run, Qt.ConnectionType.QueuedConnection)
        self._worker.started.connect(self._on_started)
        self._worker.ended.connect(self._on_ended)
        self._worker.rested.connect(self._pick_up)
        self._worker.complained.connect(self.complained)
        self._thread.start()
        self._timer = QTimer(self)
        self._timer.setInterval(round(1000 / _FRAMES_PER_SECOND))
        self._timer.timeout.connect(self._pick_up)

    @property
    def is_active(self) -> bool:
        """Whether there is a run that has not ended."""
        return self.state is not RunState.IDLE

    def start(self, request: RunRequest) -> None:
        """Starts a run; the one before must have ended."""
        assert not self.is_active
        self._worker.prepare(request)
        self._set_state(RunState.STARTING)
        self._timer.start()
        self._requested.emit(request)

    def pause(self) -> None:
        """Holds the run before its next step."""
        if self.state is RunState.RUNNING:
            self._worker.control.pause()
            self._set_state(RunState.PAUSED)

    def go_on(self) -> None:
        """Lets a paused run go on."""
        if self.state is RunState.PAUSED:
            self._worker.control.go_on()
            self._set_state(RunState.RUNNING)

    def stop(self) -> None:
        """Ends the run after the step it is in; `ended` follows."""
        if self.is_active and self.state is not RunState.STOPPING:
            self._worker.control.stop()
            self._set_state(RunState.STOPPING)

    def set_references(self, references: References | None) -> None:
        """Scores the run that is under way against other images."""
        if self._worker.view is not None:
            self._worker.view.references = references
            self._worker.control.refresh()

    def forget(self) -> None:
        """Shows nothing more of a run that has ended, not even its last frame."""
        assert not self.is_active
        self._worker.slot = FrameSlot()

    def request_session(self) -> None:
        """Asks an active run for its session as it stands; `session_ready` follows."""
        receiver: Callable[[Session], None] = self.session_ready.emit
        self._worker.control.want_session(receiver)

    def shut_down(self) -> None:
        """Ends the thread; there must be no active run."""
        assert not self.is_active
        self._timer.stop()
        self._thread.quit()
        self._thread.wait()

    @Slot()
    def _pick_up(self) -> None:
        frame = self._worker.slot.take()
        if frame is not None:
            self.frame_ready.emit(frame)

    @Slot(object)
    def _on_started(self, settings: Settings) -> None:
        if self.state is RunState.STARTING:
            self._set_state(RunState.RUNNING)
        self.prepared.emit(settings)

    @Slot(object)
    def _on_ended(self, end: RunEnd) -> None:
        self._timer.stop()
        self._set_state(RunState.IDLE)
        self.ended.emit(end)

    def _set_state(self, state: RunState) -> None:
        self.state = state
        self.state_changed.emit(state)
