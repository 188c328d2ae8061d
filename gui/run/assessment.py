"""What a run comes to, worked out in the background once it rests: gallery and scores in one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.progress import Progress
from engine.viewing.mosaic import Mosaic, gallery_mosaic
from engine.viewing.pairs import Pairs
from engine.viewing.verdict import verdict_of
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
        """Works out gallery and scores of the run that has ended."""
        workspace = self._workspace()
        session, references, train = workspace.session, workspace.references, workspace.train
        if session is None or self._controller.is_active or not self._context.window.isVisible():
            return

        def judge(report: Progress) -> tuple[Mosaic, Pairs | None]:
            verdict = verdict_of(session, references, report)
            mean, step = session.network.mean, session.state.step
            drawn = gallery_mosaic(session.images(), verdict.gallery, mean, verdict.is_recovered)
            return replace(drawn, step=step), verdict.pairs

        def show(found: tuple[Mosaic, Pairs | None]) -> None:
            mosaic, pairs = found
            if pairs is not None:
                self.scored.emit(pairs)
            self.gallery_found.emit(session, mosaic)

        self.cancel_gallery()
        self._gallery_task = self._context.background.start(
            "Working out the gallery …"
            if references is None
            else "Working out gallery and scores …",
            judge,
            show,
            lambda: (
                self._workspace().session is session
                and self._workspace().train is train
                and self._workspace().control is workspace.control
                and self._workspace().other is workspace.other
                and not self._controller.is_active
            ),
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
            self.show_gallery()

    def forget_scores(self) -> None:
        """There is nothing to score against any more."""
        self.outdated.emit()
        self._controller.set_references(None)
        self.show_gallery()
