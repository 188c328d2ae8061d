"""What a source of images holds, before its pixels are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data import catalogue
from engine.data.array_files import array_file_in, is_array_file
from engine.data.array_source import read_array_images
from engine.data.folders import list_folder
from engine.data.image_files import read_files, unit_floats
from engine.data.inputs import InputShape, is_vector
from engine.data.origin import ImageOrigin, file_origin, folder_origin, known_origin
from engine.data.roles import Role
from engine.data.tables import is_table, read_table

if TYPE_CHECKING:
    from torch import Tensor

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """Images that are known of, but not read yet.

    Attributes:
        name: for people.
        classes: names of classes 0, 1, …
        labels: class number of each image, shape (n,).
        read: the images at some places, as float32 in [0, 1], shape (k, c, h, w), and what is worth
            knowing of them, for people.
        origin: where they come from; reads all of them.
        files: name of each image, where each is a file; else none.
        said: what had to be understood, for people.
        features: what the columns of a table are called; empty where nobody said.
    """

    name: str
    classes: tuple[str, ...]
    labels: Places
    read: Callable[[Places], tuple[Tensor, str]]
    origin: Callable[[], ImageOrigin]
    files: tuple[str, ...] = ()
    said: str = ""
    features: tuple[str, ...] = ()


def open_source(
    source: str | Path,
    shape: InputShape | None = None,
    root: Path | None = None,
    role: Role = "train",
) -> Source:
    """Finds out what a source holds; see `engine.data.datasets.load_images`.

    Raises:
        UnusableInput: it cannot be read.
    """
    path = Path(source)
    if path.is_dir():
        return _open_folder(path, shape, role)
    if is_table(path, shape):
        return _open_table(path, shape, role)
    if path.exists() and is_array_file(path):
        if shape is not None and is_vector(shape):
            raise UnusableInput(
                f"{path.name} is no table.", "Rows are read from .csv, .npy and .npz files."
            )
        return _open_arrays(path, shape, role)
    if catalogue.is_known(str(source)):
        return _open_known(str(source).lower(), root or catalogue.cache_folder())
    raise UnusableInput(
        f"{source} holds no images.",
        "Give an .npz with images and labels, an .npy, tensors of PyTorch, a CSV, the files of "
        "MNIST, a folder with one subfolder a class, or one of "
        f"{', '.join(catalogue.KNOWN)}.",
    )


def _open_folder(path: Path, shape: InputShape | None, role: Role) -> Source:
    file = array_file_in(path, role)
    if file is not None:
        is_of_rows = is_table(file, shape)
        return (_open_table if is_of_rows else _open_arrays)(file, shape, role)
    found = list_folder(path, role)

    def read(places: Places) -> tuple[Tensor, str]:
        return read_files([found.files[place] for place in places], shape)

    return Source(
        plain(path.name),
        found.classes,
        found.labels,
        read,
        partial(folder_origin, path, found.files),
        tuple(each.relative_to(path).as_posix() for each in found.files),
        found.said,
    )


def _open_table(path: Path, shape: InputShape | None, role: Role) -> Source:
    table = read_table(path, None if shape is None else shape[2], role)
    return Source(
        table.name,
        table.classes,
        table.labels,
        lambda places: (table.read(places), ""),
        partial(file_origin, path),
        said=table.said,
        features=table.features,
    )


def _open_arrays(path: Path, shape: InputShape | None, role: Role) -> Source:
    found = read_array_images(path, role, shape)
    return Source(
        plain(path.name),
        found.labels.classes,
        found.labels.numbers,
        _reading(found.pixels),
        partial(file_origin, path),
        said=found.said,
    )


def _open_known(source: str, root: Path) -> Source:
    name, _, part = source.partition(":")
    part, known = part or "train", catalogue.KNOWN[name]
    pixels, labels = catalogue.load(name, root, part)
    origin = partial(known_origin, f"{name}:{part}", pixels, labels)
    return Source(known.title, known.classes, labels, _reading(pixels), origin)


def _reading(pixels: NDArray[Any]) -> Callable[[Places], tuple[Tensor, str]]:
    return lambda places: (unit_floats(pixels[places]), "")
