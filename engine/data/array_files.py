"""Arrays of numbers from files: .npz, .npy, tensors of PyTorch, CSV, and the files of MNIST."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.plain_text import plain
from engine.data.image_files import MAX_NUMBERS, TOO_MUCH
from engine.data.roles import Role, part_of
from engine.runtime.lazy import torch

Array = NDArray[Any]
Arrays = dict[str, Array]

IDX = re.compile(
    r"(?P<part>train|t10k|test)-(?P<what>images|labels)[-.]idx\d-ubyte(\.gz)?", re.IGNORECASE
)
"""Names of the files of MNIST, and of data sets that are laid out alike."""

TENSORS = (".pt", ".pth")
"""Endings of PyTorch's files, of networks as well."""
_TABLE = ".csv"
_BYTES_OF_A_NUMBER = 2
_LABEL_NAMES = ("label", "labels", "class", "target", "y")


def is_array_file(path: Path) -> bool:
    """Whether a file is of a kind that is read here, by its name."""
    return bool(IDX.fullmatch(path.name)) or path.suffix.lower() in _READERS


def array_file_in(folder: Path, role: Role) -> Path | None:
    """The file of MNIST's kind, or the table, that a folder holds for a role; None without one.

    They may lie where torchvision puts them, or in the folder itself; packed or not.
    """
    places = (folder, folder / "raw", folder / "MNIST" / "raw")
    files = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    matches = [(path, IDX.fullmatch(path.name)) for path in files]
    images = [path for path, found in matches if found and found["what"].lower() == "images"]
    tables = [path for path in files if path.suffix.lower() == _TABLE and path.parent == folder]
    if any(path.is_dir() for path in files if not path.name.startswith((".", "_", "@"))):
        tables = []  # They are of classes, and such a table is about their images.
    return part_of(images, role, _file_words) or part_of(tables, role, _file_words)


def read_arrays(path: Path) -> Arrays:
    """All arrays of a file, by their names in it; what has none is called as its place is.

    Raises:
        UnusableInput: it is no such file, damaged, or too large; the message says why.
    """
    size = check_file(path)
    try:
        if IDX.fullmatch(path.name):
            return _read_idx_pair(path)
        return _READERS[path.suffix.lower()](path, size)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or holds more than plain arrays."
        ) from error


def _file_words(path: Path) -> list[str]:
    return re.split(r"[^a-z0-9]+", path.name.lower())


def _read_npz(path: Path, _size: int) -> Arrays:
    archive_entries(path)
    with np.load(path, allow_pickle=False) as file:
        found = {}
        for name in file.files:
            if may_be_of_images(name) or set(file.files) <= {*_UNNAMED}:
                array = file[name]
                if not isinstance(array, np.ndarray):
                    raise ValueError("an entry is no array: numpy then gives its bytes")
                found[_UNNAMED.get(name, name)] = array
        return found or {name: np.zeros(0) for name in file.files}


def _read_npy(path: Path, _size: int) -> Arrays:
    array = np.load(path, allow_pickle=False, mmap_mode="r")
    if array.size > MAX_NUMBERS:
        raise UnusableInput(f"{path.name} {TOO_MUCH}")
    return {"images": np.array(array)}


