"""Work off the window's thread of which only the newest answer is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import AfterimageError
from engine.base.plain_text import plain
from gui.toolkit.background import Background
from gui.toolkit.task import Task

Work = Callable[[], Any]


class Newest(QObject):
    """Does one thing at a time; of those that are asked for meanwhile, the last."""

    answered = Signal(object)
    """Emitted with what the work returned."""

    refused = Signal(str)
    """Emitted with a sentence where it could not be done."""

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._task: Task | None = None
        self._next: Work | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return self._task is not None

    def ask(self, work: Work) -> None:
        """Has something done, on a thread."""
        if self._task is not None:
            self._next = work
            return
        task = self._background.start(
            "", lambda _report: _answer(work), self._take, lambda: self._task is task
        )
        task.finished.connect(self._on_finished)
        self._task = task

    def cancel(self) -> None:
        """Nobody waits for an answer any more."""
        self._task, self._next = None, None

    def _take(self, answer: tuple[Any, str]) -> None:
        found, sentence = answer
        if sentence:
            self.refused.emit(sentence)
        else:
            self.answered.emit(found)

    @Slot()
    def _on_finished(self) -> None:
        if self._task is not None and self.sender() is self._task:
            work, self._task, self._next = self._next, None, None
            if work is not None:
                self.ask(work)


def _answer(work: Work) -> tuple[Any, str]:
    """What work returned, or the sentence that refuses it; called on a thread."""
    try:
        return work(), ""
    except AfterimageError as error:
        return None, str(error)
    except OSError as error:
        return None, plain(f"{error.filename or 'A file'}: {error.strerror or error}.")
