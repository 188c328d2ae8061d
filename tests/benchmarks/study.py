"""What more processes help a study, and what ten thousand results cost whoever looks at them."""

from __future__ import annotations

import json
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec

from engine.base.resources import sample_network
from engine.study.driving import Driver
from engine.study.page import study_page
from engine.study.plan import plan_of
from engine.study.pool import Processes
from engine.study.preparing import prepare
from engine.study.store import RESULTS, STUDY, Store
from engine.study.study import Run, Study
from engine.study.table import Result, as_csv

_RUNS, _MANY = 8, 10_000
_PLAN = f"""seeds = {list(range(_RUNS))}
[checkpoints]
files = ["{{}}"]
[settings]
steps = 60
candidates = 300
device = "cpu"
"""


def bench_study() -> dict[str, Any]:
    """Eight runs on the digits' sample: one process with all threads, one with one, two with one.

    The time counts from the end of each process's first run: to start one takes as long however
    many runs come after.
    """
    shapes = {"one, all threads": (1, None), "one, one thread": (1, 1), "two, one thread": (2, 1)}
    seconds = {name: _seconds(*shape) for name, shape in shapes.items()}
    return {
        "seconds_a_run": {name: round(value, 2) for name, value in seconds.items()},
        "two_processes_over_one": round(seconds["one, one thread"] / seconds["two, one thread"], 2),
        "two_processes_over_one_with_all_threads": round(
            seconds["one, all threads"] / seconds["two, one thread"], 2
        ),
        "ten_thousand": _ten_thousand(),
    }


def _seconds(processes: int, threads: int | None) -> float:
    """Seconds for each run beyond the first of every process."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "study")
        text = _PLAN.format(sample_network().as_posix())
        study = prepare(plan_of(text, "speed", Path(folder)), store)
        began = None
        ended = 0
        for progress in Driver(study, store, Processes(processes, threads)).iterate():
            if progress.ended >= processes and began is None:
                began, before = time.perf_counter(), progress.ended
            if progress.ended == _RUNS:
                break
            ended = progress.ended
        assert began is not None
        assert ended < _RUNS
        return (time.perf_counter() - began) / (_RUNS - before)


def _ten_thousand() -> dict[str, Any]:
    """Made-up results: how long reading, reading what is new, and writing takes, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        runs = tuple(
            Run(
                f"{number:020x}", {"epochs": number % 10, "seed": number}, "n", {"steps": 5}, number
            )
            for number in range(_MANY)
        )
        study = Study("Many", "", runs, (), ())
        store = Store(folder)
        store.place.write(STUDY, msgspec.json.encode(study))
        (Path(folder) / RESULTS).mkdir()
        for run in runs[:-10]:
            result = Result(id=run.id, state="done", recovered=run.seed % 7, images=50, seconds=1.0)
            (Path(folder) / RESULTS / f"{run.id}.json").write_bytes(msgspec.json.encode(result))
        found: dict[str, Any] = {}
        tracemalloc.start()
        found["read_s"], table = _timed(lambda: store.table(store.read()))
        found["memory_mb"] = round(tracemalloc.get_traced_memory()[0] / 2**20, 1)
        tracemalloc.stop()
        found["read_untraced_s"], table = _timed(lambda: store.table(store.read()))
        for run in runs[-10:]:
            store.put(Result(id=run.id, state="done", recovered=1))
        found["read_ten_new_s"], new = _timed(table.refresh)
        assert len(new) == 10
        found["counts_s"], counts = _timed(table.counts)
        assert counts == {"done": _MANY}
        found["csv_s"], _ = _timed(lambda: as_csv(table))
        found["page_s"], _ = _timed(lambda: study_page(study, table))
        return found


def _timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    done = work()
    return round(time.perf_counter() - began, 4), done


if __name__ == "__main__":
    print(json.dumps(_ten_thousand()))
