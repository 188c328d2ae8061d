"""Everything that the window has under way beside a run, shown in its status bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QProgressBar, QStatusBar

from engine.base.plain_text import plain
from engine.base.progress import Progress
from gui.toolkit.task import Task


def always() -> bool:
    """For tasks whose result is wanted whatever happens meanwhile."""
    return True


class Background(QObject):
    """Starts tasks, shows what they are about, and hands on what comes of them."""

    failed = Signal(str)
    """Emitted with a sentence that says why a task failed."""

    emptied = Signal()
    """Emitted when the last task has ended."""

    def __init__(self, bar: QStatusBar) -> None:
        super().__init__(bar)
        self._bar = bar
        self._tasks: list[Task] = []
        self._progress = QProgressBar()
        self._progress.setMaximumWidth(160)
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Work in progress")
        self._progress.setToolTip("How far the work is that goes on beside everything else.")
        bar.addPermanentWidget(self._progress)
        self._progress.hide()

    @property
    def is_busy(self) -> bool:
        """Whether any task is under way."""
        return bool(self._tasks)

    def start(
        self,
        text: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        is_wanted: Callable[[], bool],
    ) -> Task:
        """Starts a task, and returns it.

        Args:
            text: what it is about, ending in an ellipsis; empty where nobody waits for it, so that
                what is said stays to be read.
            work: called on a thread of its own.
            done: called with what `work` returned, on this thread.
            is_wanted: asked before `done`: whether the result still belongs to what is open.
        """
        task = Task(work, done, is_wanted, self)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self.failed)
        task.finished.connect(self._on_finished)
        self._tasks.append(task)
        if text:
            task.progressed.connect(self._show_progress)
            self._progress.setRange(0, 0)
            self._progress.show()
            self._bar.showMessage(plain(text))
        task.start()
        return task

    def cancel_all(self) -> None:
        """Asks all tasks to end at their next report of progress."""
        for task in self._tasks:
            task.cancel()

    @Slot(object, object)
    def _on_succeeded(self, task: Task, result: Any) -> None:
        if task.is_wanted():
            task.done(result)

    @Slot(float)
    def _show_progress(self, share: float) -> None:
        self._progress.setRange(0, 100)
        self._progress.setValue(round(100 * share))

    @Slot()
    def _on_finished(self) -> None:
        # Only the one that says so: of another that is over, the result may still be on its way.
        task = self.sender()
        assert isinstance(task, Task)
        self._tasks.remove(task)
        task.deleteLater()
        if not self._tasks:
            self._progress.hide()
            if self._bar.currentMessage().endswith("…"):
                self._bar.clearMessage()
            self.emptied.emit()
