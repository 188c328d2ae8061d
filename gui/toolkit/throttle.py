"""What changes many times a second is drawn a few times a second."""

from __future__ import annotations

import time


class Throttle:
    """Lets something through at most so often."""

    def __init__(self, interval: float) -> None:
        """
        Args:
            interval: seconds between two times, at least.
        """
        self._interval, self._next = interval, 0.0

    def lets_through(self, hurry: bool = False) -> bool:
        """Whether it is time, which begins anew then; always where there is a hurry."""
        now = time.monotonic()
        if not hurry and now < self._next:
            return False
        self._next = now + self._interval
        return True

    def reset(self) -> None:
        """The next one comes through."""
        self._next = 0.0
