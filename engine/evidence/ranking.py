"""In which order to show candidates, without a look at any real image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Groups:
    """Candidates of one label that look alike (NCC > 0.7), the most settled group first.

    Attributes:
        of: which group each candidate is in, shape (m,).
        first: the candidate that stands for each group, shape (g,).
        sizes: candidates in each, shape (g,).
        order: all candidates: those that stand for a group, then their repetitions, shape (m,).
    """

    of: NDArray[np.int64]
    first: NDArray[np.int64]
    sizes: NDArray[np.int64]
    order: NDArray[np.int64]


def groups(images: Tensor, labels: Tensor, preferred: Iterable[int] = ()) -> Groups:
    """Puts look-alikes together.

    Settled is what recurs: an image that several candidates of one label drift to independently.

    Args:
        images: centred candidates, shape (m, c, h, w).
        labels: y of each candidate, shape (m,).
        preferred: candidates that stand for their group, the first of several; elsewhere it is the
            most settled one.
    """
    features = ncc_features(images)
    similarity = features @ features.T
    similarity[labels[:, None] != labels[None, :]] = 0
    ranked = torch.argsort(recurrence(similarity), descending=True, stable=True).numpy()
    is_same = similarity.numpy() > _SAME
    rank_of = np.full(len(ranked), len(ranked))
    for place, candidate in enumerate(preferred):
        rank_of[candidate] = min(place, rank_of[candidate])
    of = np.full(len(ranked), -1)
    first: list[int] = []
    for index in ranked:
        if of[index] >= 0:
            continue
        members = np.flatnonzero(is_same[index] & (of < 0))
        of[members] = of[index] = len(first)
        best = members[rank_of[members].argmin()] if len(members) else index
        first.append(int(best if rank_of[best] < len(ranked) else index))
    kept = set(first)
    order = np.array([*first, *(i for i in ranked if int(i) not in kept)], dtype=np.int64)
    return Groups(of, np.array(first, dtype=np.int64), np.bincount(of), order)


def settled_order(images: Tensor, labels: Tensor) -> Tensor:
    """Indices of candidates, the most settled first, shape (m,).

    Of each group (`groups`) one comes early; its repetitions follow after all groups.

    Args:
        images: centred candidates, shape (m, c, h, w).
        labels: y of each candidate, shape (m,).
    """
    return torch.from_numpy(groups(images, labels).order)
