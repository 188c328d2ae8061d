"""A study under way on a thread, and one that another process drives: what the window is told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.base.progress import Cancelled, Progress
from engine.study.driving import Driver
from engine.study.driving import Progress as Driven
from engine.study.lock import Lock
from engine.study.page import STATES, headline, write_results
from engine.study.plan import Plan
from engine.study.plots import varied
from engine.study.pool import Processes, Workers, fitting_processes
from engine.study.preparing import prepare
from engine.study.store import STUDY, Store
from engine.study.study import Study
from engine.study.table import LASTING, Row, Table

NO_RESULT = "without a result yet"
"""Of a run that another process may be at."""


@dataclass(frozen=True)
class Shown:
    """A study and its table; its rows change, their number does not.

    Attributes:
        study: its runs.
        table: what they came to, by whoever reads or drives it.
        names: of the columns that tell runs apart.
        varied: those over which there is something to draw.
        rows: of the table, as they stood.
        is_driven: whether this process works on it.
    """

    study: Study
    table: Table
    names: tuple[str, ...]
    varied: tuple[str, ...]
    rows: Sequence[Row]
    is_driven: bool

    @classmethod
    def of(cls, study: Study, table: Table, is_driven: bool) -> Shown:
        """As the table stands now."""
        return cls(study, table, table.variables, varied(table), table.rows, is_driven)


@dataclass(frozen=True)
class News:
    """What has happened since the window last asked.

    Attributes:
        shown: a study that has just been read or made ready; None where it is the same.
        rows: that have changed.
        progress: of a study that is driven here; None before its first, and of others.
        headline: of one that is only read: how many runs are in which state.
        missing: of one that is only read: how many runs may be begun yet.
    """

    shown: Shown | None
    rows: Sequence[Row]
    progress: Driven | None = None
    headline: str = ""
    missing: int = 0


class StudyWork:
    """Drives a study on the thread that calls `run`; others may ask what is new, and stop it."""

    def __init__(self, folder: Path, plan: Plan | None, processes: int) -> None:
        """
        Args:
            folder: of the study.
            plan: what it is to be; None goes on with what the folder holds.
            processes: at a time; 0 takes as many as fit.
        """
        self.folder = folder
        self._plan, self._processes = plan, processes
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._rows: dict[str, Row] = {}
        self._progress: Driven | None = None
        self.has_begun, self.missing = False, 0

    @property
    def is_stopping(self) -> bool:
        """Whether it has been asked to end."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Asks it to end; what is under way is given up, what has ended is kept."""
        self._stopping.set()

    def take(self) -> News:
        """What is new since the last call."""
        with self._lock:
            news = News(self._shown, tuple(self._rows.values()), self._progress)
            self._shown, self._rows = None, {}
        return news

    def run(self, report: Progress) -> str:
        """Works until all runs have ended or `stop` is called; called on a thread.

        Returns:
            how many runs are in which state, in a sentence.

        Raises:
            UnusableInput: the study or its images cannot be used, or another process is at work.
            OSError: the folder cannot be written to.
            Cancelled: it was stopped before it began.
        """
        store = Store(self.folder)

        def told(share: float) -> None:
            if self.is_stopping:
                raise Cancelled("Cancelled.")
            report(share)

        with Lock(store):
            study = store.read() if self._plan is None else prepare(self._plan, store, told)
            driver = Driver(study, store, self._workers(study))
            with self._lock:
                self._shown = Shown.of(study, driver.table, True)
                self.has_begun = True
            try:
                with closing(driver.iterate()) as work:
                    for progress in work:
                        self._note(progress.news, progress)
                        report(progress.ended / max(1, progress.total))
                        if self.is_stopping:
                            break
            finally:
                self._note(driver.table.rows)  # Those that were given up are under way no more.
                self.missing = _missing(driver.table)
            write_results(study, driver.table, store)
        return headline(driver.table)

    def _workers(self, study: Study) -> Workers:
        device = next((run.settings.get("device", "auto") for run in study.runs), "auto")
        return Processes(self._processes or fitting_processes(len(study.runs), device))

    def _note(self, rows: Sequence[Row], progress: Driven | None = None) -> None:
        with self._lock:
            self._rows |= {row.id: row for row in rows}
            self._progress = progress or self._progress


class Followed:
    """A study's folder that is only read: whoever drives it is not disturbed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = Store(folder)
        self._read: bytes | None = None
        self._table: Table | None = None

    def look(self) -> News:
        """Reads what is new; called on a thread, by one at a time.

        Raises:
            UnusableInput: the folder holds no study, or it cannot be read.
            OSError: alike.
        """
        there = self._store.place.read(STUDY) if self._store.is_there() else None
        if there is None or there != self._read or self._table is None:
            study = self._store.read()
            self._table = self._store.table(study)
            self._read = there
            shown, rows = Shown.of(study, self._table, False), []
        else:
            shown, rows = None, self._table.refresh()
        return News(shown, rows, None, _told(self._table), _missing(self._table))


def _told(table: Table) -> str:
    """How many have ended how: of others nobody knows here whether they are under way."""
    return headline(table).replace(STATES["missing"], NO_RESULT)


def _missing(table: Table) -> int:
    """How many runs another start would begin."""
    return sum(count for state, count in table.counts().items() if state not in LASTING)
