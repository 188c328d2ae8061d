"""A function on a thread of its own, with progress and an end that the window hears of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from engine.base.errors import AfterimageError
from engine.base.progress import Cancelled, Progress
from engine.runtime.device_errors import is_out_of_memory
from gui.toolkit.faults import report


class Task(QThread):
    """Runs `work(report)`; emits exactly one of `succeeded` and `failed`, or none if cancelled."""

    succeeded = Signal(object, object)
    """Emitted with the task itself and what its work returned."""

    failed = Signal(str)
    progressed = Signal(float)

    def __init__(
        self,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        is_wanted: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """Prepares a task; `start` starts it.

        Args:
            work: called on the thread; it may call `report` with the share that is done, which
                raises `Cancelled` once the task has been cancelled.
            done: what its owner does with the result, on the owner's thread.
            is_wanted: whether the owner still wants the result when it comes.
            parent: owner.
        """
        super().__init__(parent)
        self._work = work
        self.done = done
        self.is_wanted = is_wanted
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Asks the work to end at its next report."""
        self._cancelled.set()

    def run(self) -> None:
        """The thread's body; called by Qt."""
        try:
            self.succeeded.emit(self, self._work(self._report))
        except Cancelled:
            return
        # Whatever goes wrong must reach a person, not vanish with the thread.
        except Exception as error:
            self.failed.emit(sentence_of(error))

    def _report(self, share: float) -> None:
        if self._cancelled.is_set():
            raise Cancelled("Cancelled.")
        self.progressed.emit(share)


def sentence_of(error: Exception) -> str:
    """What went wrong, for people; what nobody expected is reported besides."""
    if isinstance(error, AfterimageError):
        return str(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}."
    if is_out_of_memory(error):
        return "There is not enough memory for this."
    report(error)
    return "An error in Afterimage itself kept this from being done."