def _read_tensors(path: Path, _size: int) -> Arrays:
    """A tensor, a pair of images and labels, or a dictionary; nothing in it is executed."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise UnusableInput(
                f"{path.name} is no file as torch.save writes it since PyTorch 1.6.",
                "Save the tensors anew, or as .npz.",
            )
    archive_entries(path)
    found = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(found, torch.Tensor):
        return {"images": _as_array(found)}
    if isinstance(found, (tuple, list)) and len(found) == 2:
        return {"images": _as_array(found[0]), "labels": _as_array(found[1])}
    if not isinstance(found, dict):
        raise UnusableInput(
            f"{path.name} holds no tensor of images.",
            "Save a tensor, a pair (images, labels), or a dictionary with “images” and “labels”.",
        )
    return {str(k): _as_array(v) for k, v in found.items() if may_be_of_images(str(k))} or {
        plain(str(name)): np.zeros(0) for name in found
    }


def _as_array(value: Any) -> Array:
    if isinstance(value, torch.Tensor):
        value = value.detach()
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise ValueError("a tensor claims more numbers than the file holds")
        return np.asarray((value.float() if value.dtype == torch.bfloat16 else value).numpy())
    return np.asarray(value)


def _read_table(path: Path, size: int) -> Arrays:
    """A table of one image a row, its label in the first column or in the one that is called so."""
    if size > MAX_NUMBERS * _BYTES_OF_A_NUMBER:
        raise UnusableInput(f"{path.name} {TOO_MUCH}")
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline(1 << 20).strip().split(",")
    has_header = not all(_is_number(field) for field in first)
    names = [field.strip().strip('"').lower() for field in first] if has_header else []
    try:
        table = np.loadtxt(
            path,
            np.float32,
            delimiter=",",
            skiprows=int(has_header),
            ndmin=2,
            encoding="utf-8-sig",
            comments=None,
        )
    except ValueError as error:
        raise UnusableInput(
            f"{path.name} is no table of numbers ({error}).",
            "Each row holds an image: its label, then its values, separated by commas.",
        ) from error
    column = next((names.index(name) for name in _LABEL_NAMES if name in names), None)
    return {"table": table} if column is None else _apart(table, column)


def _apart(table: Array, column: int) -> Arrays:
    return {"images": np.delete(table, column, 1), "labels": table[:, column]}


def with_first_as_label(table: Array) -> Arrays:
    """Images and labels of a table whose first column is the label."""
    return _apart(table, 0)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_idx_pair(path: Path) -> Arrays:
    """Images, and the labels that lie beside them."""
    found = {"images": _read_idx(path)}
    ours = IDX.fullmatch(path.name)
    for other in sorted(path.parent.iterdir()):
        theirs = IDX.fullmatch(other.name)
        if ours is None or theirs is None or theirs["what"].lower() != "labels":
            continue
        if theirs["part"].lower() == ours["part"].lower():
            check_file(other)
            found["labels"] = _read_idx(other)
            break
    return found


def _read_idx(path: Path) -> Array:
    """Bytes, whose header says how many there are of them."""
    opening: Callable[[Path], Any] = (
        gzip.open if path.suffix.lower() == ".gz" else lambda file: file.open("rb")
    )
    with opening(path) as file:
        magic = file.read(4)
        if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
            raise UnusableInput(f"{path.name} is no file of MNIST's kind.")
        shape = np.frombuffer(file.read(4 * magic[3]), ">u4").astype(np.int64)
        count = int(np.prod(shape.astype(object)))
        if count > MAX_NUMBERS:
            raise UnusableInput(f"{path.name} {TOO_MUCH}")
        content = file.read(count)
    return np.frombuffer(content, np.uint8).reshape(shape).copy()


def names_of(what: str) -> tuple[str, ...]:
    """What arrays of `images`, or `labels`, are called, the plainest first."""
    return _WHAT[what]


def may_be_of_images(name: str) -> bool:
    """Whether an array is called as images or their labels are."""
    return bool(what_is(name)[1])


def what_is(name: str) -> tuple[str, str]:
    """The part that the name of an array says, and what it says that it is; empty where neither.

    `x_train` is ("train", "images"), `val_labels` ("val", "labels"), `data` ("", "images").
    """
    part, rest = part_and_rest(name)
    return part, next((what for what, names in _WHAT.items() if rest in names), "")


def part_and_rest(name: str) -> tuple[str, str]:
    """The part that the name of an array says, and what else it says, in lower case, if one word.

    `X_train` is ("train", "x"), `feature_names` ("", "").
    """
    words = re.split(r"[^a-z0-9]+", name.lower())
    part = next((_PARTS[word] for word in words if word in _PARTS), "")
    rest = [word for word in words if word not in _PARTS]
    return part, rest[0] if len(rest) == 1 else ""


_UNNAMED = {"arr_0": "images", "arr_1": "labels"}
"""As numpy calls arrays that nobody named."""

_PARTS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
}
_WHAT = {
    "images": ("images", "image", "x", "data", "imgs", "inputs"),
    "labels": ("labels", "label", "y", "targets", "target"),
}
_READERS: dict[str, Callable[[Path, int], Arrays]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    _TABLE: _read_table,
    **dict.fromkeys(TENSORS, _read_tensors),
}
