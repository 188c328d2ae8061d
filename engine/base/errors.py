"""The one family of errors that this application raises on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.base.plain_text import plain


class AfterimageError(Exception):
    """Something went wrong that a person can act on.

    The message is one or two plain sentences: what is wrong, and what would work.
    The edges (window, command line) show it as it stands, without a traceback; so names in it
    that come from files are made plain here.
    """

    def __init__(self, message: str) -> None:
        super().__init__(plain(message))


class UnusableInput(AfterimageError):
    """A file or an argument that cannot be used (exit status 2 on the command line).

    As text it is one line, whatever it is made of.

    Attributes:
        why: what was given, and why it cannot be used.
        instead: what would work; empty where `why` says it already, or nobody knows.
        page: the heading of the guide that says more, as links spell it; empty where none does.
    """

    def __init__(self, why: str, instead: str = "", page: str = "") -> None:
        super().__init__(f"{why} {instead}".rstrip())
        self.why, self.instead, self.page = plain(why), plain(instead), page


@contextmanager
def explained_on(page: str) -> Iterator[None]:
    """Gives refusals that name no page of the guide this one."""
    try:
        yield
    except UnusableInput as error:
        error.page = error.page or page
        raise


class DamagedSession(UnusableInput):
    """A session file that cannot be read as a whole."""


class RunFailed(AfterimageError):
    """A run that could not go on (lost device, no memory, non-finite values)."""


class DeviceFailed(RunFailed):
    """The device could not go on with what it was given."""


class OutOfMemory(DeviceFailed):
    """The device has no memory left for what it was given; it can be asked for less."""


class DeviceLost(DeviceFailed):
    """The device does not answer any more, and what lies on it cannot be read."""
