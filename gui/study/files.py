"""Taking a study away: its plan, its table, its page; written on a thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Slot

from engine.base.files import atomic_path
from engine.study.page import study_page
from engine.study.table import as_csv
from gui.study.window import StudyWindow
from gui.study.work import Shown
from gui.toolkit import dialogs
from gui.toolkit.background import Background, always

T = TypeVar("T")

PLANS = "Plans of studies (*.toml)"


class StudyFiles(QObject):
    """Asks where to, and writes."""

    def __init__(
        self,
        background: Background,
        window: Callable[[], StudyWindow],
        shown: Callable[[], Shown | None],
        parent: QObject,
    ) -> None:
        """
        Args:
            background: runs what takes time.
            window: the window of studies.
            shown: the study that it shows.
            parent: owner.
        """
        super().__init__(parent)
        self._background, self._window, self._shown = background, window, shown

    @Slot()
    def choose_target(self) -> None:
        """Asks where the plan is to be saved."""
        dialogs.choose_target(self._window(), "Save the plan", "study.toml", PLANS, self.save_plan)

    @Slot()
    def choose_csv(self) -> None:
        """Asks where the table is to be written."""
        dialogs.choose_target(
            self._window(), "Runs as a table", "table.csv", "CSV (*.csv)", self.write_csv
        )

    @Slot()
    def choose_page(self) -> None:
        """Asks where the page is to be written."""
        dialogs.choose_target(
            self._window(), "Report", "study.html", "HTML (*.html)", self.write_page
        )

    def save_plan(self, path: Path) -> None:
        """Writes the plan as it is chosen."""
        draft = self._window().form.draft
        self._write(path, lambda: draft.text, "The plan")

    def write_csv(self, path: Path) -> None:
        """Writes all runs of the study that is shown."""
        shown = self._shown()
        if shown is not None:
            self._write(path, lambda: as_csv(shown.table), "The table")

    def write_page(self, path: Path) -> None:
        """Writes plots and runs of the study that is shown."""
        shown = self._shown()
        if shown is not None:
            self._write(path, lambda: study_page(shown.study, shown.table), "The report")

    def in_background(self, text: str, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Does something on a thread; what goes wrong is said in this window, too."""
        task = self._background.start(text, lambda _report: work(), done, always)
        task.failed.connect(self._window().strip.show_error)

    def _write(self, path: Path, text: Callable[[], str], what: str) -> None:
        def work() -> None:
            content = text()
            with atomic_path(path) as temporary:
                temporary.write_text(content, encoding="utf-8", newline="")

        self.in_background(
            f"Writing {path.name} …",
            work,
            lambda _: self._window().strip.show_note(f"{what} was written to {path}."),
        )
