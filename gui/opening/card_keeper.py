"""Keeps a card of each run that rests: of one that has ended, was saved, or was opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.progress import Progress
from engine.evidence.scoring import Evidence
from engine.exports.card import make_card
from engine.session.session import SUFFIX, Session
from gui.opening.opened import Opened
from gui.run.context import AppContext
from gui.state.last_runs import LastRuns
from gui.toolkit.background import always


class CardKeeper(QObject):
    """Knows which file the run that is open is in, and has its card made on a thread."""

    def __init__(
        self, context: AppContext, runs: LastRuns, score: Callable[[], Evidence | None]
    ) -> None:
        """
        Args:
            context: what is open, and what is under way.
            runs: where cards go.
            score: of all candidates of the run that is open, where one is shown.
        """
        super().__init__(context.window)
        self._context, self._runs, self._score = context, runs, score
        self._path: Path | None = None

    @Slot(object)
    def on_opened(self, opened: Opened) -> None:
        """Another network or run is here; images alone change neither.

        A run that is read in another way is still in its file.
        """
        workspace = self._context.workspace()
        if opened.network is None or workspace.network is not opened.network:
            return
        if opened.session is None or opened.path is not None:
            self._path = None if opened.session is None else opened.path

    @Slot()
    def on_run_began(self) -> None:
        """From now on the run is in the copy that is kept of it."""
        self._path = self._context.copies.last_run

    @Slot(str)
    def on_saved(self, name: str) -> None:
        """The run that is open has a file of its own now, in place of its copy."""
        path, before = Path(name).absolute(), self._path
        if path.suffix.lower() != SUFFIX or self._context.controller.is_active:
            return
        is_copy = before is not None and self._context.copies.is_ours(before)
        self._path = path
        self._keep(before if is_copy else None)

    @Slot()
    def keep(self) -> None:
        """The run that is open rests, or was scored."""
        self._keep(None)

    def _keep(self, in_place_of: Path | None) -> None:
        session, path = self._context.workspace().session, self._path
        if session is None or path is None or self._context.controller.is_taken:
            return
        if session.known_gallery is None:
            return  # It is being worked out, and then we hear of it.
        self._context.background.start(
            "",
            partial(self._make, session, self._score(), path, in_place_of),
            lambda _: None,
            always,
        )

    def _make(
        self,
        session: Session,
        score: Evidence | None,
        path: Path,
        in_place_of: Path | None,
        report: Progress,
    ) -> None:
        """Called on a thread; a run whose copy was not wanted or cannot be kept has no card."""
        try:
            card = make_card(session, score, path, report)
            is_scored = score is not None or session.evidence is not None
            self._runs.put(card, in_place_of, is_scored)
        except OSError:
            return
