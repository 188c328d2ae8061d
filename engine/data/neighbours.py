"""Embeddings of images that a person has at hand, among which a reconstruction's neighbours are.

A file of theirs is an `.npz`, an `.npy` or a safetensors file. `embeddings` is an array (n, D);
beside it there may be `images`, (n, h, w, c) or whatever else images come as, and `names`, one a
row. An `.npy`, and a safetensors file, which holds no words, may have the names in a text file of
the same name that ends in `.txt`, one a line. A name that is the path of an image file below the
folder of the file gives the row its picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file, check_unpacked
from engine.base.files import read_tensors
from engine.base.plain_text import plain
from engine.data.array_images import as_images
from engine.data.image_files import MAX_NUMBERS, TOO_MUCH, read_files, unit_floats
from engine.data.inputs import Embedding, at_unit_length
from engine.data.origin import ImageOrigin, file_origin
from engine.data.pixels import Pixels, unit_pixels
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".npz", ".npy", ".safetensors")
"""Of files that neighbours come in."""

_EMBEDDINGS, _IMAGES, _NAMES = "embeddings", "images", "names"
_TEXT = ".txt"
_LONGEST_TEXT = 64 << 20
_UNIT = 1e-3
"""By which lengths may differ from 1 where embeddings were scaled to it, in half precision too."""
_HOW = (
    "An .npz or a safetensors file holds them as “embeddings”, one a row, and may hold “images”; "
    "an .npy is nothing else."
)


@dataclass(frozen=True)
class Neighbours:
    """Embeddings, and what they are of.

    Attributes:
        embeddings: float32, shape (n, D).
        names: of each, for people; empty where nobody said.
        name: of the file, for people.
        origin: the same for who wants to find it again.
        images: uint8, or floats in [0, 1], shape (n, c, h, w); None where there are none.
        folder: below which image files lie that are named; None where no names are.
    """

    embeddings: Tensor
    names: tuple[str, ...]
    name: str
    origin: ImageOrigin
    images: NDArray[Any] | None = None
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def kind(self) -> Embedding:
        """Whether all of them have unit length, or were left as they are."""
        lengths = self.embeddings.norm(dim=1)
        return "unit" if bool(((lengths - 1).abs() < _UNIT).all()) else "raw"

    def called(self, place: int) -> str:
        """For people: its name, or its number."""
        return plain(self.names[place]) if self.names else f"number {place:,}"

    def picture(self, place: int) -> Pixels | None:
        """What one of them is of, uint8, (h, w, 3) for colour, (h, w) for grey; None if unknown."""
        if self.images is not None:
            return _first(unit_floats(self.images[place][None]))
        path = None if self.folder is None or not self.names else self._file(self.names[place])
        if path is None:
            return None
        try:
            return _first(read_files([path], None)[0])
        except UnusableInput:
            return None  # It names something else.

    def _file(self, name: str) -> Path | None:
        """The file that a name leads to below the folder, and never outside of it."""
        assert self.folder is not None
        relative = PurePosixPath(name.replace("\\", "/"))
        if relative.is_absolute() or ".." in relative.parts or ":" in name or "\0" in name:
            return None
        try:
            path = (self.folder / relative).resolve()
            is_below = path.is_relative_to(self.folder.resolve()) and path.is_file()
        except OSError:  # A name that no file can have.
            return None
        return path if is_below else None


def _first(images: Tensor) -> Pixels:
    pixels: Pixels = unit_pixels(images)[0]
    return pixels


def holds_neighbours(path: Path) -> bool:
    """Whether a file holds embeddings and what they are of, and nothing else, by the names in it.

    An `.npy` has no names: it may be rows as well, and is none of these.
    """
    try:
        check_file(path)
        if path.suffix.lower() == ".npz":
            names = {entry.filename.removesuffix(".npy") for entry in archive_entries(path)}
        elif path.suffix.lower() == ".safetensors":
            names = _names_of_tensors(path)
        else:
            return False
    except Exception:  # Whatever cannot be read holds none.
        return False
    return _EMBEDDINGS in names and names <= {_EMBEDDINGS, _IMAGES, _NAMES}


def _names_of_tensors(path: Path) -> set[str]:
    names: set[str] = set()

    def note(name: str) -> bool:
        names.add(name)
        return False

    read_tensors(path, note)
    return names


def load_neighbours(path: Path, dimension: int) -> Neighbours:
    """Reads embeddings and what they are of.

    Args:
        path: see above.
        dimension: D, numbers that the network reads.

    Raises:
        UnusableInput: there are none, or of another length; the message says why.
    """
    check_file(path)
    try:
        arrays = _read(path)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(f"{path.name} is damaged, cut short, or no arrays.", _HOW) from error
    embeddings = _checked(arrays, path, dimension)
    images = None
    if _IMAGES in arrays:
        images, _ = as_images(arrays[_IMAGES], f"“{_IMAGES}” in {path.name}", None)
    names = _names(arrays, path)
    for what, count in ((_IMAGES, None if images is None else len(images)), (_NAMES, len(names))):
        if count not in (None, len(embeddings)) and (count or what == _IMAGES):
            raise UnusableInput(
                f"{path.name} has {len(embeddings):,} embeddings and {count:,} {what}.",
                "Give one of each a row.",
            )
    origin = file_origin(path)
    folder = path.absolute().parent if names else None
    return Neighbours(embeddings, names, plain(path.name), origin, images, folder)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        _, tensors = read_tensors(path, lambda name: name in (_EMBEDDINGS, _IMAGES))
        return {
            name: (tensor.float() if tensor.is_floating_point() else tensor).numpy()
            for name, tensor in tensors.items()
        }
    if suffix == ".npz":
        archive_entries(path)
        with np.load(path, allow_pickle=False) as file:
            return {n: file[n] for n in (_EMBEDDINGS, _IMAGES, _NAMES) if n in file.files}
    if suffix == ".npy":
        array = np.load(path, allow_pickle=False, mmap_mode="r")
        check_unpacked(path, array.nbytes)
        return {_EMBEDDINGS: np.array(array)}
    raise UnusableInput(f"{path.name} holds no embeddings that are read here.", _HOW)


def _checked(arrays: dict[str, NDArray[Any]], path: Path, dimension: int) -> Tensor:
    if _EMBEDDINGS not in arrays:
        raise UnusableInput(f"{path.name} holds no array called “{_EMBEDDINGS}”.", _HOW)
    array = arrays[_EMBEDDINGS]
    if array.ndim != 2 or array.dtype.kind not in "fiu" or not array.size:
        raise UnusableInput(
            f"“{_EMBEDDINGS}” in {path.name} has shape {array.shape} and holds {array.dtype}; "
            "embeddings are numbers, one a row."
        )
    if array.size > MAX_NUMBERS:
        raise UnusableInput(f"{path.name} {TOO_MUCH}")
    if array.shape[1] != dimension:
        raise UnusableInput(
            f"The embeddings in {path.name} have {array.shape[1]:,} numbers, but the network reads "
            f"{dimension:,}.",
            "Give embeddings by the backbone that the network was trained on.",
        )
    if not np.isfinite(array).all() or np.abs(array).max() > np.finfo(np.float32).max:
        raise UnusableInput(f"{path.name} has embeddings with values that are no finite numbers.")
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def _names(arrays: dict[str, NDArray[Any]], path: Path) -> tuple[str, ...]:
    """Words of an `.npz`, else the lines of the text file beside it; none where neither is."""
    if _NAMES in arrays:
        found = arrays[_NAMES]
        if found.ndim != 1 or found.dtype.kind not in "USiu":
            raise UnusableInput(f"“{_NAMES}” in {path.name} has to be one word a row.")
        return tuple(str(each) for each in found.astype(str))
    beside = path.with_suffix(_TEXT)
    if path.suffix.lower() == ".npz" or not beside.is_file():
        return ()
    if check_file(beside) > _LONGEST_TEXT:
        raise UnusableInput(f"{beside.name} is larger than 64 MiB; give one name a line.")
    try:
        return tuple(beside.read_text(encoding="utf-8-sig").splitlines())
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{beside.name} is no text in UTF-8.") from error


def as_read(neighbours: Neighbours, embedding: Embedding) -> Tensor:
    """Neighbours as the network reads them, shape (n, D)."""
    found = neighbours.embeddings
    return at_unit_length(found) if embedding == "unit" else found
