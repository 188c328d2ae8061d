"""How long work tells of its progress, and how it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.base.errors import AfterimageError

Progress = Callable[[float], None]
"""Called with the share that is done, from 0 to 1; may raise `Cancelled` to end the work."""


class Cancelled(AfterimageError):
    """The user stopped some work; nothing was written."""


def unheard(_share: float) -> None:
    """For work whose progress nobody follows."""


def silent() -> None:
    """The same for work that cannot say how much of it is done."""


def portion(progress: Progress, low: float, high: float) -> Progress:
    """For one part of some work: its share, laid between two shares of the whole."""
    return lambda share: progress(low + (high - low) * share)


def seldom(
    progress: Progress, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Progress:
    """For work in thousands of steps: passes a share on once so much time has gone by."""
    last = float("-inf")

    def passed_on(share: float) -> None:
        nonlocal last
        now = clock()
        if now - last >= seconds:
            last = now
            progress(share)

    return passed_on
