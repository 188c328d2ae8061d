"""Folders with one subfolder a class, as torchvision's ImageFolder lays them out."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, plain
from engine.data.roles import PARTS, TRAIN, Role, part_of

IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".j2k"),
)
_NOT_OURS = ("@eadir", "__macosx", "$recycle.bin", "system volume information", "lost+found")
"""Folders that systems put beside those of people, in lower case."""

_LAYOUT = "It needs one subfolder a class with image files in it."


@dataclass(frozen=True)
class ImageFolder:
    """What a folder holds.

    Attributes:
        classes: names of classes 0, 1, …: those of the subfolders, sorted.
        files: sorted within their class.
        labels: class number of each file, shape (n,).
        said: what is worth knowing, for people.
    """

    classes: tuple[str, ...]
    files: list[Path]
    labels: NDArray[np.int64]
    said: str


def list_folder(folder: Path, role: Role = "train") -> ImageFolder:
    """Looks into a folder with one subfolder a class, without opening an image.

    What lies deeper in a subfolder is of its class. Hidden files, and what systems leave behind,
    are passed over; a subfolder without images is no class.

    Args:
        folder: its subfolders are classes, or parts such as `train` and `test` that hold them.
        role: which part is meant.

    Raises:
        UnusableInput: there is no image in it, or it cannot be looked into.
    """
    try:
        subfolders, said = _subfolders(folder), []
        if _are_parts(subfolders):
            part = part_of(subfolders, role, lambda each: [each.name.lower()])
            assert part is not None
            said.append(f"of several parts, {plain(part.name)} was taken")
            subfolders = _subfolders(part)
        found = [(each, sorted(_files(each), key=_order)) for each in subfolders]
    except OSError as error:
        raise UnusableInput(f"{folder.name} cannot be read: {error.strerror}.") from error
    images = [(each, [path for path in files if _is_image(path)]) for each, files in found]
    classes = [(each, files) for each, files in images if files]
    if not classes:
        raise UnusableInput(_nothing_in(folder), _LAYOUT)
    empty = [plain(_composed(each.name)) for each, files in images if not files]
    if empty:
        said.append(f"no images, so no class: {', '.join(empty)}")
    said += _of_other_kinds([path for _, files in found for path in files])
    labels = [label for label, (_, files) in enumerate(classes) for _ in files]
    return ImageFolder(
        tuple(plain(_composed(each.name)) for each, _ in classes),
        [path for _, files in classes for path in files],
        np.array(labels, np.int64),
        "; ".join(said),
    )


def _composed(name: str) -> str:
    """A name as most systems write it: some write ä as an a and two dots."""
    return unicodedata.normalize("NFC", name)


def _order(path: Path) -> list[str]:
    return [_composed(part) for part in path.parts]


def _is_ours(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NOT_OURS


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _subfolders(folder: Path) -> list[Path]:
    """Those that may be classes; a link back to the folder, or to one that holds it, is none."""
    home = folder.resolve()
    found = (p for p in folder.iterdir() if _is_ours(p.name) and p.is_dir())
    return sorted((p for p in found if not home.is_relative_to(p.resolve())), key=_order)


def _are_parts(subfolders: list[Path]) -> bool:
    """Whether they are `train`, `test` and the like, and hold the classes."""
    names = [each.name.lower() for each in subfolders]
    return (
        len(names) > 1
        and all(name in PARTS for name in names)
        and any(name in TRAIN for name in names)
        and any(_subfolders(each) for each in subfolders)
    )


def _files(folder: Path) -> Iterator[Path]:
    """All files in a folder, however deep; links to folders in it are not followed."""

    def fail(error: OSError) -> None:
        raise error

    for place, within, names in os.walk(folder, onerror=fail):
        within[:] = [name for name in within if _is_ours(name)]
        yield from (Path(place) / name for name in names if _is_ours(name))


def _nothing_in(folder: Path) -> str:
    loose = sum(_is_image(each) for each in folder.iterdir() if _is_ours(each.name))
    if loose:
        return f"{folder.name} holds {counted(loose, 'images')}, but none in a subfolder."
    return f"{folder.name} holds no images."


def _of_other_kinds(files: list[Path]) -> list[str]:
    """Files that are passed over, by their kind: photographs of some phones are none of ours."""
    kinds = Counter(
        path.suffix.lower() or "no ending"
        for path in files
        if not _is_image(path) and path.name.lower() not in ("thumbs.db", "desktop.ini")
    )
    words = ", ".join(f"{count:,} × {plain(kind)}" for kind, count in kinds.most_common(4))
    return [f"files of other kinds are passed over: {words}"] if kinds else []
