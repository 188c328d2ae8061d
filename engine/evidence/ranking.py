"""In which order to show candidates, without a look at any real image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.evidence.similarity import ncc_features
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_POWER = 16
_SAME = 0.7
_ROWS = 512


def recurrence(similarity: Tensor) -> Tensor:
    """How often each candidate was found by others too: Σ_j max(0, NCC_ij)¹⁶, shape (m,).

    Args:
        similarity: NCC of all pairs of candidates, shape (m, m); the diagonal does not count.
    """
    sums = [
        similarity[first : first + _ROWS].clamp_min(0).pow_(_POWER).sum(1)
        for first in range(0, len(similarity), _ROWS)
    ]
    return torch.cat(sums) - similarity.diagonal().clamp_min(0).pow(_POWER)


def settled_order(images: Tensor, labels: Tensor) -> Tensor:
    """Indices of candidates, the most settled first, shape (m,).

    Settled is what recurs: an image that several candidates of one label drift to independently.
    Of such a group the first comes early; its repetitions (NCC > 0.7) follow after all groups.

    Args:
        images: centred candidates, shape (m, c, h, w).
        labels: y of each candidate, shape (m,).
    """
    features = ncc_features(images)
    similarity = features @ features.T
    similarity[labels[:, None] != labels[None, :]] = 0
    ranked = torch.argsort(recurrence(similarity), descending=True, stable=True)
    return torch.from_numpy(_repetitions_last(ranked.numpy(), similarity.numpy() > _SAME))


def _repetitions_last(ranked: NDArray[np.int64], is_same: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Moves each candidate that repeats one before it behind all that do not."""
    repeats = np.zeros(len(ranked), bool)
    first: list[int] = []
    for index in ranked:
        if not repeats[index]:
            first.append(int(index))
            repeats |= is_same[index]
    kept = set(first)
    return np.array([*first, *(i for i in ranked if int(i) not in kept)], dtype=np.int64)
