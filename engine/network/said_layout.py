"""What a file tells of the layout of its images, and of their shape where it is H×W×C."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.data.inputs import InputShape, Says
from engine.data.layout import Layout
from engine.network.kernels import is_kernel

_COLOURS = 3


def pixels_first(stored: object) -> InputShape | None:
    """(c, h, w) of a colour shape that is written as (h, w, c), as Keras does; else None.

    A batch before it, `[null, 32, 32, 3]`, is left out.
    """
    if not isinstance(stored, list | tuple):
        return None
    sizes = stored[1:] if len(stored) == 4 and stored[0] is None else stored
    if len(sizes) != 3 or not all(type(n) is int and n > 0 for n in sizes):
        return None
    height, width, channels = sizes
    return (channels, height, width) if channels == _COLOURS and height not in (1, 3) else None


def said_layout(stored: Any, shape: InputShape, names: Iterable[str]) -> tuple[Layout, Says]:
    """The layout of a network's images, and who said so.

    Args:
        stored: what the file says of the shape.
        shape: (c, h, w) as it is read.
        names: of the file's tensors; kernels are those of Keras and Flax, which read by pixel.
    """
    if pixels_first(stored) == shape:
        return "hwc", "file"
    if shape[0] == _COLOURS and any(is_kernel(name) for name in names):
        return "hwc", "nobody"
    return "chw", "nobody"


def layout_of(stored: Sequence[int], shape: InputShape) -> Layout | None:
    """In which order an array holds the pixels of an image, told by its own shape.

    Args:
        stored: the shape of the array; a batch of one before it is left out.
        shape: (c, h, w) of the image.

    Returns:
        None where it is flat, or fits both orders, or is no image of this shape.
    """
    sizes = _without_batch(stored)
    c, h, w = shape
    by_channel = sizes in ((c, h, w), (c, h * w), (c * h, w))
    by_pixel = sizes in ((h, w, c), (h * w, c), (h, w * c))
    if by_channel == by_pixel:
        return None
    return "chw" if by_channel else "hwc"


def shape_of_mean(mean: Any) -> InputShape | None:
    """(c, h, w) of images whose mean is an array of three dimensions, grey or colour; else None."""
    sizes = _without_batch(getattr(mean, "shape", ()))
    if len(sizes) != 3:
        return None
    first, last = (sizes[0], sizes[1], sizes[2]), (sizes[2], sizes[0], sizes[1])
    found = [shape for shape in (first, last) if shape[0] in (1, _COLOURS) and min(shape[1:]) > 3]
    return found[0] if len(found) == 1 else None


def _without_batch(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sizes[1:]) if len(sizes) == 4 and sizes[0] == 1 else tuple(sizes)
