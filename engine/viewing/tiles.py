"""Candidates as tiles for the stage: noise and all, with a contrast that does not flicker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.inputs import is_vector
from engine.data.pixels import Pixels, shown_range, unit_pixels
from engine.runtime.lazy import torch
from engine.viewing.outside import Outside

if TYPE_CHECKING:
    from torch import Tensor

_FOLLOWED = 0.15
"""By how much of the way the contrast of a tile follows that of its candidate, each time."""


class TileMaker:
    """Makes tiles of candidates, one moment after the other.

    Each is stretched from its least to its largest value, as everywhere; from one moment to the
    next these follow slowly, so that a background stays as it is while something drifts.
    """

    def __init__(self, outside: Outside, mean: Tensor | None) -> None:
        """
        Args:
            outside: the noise outside the row space of the run.
            mean: μ, shape (c, h, w), where it is known.
        """
        self.outside, self.mean = outside, mean
        self._ranges: dict[int, NDArray[np.float32]] = {}
        self._noise: tuple[Tensor, Tensor] | None = None

    def tiles(self, candidates: Tensor, images: Tensor, share: float, at_rest: bool) -> Pixels:
        """uint8, shape (p, h, w) or (p, h, w, 3).

        Args:
            candidates: which they are, counted through all restarts, shape (p,).
            images: their part in the row space, centred, shape (p, c, h, w).
            share: of the noise that is left outside of it.
            at_rest: nothing follows; the contrast is that of this moment.
        """
        shown = images + share * self._noise_of(candidates) if share else images.clone()
        if self.mean is not None and not is_vector(shown.shape[1:]):
            shown += self.mean
        flat = shown.flatten(1)
        ends = torch.stack(shown_range(shown), 1).numpy()
        known = {} if at_rest else self._ranges
        self._ranges = {}
        for number, own in zip(candidates.tolist(), ends, strict=True):
            before = known.get(number)
            self._ranges[number] = own if before is None else before + _FOLLOWED * (own - before)
        low, high = torch.from_numpy(np.stack([*self._ranges.values()])).T[..., None]
        flat = (flat - low) / (high - low).clamp_min(1e-12)
        return unit_pixels(flat.clamp(0, 1).reshape(shown.shape))

    def _noise_of(self, candidates: Tensor) -> Tensor:
        """All of the noise outside; worked out anew where others are shown."""
        if self._noise is None or not torch.equal(self._noise[0], candidates):
            self._noise = candidates, self.outside.images(candidates)
        return self._noise[1]
