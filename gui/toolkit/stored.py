"""What is remembered between two starts: plain values in the user's settings file.

Qt's settings can hold pickled Python objects, which reading the file would execute. So only
text, whole numbers and yes or no are kept here, and a file that could hold more is put aside
before anything is read from it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_LARGEST = 1 << 20
_LONGEST = 10_000
_UNSAFE = re.compile(rb"@(?:Variant|DataStream)|(?<!\\)(?:\\\\)*\\[x0-7]")
"""Serialised objects, and escapes that could spell one; Afterimage writes neither."""


def put_aside_if_unsafe() -> Path | None:
    """Moves a settings file that is not one of ours out of the way.

    Returns:
        where it lies now; None if there was nothing to object to.
    """
    path = Path(QSettings().fileName())
    try:
        if not path.exists():
            return None
        if path.stat().st_size <= _LARGEST and not _UNSAFE.search(path.read_bytes()):
            return None
        return path.replace(path.with_suffix(".refused"))
    except OSError:
        return None  # What cannot be read holds no settings, and Qt says so, too.


def text(key: str, default: str = "") -> str:
    """A text; the default where there is none."""
    value = _settings().value(key, default)
    return value if isinstance(value, str) and len(value) <= _LONGEST else default


def number(key: str, default: int, low: int, high: int) -> int:
    """A whole number in a range; the default where there is none."""
    try:
        value = int(text(key, str(default)))
    except ValueError:
        return default
    return value if low <= value <= high else default


def flag(key: str, default: bool) -> bool:
    """Yes or no; the default where neither is there."""
    return {"true": True, "false": False}.get(text(key), default)


def state(key: str) -> QByteArray:
    """What a window or splitter said of itself; empty where nothing is there."""
    return QByteArray.fromBase64(text(key).encode("ascii", "ignore"))


def store(key: str, value: str | int | bool | QByteArray) -> None:
    """Remembers a value."""
    if isinstance(value, QByteArray):
        value = bytes(value.toBase64().data()).decode()
    elif isinstance(value, bool):
        value = "true" if value else "false"
    _settings().setValue(key, str(value))


def forget(key: str) -> None:
    """The default counts again."""
    _settings().remove(key)


def folder(key: str) -> Path | None:
    """A folder, where one is remembered; it need not exist any more."""
    name = text(key)
    return Path(name) if name else None


def store_folder(key: str, path: Path) -> None:
    """Remembers a folder, unless its name cannot be written plainly."""
    with suppress(ValueError):
        if str(path).isprintable():
            store(key, str(path))


def _settings() -> QSettings:
    settings = QSettings()
    settings.setFallbacksEnabled(False)  # Others' files are not checked.
    return settings
