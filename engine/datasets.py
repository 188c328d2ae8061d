"""Real images and their labels: references and controls to score against."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from engine.errors import UnusableInput
from engine.network import InputShape

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

_MAX_BYTES = 4 << 30
_MAX_PIXELS = 1 << 22


@dataclass(frozen=True)
class LabelledImages:
    """Images with their class.

    Attributes:
        images: float32 in [0, 1], shape (n, c, h, w), c = 1 or 3.
        labels: class number of each image, int64, shape (n,); zeros where none were given.
        name: where they came from, for people.
    """

    images: Tensor
    labels: Tensor
    name: str

    def __len__(self) -> int:
        return len(self.images)


def load_images(source: str | Path, shape: InputShape | None = None) -> LabelledImages:
    """Reads reference images.

    Args:
        source: an `.npz` with `images` (n, c, h, w; uint8, or float in [0, 1]) and `labels`, or
            a folder with one subfolder a class.
        shape: (c, h, w) that the network reads. Images in a folder are turned into that number
            of channels; no image is resized.

    Raises:
        UnusableInput: the source cannot be read, or its images are not of that size.
    """
    path = Path(source)
    if path.is_dir():
        found = _load_folder(path, shape)
    elif path.suffix.lower() == ".npz" and path.exists():
        found = _load_npz(path)
    else:
        raise UnusableInput(
            f"{source} holds no reference images; give an .npz with images and labels, or a "
            "folder with one subfolder a class."
        )
    if shape is not None and tuple(found.images.shape[1:]) != shape:
        have = "×".join(str(n) for n in found.images.shape[1:])
        want = "×".join(str(n) for n in shape)
        raise UnusableInput(f"The images in {path.name} are {have}, but the network reads {want}.")
    return found


def holds_images(path: Path) -> bool:
    """Whether a dropped path is a set of images rather than a network."""
    if path.is_dir():
        return True
    if path.suffix.lower() != ".npz":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "images.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _load_npz(path: Path) -> LabelledImages:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise UnusableInput(f"{path.name} unpacks to more than 4 GiB; it is not opened.")
        with np.load(path, allow_pickle=False) as file:
            if "images" not in file.files:
                raise UnusableInput(f"{path.name} holds no array called “images”.")
            images = file["images"]
            labels = file["labels"] if "labels" in file.files else np.zeros(len(images), np.int64)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or holds more than plain arrays."
        ) from error
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise UnusableInput(
            f"“images” in {path.name} has shape {images.shape}; it has to be (n, c, h, w) with "
            "1 or 3 channels."
        )
    if labels.shape != (len(images),) or labels.dtype.kind not in "biu":
        raise UnusableInput(f"“labels” in {path.name} has to be one whole number an image.")
    return LabelledImages(
        _as_unit_floats(images, path.name), torch.from_numpy(labels.astype(np.int64)), path.name
    )


def _as_unit_floats(images: NDArray[np.generic], name: str) -> Tensor:
    if images.dtype == np.uint8:
        return torch.from_numpy(np.ascontiguousarray(images)).float() / 255
    if images.dtype.kind != "f":
        raise UnusableInput(f"“images” in {name} has to be uint8, or float in [0, 1].")
    floats = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
    if not bool(((floats >= 0) & (floats <= 1)).all()):
        raise UnusableInput(f"“images” in {name} has values outside [0, 1].")
    return floats


def _load_folder(folder: Path, shape: InputShape | None) -> LabelledImages:
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [
        (path, label)
        for label, each in enumerate(classes)
        for path in sorted(each.iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if not files:
        raise UnusableInput(
            f"{folder.name} holds no images; it needs one subfolder a class with image files in it."
        )
    channels = shape[0] if shape else None
    arrays: list[NDArray[np.float32]] = []
    for path, _ in files:
        arrays.append(_read_image(path, channels))
        array, wanted = arrays[-1], shape or arrays[0].shape
        if array.shape != wanted:
            have = "×".join(str(n) for n in array.shape)
            want = "×".join(str(n) for n in wanted)
            raise UnusableInput(f"{path.parent.name}/{path.name} is {have} instead of {want}.")
    labels = torch.tensor([label for _, label in files])
    return LabelledImages(torch.from_numpy(np.stack(arrays)), labels, folder.name)


def _read_image(path: Path, channels: int | None) -> NDArray[np.float32]:
    """One image file as (c, h, w) in [0, 1]."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise UnusableInput(f"{path.name} has more than four million pixels.")
            grey = channels == 1 or (channels is None and image.mode in ("1", "L"))
            if image.mode.startswith("I;16"):
                plane = np.asarray(image, dtype=np.float32) / 65_535
                array = np.stack([plane] * (1 if grey else 3))
            else:
                loaded = np.asarray(image.convert("L" if grey else "RGB"), dtype=np.float32) / 255
                array = loaded[None] if grey else np.moveaxis(loaded, 2, 0)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        raise UnusableInput(
            f"{path.parent.name}/{path.name} cannot be read as an image."
        ) from error
    return np.ascontiguousarray(array, dtype=np.float32)
