"""What the command line says, to a terminal, a pipe or a file that may be gone or full.

Nothing that was computed may be lost because a sentence about it could not be written.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm


def tell(sentence: str) -> None:
    """Says something on standard error, beside a bar that may be there; nowhere, if it is full."""
    if sys.stderr is None:  # Closed, or a program without a terminal; tqdm would take the other.
        return
    with suppress(OSError):
        tqdm.write(f"afterimage: {sentence}", file=sys.stderr)


def bar_of(quiet: bool, **settings: Any) -> tqdm[Any]:
    """A bar on standard error: on a terminal only, and not if quiet."""
    disable = True if quiet else None
    return tqdm(disable=disable, file=sys.stderr, dynamic_ncols=True, **settings)


def show_share(bar: tqdm[Any], share: float) -> None:
    """Moves a bar whose total is 1."""
    bar.update(share - bar.n)


def is_read_by_people() -> bool:
    """Whether standard output is a terminal, and not a pipe or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def put_out(text: str) -> bool:
    """Writes to standard output; returns whether all of it was taken.

    Who reads no further (`… | head`) has what was wanted.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # A code page may lack a letter.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except OSError as error:
        # What is left in the buffer would be tried again at the end, and fail with a traceback.
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        is_gone = isinstance(error, BrokenPipeError) or (
            os.name == "nt" and error.errno == errno.EINVAL  # Windows' word for it.
        )
        if not is_gone:
            tell(f"The summary could not be written to standard output: {error.strerror}.")
            return False
    return True
