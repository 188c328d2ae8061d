"""A drift as a film of 25 frames a second shows it: steady tiles, and an even pace.

The engine records some two hundred states. What lies between two of them is unknown; a film of 25
frames a second blends one into the next, in a straight line, and says between which steps it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.progress import Progress, unheard
from engine.data.inputs import is_vector
from engine.data.pixels import Pixels, shown_range, unit_pixels
from engine.reconstruction.recording import spaced_steps
from engine.runtime.lazy import torch
from engine.viewing.watched import WatchedDrift

if TYPE_CHECKING:
    from torch import Tensor

_OUTLIERS = 0.005
"""Share of a tile's values at either end that its contrast does not follow."""
_HEAD_ROOM = 0.1
"""Of what is between them, added at either end."""
_MOST_BYTES = 256 << 20
_ROUNDS = 12


@dataclass(frozen=True)
class Reel:
    """Recorded frames of some candidates, each with one contrast from beginning to end.

    Attributes:
        tiles: uint8, shape (f, p, h, w) or (f, p, h, w, 3).
        steps: taken before each frame, rising, f of them.
    """

    tiles: Pixels
    steps: tuple[int, ...]

    def at(self, position: float) -> Pixels:
        """The tiles (p, h, w[, 3]) at a place between frame 0 and frame f − 1."""
        before = min(int(position), len(self.tiles) - 1)
        share = position - before
        if share <= 0:
            still: Pixels = self.tiles[before]
            return still
        one, other = (self.tiles[k].astype(np.float32) for k in (before, before + 1))
        blended: Pixels = np.rint(one + np.float32(share) * (other - one)).astype(np.uint8)
        return blended

    def between(self, position: float) -> tuple[int, int]:
        """The recorded steps before and after a place; twice the same where one is shown."""
        before, after = int(np.floor(position)), int(np.ceil(position))
        return self.steps[before], self.steps[after]

    def even_positions(self, count: int) -> NDArray[np.float64]:
        """As many places, from the first frame to the last, with equal change between neighbours.

        Change is the mean difference of pixels. Along the recorded frames no two neighbours would
        be further apart than the length of the way divided by their number. A way that goes to and
        fro is longer than what is seen of it, so places are moved until what is seen is even.

        Args:
            count: 2 at least.
        """
        along = np.concatenate([[0.0], np.cumsum(self._changes)])
        frames = np.arange(len(along), dtype=float)
        if not along[-1]:
            return np.linspace(0.0, frames[-1], count)
        # A way that stands still would have two places at one length.
        along += frames * 1e-9 * along[-1]
        places: NDArray[np.float64] = np.interp(np.linspace(0.0, along[-1], count), along, frames)
        for _ in range(_ROUNDS):
            seen = self._differences(places)
            if seen.max() < 1.5 * np.median(seen):
                break
            seen += 0.05 * seen.mean()
            length = np.concatenate([[0.0], np.cumsum(seen)])
            places = np.interp(np.linspace(0.0, length[-1], count), length, places)
        return places

    @cached_property
    def _sample(self) -> NDArray[np.float32]:
        """Some pixels of all frames, shape (f, s); enough to tell how much they change."""
        flat = self.tiles.reshape(len(self.tiles), -1)
        return flat[:, :: max(1, flat.shape[1] // 4096)].astype(np.float32)

    @property
    def _changes(self) -> NDArray[np.float64]:
        return self._differences(np.arange(len(self.tiles), dtype=float))

    def _differences(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        before = np.minimum(places.astype(int), len(self.tiles) - 1)
        after = np.minimum(before + 1, len(self.tiles) - 1)
        share = (places - before)[:, None].astype(np.float32)
        shown = (1 - share) * self._sample[before] + share * self._sample[after]
        seen: NDArray[np.float64] = np.abs(np.diff(shown, axis=0)).mean(1).astype(np.float64)
        return seen


def make_reel(drift: WatchedDrift, mean: Tensor | None, progress: Progress = unheard) -> Reel:
    """The recorded frames as steady tiles.

    Every tile keeps the contrast of its last frame, with some head room, so that neither its
    background nor anything else flickers; noise that goes beyond it is black or white. A drift too
    large for a quarter of a gigabyte leaves out some frames, evenly in log steps.

    Args:
        drift: whose frames.
        mean: μ, shape (c, h, w), or None.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    last = _shown(drift.images(len(drift) - 1), mean)
    low, high = _contrast(last)
    every, affordable = drift.steps, max(2, _MOST_BYTES // max(1, last.numel()))
    frames = list(range(len(every)))
    if len(frames) > affordable:
        wanted = sorted(spaced_steps(every[-1], affordable))
        frames = np.unique(np.searchsorted(every, wanted)).tolist()
    tiles: list[Pixels] = []
    for number, index in enumerate(frames):
        progress(number / len(frames))
        images = _shown(drift.images(index), mean)
        tiles.append(unit_pixels(((images - low) / (high - low)).clamp_(0, 1)))
    progress(1.0)
    return Reel(np.stack(tiles), tuple(every[index] for index in frames))


def _shown(images: Tensor, mean: Tensor | None) -> Tensor:
    return images if mean is None or is_vector(images.shape[1:]) else images + mean


def _contrast(images: Tensor) -> tuple[Tensor, Tensor]:
    """What of each tile is black and what is white, shapes (p, 1, 1, 1)."""
    if is_vector(images.shape[1:]):
        low, high = shown_range(images)
        return (1 + _HEAD_ROOM) * low[:, None, None, None], (1 + _HEAD_ROOM) * high[
            :, None, None, None
        ]
    ends = torch.tensor([_OUTLIERS, 1 - _OUTLIERS])
    low, high = torch.quantile(images.flatten(1).float(), ends, dim=1)
    room = _HEAD_ROOM * (high - low).clamp_min(1e-6)
    return (low - room)[:, None, None, None], (high + room)[:, None, None, None]
