"""The mosaic at an earlier moment of its drift, drawn on a thread; the newest wish wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.progress import Progress
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.mosaic import Mosaic, make_mosaic
from engine.viewing.watched import WatchedDrift
from gui.toolkit.task import Task


class Replay(QObject):
    """Draws one moment after the other, and leaves out those that nobody waits for any more."""

    rendered = Signal(object)
    """Emitted with a `Mosaic`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: Task | None = None
        self._wish: tuple[Session, Mosaic, int] | None = None
        self.is_noisy = True
        """Whether the noise outside the row space is shown."""
        self._watched: WatchedDrift | None = None
        """Of the moment before: of the same tiles, the noise is known."""

    @property
    def is_busy(self) -> bool:
        """Whether a moment is being drawn."""
        return self._task is not None

    def show(self, session: Session, present: Mosaic, index: int) -> None:
        """Draws the tiles of `present` as they were in a frame of the session's drift."""
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
        watched = self._watched = self._drift_of(session, present)

        def draw(report: Progress) -> Mosaic:
            images = watched.images(index)
            report(0.5)
            mosaic = make_mosaic(images, present.order, session.network.mean, present.caption)
            report(1.0)
            return replace(mosaic, is_gallery=present.is_gallery, confidence=present.confidence)

        self._task = Task(draw, self.rendered.emit, lambda: True, self)
        self._task.succeeded.connect(self._on_succeeded)
        self._task.finished.connect(self._on_finished)
        self._task.start()

    def _drift_of(self, session: Session, present: Mosaic) -> WatchedDrift:
        known, asked = self._watched, WatchedDrift(session, present.order, self.is_noisy)
        if known is None or known.session is not session or known.is_noisy != asked.is_noisy:
            return asked
        return known if torch.equal(known.chosen, asked.chosen) else asked

    @Slot(object, object)
    def _on_succeeded(self, task: Task, mosaic: Any) -> None:
        task.done(mosaic)

    @Slot()
    def _on_finished(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
            self._task = None
        self._draw_next()
