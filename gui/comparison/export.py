"""Taking a comparison away: asks where to, asks again before anything is replaced, and writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.progress import Progress
from engine.comparison.comparison import Comparison
from engine.comparison.files import in_the_way, write_comparison
from gui.comparison.window import ComparisonWindow
from gui.toolkit import dialogs
from gui.toolkit.background import Background, always

_Names = tuple[str, str]


class ComparisonExport(QObject):
    """Writes the comparison that a window shows; on a thread, also if the window is closed."""

    def __init__(
        self, background: Background, window: Callable[[], ComparisonWindow | None], parent: QObject
    ) -> None:
        """
        Args:
            background: runs what takes time.
            window: the window that shows a comparison, while there is one.
            parent: owner.
        """
        super().__init__(parent)
        self._background = background
        self._window = window

    @Slot()
    def ask(self) -> None:
        """Asks for a folder, and writes into it."""
        window = self._window()
        if window is None or window.comparison is None:
            return
        receive = partial(self.write_to, window.comparison, window.names)
        dialogs.choose_folder(window, "Folder for the page and the picture", receive, "results")

    def write_to(
        self, comparison: Comparison, names: _Names, folder: Path, replaces: bool = False
    ) -> None:
        """Writes both files; where some are there already, asks before they are replaced."""
        window = self._window()
        task = self._background.start(
            "Writing the comparison …",
            partial(_write, comparison, names, folder, replaces),
            partial(self._on_written, comparison, names, folder),
            always,
        )
        if window is not None:
            window.show_exporting(True)
            task.progressed.connect(window.show_export_progress)
            task.failed.connect(self._on_failed)

    def _on_written(
        self, comparison: Comparison, names: _Names, folder: Path, there: tuple[str, ...]
    ) -> None:
        window = self._window()
        if window is None:
            return
        window.show_exporting(False)
        if not there:
            window.strip.show_note(f"The comparison was written to {folder}.")
            return
        dialogs.ask(
            window,
            f"Replace {' and '.join(there)}?",
            f"{folder} holds a comparison already.",
            "&Replace",
            lambda: self.write_to(comparison, names, folder, replaces=True),
        )

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        window = self._window()
        if window is not None:
            window.show_exporting(False)
            window.strip.show_error(sentence)


def _write(
    comparison: Comparison, names: _Names, folder: Path, replaces: bool, report: Progress
) -> tuple[str, ...]:
    """Writes, unless files are in the way, which are returned; called on a thread."""
    there = () if replaces else in_the_way(folder)
    if not there:
        write_comparison(comparison, names, folder, replaces, report)
    return there
