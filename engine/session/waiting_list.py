"""The checkpoints that wait in a queue, written down so that closing the program loses nothing.

The file is one of our own, in the user's folder for such things. It is read as carefully as that of
a stranger all the same: it can be damaged, or written by somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_file
from engine.base.files import atomic_path
from engine.reconstruction.settings import Settings, settings_from_dict

_FORMAT = 1
_LARGEST = 8 << 20
_MOST = 1000
"""Checkpoints that are kept; nobody waits for more."""

_LONGEST_PATH = 4096


@dataclass(frozen=True)
class WaitingList:
    """What waits.

    Attributes:
        checkpoints: their files, the next one first; they need not exist any more.
        results: folder that the results go to, where one was chosen.
        settings: what they are to be run with, where those that stood there went together.
    """

    checkpoints: tuple[Path, ...]
    results: Path | None = None
    settings: Settings | None = None


def write_waiting_list(waiting: WaitingList, path: Path) -> None:
    """Writes plain JSON.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    content = {
        "format": _FORMAT,
        "checkpoints": [str(each) for each in waiting.checkpoints[:_MOST]],
        "results": None if waiting.results is None else str(waiting.results),
        "settings": None if waiting.settings is None else waiting.settings.as_dict(),
    }
    with atomic_path(path) as temporary:
        # Names that are no text in any encoding survive as escapes.
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=True), encoding="ascii")


def read_waiting_list(path: Path) -> WaitingList:
    """Reads it back; none of the files that it names is touched.

    Raises:
        UnusableInput: it cannot be read, or is none.
    """
    if check_file(path) > _LARGEST:
        raise UnusableInput(f"{path.name} is too large for a list of what waits.")
    try:
        content = json.loads(path.read_text(encoding="ascii"), parse_constant=_refuse)
        return _waiting_list(content)
    except UnusableInput:
        raise
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnusableInput(f"{path.name} is no list of what waits.") from error


def _waiting_list(content: Any) -> WaitingList:
    if not isinstance(content, dict) or content["format"] != _FORMAT:
        raise ValueError
    names, results, settings = (content[name] for name in ("checkpoints", "results", "settings"))
    if not isinstance(names, list) or not 0 < len(names) <= _MOST:
        raise ValueError
    return WaitingList(
        tuple(_local_path(name) for name in names),
        None if results is None else _local_path(results),
        None if settings is None else _settings(settings),
    )


def _local_path(name: Any) -> Path:
    """A path on this machine: asking another one for a file would tell it who asks."""
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_PATH or "\0" in name:
        raise ValueError
    path = Path(name)
    if name.startswith(("\\\\", "//")) or not path.is_absolute():
        raise ValueError
    return path


def _settings(values: Mapping[str, Any]) -> Settings:
    if not isinstance(values, dict):
        raise TypeError
    return settings_from_dict(values)


def _refuse(constant: str) -> NoReturn:
    """JSON has no NaN and no infinity."""
    raise ValueError(constant)
