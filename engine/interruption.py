"""Ctrl-C and SIGTERM on the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""Exit status of what was interrupted."""


class Interrupted(Exception):
    """SIGINT or SIGTERM arrived where nothing is to be saved."""


class Interruption:
    """Answers Ctrl-C and SIGTERM.

    During a run they end it between two steps, so that its state is whole. Anywhere else, or the
    second time, they end the program at once.
    """

    def __init__(self) -> None:
        self.is_asked_for = False
        self._is_run_under_way = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Takes the signals, and gives them back afterwards."""
        kinds = (signal.SIGINT, signal.SIGTERM)
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
