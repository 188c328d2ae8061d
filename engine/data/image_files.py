"""Image files as numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_file
from engine.base.plain_text import counted
from engine.data.inputs import InputShape
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

MAX_NUMBERS = 192 << 20
_MAX_PIXELS = 1 << 22
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "JPEG2000")
"""Pillow tells a format by what is inside; some that it knows start other programs."""
_SIXTEEN_BITS = 65_535
LARGEST_LABEL = 9999
_ORIENTATION = 0x0112
_TURNED = "with a rotation tag, which is not followed, as torchvision does not"
_CLEAR = "with transparency, which is left out, as torchvision does"
_DEEP = "with 16 bits a pixel, divided by 65,535"
TOO_MUCH = "holds more than 200 million numbers; take fewer images, or smaller ones."


def read_files(paths: list[Path], shape: InputShape | None) -> tuple[Tensor, str]:
    """Reads image files that are all of one size, as torchvision's folders of images are read.

    So what shines through is left out, and a camera's note on how it was held is not followed; but
    16-bit files keep their depth. No image is resized.

    Args:
        paths: at least one.
        shape: (c, h, w) that every image has to have; without it that of the first, grey if the
            first is.

    Returns:
        float32 in [0, 1], shape (n, c, h, w), and what is worth knowing of them, for people.

    Raises:
        UnusableInput: an image is unreadable, or of another size; the message names it.
    """
    arrays: list[NDArray[np.float32]] = []
    channels = shape[0] if shape else None
    remarks: Counter[str] = Counter()
    for path in paths:
        array, found = _read_image(path, channels)
        remarks.update(found)
        arrays.append(array)
        channels = channels or array.shape[0]
        wanted = shape or arrays[0].shape
        if array.shape != wanted:
            have = "×".join(str(n) for n in array.shape)
            want = "×".join(str(n) for n in wanted)
            raise UnusableInput(
                f"{path.parent.name}/{path.name} is {have} instead of {want}.",
                "All images have to be of one size, that of the network's input: scale them as "
                "in training.",
            )
        if array.size * len(paths) > MAX_NUMBERS:
            raise UnusableInput(f"{path.parent.parent.name} {TOO_MUCH}")
    said = "; ".join(f"{counted(count, 'files')} {words}" for words, count in remarks.items())
    return torch.from_numpy(np.stack(arrays)), said


def unit_floats(images: NDArray[np.generic]) -> Tensor:
    """uint8, or floats in [0, 1] → float32 in [0, 1]."""
    floats = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
    return floats.div_(255) if images.dtype == np.uint8 else floats


def _read_image(path: Path, channels: int | None) -> tuple[NDArray[np.float32], list[str]]:
    """One image file as (c, h, w) in [0, 1]; as grey or colour as it is where not told.

    Returns:
        It, and what is worth knowing of it.
    """
    check_file(path)
    try:
        with Image.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise UnusableInput(f"{path.name} has more than four million pixels.")
            is_turned = opened.format != "TIFF" and opened.getexif().get(_ORIENTATION, 1) != 1
            opened.load()
            remarks = [_TURNED] if is_turned else []
            if opened.mode.startswith(("I", "F")):
                return _deep_image(opened, path, channels or 1), [*remarks, _DEEP]
            remarks += [_CLEAR] if opened.has_transparency_data else []
            image = opened.convert("RGB")
            if channels == 1 or (channels is None and opened.mode in ("1", "L", "LA")):
                array = np.asarray(image.convert("L"), dtype=np.float32)[None]
            else:
                array = np.moveaxis(np.asarray(image, dtype=np.float32), 2, 0)
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.parent.name}/{path.name} cannot be read as an image.",
            "Take it out of the folder, or save it anew as PNG.",
        ) from error
    return np.ascontiguousarray(array / 255), remarks


def _deep_image(image: Image.Image, path: Path, channels: int) -> NDArray[np.float32]:
    """Grey images of 16 bits a pixel; 32-bit files are read if their values are of 16 bits."""
    plane = np.asarray(image, dtype=np.float64)
    if image.mode == "F" or plane.min() < 0 or plane.max() > _SIXTEEN_BITS:
        raise UnusableInput(
            f"{path.parent.name}/{path.name} has 32 bits a pixel; save it with 8 or 16."
        )
    return np.stack([(plane / _SIXTEEN_BITS).astype(np.float32)] * channels)
