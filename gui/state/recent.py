"""The networks and sessions that were opened last."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.base.json_text import read_json
from gui.toolkit import stored

MOST = 10
_KEY = "recent"


class RecentFiles(QObject):
    """Up to ten paths, the last one first, kept between two starts."""

    changed = Signal()
    """Emitted when other paths are listed, or when it is found out which are missing."""

    cleared = Signal()
    """Emitted when a person wants all of them forgotten."""

    _looked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths = _stored_paths()
        self._missing: frozenset[Path] = frozenset()
        self._looked.connect(self._on_looked, Qt.ConnectionType.QueuedConnection)

    def is_missing(self, path: Path) -> bool:
        """Whether a file was not there when it was last looked for."""
        return path in self._missing

    def add(self, path: Path) -> None:
        """Puts a path first; names that a settings file cannot hold plainly are left out."""
        if str(path).isprintable():
            self._show([path, *(other for other in self.paths if other != path)][:MOST])

    @Slot()
    def clear(self) -> None:
        """Forgets them all."""
        self._show([])
        self.cleared.emit()

    @Slot()
    def look(self) -> None:
        """Finds out which are missing, without waiting for disks that sleep or are far away."""
        threading.Thread(target=self._look, args=(tuple(self.paths),), daemon=True).start()

    def _look(self, paths: Sequence[Path]) -> None:
        missing = frozenset(path for path in paths if not _exists(path))
        with suppress(RuntimeError):  # The window may be gone by now.
            self._looked.emit(missing)

    @Slot(object)
    def _on_looked(self, missing: frozenset[Path]) -> None:
        if missing != self._missing:
            self._missing = missing
            self.changed.emit()

    def _show(self, paths: list[Path]) -> None:
        self.paths = paths
        self._missing -= set(paths[:1])
        stored.store(_KEY, json.dumps([str(path) for path in paths], ensure_ascii=False))
        self.changed.emit()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _stored_paths() -> list[Path]:
    """What was listed last time; a list that cannot be read is empty."""
    try:
        names = read_json(stored.text(_KEY, "[]"), list[str])
    except ValueError:
        return []
    plain = [name for name in names if name.isprintable() and name]
    return [Path(name) for name in plain[:MOST]]


def folder_of(path: Path) -> str:
    """The folder of a file, in the words that people use for it: `~/models`."""
    folder, home = str(path.parent), os.path.expanduser("~")  # noqa: PTH111  (never raises)
    is_at_home = folder == home or folder.startswith(home.rstrip(os.sep) + os.sep)
    return f"~{folder[len(home.rstrip(os.sep)) :]}" if is_at_home else folder


def title(path: Path, others: Sequence[Path]) -> str:
    """A file's name, with its folder where another of that name is listed."""
    is_alone = sum(other.name == path.name for other in others) == 1
    return path.name if is_alone else f"{path.name} in {path.parent.name or path.parent}"
