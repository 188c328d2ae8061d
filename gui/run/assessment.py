"""What is worked out of a run in the background once it rests: its gallery and its scores."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from engine.base.progress import Progress
from engine.session.session import Session
from engine.viewing.frames import (
    Mosaic,
    Pairs,
    References,
    best_pairs,
    gallery_mosaic,
    with_confidence,
)
from gui.run.reconstruction_controller import ReconstructionController
from gui.state.workspace import CurrentWorkspace
from gui.toolkit.background import Background
from gui.toolkit.task import Task
from gui.views.views import Views


class Assessment(QObject):
    """Works out gallery and scores, and shows them if they still belong to what is open."""

    def __init__(
        self,
        window: QWidget,
        controller: ReconstructionController,
        background: Background,
        current: CurrentWorkspace,
        views: Views,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._background = background
        self._current = current
        self._views = views
        self._gallery_task: Task | None = None

    def show_session(self, session: Session) -> None:
        """Shows a run that has ended."""
        self._views.curves.show_losses(session.state.losses)
        self._views.lower_tabs.setCurrentWidget(self._views.curves)
        self.show_gallery()

    @Slot()
    def show_gallery(self) -> None:
        """Shows the gallery of the run that has ended, once it is worked out."""
        session = self._current().session
        if session is None or self._controller.is_active or not self._window.isVisible():
            return

        def render(report: Progress) -> Any:
            return gallery_mosaic(session.images(), session.gallery(report), session.network.mean)

        self._gallery_task = self._background.start(
            "Working out the gallery …",
            render,
            partial(self._on_gallery, session),
            lambda: self._current().session is session and not self._controller.is_active,
        )

    def cancel_gallery(self) -> None:
        """Nobody waits for it any more."""
        if self._gallery_task is not None:
            self._gallery_task.cancel()

    def rescore(self) -> None:
        """Scores against other references: the run that is on, or the one that has ended."""
        self._views.clear_scores()
        if self._controller.is_active:
            self._controller.set_references(self._current().references)
        else:
            self.score_in_full()

    def score_in_full(self) -> None:
        """Scores all candidates of the run that has ended."""
        workspace = self._current()
        references, session, train = workspace.references, workspace.session, workspace.train
        if session is not None and references is not None and self._window.isVisible():
            self._background.start(
                "Scoring …",
                lambda _report: _scored(session, references),
                self._views.show_pairs,
                lambda: (
                    self._current().session is session
                    and self._current().train is train
                    and not self._controller.is_active
                ),
            )

    def _on_gallery(self, session: Session, mosaic: Mosaic) -> None:
        self._views.examiner.show_gallery(session, mosaic)
        pairs = self._views.pairs.pairs
        if pairs is not None and self._current().session is session:
            self._views.show_pairs(with_confidence(pairs, session.gallery().of_each))


def _scored(session: Session, references: References) -> Pairs:
    """Scores all candidates of a run; called on a thread."""
    pairs = best_pairs(session.images(), references)
    gallery = session.known_gallery
    return pairs if gallery is None else with_confidence(pairs, gallery.of_each)
