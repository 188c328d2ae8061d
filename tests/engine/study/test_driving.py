"""A study on processes of this machine: what dies, fails or is interrupted costs itself alone."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from engine.study.driving import MOST_RESTARTS, Driver
from engine.study.page import write_results
from engine.study.places import LocalFolder
from engine.study.pool import Ended, Processes, fitting_processes, processors
from engine.study.store import CSV, PAGE, Store
from engine.study.work import perform
from tests.conftest import ROOT
from tests.engine.study.studies import (
    TWO_BY_TWO,
    finished,
    ready,
    told,
    with_runs,
    with_settings,
    write_images,
    written,
)


class Here:
    """Workers that are none: tasks are done when they are waited for, those of some ids badly."""

    count = 2

    def __init__(self, dying=(), deaths=1000):
        self.waiting, self.dying, self.left = [], set(dying), deaths
        self.performed, self.is_stopped = [], False

    def begin(self, task, files):
        self.waiting.append((task, files))

    def wait(self, _seconds):
        tasks, self.waiting = self.waiting, []
        return [self.ended(task, files) for task, files in tasks]

    def ended(self, task, files):
        if task.work.id in self.dying and self.left:
            self.left -= 1
            return Ended(task.work.id, None, "ended by SIGKILL")
        self.performed.append(task.work.id)
        return Ended(task.work.id, perform(task, files))

    def stop(self):
        self.is_stopped = True


@pytest.fixture
def study(tmp_path):
    return ready(TWO_BY_TWO, tmp_path, tmp_path / "out")


def test_processes_come_to_the_same_as_one_after_the_other(study, tmp_path):
    made, _ = study
    alone = finished(made, Store(tmp_path / "out"), Here())
    again, store = ready(TWO_BY_TWO, tmp_path, tmp_path / "two")
    beside = finished(again, store, Processes(2, 1))
    assert told(alone) == told(beside)
    assert [row.state for row in beside] == ["done"] * 4


def test_what_is_there_is_not_computed_again(study, tmp_path):
    made, store = study
    finished(made, store, Here())
    before = written(tmp_path / "out")
    workers = Here()
    finished(made, store, workers)
    assert workers.performed == []
    assert written(tmp_path / "out") == before


def test_another_seed_costs_its_own_runs_alone(study, tmp_path):
    finished(*study, Here())
    more, store = ready(TWO_BY_TWO.replace("[0, 1]", "[0, 1, 2]"), tmp_path, tmp_path / "out")
    workers = Here()
    rows = finished(more, store, workers)
    assert len(workers.performed) == 3  # One training and two runs.
    assert [row.state for row in rows] == ["done"] * 6


def test_a_network_that_is_there_is_not_trained_again(study, tmp_path):
    made, store = study
    finished(made, store, Here())
    lost = made.runs[2].id
    (tmp_path / "out" / "results" / f"{lost}.json").unlink()
    workers = Here()
    finished(made, store, workers)
    assert workers.performed == [lost]


def test_a_worker_that_dies_costs_nothing_but_time(study):
    made, store = study
    dying = {made.runs[0].id, made.trainings[1].id}
    rows = finished(made, store, Here(dying, deaths=MOST_RESTARTS))
    assert [row.state for row in rows] == ["done"] * 4
    assert sum(row.result.attempts - 1 for row in rows) <= MOST_RESTARTS


def test_what_workers_die_of_again_and_again_is_given_up_with_its_reason(study):
    made, store = study
    (bad, *others) = made.runs
    rows = finished(made, store, Here({bad.id}))
    assert rows[0].state == "lost"
    assert rows[0].result.reason == "Its worker died 4 times, at last ended by SIGKILL."
    assert [row.state for row in rows[1:]] == ["done"] * len(others)


def test_a_training_that_workers_die_of_costs_its_runs_alone(study):
    made, store = study
    rows = finished(made, store, Here({made.trainings[0].id}))
    lost = [row for row in rows if row.state == "lost"]
    assert {row.variables["seed"] for row in lost} == {made.trainings[0].recipe.seed}
    assert [row.state for row in rows].count("done") == 2


def test_what_was_lost_is_tried_again_at_the_next_start(study):
    made, store = study
    finished(made, store, Here({made.runs[0].id}))
    rows = finished(made, store, Here())
    assert [row.state for row in rows] == ["done"] * 4


def test_what_cannot_be_used_has_its_reason_and_is_not_tried_again(study):
    made, store = study
    bad = with_settings(made.runs[0], "bad", restarts=30, candidates=10_000)
    made = with_runs(made, bad, *made.runs)
    rows = finished(made, store, Here())
    assert [row.state for row in rows] == ["refused", *["done"] * 4]
    workers = Here()
    finished(made, store, workers)
    assert workers.performed == []


def test_a_diverged_training_fills_the_cells_that_it_leaves_empty(tmp_path):
    text = TWO_BY_TWO.replace("rate = 0.1", "rate = 1000\nmomentum = 0.99")
    rows = finished(*ready(text.replace("[2, 5]", "[1, 400]"), tmp_path, tmp_path / "o"), Here())
    assert [row.state for row in rows] == ["done", "done", "failed", "failed"]
    assert all("diverged" in row.result.reason for row in rows[2:])


class _Full(Store):
    """A folder on a disk that is full after so many results."""

    def __init__(self, folder, room):
        super().__init__(folder)
        self.room = room

    def put(self, result):
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), result.id)
        self.room -= 1
        super().put(result)


def test_on_a_full_disk_nothing_more_is_begun_and_what_is_there_is_kept(study, tmp_path):
    made, _ = study
    full = _Full(tmp_path / "out", 1)
    workers = Here()
    driver = Driver(made, full, workers)
    with pytest.raises(OSError, match="No space left"):
        list(driver.iterate())
    assert len(written(tmp_path / "out")) == 1
    done = [row for row in driver.table.rows if row.state == "done"]
    assert len(done) == 2
    assert workers.is_stopped
    assert [row.state for row in finished(made, Store(tmp_path / "out"), Here())] == ["done"] * 4


def test_room_that_comes_again_loses_nothing(study, tmp_path):
    made, _ = study
    full = _Full(tmp_path / "out", 0)
    driver = Driver(made, full, Here())
    work = driver.iterate()
    for progress in work:
        if progress.ended:
            full.room = 10
    assert len(written(tmp_path / "out")) == 2


def test_progress_counts_and_tells_how_long_it_will_take(study):
    made, store = study
    seen = list(Driver(made, store, Here()).iterate())
    assert (seen[0].ended, seen[0].total, seen[0].remaining_seconds) == (0, 4, None)
    assert (seen[-1].ended, seen[-1].running, seen[-1].remaining_seconds) == (4, 0, 0)
    ended = [row.id for each in seen for row in each.news if row.state == "done"]
    assert sorted(ended) == sorted(run.id for run in made.runs)
    middle = next(each for each in seen if 0 < each.ended < 4)
    assert middle.remaining_seconds > 0


def test_who_closes_the_iterator_ends_the_work(study):
    made, store = study
    workers = Here()
    driver = Driver(made, store, workers)
    work = driver.iterate()
    while not any(row.is_running for row in driver.table.rows):
        next(work)
    work.close()
    assert workers.is_stopped
    assert not any(row.is_running for row in driver.table.rows)


class _Noting(Here):
    """Notes what it is asked to do, in order."""

    def __init__(self):
        super().__init__()
        self.order = []

    def begin(self, task, files):
        self.order.append("begin")
        super().begin(task, files)

    def stop(self):
        self.order.append("stop")
        super().stop()


class _Written(LocalFolder):
    """Notes what is written to it."""

    def __init__(self, folder, order):
        super().__init__(folder)
        self.order = order

    def write(self, name, content):
        self.order.append(name)
        super().write(name, content)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_once_stop_is_asked_for_the_workers_end_before_anything_else(study, tmp_path, after):
    made, store = study
    workers = _Noting()
    store.place = _Written(tmp_path / "out", workers.order)
    driver = Driver(made, store, workers)
    with contextlib.closing(driver.iterate()) as iterator:
        for _ in range(after):
            next(iterator)
        before = len(workers.order)
        assert "begin" in workers.order
    write_results(made, driver.table, store)
    assert workers.order[before:] == ["stop", CSV, PAGE]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signals are held back there")
def test_an_interruption_while_a_worker_is_started_is_heard_afterwards(study):
    made, store = study
    heard, workers = [], Processes(1, 1)
    start = workers._context.Process.start

    def interrupted(process):
        os.kill(os.getpid(), signal.SIGINT)
        start(process)

    before = signal.signal(signal.SIGINT, lambda *_: heard.append(workers.count))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workers._context.Process, "start", interrupted)
            work = Driver(made, store, workers).iterate()
            next(work)
        assert heard == [1]
        assert _holds_back_interruptions(workers._busy[0].process.pid)
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        work.close()
    finally:
        signal.signal(signal.SIGINT, before)


def _holds_back_interruptions(pid):
    """Whether a process does not hear of Ctrl+C from its first moment on."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return True  # Only Linux tells.
    (mask,) = (line.split()[1] for line in status.read_text().splitlines() if "SigBlk" in line)
    return bool(int(mask, 16) & 1 << (signal.SIGINT - 1))


