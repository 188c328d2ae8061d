"""The part of a candidate that the row space does not hold: pixel noise, which fades.

A candidate x has a part in the row space of W_1, which the search moves, and a part outside of it.
That part is noise at the start, as all of x is, and lowers no loss: Σ c_i δ_i x_iᵀ outside the row
space has nothing to explain, so that the best it can be is zero. The search leaves it out
(`stationarity.row_space`), and so do scores, gallery and exported images. Who watches sees it go:
it halves with every twentieth of a search's steps, and is zero from the middle on (decision 24).

It is worked out of the run's seed, a candidate's number and the steps taken, and kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.inputs import InputSpec
from engine.runtime.lazy import torch
from engine.stationarity.row_space import RowSpace

if TYPE_CHECKING:
    from torch import Tensor

_DEVIATION = 0.4
"""Of a pixel at the start; images are in [0, 1]. What is inside varies less."""
_HALVED_EVERY = 0.05
_GONE_FROM = 0.5
_CACHED = 512


def share_left(step: int, steps: int) -> float:
    """How much of the noise outside is left, from 1 to 0.

    Args:
        step: steps that the search has taken.
        steps: that it is to take.
    """
    done = step / max(1, steps)
    return 0.0 if done >= _GONE_FROM else float(2 ** (-done / _HALVED_EVERY))


@dataclass(frozen=True)
class Outside:
    """The noise outside the row space of every candidate of a run.

    Attributes:
        space: the row space; without one candidates are pixels, and nothing is outside.
        inputs: what a network input is.
        seed: of the run.
    """

    space: RowSpace | None
    inputs: InputSpec
    seed: int

    def images(self, candidates: Tensor, share: float = 1.0) -> Tensor:
        """What is added to the centred images of candidates, float32, shape (p, c, h, w).

        Args:
            candidates: their numbers, counted through all restarts, shape (p,).
            share: how much of it is left (`share_left`).
        """
        shape = (len(candidates), *self.inputs.shape)
        if self.space is None or share <= 0 or not len(candidates):
            return torch.zeros(shape)
        each = [_white(self.seed, int(number), self.inputs.dimension) for number in candidates]
        noise = torch.from_numpy(np.stack(each)).reshape(shape) * (share * _DEVIATION)
        if self.inputs.is_vector:
            noise = noise * self.inputs.stretch
        read = self.inputs.of_centred(noise)
        basis = self.space.basis.to("cpu", torch.float32)
        return self.inputs.centred(read - read @ basis.T @ basis)


@lru_cache(_CACHED)
def _white(seed: int, candidate: int, dimension: int) -> NDArray[np.float32]:
    """N(0, 1), float32, of one candidate; those on show are asked for again and again."""
    generator = np.random.Generator(np.random.Philox(key=[seed, candidate]))
    return generator.standard_normal(dimension, dtype=np.float32)
