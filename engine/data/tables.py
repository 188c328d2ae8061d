"""Tables of numbers: rows with one label each, out of `.csv`, `.npy` and `.npz` files.

The label stands in the column or array called label, target, class or y, else in the last column;
with as many columns as the network has features there is no label.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file, check_unpacked
from engine.base.plain_text import plain
from engine.data.array_files import part_and_rest
from engine.data.csv_rows import HOW, LABELS, columns_of, is_number, read_csv
from engine.data.image_files import LARGEST_LABEL, MAX_NUMBERS
from engine.data.inputs import InputShape, infer_input_shape, is_usual_image, is_vector
from engine.data.roles import Role, part_of
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".csv", ".npy", ".npz")
"""Of files that may hold a table; or images, where a row has as many numbers as a usual image."""

_ROWS = ("rows", "x", "data", "features", "images")
_NAMES = ("names", "feature_names", "columns")
_MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class Table:
    """Rows of a table.

    Attributes:
        rows: float32, shape (n, d).
        labels: class number of each row, shape (n,); zeros where there are none.
        classes: names of classes 0, 1, …
        features: names of the d columns; empty where nobody said.
        name: of the file, for people, with where the classes came from.
        said: what had to be understood, for people; empty where all went by the book.
    """

    rows: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    features: tuple[str, ...]
    name: str
    said: str = ""

    def read(self, places: NDArray[np.int64]) -> Tensor:
        """Rows at some places as vectors, float32, shape (k, 1, 1, d)."""
        return torch.from_numpy(self.rows[places])[:, None, None, :]


def feature_names(features: Sequence[str], count: int) -> tuple[str, ...]:
    """The names of so many features; x1, x2, … where there are not as many."""
    if len(features) == count:
        return tuple(features)
    return tuple(f"x{number}" for number in range(1, count + 1))


def is_table(path: Path, shape: InputShape | None) -> bool:
    """Whether a file is read as a table by who reads inputs of a shape, if that is known."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return False
    return is_vector(shape) if shape is not None else holds_rows(path)


def holds_rows(path: Path) -> bool:
    """Whether a file has rows in it that are no images, by how many numbers a row has."""
    try:
        check_file(path)
        if path.suffix.lower() == ".csv":
            return _are_features(columns_of(path))
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                shape = _shape_in(file)
            return len(shape) == 2 and _are_features(shape[1])
        stems = [entry.filename.removesuffix(".npy") for entry in archive_entries(path)]
        key = _key_of_part(stems, _ROWS, "train")
        shape = () if key is None else _shape_inside(path, f"{key}.npy")
        if len(shape) == 4:
            return is_vector(shape[1:])
        return len(shape) == 2 and is_vector(infer_input_shape(shape[1]))
    except Exception:  # Whatever is no archive is no table.
        return False


def _are_features(columns: int) -> bool:
    """Whether rows of so many columns, with or without a label, are no usual images."""
    either = (columns, columns - 1)
    return columns < 2 or not any(is_usual_image(infer_input_shape(count)) for count in either)


def read_table(path: Path, features: int | None = None, role: Role = "train") -> Table:
    """Reads a table.

    Args:
        path: a `.csv`, `.npy` or `.npz` file.
        features: how many the network reads; any number where not given.
        role: decides where an `.npz` holds a part for training and one for tests.

    Raises:
        UnusableInput: it is no table, or one of another number of features; the message says why.
    """
    if check_file(path) > _MOST_BYTES:
        raise UnusableInput(f"{path.name} has more than 512 MiB; take fewer rows.")
    try:
        if path.suffix.lower() == ".npz":
            table = _read_npz(path, role)
        else:
            table = (_read_csv if path.suffix.lower() == ".csv" else _read_npy)(path, features)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(f"{path.name} cannot be read as a table; {HOW}") from error
    if features is not None and table.rows.shape[1] != features:
        raise UnusableInput(
            f"The rows in {path.name} have {table.rows.shape[1]:,} features, but the network reads "
            f"{features:,}."
        )
    return table


