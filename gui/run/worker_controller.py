"""The window's side of long work: one thread, one worker, one timer that picks up frames."""

from __future__ import annotations

from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from gui.run.activity import Activity
from gui.run.mailbox import Latest, Mailbox

_FRAMES_PER_SECOND = 30


class Worker(Protocol):
    """What a worker offers, beside `started` and signals named as a `WorkerController`'s are."""

    slot: Latest[Any]
    mailbox: Mailbox

    def prepare(self, request: Any) -> None:
        """Called by the window before `run`, so that a stop can never come too early."""
        ...

    def run(self, request: Any) -> None:
        """Does the work, from start to end, on the worker's thread."""
        ...


class WorkerController(QObject):
    """Starts, pauses and stops work, and hands on what it shows, all without waiting."""

    activity_changed = Signal(object)
    """Emitted with the new `Activity`."""

    prepared = Signal(object)
    """Emitted with what the worker says once the work is under way."""

    frame_ready = Signal(object)
    """Emitted with the newest frame, at most 30 times a second."""

    ended = Signal(object)
    """Emitted with how it ended, as soon as no further step is taken; a last frame may follow."""

    rested = Signal()
    """Emitted once that last frame has been shown."""

    complained = Signal(str)
    """Emitted with a sentence when something beside the work itself went wrong."""

    noticed = Signal(str)
    """Emitted with a sentence when something happened on the way, and the work goes on."""

    _requested = Signal(object)

    def __init__(self, worker: QObject, name: str, parent: QObject | None = None) -> None:
        """
        Args:
            worker: a `Worker`; moves to a thread of its own.
            name: of that thread.
            parent: owner.
        """
        super().__init__(parent)
        self.activity = Activity.IDLE
        self._shown: object = None
        self._worker = cast(Any, worker)
        self._thread = QThread(self)
        self._thread.setObjectName(name)
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run, Qt.ConnectionType.QueuedConnection)
        self._worker.started.connect(self._on_started)
        self._worker.ended.connect(self._on_ended)
        self._worker.rested.connect(self._on_rested)
        self._worker.complained.connect(self.complained)
        self._worker.noticed.connect(self.noticed)
        self._thread.start()
        self._timer = QTimer(self)
        self._timer.setInterval(round(1000 / _FRAMES_PER_SECOND))
        self._timer.timeout.connect(self._pick_up)

    @property
    def is_active(self) -> bool:
        """Whether there is work that has not ended."""
        return self.activity is not Activity.IDLE

    def start(self, request: object) -> None:
        """Starts; the work before must have ended."""
        assert not self.is_active
        self._shown = None
        self._worker.prepare(request)
        self._set_activity(Activity.STARTING)
        self._timer.start()
        self._requested.emit(request)

    def pause(self) -> None:
        """Holds the work before its next step."""
        if self.activity is Activity.RUNNING:
            self._worker.mailbox.pause()
            self._set_activity(Activity.PAUSED)

    def go_on(self) -> None:
        """Lets paused work go on."""
        if self.activity is Activity.PAUSED:
            self._worker.mailbox.go_on()
            self._set_activity(Activity.RUNNING)

    def stop(self) -> None:
        """Ends the work after the step it is in; `ended` follows."""
        if self.is_active and self.activity is not Activity.STOPPING:
            self._worker.mailbox.stop()
            self._set_activity(Activity.STOPPING)

    def forget(self) -> None:
        """Shows nothing more of work that has ended, not even its last frame."""
        assert not self.is_active
        self._shown = None
        self._worker.slot = Latest()

    def shut_down(self) -> None:
        """Ends the thread; nothing may be active."""
        assert not self.is_active
        self._timer.stop()
        self._thread.quit()
        self._thread.wait()

    @Slot()
    def _pick_up(self) -> None:
        frame = self._worker.slot.take()
        if frame is not None:
            self._shown = frame
            self.frame_ready.emit(frame)

    @Slot()
    def _on_rested(self) -> None:
        """The last frame is there; if it was picked up before the end was known, it comes again."""
        self._pick_up()
        if self._shown is not None:
            self.frame_ready.emit(self._shown)
        self.rested.emit()

    @Slot(object)
    def _on_started(self, what: object) -> None:
        if self.activity is Activity.STARTING:
            self._set_activity(Activity.RUNNING)
        self.prepared.emit(what)

    @Slot(object)
    def _on_ended(self, end: object) -> None:
        self._timer.stop()
        self._set_activity(Activity.IDLE)
        self.ended.emit(end)

    def _set_activity(self, activity: Activity) -> None:
        self.activity = activity
        self.activity_changed.emit(activity)
