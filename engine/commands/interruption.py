"""Ctrl-C, SIGTERM, and the end of the terminal (SIGHUP) on the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Interrupted(Exception):
    """A signal arrived where nothing is to be saved."""


class Interruption:
    """Answers Ctrl-C, SIGTERM and SIGHUP, unless `nohup` has said that the last is to be ignored.

    During a run they end it between two steps, so that its state is whole. Anywhere else, or the
    second time, they end the program at once.
    """

    def __init__(self) -> None:
        self.is_asked_for = False
        self._is_run_under_way = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Takes the signals, and gives them back afterwards."""
        kinds = [signal.SIGINT, signal.SIGTERM]
        hangup = getattr(signal, "SIGHUP", None)  # Windows has none.
        if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
            kinds.append(hangup)
        previous = {kind: signal.signal(kind, self._interrupt) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in previous.items():
                signal.signal(kind, handler)

    @contextmanager
    def during_run(self) -> Iterator[None]:
        """Within, a first signal only sets `is_asked_for`."""
        self._is_run_under_way = True
        try:
            yield
        finally:
            self._is_run_under_way = False

    def _interrupt(self, *_: object) -> None:
        if self.is_asked_for or not self._is_run_under_way:
            raise Interrupted
        self.is_asked_for = True
