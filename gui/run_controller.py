"""The window's side of a reconstruction."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.live import References
from engine.session import Session
from gui.controller import Controller
from gui.worker import Worker


class RunController(Controller):
    """Starts, pauses and stops runs. `prepared` carries the run's final `Settings`, `frame_ready`
    a `Frame`, `ended` a `RunEnd`.
    """

    session_ready = Signal(object)
    """Emitted with the `Session` that `request_session` asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(Worker(), "reconstruction", parent)

    def set_references(self, references: References | None) -> None:
        """Scores the run that is under way against other images."""
        if self._worker.view is not None:
            self._worker.view.references = references
            self._worker.control.refresh()

    def request_session(self) -> None:
        """Asks an active run for its session as it stands; `session_ready` follows."""
        receiver: Callable[[Session], None] = self.session_ready.emit
        self._worker.control.want(receiver)
