"""Do the tests notice a changed formula? Each mutant is the engine with one line changed.

For every mutant of `mutants_table` the tests are run until one fails, in a copy of the tree; the
checkout is never touched. A mutant that no test notices has survived, and names a gap.

What compares with stored numbers is left out: `session/test_session_formats.py` finishes the runs
of `session/formats/`, and tests that look at real checkpoints are skipped, because the copy has
none. A golden file notices that a number has moved, and does not know which one is right.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.benchmarks.mutants_table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("engine", "tests", "resources/samples", "pyproject.toml", "main.py")

ORACLE = ("tests/engine/test_oracle*.py",)
"""The physics, written down a second time."""
NEARBY = (
    "tests/engine/stationarity/test_closed_form.py",
    "tests/engine/stationarity/test_row_space.py",
    "tests/engine/evidence/test_scoring.py",
    "tests/engine/evidence/test_ranking.py",
    "tests/engine/viewing/test_frames.py",
    "tests/engine/reconstruction/test_run.py",
    "tests/engine/reconstruction/test_settings.py",
    "tests/engine/evidence/test_gallery.py",
)
"""The other tests of what is changed here."""
GOLDEN = ("tests/engine/session/test_session_formats.py",)
"""Compares with numbers that were stored; never run here."""
SETS = {"oracle": ORACLE, "nearby": NEARBY, "all": (*ORACLE, *NEARBY)}

_NOT_OF_THE_CLOCK = "not time"
"""Tests of time limits fail on a machine that is busy, whatever was changed."""
_LONGEST = 300.0
"""Seconds; a mutant that never comes to an end has been noticed, too."""
_PASSED, _FAILED = 0, 1


@dataclass(frozen=True)
class Outcome:
    """What the tests said of one mutant: the first that failed, or nothing."""

    mutant: Mutant
    caught_by: str

    def __str__(self) -> str:
        said = f"caught by {self.caught_by}" if self.caught_by else "SURVIVED"
        return f"{self.mutant.file:<24} {self.mutant.name:<52} {said}"


def bench_mutants() -> dict[str, Any]:
    """A table of all mutants, then how many were caught.

    TESTS says which tests are run: `all`, `oracle` or `nearby` alone, or files; ONLY takes those
    mutants whose name or file holds a word; WORKERS how many run at once.

    Raises:
        RuntimeError: an old line is not in its file exactly once, the tests fail before anything
            is changed, or they could not be run on a mutant.
    """
    named = os.environ.get("TESTS", "all")
    patterns = SETS.get(named, tuple(named.split()))
    tests = [str(path.relative_to(ROOT)) for each in patterns for path in sorted(ROOT.glob(each))]
    if not tests or set(tests) & set(GOLDEN):
        raise RuntimeError(f"TESTS={named} names no tests, or those with stored numbers")
    only = os.environ.get("ONLY", "")
    chosen = [each for each in MUTANTS if only in each.name or only in each.file]
    for each in MUTANTS:
        mutated(each)
    with tempfile.TemporaryDirectory(prefix="mutants") as folder:
        outcomes = run_all(chosen, tests, Path(folder))
    survived = [f"{o.mutant.file}: {o.mutant.name}" for o in outcomes if not o.caught_by]
    caught = len(outcomes) - len(survived)
    return {"tests": tests, "mutants": len(outcomes), "caught": caught, "survived": survived}


def run_all(chosen: Sequence[Mutant], tests: Sequence[str], folder: Path) -> list[Outcome]:
    """What the tests say of each, printed as it comes, and again in order."""
    workers = int(os.environ.get("WORKERS", 1))
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(workers):
        trees.put(copied_tree(folder / str(number)))
    whole = trees.get()
    said = first_failure(whole, tests)
    if said:
        raise RuntimeError(f"The tests fail before anything is changed: {said}")
    trees.put(whole)

    def outcome(mutant: Mutant) -> Outcome:
        tree = trees.get()
        path = tree / mutant.file
        original = path.read_text("utf-8")
        try:
            path.write_text(mutated(mutant), "utf-8")
            return Outcome(mutant, first_failure(tree, tests))
        finally:
            path.write_text(original, "utf-8")
            trees.put(tree)

    outcomes = []
    with ThreadPoolExecutor(workers) as pool:
        for found in pool.map(outcome, chosen):
            print(found, flush=True)
            outcomes.append(found)
    return outcomes


def mutated(mutant: Mutant) -> str:
    """The file's text with its one line changed.

    Raises:
        RuntimeError: the old text is not there exactly once; the table has to follow the engine.
    """
    text = (ROOT / mutant.file).read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise RuntimeError(
            f"{mutant.name}: {mutant.file} holds {text.count(mutant.old)} times: {mutant.old}"
        )
    return text.replace(mutant.old, mutant.new)


def copied_tree(folder: Path) -> Path:
    """A copy of what the tests need."""
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "gui")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    return folder


def first_failure(tree: Path, tests: Sequence[str]) -> str:
    """The name of the first test that fails in a tree; nothing where all pass.

    Raises:
        RuntimeError: the tests could not be run.
    """
    # Bytecode is told by size and second of its source, and a mutant may share both.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "QT_QPA_PLATFORM": "offscreen"}
    options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=first-failure"]
    command = [sys.executable, "-m", "pytest", *options, "-k", _NOT_OF_THE_CLOCK, *tests]
    shutil.rmtree(tree / ".hypothesis", ignore_errors=True)  # What one mutant taught is its own.
    try:
        run = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired:
        return "its time limit"
    if run.returncode == _PASSED:
        return ""
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED ")]
    if run.returncode != _FAILED or not failed:
        raise RuntimeError(f"The tests could not be run:\n{run.stdout[-3000:]}{run.stderr[-3000:]}")
    return failed[0].split(" ")[1].removeprefix("tests/engine/")
