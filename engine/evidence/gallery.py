"""The gallery: distinct images out of all candidates, each with a confidence, without any truth.

No training image is looked at. What speaks for a candidate is

* that other restarts came to it from other noise, and others of its own restart, too;
* what the network makes of it: its margin beside the margin that all images with a multiplier share
  (complementary slackness), and whether what W_1 holds of its content is what its own gradient
  would have put there;
* what it looks like: what the search could not fit to an image stays faint, or rough.

Each counts relative to the median of all candidates, because networks differ. The weights of a
logistic model of these were fitted to networks of our own (decision 11) and are
tested on others. A confidence is the share of images like this one that were good there, by the
scoring rule; it is an estimate that assumes a network not unlike those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.base.progress import Progress, unheard
from engine.evidence.similarity import ncc_features, stretched
from engine.network.network import Network
from engine.network.trace import trace
from engine.runtime.lazy import torch
from engine.stationarity.row_space import RowSpace, row_space

if TYPE_CHECKING:
    from torch import Tensor

MOST = 3000
"""Images in a gallery, at most."""

SAME = 0.7
"""Candidates of one label with a higher NCC are taken for one image."""

FEWEST_STEPS = 100
"""Of a search, until its candidates have a confidence. So has half of what it is to take: of what
is early and yet stands out, nothing is good (decision 11)."""

_LEAST_SHARE = 0.01
_ROWS = 512
_TINY = 1e-9

# Across, within; margin, agreement; contrast, spread, roughness.
_POOLED = ((14.701, 5.304, 1.982, 14.767, 2.203, 29.108, 31.535), -4.118)
_ALONE = ((0.0, 12.663, 2.043, 15.494, 2.505, 25.481, 34.631), -3.724)


@dataclass(frozen=True)
class Gallery:
    """Distinct images, the most trustworthy first.

    Attributes:
        candidate: which candidate stands for each image, shape (g,).
        confidence: from 0 to 1, falling, shape (g,); 0 where the search was too short to tell.
        found_by: in how many restarts there is a candidate of it, shape (g,).
        of_each: the confidence of every candidate, shape (R·m,).
    """

    candidate: Tensor
    confidence: Tensor
    found_by: Tensor
    of_each: Tensor

    def __len__(self) -> int:
        return len(self.candidate)

    @property
    def has_confidence(self) -> bool:
        """Whether the search has gone on for long enough that a confidence says anything."""
        return bool((self.confidence > 0).any())

    def without_confidence(self) -> Gallery:
        """The same images in the same order, of which nothing is to be said."""
        nothing = torch.zeros_like
        return replace(self, confidence=nothing(self.confidence), of_each=nothing(self.of_each))


def make_gallery(
    network: Network,
    images: Tensor,
    labels: Tensor,
    multipliers: Tensor,
    restarts: int = 1,
    space: RowSpace | None = None,
    progress: Progress = unheard,
) -> Gallery:
    """Ranks candidates, and lets the best stand for all that look like it.

    Args:
        network: the network under attack.
        images: centred candidates, one restart after the other, shape (R·m, c, h, w).
        labels: y, alike in every restart, shape (R·m,).
        multipliers: λ, shape (R·m,).
        restarts: R.
        space: the row space, where it is at hand; else it is worked out, which takes a second.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    features = ncc_features(images)
    signs = signs_of_truth(
        network, images, labels, multipliers, features, restarts, space, progress
    )
    signs = signs - signs.median(0).values
    weights, bias = _ALONE if restarts == 1 else _POOLED
    confidence = torch.sigmoid(signs.double() @ torch.tensor(weights, dtype=torch.float64) + bias)
    chosen = _distinct(features, labels, confidence)
    progress(0.9)
    found_by = torch.zeros(len(chosen), dtype=torch.int64)
    for one, its_labels in zip(features.chunk(restarts), labels.chunk(restarts), strict=True):
        like = one @ features[chosen].T > SAME
        like &= its_labels[:, None] == labels[chosen]
        found_by += like.any(0)
    progress(1.0)
    return Gallery(chosen, confidence[chosen].float(), found_by, confidence.float())


def signs_of_truth(
    network: Network,
    images: Tensor,
    labels: Tensor,
    multipliers: Tensor,
    features: Tensor,
    restarts: int,
    space: RowSpace | None,
    progress: Progress = unheard,
) -> Tensor:
    """What the confidence is made of, shape (R·m, 7).

    Takes what `make_gallery` takes, and the candidates' `ncc_features`.
    """
    return torch.column_stack(
        [
            *_recurrence(features, labels, restarts, progress),
            *_explanation(network, images, labels, multipliers, space),
            *_in_blocks(_appearance, images),
        ]
    )


