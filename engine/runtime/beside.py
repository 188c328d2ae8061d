"""Work that is done beside a run, on a thread of its own: one piece at a time, none waits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """One thread, at most one piece of work."""

    def __init__(self, name: str) -> None:
        """
        Args:
            name: of the thread.
        """
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._under_way: Future[T] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether there is work whose result nobody has taken."""
        return self._under_way is not None

    @property
    def is_done(self) -> bool:
        """Whether the work is done, and its result can be taken."""
        return self._under_way is not None and self._under_way.done()

    def begin(self, work: Callable[[], T]) -> None:
        """Begins some work; whatever was begun before must have been taken."""
        assert self._under_way is None
        self._under_way = self._threads.submit(work)

    def take(self) -> T | None:
        """What the work has come to, once; None while it is not done.

        Raises:
            Exception: whatever the work raised.
        """
        if self._under_way is None or not self._under_way.done():
            return None
        done, self._under_way = self._under_way, None
        return done.result()

    def wait(self) -> None:
        """Until what is under way is done; its result is lost."""
        if self._under_way is not None:
            wait([self._under_way])
            self._under_way = None

    def end(self) -> None:
        """Nobody waits for its work any more; what is under way comes to its end by itself."""
        self._under_way = None
        self._threads.shutdown(wait=False, cancel_futures=True)
