"""Whether a file of PyTorch's holds images, told by names and shapes; no number is read.

The pickle in it is looked at operation by operation, and nothing of it is carried out.
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.base.file_checks import archive_entries, check_file
from engine.data.array_files import may_be_of_images, what_is

_GLANCE = 64 << 10
"""Bytes of a pickle that are looked at: names and shapes of hundreds of tensors."""
_BESIDE = ("mean", "std")
_PUT, _GET = ("BINPUT", "LONG_BINPUT"), ("BINGET", "LONG_BINGET")
_WHOLE = ("BININT", "BININT1", "BININT2", "LONG1")
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "TUPLE": math.inf}
"""Operations that make a tuple, and of how many things at most."""


@dataclass(frozen=True)
class _Seen:
    """A tensor: what it is called, empty where it has no name, and its dimensions."""

    name: str
    dimensions: float


def holds_image_tensors(path: Path) -> bool:
    """Whether a `.pt` or `.pth` holds images and what belongs to them, and nothing else.

    These are a tensor (n, …) of images, a pair of one and labels, or a dictionary in which all
    tensors are called as such. Matrices without names may be anything.

    Raises:
        UnusableInput: it is no file that can be read.
        zipfile.BadZipFile, OSError, ValueError, and others: it is damaged, or no archive.
    """
    check_file(path)
    pickled = [e.filename for e in archive_entries(path) if f"/{e.filename}".endswith("/data.pkl")]
    if len(pickled) != 1:
        return False
    with zipfile.ZipFile(path) as archive, archive.open(pickled[0]) as file:
        seen = list(_tensors(file.read(_GLANCE)))
    if all(not each.name for each in seen):
        first, *labels = seen or [_Seen("", 0)]
        return first.dimensions > 2 and [each.dimensions for each in labels] in ([], [1])
    images = [each for each in seen if what_is(each.name)[1] == "images"]
    are_all = all(may_be_of_images(each.name) or each.name in _BESIDE for each in seen)
    return are_all and bool(images) and all(each.dimensions > 1 for each in images)


def _tensors(pickled: bytes) -> Iterator[_Seen]:
    """The tensors of a pickle of protocol 2, of which the end may be missing.

    PyTorch writes a name, if there is one, then `storage`, its type, its number and its device;
    then an offset, and the shape as a tuple.
    """
    texts: list[str] = []
    remembered: dict[int, str] = {}
    name, numbers, before = None, 0, ""
    for operation, argument in _operations(pickled):
        if operation == "BINUNICODE":
            texts.append(argument)
        elif operation in _GET and argument in remembered:
            texts.append(remembered[argument])
        elif operation in _PUT and before == "BINUNICODE":
            remembered[argument] = texts[-1]
        elif operation == "BINPERSID":
            *names, kind, _, _ = ["", "", "", "", *texts]
            name = names[-1] if kind == "storage" else ""
            texts, numbers = [], 0
        elif operation in _WHOLE:
            numbers += 1
        elif operation in _TUPLES and name is not None:
            yield _Seen(name, min(numbers - 1, _TUPLES[operation]))
            name = None
        before = operation


def _operations(pickled: bytes) -> Iterator[tuple[str, Any]]:
    try:
        for operation, argument, _ in pickletools.genops(io.BytesIO(pickled)):
            yield operation.name, argument
    except ValueError:  # It is longer than the glance, or damaged, which its reader will say.
        return
