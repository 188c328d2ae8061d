"""Errors of our own that were caught so that work could end in order: handed on all the same.

Who listens at `sys.excepthook` (see `gui.errors`) tells a person of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


def report(error: BaseException) -> None:
    """Hands on an error that was caught so that work could end in order, as if nobody had."""
    sys.excepthook(type(error), error, error.__traceback__)


@contextmanager
def reported() -> Iterator[None]:
    """Reports what goes wrong in here, and lets what follows happen all the same."""
    try:
        yield
    except Exception as error:
        report(error)
