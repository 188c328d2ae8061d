"""Who is at work on a study: one at a time, so that nothing is computed twice."""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import suppress
from typing import IO

import msgspec

from engine.base.errors import UnusableInput
from engine.base.json_text import Count, read_json
from engine.study.store import LOCK, Store

_BYTE = 1 << 20
"""The byte that Windows locks: far behind what others may want to read."""


class _Holder(msgspec.Struct, frozen=True):
    """What a lock says."""

    pid: Count
    host: str


class Lock:
    """Held by the one process that works on a study.

    On this machine the system holds it, and lets it go when the process ends, however it does. At
    an address it is a file, which a process that was killed leaves behind.
    """

    def __init__(self, store: Store) -> None:
        """
        Args:
            store: the study's folder.
        """
        self._store = store
        self._file: IO[bytes] | None = None
        self._is_held = False

    def take(self) -> None:
        """Takes it.

        Raises:
            UnusableInput: another process has it; the sentence says which.
            OSError: the folder cannot be written to.
        """
        said = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
        folder = self._store.place.folder
        if folder is None:
            if self._store.place.has(LOCK) and not self._is_own_and_dead():
                self._refuse()
            self._store.place.write(LOCK, said)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / LOCK).open("a+b")
            if not _try_to_lock(file):
                file.close()
                self._refuse()
            file.truncate(0)
            file.write(said)
            file.flush()
            self._file = file
        self._is_held = True

    def release(self) -> None:
        """Lets it go; does nothing where it is not held."""
        if not self._is_held:
            return
        self._is_held = False
        if self._file is None:
            self._store.place.remove(LOCK)
            return
        with suppress(OSError):  # A full disk.
            self._file.truncate(0)
        self._file.close()
        self._file = None

    def __enter__(self) -> Lock:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _holder(self) -> _Holder | None:
        try:
            return read_json(self._store.place.read(LOCK).decode("utf-8"), _Holder)
        except (ValueError, OSError):
            return None

    def _is_own_and_dead(self) -> bool:
        """Whether the lock at an address was left behind by a process of this machine."""
        holder = self._holder()
        if holder is None or holder.host != socket.gethostname() or sys.platform == "win32":
            return False
        try:
            os.kill(holder.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def _refuse(self) -> None:
        holder = self._holder()
        who = "Another process" if holder is None else f"Process {holder.pid} on {holder.host}"
        left = ""
        if self._store.place.folder is None:
            left = f" If it was killed, remove the file {LOCK} there."
        raise UnusableInput(
            f"{who} is at work on the study in {self._store.place.name}.",
            f"Wait for it, or look at its table so far.{left}",
        )


def _try_to_lock(file: IO[bytes]) -> bool:
    """Locks an open file for this process alone; whether it could be."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
