"""A study's work on the processors of this machine: processes that each take one task at a time.

Each is started afresh (not forked), so that it holds nothing of a window, and ends with the process
that started it, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from engine.runtime.lazy import torch
from engine.study.work import Done, Task, perform


@dataclass(frozen=True)
class Ended:
    """A task that has ended.

    Attributes:
        id: of its run or training.
        done: what it came to; None where its worker died.
        died: how that ended, in a few words.
    """

    id: str
    done: Done | None
    died: str = ""


class Workers(Protocol):
    """What does the tasks of a study."""

    @property
    def count(self) -> int:
        """How many tasks can be done at a time."""

    def begin(self, task: Task, files: Mapping[str, Path]) -> None:
        """Has a task done, now that there is room for one."""

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, after so many seconds at most."""

    def stop(self) -> None:
        """Ends all tasks at once."""


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fitting_processes(tasks: int, device: str = "auto") -> int:
    """How many processes help most, by default: one a processor, each with one thread.

    Threads of one run wait for each other at every step, runs beside each other never; `make bench
    BENCH=study` measures it. A GPU is one device, and its runs come after each other.

    Args:
        tasks: how many there are to do.
        device: that the runs ask for.
    """
    if device == "cuda" or (device == "auto" and torch.cuda.is_available()):
        return 1
    return max(1, min(processors(), tasks))


class Processes:
    """Processes of this machine."""

    def __init__(self, count: int, threads: int | None = None) -> None:
        """
        Args:
            count: how many.
            threads: of torch in each; None shares the processors among them.
        """
        self.count = count
        self._threads = threads or max(1, processors() // count)
        self._context = multiprocessing.get_context("spawn")
        self._resting: list[_Seat] = []
        self._busy: list[_Seat] = []
        self._folder: str | None = None

    def begin(self, task: Task, files: Mapping[str, Path]) -> None:
        """Has a task done."""
        seat = self._resting.pop() if self._resting else self._new_seat()
        seat.task = task.work.id
        self._busy.append(seat)
        with suppress(OSError):  # It has died meanwhile, which `wait` tells.
            seat.connection.send((task, dict(files)))

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended, after so many seconds at most."""
        things = [
            thing for seat in self._busy for thing in (seat.connection, seat.process.sentinel)
        ]
        if not things:
            return []
        ready = wait(things, seconds)
        ended = []
        for seat in list(self._busy):
            if seat.connection in ready or seat.process.sentinel in ready:
                ended.append(self._ended(seat))
        return ended

    def stop(self) -> None:
        """Ends all processes at once."""
        seats = self._busy + self._resting
        self._busy, self._resting = [], []
        for seat in seats:
            seat.process.kill()
        for seat in seats:
            seat.close()
        if self._folder is not None:  # What is killed tidies nothing up.
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _ended(self, seat: _Seat) -> Ended:
        self._busy.remove(seat)
        try:
            # A process that dies between its answer and the next task has answered.
            done = seat.connection.recv() if seat.connection.poll() else None
        except (EOFError, OSError):
            done = None
        if done is not None:
            self._resting.append(seat)
            return Ended(seat.task, done)
        seat.process.kill()
        seat.close()
        return Ended(seat.task, None, _how_it_died(seat.exit_code))

    def _new_seat(self) -> _Seat:
        ours, theirs = self._context.Pipe()
        self._folder = self._folder or tempfile.mkdtemp()
        given = (theirs, self._threads, self._folder)
        process = self._context.Process(target=_work, args=given, daemon=True)
        with _without_interruption():
            process.start()
        theirs.close()
        return _Seat(process, ours)


@dataclass
class _Seat:
    """A process, and what it is at."""

    process: BaseProcess
    connection: Connection[tuple[Task, dict[str, Path]], Done]
    task: str = ""
    exit_code: int | None = None

    def close(self) -> None:
        """Takes leave of a process that was killed."""
        self.process.join(1)
        self.exit_code = self.process.exitcode
        self.connection.close()


def _how_it_died(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(-exit_code).name}"
    return "ended" if exit_code is None else f"ended with {exit_code}"


@contextmanager
def _without_interruption() -> Iterator[None]:
    """A process that is started within never hears of Ctrl+C, not even while it loads.

    A process inherits which signals are held back. This one hears afterwards of what came
    meanwhile; were it to ignore that instead, it would be lost.
    """
    if not hasattr(signal, "pthread_sigmask"):  # On Windows processes inherit nothing of it.
        yield
        return
    resource_tracker.ensure_running()  # Started within, it would let the signals through again.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(tasks: Connection[Done, tuple[Task, dict[str, Path]]], threads: int, folder: str) -> None:
    """A worker's life: one task after the other, until nobody gives any more."""
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Who started it ends it.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    while True:
        try:
            task, files = tasks.recv()
        except (EOFError, OSError):
            return
        tasks.send(perform(task, files))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
