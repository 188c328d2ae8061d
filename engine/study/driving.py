"""Drives a study: what is missing is begun, what ends is written down, until nothing is missing.

    with Lock(store):
        driver = Driver(study, store, Processes(2))
        for progress in driver.iterate():
            …

Closing the iterator ends the work at once; what has ended is written, and whoever starts again goes
on with what is missing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.base.plain_text import counted
from engine.study.files import Files
from engine.study.pool import Ended, Workers
from engine.study.store import RUNNING, Store
from engine.study.study import Run, Study, TrainingRun
from engine.study.table import LASTING, Final, Result, Row, Table
from engine.study.work import Task, Trained

MOST_RESTARTS = 3
"""How often what a worker died of is begun again."""

_REMEMBERED = 50
"""Tasks that the time that remains is worked out from."""

_WAIT = 0.1
"""Seconds between two looks at whether anybody wants the work to end."""


@dataclass(frozen=True)
class Progress:
    """How far a study is.

    Attributes:
        ended: how many runs have ended, well or not.
        total: how many there are.
        running: how many tasks are under way, trainings among them.
        remaining_seconds: about how long it will take; None where nobody can tell yet.
        news: rows that have changed since the last progress.
    """

    ended: int
    total: int
    running: int
    remaining_seconds: float | None
    news: tuple[Row, ...] = ()


class _Times:
    """How long tasks of one kind took of late; the first of a process takes longer."""

    def __init__(self) -> None:
        self._newest: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        self._newest.append(seconds)

    def of(self, tasks: int) -> float | None:
        """How long so many take in a row; None where none has ended."""
        if not tasks:
            return 0.0
        return median(self._newest) * tasks if self._newest else None


@dataclass
class _Begun:
    """A task that is under way."""

    task: Run | TrainingRun
    at: float


class Driver:
    """Works on a study, in the process that holds its lock.

    Attributes:
        table: its rows; those that have ended stand in its folder, too.
    """

    def __init__(self, study: Study, store: Store, workers: Workers) -> None:
        """
        Args:
            study: made ready.
            store: its folder.
            workers: what does its tasks; stopped in the end.
        """
        self.table: Table = store.table(study)
        self._study, self._store, self._workers = study, store, workers
        self._runs = {run.id: run for run in study.runs}
        self._trainings = {training.id: training for training in study.trainings}
        self._waiting: dict[str, list[Run]] = {}
        self._ready: deque[Run] = deque()
        self._untrained: deque[TrainingRun] = deque()
        self._begun: dict[str, _Begun] = {}
        self._deaths: dict[str, int] = {}
        self._unwritten: list[Result] = []
        self._news: list[Row] = []
        self._of_runs, self._of_trainings = _Times(), _Times()
        self._files = Files(study, store)
        self._open = {row.id for row in self.table.rows if row.state not in LASTING}

    def iterate(self) -> Generator[Progress]:
        """Works until all runs have ended; yields whenever one does, and ten times a second.

        Raises:
            OSError: results cannot be written, also not in the end.
        """
        try:
            self._line_up()
            while self._begun or ((self._ready or self._untrained) and not self._unwritten):
                self._begin_what_fits()
                yield self._progress()
                for ended in self._workers.wait(_WAIT):
                    self._take(ended)
            yield self._progress()
        finally:
            self._workers.stop()
            for id_ in self._begun:
                if id_ in self._runs:
                    self.table.mark(id_, False)
            self._files.close()
        for result in self._unwritten:
            self._store.put(result)

    # --- what is to be done -----------------------------------------------------------------

    def _line_up(self) -> None:
        for run in self._study.runs:
            if self.table[run.id].state in LASTING:
                continue
            training, _, epochs = run.network.rpartition("-")
            if run.refused:
                self._end(Result(id=run.id, state="refused", reason=run.refused))
            elif training not in self._trainings or self._files.take_over(training, int(epochs)):
                self._ready.append(run)
            else:
                self._waiting.setdefault(training, []).append(run)
        self._untrained.extend(self._trainings[id_] for id_ in self._waiting)

    def _begin_what_fits(self) -> None:
        """Runs come before trainings, so that there is early something to see."""
        while len(self._begun) < self._workers.count and not self._unwritten:
            if self._ready:
                self._begin_run(self._ready.popleft())
            elif self._untrained:
                self._begin_training(self._untrained.popleft())
            else:
                return

    def _begin_run(self, run: Run) -> None:
        network = self._files.key_of(run.network)
        keys = [network, *(key for key in (run.reading.base, run.train, run.control) if key)]
        folder = self._store.place.folder
        copy = None if folder is None else folder / RUNNING / f"{run.id}.afterimage"
        self._begin(run, keys, network, copy)
        self._news.append(self.table.mark(run.id, True))

    def _begin_training(self, training: TrainingRun) -> None:
        self._begin(training, [key for key in (training.train, training.base) if key])

    def _begin(
        self, work: Run | TrainingRun, keys: list[str], network: str = "", copy: Path | None = None
    ) -> None:
        self._begun[work.id] = _Begun(work, time.monotonic())
        names = {key: self._files.name_of(key) for key in keys}
        try:
            paths = {key: self._files.path_of(key) for key in keys}
        except OSError as error:
            del self._begun[work.id]
            self._give_up(work, "lost", f"Its files cannot be read: {error.strerror or error}.")
            return
        self._workers.begin(Task(work, names, network, copy), paths)

    # --- what has ended ---------------------------------------------------------------------

    def _take(self, ended: Ended) -> None:
        begun = self._begun.pop(ended.id)
        took = time.monotonic() - begun.at
        if ended.done is None:
            self._again(begun.task, ended.died)
        elif isinstance(ended.done, Trained):
            self._of_trainings.add(took)
            self._trained(ended.done)
        else:
            self._of_runs.add(took)
            self._end(ended.done)

    def _again(self, work: Run | TrainingRun, died: str) -> None:
        """What a worker died of is begun again, by another one, and not for ever."""
        deaths = self._deaths[work.id] = self._deaths.get(work.id, 0) + 1
        if deaths > MOST_RESTARTS:
            times = counted(deaths, "times")
            self._give_up(work, "lost", f"Its worker died {times}, at last {died}.")
        elif isinstance(work, TrainingRun):
            self._untrained.append(work)
        else:
            self._news.append(self.table.mark(work.id, False))
            self._ready.append(work)

    def _give_up(self, work: Run | TrainingRun, state: Final, reason: str) -> None:
        runs = [work] if isinstance(work, Run) else self._waiting.pop(work.id, [])
        for run in runs:
            self._end(Result(id=run.id, state=state, reason=reason))

    def _trained(self, done: Trained) -> None:
        """Runs whose network is there can begin; the others never can."""
        training = self._trainings[done.id]
        try:
            for epochs, content in done.networks.items():
                self._files.put_network(done.id, epochs, content)
        except OSError as error:
            self._give_up(training, "lost", f"Its network cannot be written: {error.strerror}.")
            return
        without: list[Run] = []
        for run in self._waiting.pop(done.id, []):
            is_there = self._files.take_over(done.id, int(run.network.rpartition("-")[2]))
            (self._ready if is_there else without).append(run)
        self._waiting[done.id] = without
        failure = done.failure
        if failure is not None:
            self._give_up(training, failure.state, failure.reason)
        self._waiting.pop(done.id, None)

    def _end(self, result: Result) -> None:
        """Writes down what a run came to. Where that cannot be, nothing more is begun."""
        attempts = self._deaths.get(result.id, 0) + 1
        if attempts > 1 and result.state in LASTING:
            values = {name: getattr(result, name) for name in result.__struct_fields__}
            result = Result(**{**values, "attempts": attempts})
        self._open.discard(result.id)
        self._news.append(self.table.put(result))
        try:
            self._store.put(result)
        except OSError:
            self._unwritten.append(result)

    def _progress(self) -> Progress:
        news, self._news = tuple(self._news), []
        missing = len(self._open)
        ended = len(self.table) - missing
        return Progress(ended, len(self.table), len(self._begun), self._remaining(missing), news)

    def _remaining(self, missing: int) -> float | None:
        trainings = len(self._untrained) + sum(id_ in self._trainings for id_ in self._begun)
        parts = self._of_runs.of(missing), self._of_trainings.of(trainings)
        if parts[0] is None or parts[1] is None:
            return None
        seats = max(1, min(self._workers.count, missing + trainings))
        under_way = sum(time.monotonic() - begun.at for begun in self._begun.values())
        return max(0.0, (sum(p for p in parts if p is not None) - under_way) / seats)
