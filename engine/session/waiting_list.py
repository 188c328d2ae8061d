"""The checkpoints that wait in a queue, written down so that closing the program loses nothing.

The file is one of our own, in the user's folder for such things. It is read as carefully as that of
a stranger all the same: it can be damaged, or written by somebody else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_file
from engine.base.files import atomic_path
from engine.base.json_text import read_json
from engine.reconstruction.settings import Settings, settings_from_dict
from engine.session.image_sets import ImageSets, SetsSaid
from engine.session.kept_images import places_of, said_of

_LARGEST = 8 << 20
_MOST = 1000
"""Checkpoints that are kept; nobody waits for more."""

_LONGEST_PATH = 4096

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_PATH)]


class _Content(msgspec.Struct, frozen=True):
    """What the file holds; all of it has to be there."""

    format: Literal[1]
    checkpoints: Annotated[list[_Name], msgspec.Meta(min_length=1, max_length=_MOST)]
    results: _Name | None
    settings: dict[str, Any] | None
    images: SetsSaid | None = None


@dataclass(frozen=True)
class WaitingList:
    """What waits.

    Attributes:
        checkpoints: their files, the next one first; they need not exist any more.
        results: folder that the results go to, where one was chosen.
        settings: what they are to be run with, where those that stood there went together.
        sets: where the images are that those are scored against which have none beside them.
    """

    checkpoints: tuple[Path, ...]
    results: Path | None = None
    settings: Settings | None = None
    sets: ImageSets = field(default_factory=ImageSets)


def write_waiting_list(waiting: WaitingList, path: Path) -> None:
    """Writes plain JSON.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    content = {
        "format": 1,
        "checkpoints": [str(each) for each in waiting.checkpoints[:_MOST]],
        "results": None if waiting.results is None else str(waiting.results),
        "settings": None if waiting.settings is None else waiting.settings.as_dict(),
        "images": msgspec.to_builtins(said_of(waiting.sets.places())),
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
        return _waiting_list(read_json(path.read_text(encoding="ascii"), _Content))
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{path.name} is no list of what waits.") from error


def _waiting_list(content: _Content) -> WaitingList:
    results, settings = content.results, content.settings
    return WaitingList(
        tuple(_local_path(name) for name in content.checkpoints),
        None if results is None else _local_path(results),
        None if settings is None else settings_from_dict(settings),
        places_of(content.images),
    )


def _local_path(name: str) -> Path:
    """A path on this machine: asking another one for a file would tell it who asks."""
    path = Path(name)
    if "\0" in name or name.startswith(("\\\\", "//")) or not path.is_absolute():
        raise ValueError(f"{name} is no path on this machine")
    return path
