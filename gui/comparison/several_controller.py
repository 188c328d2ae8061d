"""Several saved runs, read on a thread and shown in one window; any two of them in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.progress import Progress, portion
from engine.comparison.several import Run, SeveralRuns, compare_several, load_saved
from engine.evidence.references import References
from engine.session.session import Session
from gui.comparison.several_window import SeveralWindow
from gui.run.context import AppContext
from gui.state.preferences import data_folder
from gui.toolkit.task import Task

Named = tuple[str, Path]
"""What a run is called, and the path of its session."""

Pair = Callable[[Run, Run], None]


class SeveralController(QObject):
    """Keeps one window with the runs that were compared last."""

    def __init__(self, context: AppContext, compare_pair: Pair, parent: QObject) -> None:
        """
        Args:
            context: what is under way.
            compare_pair: shows two runs side by side.
            parent: owner.
        """
        super().__init__(parent)
        self._context, self._compare_pair = context, compare_pair
        self._task: Task | None = None
        self.window: SeveralWindow | None = None

    def compare(
        self,
        saved: Sequence[Named],
        opened: tuple[str, Session] | None = None,
        references: References | None = None,
    ) -> None:
        """Compares saved runs, and the open one before them where there is one.

        Args:
            saved: runs that are read.
            opened: what the open run is called, and itself.
            references: what that is scored against.
        """
        self.cancel()
        root = data_folder()
        task = self._context.background.start(
            f"Comparing {len(saved) + (opened is not None)} runs …",
            lambda report: _compared(saved, opened, references, root, report),
            self._show,
            lambda: self._task is task,
        )
        self._task = task

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def end(self) -> None:
        """Closes the window, whatever it shows."""
        if self.window is not None:
            self.window.close()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        if self.window is not None:
            self.window.restyle()

    def _show(self, several: SeveralRuns) -> None:
        self._task = None
        self.end()
        if len(several.runs) == 2:
            self._compare_pair(*several.runs)
            return
        self.window = SeveralWindow(several, self._context.window)
        self.window.finished.connect(self._on_closed)
        self.window.pair_wanted.connect(self._want_pair)
        self.window.show()

    @Slot(int, int)
    def _want_pair(self, first: int, second: int) -> None:
        if self.window is not None:
            runs = self.window.several.runs
            self._compare_pair(runs[first], runs[second])

    @Slot()
    def _on_closed(self) -> None:
        if self.window is self.sender():
            self.window = None


def _compared(
    saved: Sequence[Named],
    opened: tuple[str, Session] | None,
    references: References | None,
    root: Path,
    report: Progress,
) -> SeveralRuns:
    """Called on a thread."""
    runs = []
    if opened is not None:
        name, session = opened
        if references is not None:
            session = session.scored_with(references, session.score(references))
        runs.append(Run(name, session, references))
    for place, (name, path) in enumerate(saved):
        share = portion(report, place / len(saved), (place + 1) / len(saved))
        runs.append(load_saved(path, name, root, share))
    return compare_several(runs)
