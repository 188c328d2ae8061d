"""An earlier moment of the drift, drawn on a thread; the newest wish wins."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.progress import Progress
from engine.session.session import Session
from engine.viewing.scene import Scene, scene_at
from gui.toolkit.task import Task


class Replay(QObject):
    """Draws one moment after the other, and leaves out those that nobody waits for any more."""

    rendered = Signal(object)
    """Emitted with a `Scene`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: Task | None = None
        self._wish: tuple[Session, Scene, int] | None = None
        self.is_noisy = True
        """Whether the noise outside the row space is shown."""

    @property
    def is_busy(self) -> bool:
        """Whether a moment is being drawn."""
        return self._task is not None

    def show(self, session: Session, present: Scene, index: int) -> None:
        """Draws the seats and tiles of `present` as they were in a frame of the session's drift."""
        self._wish = (session, present, index)
        self._draw_next()

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._wish, self._watched = None, None
        if self._task is not None:
            self._task.cancel()

    def _draw_next(self) -> None:
        if self._task is not None or self._wish is None:
            return
        (session, present, index), self._wish = self._wish, None
        is_noisy = self.is_noisy

        def draw(_report: Progress) -> Scene:
            return scene_at(session, present.picture.seats, index, present.mosaic, is_noisy)

        self._task = Task(draw, self.rendered.emit, lambda: True, self)
        self._task.succeeded.connect(self._on_succeeded)
        self._task.finished.connect(self._on_finished)
        self._task.start()

    @Slot(object, object)
    def _on_succeeded(self, task: Task, scene: Any) -> None:
        task.done(scene)

    @Slot()
    def _on_finished(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
        self._draw_next()
