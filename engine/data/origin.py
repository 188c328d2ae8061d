"""Where a set of images came from, and its SHA-256: enough to find the same ones again."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.base.file_checks import check_file
from engine.base.files import sha256_of

if TYPE_CHECKING:
    from hashlib import _Hash

OriginKind = Literal["file", "folder", "known", "nowhere"]
"""An `.npz`; a folder with one subfolder a class; a data set by name; made here, in no file."""


@dataclass(frozen=True)
class ImageOrigin:
    """Where images came from.

    Attributes:
        kind: what the place is.
        place: absolute path of a file or folder, or name of a data set; empty where nobody says.
        sha256: of the file; of a folder's files as `folder_origin` takes them; of a data set's
            pixels and labels. Empty for images that are in no file.
        size: bytes of all that was hashed.
    """

    kind: OriginKind = "nowhere"
    place: str = ""
    sha256: str = ""
    size: int = 0

    @property
    def is_path(self) -> bool:
        """Whether the place is one on a disk."""
        return self.kind in ("file", "folder")


def file_origin(path: Path) -> ImageOrigin:
    """Of a file that `check_file` lets pass.

    Raises:
        UnusableInput: it does not.
        OSError: it cannot be read.
    """
    size = check_file(path)
    return ImageOrigin("file", str(path.absolute()), sha256_of(path), size)


def folder_origin(folder: Path, files: Sequence[Path]) -> ImageOrigin:
    """Of the image files of a folder.

    Of each the digest takes its path in the folder with slashes and composed letters (Unicode's
    NFC, whatever the system writes), a zero byte, its size in eight
    bytes (the lowest first), and its content.

    Args:
        folder: above them all.
        files: in the order of `list_folder`: classes by name, files by name within a class.

    Raises:
        UnusableInput: something in it is no ordinary file.
        OSError: a file cannot be read.
    """
    digest, total = hashlib.sha256(), 0
    for path in files:
        size = check_file(path)
        total += size
        name = unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
        digest.update(os.fsencode(name) + b"\0")
        digest.update(size.to_bytes(8, "little"))
        _add(digest, path)
    return ImageOrigin("folder", str(folder.absolute()), digest.hexdigest(), total)


def known_origin(name: str, *arrays: NDArray[Any]) -> ImageOrigin:
    """Of a data set that is known by name, by its pixels and labels."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return ImageOrigin("known", name, digest.hexdigest(), sum(array.nbytes for array in arrays))


def _add(digest: _Hash, path: Path) -> None:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