def _in_blocks(work: Callable[[Tensor], list[Tensor]], images: Tensor) -> list[Tensor]:
    """What `work` makes of all images, without a copy of them all at once."""
    parts = [work(block) for block in torch.split(images, _ROWS)]
    return [torch.cat(column) for column in zip(*parts, strict=True)]


def _recurrence(
    features: Tensor, labels: Tensor, restarts: int, progress: Progress
) -> list[Tensor]:
    """What others of the same label came to, each of shape (R·m,).

    * the NCC with the most similar candidate of each other restart, on average (0 where there is
      none);
    * that with the most similar one of its own restart.
    """
    across, within = torch.zeros(len(features)), torch.zeros(len(features))
    for label in (-1, 1):
        index = (labels == label).nonzero()[:, 0]
        mine = features[index]
        each = len(index) // restarts
        for first in range(0, len(index), _ROWS):
            rows = torch.arange(first, min(first + _ROWS, len(index)))
            similarity = mine[rows] @ mine.T
            similarity[torch.arange(len(rows)), rows] = 0
            best = similarity.reshape(len(rows), restarts, each).amax(2)
            own = best.gather(1, (rows // each)[:, None])[:, 0]
            progress(0.8 * (float(label > 0) + (first + len(rows)) / len(index)) / 2)
            within[index[rows]] = own
            across[index[rows]] = (best.sum(1) - own) / max(1, restarts - 1)
    return [across, within]


def _explanation(
    network: Network,
    images: Tensor,
    labels: Tensor,
    multipliers: Tensor,
    space: RowSpace | None,
) -> list[Tensor]:
    """What the network makes of each candidate, each of shape (R·m,).

    * the margin y Φ(x) over that which all images with a multiplier share;
    * the cosine between W_1 C x, with C the (regularised) inverse of W_1ᵀ W_1, and y δ_1(x). Were
      the images independent, W_1 = Σ u_i x_iᵀ would give u_i for x_i, and by stationarity u_i is
      along y δ_1(x_i).
    """
    network = network.to("cpu", torch.float32)
    if space is None:
        space = row_space(network, 0.0)
    outputs, agreement = _in_blocks(partial(_agreement, network, space), images)
    agreement = agreement * labels
    margins = labels * outputs
    shares = multipliers.clamp_min(0)
    common = (shares * margins.clamp_min(0)).sum() / shares.sum().clamp_min(_TINY)
    return [(margins / common.clamp_min(_TINY)).clamp(-1, 4), agreement]


def _agreement(network: Network, space: RowSpace, images: Tensor) -> list[Tensor]:
    """Φ(x), and the cosine between W_1 C x and δ_1(x), each of shape (n,)."""
    x = images.flatten(1)
    there = trace(network, x)
    delta = there.backward(torch.ones(len(x), 1)).delta[1]
    basis = space.basis.float()
    values = torch.from_numpy(space.spectrum.values[: len(basis)].copy()).float()
    inverse = 1 / (values.square() + (_LEAST_SHARE * values[0]) ** 2)
    traced = (x @ basis.T * inverse) @ (network.weights[0] @ basis.T).T
    size = (traced.norm(dim=1) * delta.norm(dim=1)).clamp_min(_TINY)
    return [there.outputs()[:, 0], (traced * delta).sum(1) / size]


def _appearance(images: Tensor) -> list[Tensor]:
    """What each candidate looks like, each of shape (R·m,).

    * the logarithm of its standard deviation;
    * stretched to [0, 1], its standard deviation,
    * and the root mean square difference of neighbouring pixels.
    """
    deviation = images.flatten(1).std(1).clamp_min(_TINY)
    shown = stretched(images)
    rough = sum(shown.diff(dim=axis).square().mean((1, 2, 3)) for axis in (2, 3))
    assert isinstance(rough, torch.Tensor)
    return [deviation.log(), shown.flatten(1).std(1), rough.sqrt()]


def _distinct(features: Tensor, labels: Tensor, confidence: Tensor) -> Tensor:
    """The most trustworthy of each group of look-alikes, best first; `MOST` at most."""
    alive = torch.argsort(confidence, descending=True, stable=True)
    chosen: list[int] = []
    while len(alive) and len(chosen) < MOST:
        head = alive[:_ROWS]
        like = features[head] @ features[alive].T > SAME
        like &= labels[head][:, None] == labels[alive]
        gone = torch.zeros(len(alive), dtype=torch.bool)
        for row, candidate in enumerate(head.tolist()):
            if not gone[row]:
                chosen.append(candidate)
                gone |= like[row]
        gone[: len(head)] = True
        alive = alive[~gone]
    return torch.tensor(chosen[:MOST], dtype=torch.int64)
