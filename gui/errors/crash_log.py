"""What is left when the whole process dies: where each thread was, as faulthandler writes it.

A crash inside a library (a segmentation fault, an abort) ends everything at once; no hook is called
and no dialog shown. So the next start tells of it.
"""

from __future__ import annotations

import faulthandler
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

_SIGNS = ("Fatal Python error", "Windows fatal exception")
"""What faulthandler begins with."""
_OLD = 30 * 24 * 3600.0


class CrashLog:
    """The file of this process, and that of one that crashed before it.

    Attributes:
        earlier: what a crash has left; None where there was none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"crash-{os.getpid()}.log"
        self._file: IO[str] | None = None
        self.earlier: Path | None = None

    def begin(self, versions: str) -> None:
        """Looks for an earlier crash, then listens for one of this process.

        Args:
            versions: a line for whoever reads the file.
        """
        with suppress(OSError):  # Without a log the application is still the application.
            self._folder.mkdir(parents=True, exist_ok=True)
            self._look_back()
            self._file = self._path.open("w", encoding="utf-8")
            self._file.write(f"{versions}\n")
            self._file.flush()
            faulthandler.enable(self._file)

    def _look_back(self) -> None:
        """Keeps the newest log that tells of a crash; clears away those of no use."""
        kept = self._folder / "last-crash.log"
        for log in sorted(self._folder.glob("crash-*.log"), key=lambda log: log.stat().st_mtime):
            if _tells_of_a_crash(log):
                log.replace(kept)
                self.earlier = kept
            elif time.time() - log.stat().st_mtime > _OLD:  # A younger one may be in use.
                log.unlink()

    def end(self) -> None:
        """The process ends as it should; Windows may have noted errors that were dealt with."""
        faulthandler.disable()
        if self._file is not None:
            self._file.close()
            with suppress(OSError):
                self._path.unlink()


def _tells_of_a_crash(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(sign in text for sign in _SIGNS)
