"""What is worked out of a run in the background once it rests: its gallery and its scores."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.progress import Progress
from engine.evidence.references import References
from engine.session.session import Session
from engine.viewing.mosaic import Mosaic, gallery_mosaic
from engine.viewing.pairs import Pairs, best_pairs, with_confidence
from gui.run.context import AppContext
from gui.toolkit.task import Task


class Assessment(QObject):
    """Works out gallery and scores, and tells them if they still belong to what is open."""

    gallery_found = Signal(object, object)
    """Emitted with a `Session` at rest and the `Mosaic` of its gallery."""

    scored = Signal(object)
    """Emitted with the `Pairs` of the run that is open."""

    outdated = Signal()
    """Emitted when scores that are shown no longer count."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._workspace, self._controller = context.workspace, context.controller
        self._gallery_task: Task | None = None

    @Slot()
    def show_gallery(self) -> None:
        """Works out the gallery of the run that has ended."""
        session = self._workspace().session
        if session is None or self._controller.is_active or not self._context.window.isVisible():
            return

        def render(report: Progress) -> Mosaic:
            return gallery_mosaic(session.images(), session.gallery(report), session.network.mean)

        self._gallery_task = self._context.background.start(
            "Working out the gallery …",
            render,
            partial(self.gallery_found.emit, session),
            lambda: self._workspace().session is session and not self._controller.is_active,
        )

    def cancel_gallery(self) -> None:
        """Nobody waits for it any more."""
        if self._gallery_task is not None:
            self._gallery_task.cancel()

    def rescore(self) -> None:
        """Scores against other references: the run that is on, or the one that has ended."""
        self.outdated.emit()
        if self._controller.is_active:
            self._controller.set_references(self._workspace().references)
        else:
            self.score_in_full()

    def forget_scores(self) -> None:
        """There is nothing to score against any more."""
        self.outdated.emit()
        self._controller.set_references(None)

    def score_in_full(self) -> None:
        """Scores all candidates of the run that has ended."""
        workspace = self._workspace()
        references, session, train = workspace.references, workspace.session, workspace.train
        if session is None or references is None or not self._context.window.isVisible():
            return
        self._context.background.start(
            "Scoring …",
            lambda _report: _scored(session, references),
            self.scored.emit,
            lambda: (
                self._workspace().session is session
                and self._workspace().train is train
                and not self._controller.is_active
            ),
        )


def _scored(session: Session, references: References) -> Pairs:
    """Scores all candidates of a run; called on a thread."""
    pairs = best_pairs(session.images(), references)
    gallery = session.known_gallery
    return pairs if gallery is None else with_confidence(pairs, gallery.of_each)
