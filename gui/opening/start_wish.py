"""Start, asked for while a network is still being opened: the run begins once it is."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.plain_text import plain
from gui.opening.opener import Opener
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner


class StartWish(QObject):
    """Remembers the wish; forgets it when something else is opened, or nothing is."""

    said = Signal(str)
    """Emitted with what it waits for, while it does."""

    def __init__(self, context: AppContext, opener: Opener, runner: SessionRunner) -> None:
        super().__init__(context.window)
        self._controller, self._workspace = context.controller, context.workspace
        self._opener, self._runner = opener, runner
        self._is_wished = False
        opener.began.connect(self._forget)
        opener.settled.connect(self._on_settled)

    @property
    def is_wished(self) -> bool:
        """Whether a run begins as soon as the network is open."""
        return self._is_wished

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers; a network that is being opened is waited for."""
        if self._opener.opening and not self._controller.is_taken:
            self._is_wished = True
            self.said.emit(plain(f"The run starts when {self._opener.opening} is open …"))
        else:
            self._runner.start_or_pause()

    @Slot()
    def _forget(self) -> None:
        self._is_wished = False

    @Slot(bool)
    def _on_settled(self, is_open: bool) -> None:
        is_wished, self._is_wished = self._is_wished, False
        can_start = not self._controller.is_taken and self._workspace().network is not None
        if is_wished and is_open and can_start:
            self._runner.start()
