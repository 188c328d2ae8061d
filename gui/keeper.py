"""The copies that are kept of runs, and whether the last one was cut off."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile

from engine.session import SUFFIX


class Keeper:
    """Knows where the last run is kept, the one before, and what was under way when all went dark.

    While a run goes on, a lock file of this process lies beside its copy. One that is left from a
    process that is no more says that a run was cut off.
    """

    def __init__(self, folder: Path) -> None:
        self.last_run = folder / f"last-run{SUFFIX}"
        self.run_before = folder / f"run-before{SUFFIX}"
        self.last_training = folder / "last-training.safetensors"
        self.waiting_list = folder / "waiting-list.json"
        self._lock = QLockFile(str(folder / "run-under-way.lock"))
        self._lock.setStaleLockTime(0)  # Only a dead process makes it stale, not its age.
        self._folder = folder

    def begin(self, goes_on: bool) -> None:
        """A run begins; unless it goes on with the last one, that becomes the one before."""
        with suppress(OSError):  # Without a copy the run is still a run.
            self._folder.mkdir(parents=True, exist_ok=True)
            if not goes_on and self.last_run.exists():
                self.last_run.replace(self.run_before)
        self._lock.tryLock(0)

    def end(self) -> None:
        """The run has come to an end of whatever kind."""
        self._lock.unlock()

    def was_cut_off(self) -> bool:
        """Whether a run was under way in a process that is no more; asked once, at the start."""
        if not Path(self._lock.fileName()).exists() or not self._lock.tryLock(0):
            return False
        self._lock.unlock()
        return self.last_run.exists()

    def is_ours(self, path: Path) -> bool:
        """Whether a file is a copy that is kept here, and not one of the user's own."""
        return path.parent == self._folder

    def last_good(self, damaged: Path) -> Path | None:
        """The newest copy of a run that is not the damaged file."""
        copies = [p for p in (self.last_run, self.run_before) if p.exists() and p != damaged]
        return copies[0] if copies else None
