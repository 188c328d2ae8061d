"""The window's side of a reconstruction."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.evidence.references import References
from engine.session.session import Session
from gui.run.worker import ReconstructionWorker
from gui.run.worker_controller import WorkerController

StopQueue = Callable[[Callable[[], object]], None]


class ReconstructionController(WorkerController):
    """Starts, pauses and stops runs. `prepared` carries the run's final `Settings`, `frame_ready`
    a `Frame`, `ended` a `RunEnd`.
    """

    session_ready = Signal(object)
    """Emitted with the `Session` that `request_session` asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(ReconstructionWorker(), "reconstruction", parent)
        self._stop_queue: StopQueue | None = None

    @property
    def in_queue(self) -> bool:
        """Whether runs follow one another by themselves."""
        return self._stop_queue is not None

    @property
    def is_taken(self) -> bool:
        """Whether a run is on, or the next one of a queue is about to be."""
        return self.is_active or self.in_queue

    def take_for_queue(self, stop_queue: StopQueue) -> None:
        """Keeps all runs for a queue.

        Args:
            stop_queue: ends the queue, and calls what it is given once that is done.
        """
        self._stop_queue = stop_queue
        self.activity_changed.emit(self.activity)

    def give_back(self) -> None:
        """The queue has ended."""
        self._stop_queue = None
        self.activity_changed.emit(self.activity)

    def stop_queue(self, then: Callable[[], object]) -> None:
        """Ends the queue that keeps the runs, then calls `then`."""
        assert self._stop_queue is not None
        self._stop_queue(then)

    def set_references(self, references: References | None) -> None:
        """Scores the run that is under way against other images."""
        if self._worker.view is not None:
            self._worker.view.references = references
            self._worker.mailbox.refresh()

    def show_mosaic(self, wanted: bool) -> None:
        """Whether frames are to hold the mosaic of all candidates; now and later."""
        self._worker.shows_mosaic = wanted
        self._look_otherwise()

    def show_noise(self, wanted: bool) -> None:
        """Whether pictures have the noise outside the row space, now and later."""
        self._worker.is_noisy = wanted
        self._look_otherwise()

    def _look_otherwise(self) -> None:
        worker = self._worker
        if worker.view is not None:
            worker.view.shows_mosaic, worker.view.is_noisy = worker.shows_mosaic, worker.is_noisy
            worker.mailbox.refresh()

    def request_session(self) -> None:
        """Asks an active run for its session as it stands; `session_ready` follows."""
        receiver: Callable[[Session], None] = self.session_ready.emit
        self._worker.mailbox.want(receiver)