def test_a_study_whose_folder_lies_elsewhere(tmp_path):
    pytest.importorskip("fsspec")
    rows = finished(*ready(TWO_BY_TWO, tmp_path, tmp_path / "here"), Here())
    made, store = ready(TWO_BY_TWO, tmp_path, f"memory://{tmp_path.name}")
    assert told(finished(made, store, Here())) == told(rows)
    assert {row.state for row in store.table(made).rows} == {"done"}


LONG = TWO_BY_TWO.replace("steps = 4", "steps = 2000000").replace("[0, 1]", "[0]")


def test_workers_that_are_ended_in_the_middle_leave_no_files_behind(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made, store = ready(LONG.replace("[2, 5]", "2"), tmp_path, tmp_path / "out")
    left = []
    with contextlib.closing(Driver(made, store, Processes(1, 1)).iterate()) as work:
        for _ in work:
            left = list((tmp_path / "temporary").glob("*/*"))
            if left:  # A worker is in the middle of its task.
                break
    assert left
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal of POSIX")
def test_a_killed_process_costs_its_run_only_and_the_run_begins_again(tmp_path):
    text = LONG.replace("[2, 5]", "2")
    made, store = ready(text, tmp_path, tmp_path / "out")
    short = with_settings(made.runs[0], "short", steps=4)
    made = with_runs(made, made.runs[0], short)
    workers = Processes(2, 1)
    driver = Driver(made, store, workers)
    begun, killed = [], []
    with contextlib.closing(driver.iterate()) as work:
        for progress in work:
            begun += [row.id for row in progress.news if row.is_running]
            if driver.table["short"].state == "done" and not killed:
                (seat,) = workers._busy
                killed.append(seat.process.pid)
                os.kill(seat.process.pid, signal.SIGKILL)
            if killed and begun.count(made.runs[0].id) == 2:
                (seat,) = workers._busy
                break
    assert seat.process.pid != killed[0]
    assert not seat.process.is_alive()  # Who closes the iterator ends all processes.
    assert [row.state for row in driver.table.rows] == ["missing", "done"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal of POSIX")
def test_a_killed_driver_leaves_no_process_and_its_study_goes_on_with_what_is_missing(tmp_path):
    write_images(tmp_path)
    text = TWO_BY_TWO.replace("[0, 1]", "[0, 1, 2]").replace("steps = 4", "steps = [3, 4]")
    (tmp_path / "study.toml").write_text(text)
    out = tmp_path / "out"
    command = [sys.executable, "main.py", "study", str(tmp_path / "study.toml"), "--out", str(out)]
    command += ["--processes", "1", "--quiet"]
    program = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    while len(list((out / "results").glob("[!.]*.json"))) < 5:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"It ended with {program.wait(0.05)}.")
    program.kill()
    program.wait()
    before = written(out)
    assert 5 <= len(before) < 12
    wait_until_nobody_is_left(program.pid)
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert '"done": 12' in done.stdout
    after = written(out)
    assert len(after) == 12
    assert {key: after[key] for key in before} == before
    again, store = ready(text, tmp_path, tmp_path / "again")
    rows = told(finished(again, store, Here()))
    assert told(list(store_rows(out))) == rows


def wait_until_nobody_is_left(group):
    """Processes of a group that is ending."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)


def store_rows(out):
    store = Store(out)
    return store.table(store.read()).rows


def test_as_many_processes_as_processors_and_no_more_than_tasks():
    assert fitting_processes(1, "cpu") == 1
    assert fitting_processes(1000, "cpu") == processors()
    assert fitting_processes(1000, "cuda") == 1