def _classes(
    said: Sequence[str], where: str, path: Path
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels as class numbers, and the names of the classes: words in their order."""
    if "" in said:
        raise UnusableInput(f"{path.name} has rows without a class in {where}; leave them out.")
    if not all(is_number(label) for label in said):
        names = sorted(set(said))
        if len(names) > LARGEST_LABEL:
            raise UnusableInput(f"{where} of {path.name} has a class of its own for every row.")
        numbers = {name: number for number, name in enumerate(names)}
        return np.array([numbers[label] for label in said]), tuple(plain(name) for name in names)
    return _class_numbers(np.array([float(label) for label in said]), where, path)


def _class_numbers(
    labels: NDArray[Any], where: str, path: Path
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Numbers from 0, or −1 and 1, as class numbers."""
    if set(np.unique(labels).tolist()) == {-1, 1}:
        labels = labels > 0
    is_whole = labels.dtype.kind == "b" or bool((labels == np.round(labels)).all())
    if not is_whole or labels.min() < 0 or labels.max() > LARGEST_LABEL:
        raise UnusableInput(
            f"The labels of {path.name}, in {where}, have to be whole numbers from 0 to "
            f"{LARGEST_LABEL:,}, −1 and 1, or words. Call the right column “label”, or give the "
            "features alone."
        )
    numbers = labels.astype(np.int64)
    return numbers, tuple(str(number) for number in range(int(numbers.max()) + 1))


def _read_csv(path: Path, features: int | None) -> Table:
    found, name = read_csv(path, features), plain(path.name)
    rows = found.rows.astype(np.float32)
    if found.labels is None:
        return Table(rows, np.zeros(len(rows), np.int64), ("0",), found.features, name)
    labels, classes = _classes(found.labels, found.label_column, path)
    return Table(
        rows, labels, classes, found.features, f"{name} (classes from {found.label_column})"
    )


def _read_npy(path: Path, features: int | None) -> Table:
    array = np.load(path, allow_pickle=False, mmap_mode="r")
    check_unpacked(path, array.nbytes)
    rows = _plain_rows(np.asarray(array), path)
    if features == rows.shape[1] or rows.shape[1] < 2:
        labels = np.zeros(len(rows), np.int64)
        return Table(rows.astype(np.float32), labels, ("0",), (), plain(path.name))
    labels, classes = _class_numbers(rows[:, -1], "the last column", path)
    name = f"{plain(path.name)} (classes from the last column)"
    return Table(rows[:, :-1].astype(np.float32), labels, classes, (), name)


def _read_npz(path: Path, role: Role) -> Table:
    archive_entries(path)
    with np.load(path, allow_pickle=False) as file:
        key = _key_of_part(file.files, _ROWS, role)
        if key is None:
            raise UnusableInput(f"{path.name} holds no array called {', '.join(_ROWS)}.")
        part = part_and_rest(key)[0]
        of_labels = _key_in_part(file.files, LABELS, part)
        rows = _plain_rows(file[key], path)
        labels = np.zeros(len(rows), np.int64) if of_labels is None else file[of_labels]
        of_names, of_classes = _key(file.files, _NAMES), _key(file.files, ("classes",))
        names = _words(file, of_names, rows.shape[1])
        called = _words(file, of_classes, None)
        has_parts = len({part_and_rest(each)[0] for each in _called(file.files, _ROWS)}) > 1
    if labels.shape != (len(rows),):
        raise UnusableInput(f"“{of_labels}” in {path.name} has to be one label a row.")
    where = "no array" if of_labels is None else f"the array “{of_labels}”"
    if labels.dtype.kind in "US":
        numbers, classes = _classes([str(label) for label in labels], where, path)
    else:
        numbers, classes = _class_numbers(labels, where, path)
    if len(called) >= len(classes):
        classes = called
    said = f"of several parts, {plain(key)} was taken" if has_parts else ""
    return Table(rows.astype(np.float32), numbers, classes, names, plain(path.name), said)


def _plain_rows(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Numbers with two axes; images one pixel high are rows, 8 bits of them from 0 to 1."""
    rows = array
    if array.ndim == 4:
        rows = array.reshape(len(array), -1)
        rows = rows / np.float32(255) if array.dtype == np.uint8 else rows
    if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind not in "fiub":
        raise UnusableInput(f"The array in {path.name} has shape {array.shape}; {HOW}")
    if rows.size > MAX_NUMBERS:
        raise UnusableInput(f"{path.name} holds more than 200 million numbers; take fewer rows.")
    largest = np.abs(rows).max(initial=0) if rows.dtype.kind == "f" else 0
    if not np.isfinite(rows).all() or largest > np.finfo(np.float32).max:
        raise UnusableInput(f"{path.name} has values that are no finite numbers.")
    return rows


def _shape_inside(path: Path, entry: str) -> tuple[int, ...]:
    """The shape of an array in an `.npz`, without its numbers."""
    with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
        return _shape_in(file)


def _shape_in(file: IO[bytes]) -> tuple[int, ...]:
    """The shape that the header of an `.npy` says."""
    headers = np.lib.format
    version = headers.read_magic(file)
    read = headers.read_array_header_1_0 if version == (1, 0) else headers.read_array_header_2_0
    shape: tuple[int, ...] = read(file)[0]
    return shape


def _key(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of some names of arrays, in upper or lower case, that there is."""
    lower = {name.lower(): name for name in names}
    return next((lower[name] for name in wanted if name in lower), None)


def _called(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Arrays that are called so, of any part: `x_train` is an `x`; what is wanted first first."""
    found = [name for name in names if part_and_rest(name)[1] in wanted]
    return sorted(found, key=lambda name: wanted.index(part_and_rest(name)[1]))


def _key_of_part(names: Sequence[str], wanted: Sequence[str], role: Role) -> str | None:
    """The first that is called so, of the part that a role asks for."""
    return part_of(_called(names, wanted), role, lambda name: [part_and_rest(name)[0]])


def _key_in_part(names: Sequence[str], wanted: Sequence[str], part: str) -> str | None:
    """The first that is called so and is of this very part."""
    return next((n for n in _called(names, wanted) if part_and_rest(n)[0] == part), None)


def _words(
    file: Mapping[str, NDArray[Any]], name: str | None, count: int | None
) -> tuple[str, ...]:
    """What an array of names holds; none where there is none, or they are no words, or too few."""
    if name is None:
        return ()
    array = file[name]
    if array.dtype.kind != "U" or array.ndim != 1 or count not in (None, len(array)):
        return ()
    return tuple(plain(str(name)) for name in array)


def table_arrays(
    rows: Tensor, labels: NDArray[np.generic], features: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Vectors (n, 1, 1, d) and their labels as an `.npz` holds them, to be read again."""
    arrays: dict[str, NDArray[Any]] = {"rows": rows.flatten(1).numpy(), "labels": labels}
    return {**arrays, "names": np.array(features)} if features else arrays
