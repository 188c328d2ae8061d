"""How often work is done that others have to wait for."""

from __future__ import annotations

import math
import time


class Pace:
    """Says when work is due again, so that it takes no more than a share of the time."""

    def __init__(self, share: float, interval: float, longest: float = math.inf) -> None:
        """
        Args:
            share: of the time, that it may take.
            interval: seconds between two times, at least.
            longest: seconds that it is waited for at most, however long the last time took.
        """
        self._share, self._interval, self._longest = share, interval, longest
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether it is time."""
        return time.perf_counter() >= self._due_at

    def done(self, started: float) -> None:
        """The work that began at `started` (of `time.perf_counter`) is done."""
        now = time.perf_counter()
        wait = max(self._interval, (now - started) / self._share)
        self._due_at = now + min(wait, self._longest)

    def hurry(self) -> None:
        """Makes the work due now."""
        self._due_at = 0.0
