"""File → Close Network: back to the start page, and nothing is lost unasked."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.reconstruction.snapshot import RunState
from engine.session.session import SUFFIX
from gui.opening.opened import Opened
from gui.opening.opener import Opener
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.state.workspace import Workspace
from gui.toolkit import dialogs


class CloseNetwork(QObject):
    """Closes what is open; asks while a run is on, or where its results are nowhere else."""

    def __init__(self, context: AppContext, runner: SessionRunner, opener: Opener) -> None:
        super().__init__(context.window)
        self._context, self._runner = context, runner
        self._in_a_file: RunState | None = None
        opener.opened.connect(self._on_opened)

    @Slot()
    def ask(self) -> None:
        """File → Close Network."""
        context, session = self._context, self._context.workspace().session
        if context.controller.is_taken:
            what = "queue" if context.controller.in_queue else "run"
            question = f"Stop the {what} and close the network?"
            self._runner.stop_then(question, "Stop and &Close", self.ask)
        elif session is None or self._is_kept(session.state):
            self._close()
        else:
            dialogs.ask(
                context.window,
                "Close the network, and lose its run?",
                "The run was not saved, and the preferences say that no copy is kept.",
                "&Close and Lose It",
                self._close,
            )

    def _is_kept(self, state: RunState) -> bool:
        return state is self._in_a_file or self._context.copies.is_held(state)

    def _close(self) -> None:
        self._context.messages.make_way()
        self._runner.forget()
        self._context.workspace.open(Workspace())

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        if opened.session is not None and opened.path is not None:
            self._in_a_file = opened.session.state

    @Slot(str)
    def note_saved(self, path: str) -> None:
        """Something was written; a session holds what was found."""
        session = self._context.workspace().session
        if session is not None and Path(path).suffix.lower() == SUFFIX:
            self._in_a_file = session.state
