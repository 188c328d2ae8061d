"""What a source of images holds, before any of them is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data import catalogue
from engine.data.image_files import list_folder, read_files, read_npz, unit_floats
from engine.data.inputs import InputShape
from engine.data.origin import ImageOrigin, file_origin, folder_origin, known_origin

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
        read: the images at some places, as float32 in [0, 1], shape (k, c, h, w).
        origin: where they come from; reads all of them.
    """

    name: str
    classes: tuple[str, ...]
    labels: Places
    read: Callable[[Places], Tensor]
    origin: Callable[[], ImageOrigin]


def open_source(
    source: str | Path, shape: InputShape | None = None, root: Path | None = None
) -> Source:
    """Finds out what a source holds; see `load_images`.

    Raises:
        UnusableInput: it cannot be read.
    """
    path = Path(source)
    if path.is_dir():
        names, files, labels = list_folder(path)
        read = lambda places: read_files([files[place] for place in places], shape)  # noqa: E731
        return Source(plain(path.name), names, labels, read, partial(folder_origin, path, files))
    if path.suffix.lower() == ".npz" and path.exists():
        images, labels = read_npz(path)
        names = tuple(str(number) for number in range(int(labels.max(initial=0)) + 1))
        read = lambda places: unit_floats(images[places])  # noqa: E731
        return Source(plain(path.name), names, labels, read, partial(file_origin, path))
    if catalogue.is_known(str(source)):
        name, _, part = str(source).lower().partition(":")
        known = catalogue.KNOWN[name]
        pixels, labels = catalogue.load(name, root or catalogue.cache_folder(), part or "train")
        read = lambda places: unit_floats(pixels[places])  # noqa: E731
        origin = partial(known_origin, f"{name}:{part or 'train'}", pixels, labels)
        return Source(known.title, known.classes, labels, read, origin)
    raise UnusableInput(
        f"{source} holds no images; give an .npz with images and labels, a folder with one "
        f"subfolder a class, or one of {', '.join(catalogue.KNOWN)}."
    )
