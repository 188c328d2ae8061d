"""Frames in few bytes: whole numbers, and of those only what the frame before does not tell.

A number takes a level from −127 to 127 in units of a sixteenth of its candidate's root mean
square, which moves an image by 2 % of its contrast: less than a screen shows. From one frame to
the next most levels stay, so their differences deflate to about a bit each.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_GRAIN = 16
_MOST = 127
_QUICKEST = 1
_LARGEST = 1e15
"""Squares of larger numbers would be infinite in float32."""


@dataclass(frozen=True)
class Levels:
    """A frame in whole numbers.

    Attributes:
        values: int8, shape (m, k).
        units: what one level is worth, for each candidate; float32, shape (m, 1), above 0.
    """

    values: NDArray[np.int8]
    units: NDArray[np.float32]

    def unknowns(self, chosen: Tensor | None = None) -> Tensor:
        """The numbers that the levels stand for, float32, of chosen candidates or of all."""
        if chosen is None:
            return torch.from_numpy(self.values * self.units)
        return torch.from_numpy(self.values[chosen.numpy()] * self.units[chosen.numpy()])

    def expected(self, units: NDArray[np.float32]) -> NDArray[np.int8]:
        """The levels of a next frame, in units of its own, if nothing moved."""
        moved = np.rint(self.values * (self.units / units))
        return np.clip(moved, -_MOST, _MOST).astype(np.int8)


def to_levels(unknowns: Tensor) -> Levels:
    """The nearest levels to unknowns of shape (m, k); what is not finite becomes finite."""
    numbers = unknowns.detach().to("cpu", torch.float32).numpy()
    numbers = np.clip(np.nan_to_num(numbers), -_LARGEST, _LARGEST)
    units = np.sqrt(np.square(numbers).mean(1, keepdims=True)) / np.float32(_GRAIN)
    units[units < np.finfo(np.float32).tiny] = 1.0
    levels = np.clip(np.rint(numbers / units), -_MOST, _MOST)
    return Levels(levels.astype(np.int8), units)


def deflate(levels: Levels, before: Levels | None) -> bytes:
    """A frame's levels, less those expected from the frame before where there is one."""
    values = levels.values
    if before is not None:
        values = values - before.expected(levels.units)  # Modulo 256, and back again below.
    return zlib.compress(values.tobytes(), _QUICKEST)


def inflate(packed: bytes, units: NDArray[np.float32], k: int, before: Levels | None) -> Levels:
    """What `deflate` was given.

    Args:
        packed: what it gave.
        units: of the frame, shape (m, 1).
        k: numbers of a candidate.
        before: as it was given.

    Raises:
        ValueError: these are not the bytes of m·k levels; no more than those are ever unpacked.
    """
    size = len(units) * k
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise ValueError("a frame of the drift is damaged") from error
    if len(raw) != size or not unpacking.eof:
        raise ValueError("a frame of the drift has another size than the run")
    values = np.frombuffer(raw, np.int8).reshape(len(units), k)
    if before is not None:
        values = values + before.expected(units)
    return Levels(values, units)
