"""Which candidates look like one image, and which of them stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

MOST = 3000
"""Images in a gallery, at most."""

SAME = 0.7
"""Candidates of one label with a higher NCC are taken for one image."""

_ROWS = 512


def distinct(features: Tensor, labels: Tensor, trust: Tensor, kept: Tensor | None = None) -> Tensor:
    """The most trustworthy of each group of look-alikes, best first; `MOST` at most.

    Args:
        features: `ncc_features` of the candidates, shape (n, D).
        labels: y, shape (n,).
        trust: puts them in order, shape (n,).
        kept: candidates that stand for themselves, whatever they look like, shape (k,).
    """
    order = torch.argsort(trust, descending=True, stable=True)
    if kept is None or not len(kept):
        return _first_of_each(features, labels, order)
    repeats = torch.isin(torch.arange(len(labels)), kept)
    for some in torch.split(kept, _ROWS):
        repeats |= _are_alike(features, labels, some, torch.arange(len(labels))).any(0)
    others = _first_of_each(features, labels, order[~repeats[order]])
    chosen = torch.cat([kept, others[: max(0, MOST - len(kept))]])
    return order[torch.isin(order, chosen)]


def found_by(chosen: Tensor, features: Tensor, labels: Tensor, restarts: int) -> Tensor:
    """In how many restarts there is a candidate of each image, shape (g,).

    Args:
        chosen: the candidate that stands for each image, shape (g,).
        features: `ncc_features` of the candidates, one restart after the other, shape (R·m, D).
        labels: y, alike in every restart, shape (R·m,).
        restarts: R.
    """
    found = torch.zeros(len(chosen), dtype=torch.int64)
    for one in torch.arange(len(labels)).chunk(restarts):
        found += _are_alike(features, labels, one, chosen).any(0)
    return found


def _first_of_each(features: Tensor, labels: Tensor, order: Tensor) -> Tensor:
    """Those of `order` that repeat none before them."""
    alive = order
    chosen: list[int] = []
    while len(alive) and len(chosen) < MOST:
        head = alive[:_ROWS]
        like = _are_alike(features, labels, head, alive)
        gone = torch.zeros(len(alive), dtype=torch.bool)
        for row, candidate in enumerate(head.tolist()):
            if not gone[row]:
                chosen.append(candidate)
                gone |= like[row]
        gone[: len(head)] = True
        alive = alive[~gone]
    return torch.tensor(chosen[:MOST], dtype=torch.int64)


def _are_alike(features: Tensor, labels: Tensor, ones: Tensor, others: Tensor) -> Tensor:
    """Whether each of some is taken for one image with each of others, shape (n, n')."""
    like = features[ones] @ features[others].T > SAME
    return like & (labels[ones][:, None] == labels[others])
