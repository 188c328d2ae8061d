"""The copies that are kept of runs, and whether the last one was cut off."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile

from engine.reconstruction.snapshot import RunState
from engine.session.session import SUFFIX

_NUMBERS = range(1, 21)
"""Of the files that windows have to themselves; the first has none in its files' names."""


class RunCopies:
    """Knows where the last run is kept, the one before, and what was under way when all went dark.

    While a run goes on, a lock file of this process lies beside its copy. One that is left from a
    process that is no more says that a run was cut off. Windows that are open at the same time keep
    what they compute apart: each that has begun to has numbered files to itself until it is closed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.waiting_list = folder / "waiting-list.json"
        self._own: QLockFile | None = None
        self._held: RunState | None = None
        self._use(1)

    def _use(self, number: int) -> None:
        apart = "" if number == 1 else f"-{number}"
        self._number = number
        self.last_run = self._folder / f"last-run{apart}{SUFFIX}"
        self.run_before = self._folder / f"run-before{apart}{SUFFIX}"
        self.last_training = self._folder / f"last-training{apart}.safetensors"
        self._lock = self._lock_file(f"run-under-way{apart}.lock")

    def _lock_file(self, name: str) -> QLockFile:
        lock = QLockFile(str(self._folder / name))
        lock.setStaleLockTime(0)  # Only a dead process makes it stale, not its age.
        return lock

    def begin(self, state: RunState | None) -> None:
        """A run begins; unless it goes on with the last one, that becomes the one before.

        Args:
            state: where it goes on, if it does.
        """
        with suppress(OSError):  # Without a copy the run is still a run.
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_files()
            if (state is None or state is not self._held) and self.last_run.exists():
                self.last_run.replace(self.run_before)
        self._held = None
        self._lock.tryLock(0)

    def begin_training(self) -> Path:
        """Where a training that begins is kept."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_files()
        return self.last_training

    def holds(self, state: RunState) -> None:
        """What the last run has come to, or how far its copy was when it was opened."""
        self._held = state

    def is_held(self, state: RunState) -> bool:
        """Whether the copy of the last run is of this state."""
        return state is self._held

    def end(self) -> None:
        """The run has come to an end of whatever kind."""
        self._lock.unlock()

    def close(self) -> None:
        """The window is gone; another may keep its runs in these files."""
        if self._own is not None:
            self._own.unlock()

    def _take_files(self) -> None:
        """Makes files this window's alone: those that it has looked at, else the next ones."""
        if self._own is not None:
            return
        for number in (self._number, *_NUMBERS):
            own = self._lock_file(f"copies-{number}.lock")
            if own.tryLock(0) or own.error() is not QLockFile.LockError.LockFailedError:
                if number != self._number:
                    self._held = None
                    self._use(number)
                self._own = own
                return

    def was_cut_off(self) -> bool:
        """Whether a run was under way in a process that is no more; asked once, at the start.

        From then on the last run is that one; else the newest of those that no window has.
        """
        for number in _NUMBERS:
            self._use(number)
            if Path(self._lock.fileName()).exists() and self._lock.tryLock(0):
                self._lock.unlock()
                if self.last_run.exists():
                    self._take_files()
                    return True
        self._use(max(_NUMBERS, key=self._written_at))
        return False

    def _written_at(self, number: int) -> float:
        """When files were last written, in seconds; 0 where there are none, or not for us."""
        self._use(number)
        kept = [path for path in (self.last_run, self.last_training) if path.exists()]
        own = self._lock_file(f"copies-{number}.lock")
        if not kept or not own.tryLock(0):
            return 0.0
        own.unlock()
        return max(path.stat().st_mtime for path in kept)

    def is_ours(self, path: Path) -> bool:
        """Whether a file is a copy that is kept here, and not one of the user's own."""
        return path.parent == self._folder

    def last_good(self, damaged: Path) -> Path | None:
        """The newest copy of a run that is not the damaged file."""
        copies = [p for p in (self.last_run, self.run_before) if p.exists() and p != damaged]
        return copies[0] if copies else None
