"""How often work is done that others have to wait for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class Pace:
    """Says when work is due again, so that it takes no more than a share of the time."""

    def __init__(self, share: float, interval: float) -> None:
        self._share, self._interval = share, interval
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether it is time."""
        return time.perf_counter() >= self._due_at

    def done(self, started: float) -> None:
        """The work that began at `started` (of `time.perf_counter`) is done."""
        now = time.perf_counter()
        self._due_at = now + max(self._interval, (now - started) / self._share)

    def hurry(self) -> None:
        """Makes the work due now."""
        self._due_at = 0.0
