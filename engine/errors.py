"""The one family of errors that this application raises on purpose."""

from __future__ import annotations

from engine.plain_text import plain


class AfterimageError(Exception):
    """Something went wrong that a person can act on.

    The message is one or two plain sentences: what is wrong, and what would work.
    The edges (window, command line) show it as it stands, without a traceback; so names in it
    that come from files are made plain here.
    """

    def __init__(self, message: str) -> None:
        super().__init__(plain(message))


class UnusableInput(AfterimageError):
    """A file or an argument that cannot be used (exit status 2 on the command line)."""


class DamagedSession(UnusableInput):
    """A session file that cannot be read as a whole."""


class RunFailed(AfterimageError):
    """A run that could not go on (lost device, no memory, non-finite values)."""
