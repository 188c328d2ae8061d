"""In which order the numbers of an image lie in the row that a network reads.

PyTorch flattens an image channel by channel (C×H×W), Keras, Flax and NumPy pixel by pixel (H×W×C).
Of one channel both are the same row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Layout = Literal["chw", "hwc"]
LAYOUTS: tuple[Layout, ...] = ("chw", "hwc")

_WORDS: dict[Layout, str] = {
    "chw": "C×H×W, channel by channel",
    "hwc": "H×W×C, pixel by pixel",
}


def layout_words(layout: Layout) -> str:
    """For people: `H×W×C, pixel by pixel`."""
    return _WORDS[layout]


def places(shape: tuple[int, int, int], layout: Layout) -> Tensor:
    """Where each number of an image, counted channel by channel, stands in a row of this layout.

    Args:
        shape: (c, h, w).
        layout: of the row.

    Returns:
        Whole numbers, shape (c·h·w,): `row[..., places(shape, layout)]` is the row as C×H×W.
    """
    channels, height, width = shape
    row = torch.arange(channels * height * width)
    if layout == "chw":
        return row
    return row.reshape(height, width, channels).permute(2, 0, 1).flatten()
