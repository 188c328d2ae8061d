"""Reads mutated files in processes of their own, and reports what must not happen.

A file may open, or be refused with a sentence. Whatever else comes of it is a failure: another
error, the end of the process, more than ten seconds, more than 2 GB, a file that its code wrote.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from engine.base.errors import AfterimageError
from engine.base.plain_text import plain
from tests.fuzz.mutation import Mutator
from tests.fuzz.reading import READERS, Reader
from tests.fuzz.seeds import Seed
from tests.memory import forget_highest, megabytes

_LONGEST_SENTENCE = 1201
_ADDRESS_SPACE = 8 << 30
"""More than a process may come to use: what it takes is measured, not denied."""


@dataclass(frozen=True)
class Limits:
    """What one file may cost at most.

    Attributes:
        seconds: until the process that reads it is ended.
        megabytes: of resident memory, at its highest.
    """

    seconds: float = 10.0
    megabytes: float = 2000.0


@dataclass
class Findings:
    """What came of the files.

    Attributes:
        outcomes: how many opened, were refused, or failed.
        failures: number of the file → what happened.
        megabytes: the highest memory of all.
        seconds: the longest time of all.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    megabytes: float = 0.0
    seconds: float = 0.0

    def add(self, number: int, answer: Answer, limits: Limits) -> None:
        """Takes in one answer."""
        problem, taken, seconds = answer.problem, answer.megabytes, answer.seconds
        if not problem and taken > limits.megabytes:
            problem = f"took {taken:.0f} MB"
        if not problem and seconds > limits.seconds:
            problem = f"took {seconds:.1f} s"
        self.outcomes["failed" if problem else answer.outcome] += 1
        self.megabytes, self.seconds = max(self.megabytes, taken), max(self.seconds, seconds)
        if problem:
            self.failures[number] = problem


@dataclass(frozen=True)
class Answer:
    """What a process says of one file."""

    outcome: str
    problem: str
    megabytes: float
    seconds: float


def fuzz(
    seeds: Sequence[Seed],
    numbers: Sequence[int],
    folder: Path,
    workers: int = 2,
    limits: Limits | None = None,
    readers: dict[str, Reader] | None = None,
) -> Findings:
    """Reads mutated files.

    Args:
        seeds: whole files.
        numbers: each stands for one mutated file.
        folder: where files are written to be read; those that fail stay in its `failed`.
        workers: processes that read at once.
        limits: what a file may cost; ten seconds and 2 GB if None.
        readers: what reads them; those of the application if None.
    """
    limits = limits or Limits()
    findings, canary = Findings(), folder / "canary"
    lists = [numbers[start::workers] for start in range(workers)]
    (folder / "failed").mkdir(parents=True, exist_ok=True)

    def drive(which: int) -> None:
        process = _Process(seeds, folder / str(which), canary, readers or READERS)
        for number in lists[which]:
            answer = process.read(number, limits.seconds)
            findings.add(number, answer, limits)
        process.end()

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(drive, range(workers)))
    mutator = Mutator(seeds, str(canary))
    for number in findings.failures:
        place, content = mutator.make(number)
        name = f"{number}-{Path(seeds[place].name).name}"
        (folder / "failed" / name).write_bytes(content)
    return findings


class _Process:
    """One process that reads files, started anew when it has ended."""

    def __init__(
        self, seeds: Sequence[Seed], folder: Path, canary: Path, readers: dict[str, Reader]
    ) -> None:
        self._arguments = (seeds, folder, canary, readers)
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.fuzz.preloaded"])
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, *self._arguments), daemon=True)
        self._process.start()
        other.close()
        self._connection.recv()  # It is ready.

    def read(self, number: int, patience: float) -> Answer:
        """Has one file read."""
        self._connection.send(number)
        try:
            if self._connection.poll(patience + 1):
                answer: Answer = self._connection.recv()
                return answer
            problem = f"hung for more than {patience:.0f} s"
        except (EOFError, ConnectionError):
            self._process.join()
            problem = f"ended the process with {self._process.exitcode}"
        self._process.kill()
        self._process.join()
        self._start()
        return Answer("failed", problem, 0.0, 0.0)

    def end(self) -> None:
        """Ends the process."""
        self._connection.send(None)
        self._process.join()
        self._connection.close()


def _serve(
    connection: Connection,
    seeds: Sequence[Seed],
    folder: Path,
    canary: Path,
    readers: dict[str, Reader],
) -> None:
    """The body of such a process: numbers come in, answers go out."""
    resource.setrlimit(resource.RLIMIT_AS, (round(1e6 * megabytes("VmSize")) + _ADDRESS_SPACE,) * 2)
    mutator = Mutator(seeds, str(canary))
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # Libraries in C have much to say.
    for place, seed in enumerate(seeds):
        for name, content in seed.beside.items():
            _write(folder / str(place) / name, content)
    connection.send(None)
    while (number := connection.recv()) is not None:
        place, content = mutator.make(number)
        path = folder / str(place) / seeds[place].name
        _write(path, content)
        connection.send(_measured(lambda: readers[seeds[place].reader](path), canary))  # noqa: B023


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _measured(read: Callable[[], object], canary: Path) -> Answer:
    forget_highest()
    started = time.monotonic()
    outcome, problem = "opened", ""
    try:
        read()
    except AfterimageError as error:
        outcome, problem = "refused", _fault_of(str(error))
    except BaseException:
        problem = traceback.format_exc()
    seconds = time.monotonic() - started
    if canary.exists():
        problem = f"code was executed\n{problem}"
        canary.unlink()
    return Answer(outcome, problem, megabytes("VmHWM"), seconds)


def _fault_of(sentence: str) -> str:
    """What is wrong with a sentence that is to be shown to people."""
    if sentence != plain(sentence) or sentence[-1:] not in (".", "?"):
        return f"no plain sentence: {sentence!r}"
    return f"a long sentence: {sentence!r}" if len(sentence) > _LONGEST_SENTENCE else ""
