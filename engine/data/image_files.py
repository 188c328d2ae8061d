"""Images and labels from files: an `.npz`, or a folder with one subfolder a class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.plain_text import plain
from engine.data.inputs import InputShape
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

MAX_NUMBERS = 192 << 20
_MAX_PIXELS = 1 << 22
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""Pillow tells a format by what is inside; some that it knows start other programs."""
_SIXTEEN_BITS = 65_535
LARGEST_LABEL = 9999
_TOO_MUCH = "holds more than 200 million numbers; take fewer images, or smaller ones."


def list_folder(folder: Path) -> tuple[tuple[str, ...], list[Path], NDArray[np.int64]]:
    """What a folder with one subfolder a class holds, without opening an image.

    Returns:
        The names of the classes, sorted; the image files, sorted within their class; and the
        class number of each, shape (n,).

    Raises:
        UnusableInput: there is no image in it, or it cannot be looked into.
    """
    try:
        classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
        files = [
            (path, label)
            for label, each in enumerate(classes)
            for path in sorted(each.iterdir())
            if path.suffix.lower() in IMAGE_SUFFIXES
        ]
    except OSError as error:
        raise UnusableInput(f"{folder.name} cannot be read: {error.strerror}.") from error
    if not files:
        raise UnusableInput(
            f"{folder.name} holds no images; it needs one subfolder a class with image files in it."
        )
    labels = np.array([label for _, label in files], np.int64)
    return tuple(plain(each.name) for each in classes), [path for path, _ in files], labels


def read_files(paths: list[Path], shape: InputShape | None) -> Tensor:
    """Reads image files that are all of one size.

    Alpha is laid over white, 16-bit files keep their depth, and a camera's note on how it was
    held is followed. No image is resized.

    Args:
        paths: at least one.
        shape: (c, h, w) that every image has to have; without it that of the first, grey if the
            first is.

    Returns:
        float32 in [0, 1], shape (n, c, h, w).

    Raises:
        UnusableInput: an image is unreadable, or of another size; the message names it.
    """
    arrays: list[NDArray[np.float32]] = []
    channels = shape[0] if shape else None
    for path in paths:
        array = _read_image(path, channels)
        arrays.append(array)
        channels = channels or array.shape[0]
        wanted = shape or arrays[0].shape
        if array.shape != wanted:
            have = "×".join(str(n) for n in array.shape)
            want = "×".join(str(n) for n in wanted)
            raise UnusableInput(f"{path.parent.name}/{path.name} is {have} instead of {want}.")
        if array.size * len(paths) > MAX_NUMBERS:
            raise UnusableInput(f"{path.parent.parent.name} {_TOO_MUCH}")
    return torch.from_numpy(np.stack(arrays))


def read_npz(path: Path) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """`images` (n, c, h, w), uint8 or float in [0, 1], and `labels` (zeros where there are none).

    Labels −1 and 1 become 0 and 1.

    Raises:
        UnusableInput: it is no such file; the message says why.
    """
    check_file(path)
    try:
        archive_entries(path)
        with np.load(path, allow_pickle=False) as file:
            if "images" not in file.files:
                raise UnusableInput(f"{path.name} holds no array called “images”.")
            images = file["images"]
            labels = file["labels"] if "labels" in file.files else np.zeros(len(images), np.int64)
            if not (isinstance(images, np.ndarray) and isinstance(labels, np.ndarray)):
                raise ValueError("an entry is no array: numpy then gives its bytes")
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or holds more than plain arrays."
        ) from error
    if images.ndim != 4 or images.shape[1] not in (1, 3) or images.size == 0:
        raise UnusableInput(
            f"“images” in {path.name} has shape {images.shape}; it has to be (n, c, h, w) with "
            "1 or 3 channels."
        )
    if images.size > MAX_NUMBERS:
        raise UnusableInput(f"{path.name} {_TOO_MUCH}")
    if labels.shape != (len(images),) or labels.dtype.kind not in "biu":
        raise UnusableInput(f"“labels” in {path.name} has to be one whole number an image.")
    if set(np.unique(labels).tolist()) == {-1, 1}:
        labels = labels > 0
    if labels.min() < 0 or labels.max() > LARGEST_LABEL:
        raise UnusableInput(
            f"“labels” in {path.name} has to be from 0 to {LARGEST_LABEL:,}, or −1 and 1."
        )
    _check_range(images, path.name)
    return images, labels.astype(np.int64)


def unit_floats(images: NDArray[np.generic]) -> Tensor:
    """uint8, or floats in [0, 1] → float32 in [0, 1]."""
    floats = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
    return floats.div_(255) if images.dtype == np.uint8 else floats


def _check_range(images: NDArray[np.generic], name: str) -> None:
    if images.dtype == np.uint8:
        return
    if images.dtype.kind != "f":
        raise UnusableInput(f"“images” in {name} has to be uint8, or float in [0, 1].")
    if not bool(((images >= 0) & (images <= 1)).all()):  # type: ignore[operator]
        raise UnusableInput(f"“images” in {name} has values outside [0, 1].")


def _read_image(path: Path, channels: int | None) -> NDArray[np.float32]:
    """One image file as (c, h, w) in [0, 1]; as grey or colour as it is where not told."""
    check_file(path)
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise UnusableInput(f"{path.name} has more than four million pixels.")
            image = ImageOps.exif_transpose(opened)
        if image.mode.startswith(("I", "F")):
            return _deep_image(image, path, channels or 1)
        if image.has_transparency_data:
            over = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
            is_grey = opened.mode == "LA"
        else:
            is_grey = opened.mode in ("1", "L")
        if channels == 1 or (channels is None and is_grey):
            array = np.asarray(image.convert("L"), dtype=np.float32)[None]
        else:
            array = np.moveaxis(np.asarray(image.convert("RGB"), dtype=np.float32), 2, 0)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.parent.name}/{path.name} cannot be read as an image."
        ) from error
    return np.ascontiguousarray(array / 255)


def _deep_image(image: Image.Image, path: Path, channels: int) -> NDArray[np.float32]:
    """Grey images of 16 bits a pixel; 32-bit files are read if their values are of 16 bits."""
    plane = np.asarray(image, dtype=np.float64)
    if image.mode == "F" or plane.min() < 0 or plane.max() > _SIXTEEN_BITS:
        raise UnusableInput(
            f"{path.parent.name}/{path.name} has 32 bits a pixel; save it with 8 or 16."
        )
    return np.stack([(plane / _SIXTEEN_BITS).astype(np.float32)] * channels)
