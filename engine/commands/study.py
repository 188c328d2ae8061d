"""`main.py study`: many runs over one question, on all processors, kept in one table."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, duration
from engine.base.resources import STUDIES, ready_made_study
from engine.commands.interruption import Interruption
from engine.commands.sources import add_data_root
from engine.commands.status import FAILED, INTERRUPTED
from engine.commands.terminal import bar_of, show_share, tell
from engine.study.driving import Driver
from engine.study.lock import Lock
from engine.study.page import headline, lines_of, write_results
from engine.study.places import is_address
from engine.study.plan import Plan, read_plan
from engine.study.pool import Processes, Workers, fitting_processes
from engine.study.preparing import prepare
from engine.study.store import CSV, PAGE, Store
from engine.study.study import Study
from engine.study.table import Table, as_records

ABOUT = "many runs over one question: epochs, decay, width, seeds, all checkpoints of a release"

_MOST_LINES = 40
_BAR = "{n_fmt}/{total_fmt} runs |{bar}| {postfix}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `study`."""
    parser.add_argument(
        "study",
        metavar="FILE",
        help=f"a .toml, the folder of a study to go on, or one of {', '.join(STUDIES)}",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="folder for the study, or an address like s3://…; named after FILE if not given",
    )
    add_data_root(parser)
    parser.add_argument(
        "--processes", type=int, metavar="N", help="at a time; one a processor if not given"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="have a Ray cluster do the work: its address, or “local” to start one here",
    )
    parser.add_argument(
        "--only-table", action="store_true", help="show what there is, and compute nothing"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Works on the study until all its runs have ended, or shows its table.

    Raises:
        UnusableInput: the study or its images cannot be used, or another process is at work on it.
        OSError: the folder cannot be written to.
    """
    if options.processes is not None and options.processes < 1:
        raise UnusableInput("A study needs one process at least.", "Give --processes 1 or more.")
    store = Store(_folder(options))
    if options.only_table:
        table = store.table(store.read())
        return {**_summary(store, table), "rows": as_records(table)}
    plan = None if _goes_on(options.study) else _plan(options)
    with Lock(store):
        study = store.read() if plan is None else _prepared(plan, store, options.quiet)
        driver = Driver(study, store, _workers(options, study))
        with options.interruption.during_run():
            _drive(driver, options.interruption, options.quiet)
        write_results(study, driver.table, store)
    status = FAILED if driver.table.counts().get("done", 0) < len(driver.table) else 0
    status = INTERRUPTED if options.interruption.is_asked_for else status
    return {**_summary(store, driver.table), "status": status}


def lines(summary: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """The table, or where it is."""
    said = [summary["headline"]]
    if options.only_table:
        store = Store(_folder(options))
        table = store.table(store.read())
        cells = lines_of(table, _MOST_LINES)
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        said += [
            "  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        if len(table) > _MOST_LINES:
            said.append(f"… and {counted(len(table) - _MOST_LINES, 'runs')} more.")
        return said
    return [*said, "", *summary["files"]]


def _goes_on(study: str) -> bool:
    """Whether the folder of a study was named, and not its file."""
    return is_address(study) or Path(study).is_dir()


def _folder(options: argparse.Namespace) -> str:
    if _goes_on(options.study):
        if options.out is not None:
            raise UnusableInput("A study goes on in its own folder; leave --out out.")
        return str(options.study)
    return options.out or Path(options.study).stem


def _plan(options: argparse.Namespace) -> Plan:
    path = Path(options.study)
    if options.study in STUDIES and not path.exists():
        path = ready_made_study(options.study)
    return read_plan(path, options.data_root)


def _prepared(plan: Plan, store: Store, quiet: bool) -> Study:
    """A study made ready in its folder."""
    with closing(bar_of(quiet, total=1.0, desc="reading")) as bar:
        return prepare(plan, store, partial(show_share, bar))


def _workers(options: argparse.Namespace, study: Study) -> Workers:
    device = next((run.settings.get("device", "auto") for run in study.runs), "auto")
    tasks = len(study.runs)
    if options.ray is None:
        return Processes(options.processes or fitting_processes(tasks, device))
    from engine.study.on_ray import RayCluster

    return RayCluster(options.ray, options.processes, device)


def _drive(driver: Driver, interruption: Interruption, quiet: bool) -> None:
    with closing(driver.iterate()) as work, closing(_bar(driver, quiet)) as bar:
        for progress in work:
            for row in progress.news:
                if row.result is not None and row.result.state != "done" and not quiet:
                    told = ", ".join(f"{k} {v}" for k, v in row.variables.items())
                    tell(f"{told}: {row.result.reason}")
            left = progress.remaining_seconds
            said = "" if left is None or not progress.running else f"{duration(left)} left"
            bar.set_postfix_str(f"{progress.running} under way {said}".rstrip(), refresh=False)
            bar.update(progress.ended - bar.n)
            bar.refresh()
            if interruption.is_asked_for:
                return


def _bar(driver: Driver, quiet: bool) -> tqdm[Any]:
    return bar_of(quiet, total=len(driver.table), bar_format=_BAR)


def _summary(store: Store, table: Table) -> dict[str, Any]:
    name = store.place.name
    return {
        "out": name,
        "headline": headline(table),
        "states": table.counts(),
        "files": [f"{name.rstrip('/')}/{each}" for each in (CSV, PAGE) if store.place.has(each)],
    }
