"""The gallery: distinct images out of all candidates, in order of trust, without any truth.

No training image is looked at. What speaks for a candidate is

* that other restarts came to it from other noise, and others of its own restart, too;
* what the network makes of it: its margin beside the margin that all images with a multiplier share
  (complementary slackness), and whether what W_1 holds of its content is what its own gradient
  would have put there;
* what it looks like: what the search could not fit to an image stays faint, or rough.

Each counts relative to the median of all candidates, because networks differ. A logistic model of
these puts candidates in order (`confidence`). Where it was fitted to networks like the one under
attack, its number is a confidence: the share of images like this one that were good there, by the
scoring rule. It is an estimate that assumes a network not unlike those, and it is not known where
there is no such model, nor after too few steps. It is never higher than what such trust means on
networks that can't know an image lets it be (`nulls`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.base.progress import Progress, unheard
from engine.data.inputs import is_vector
from engine.evidence.confidence import case_of, log_odds, nulls_of, order_of
from engine.evidence.gradients import own_directions
from engine.evidence.groups import distinct, found_by
from engine.evidence.nulls import AgainstNulls, against_nulls
from engine.evidence.similarity import ncc_features, stretched
from engine.network.features import features_of, head_of
from engine.network.network import Network
from engine.network.trace import trace
from engine.runtime.lazy import torch
from engine.stationarity.cases import TrainingKind
from engine.stationarity.row_space import RowSpace, row_space

if TYPE_CHECKING:
    from torch import Tensor

FEWEST_STEPS = 100
"""Of a search, until its candidates have a confidence. So has half of what it is to take: of what
is early and yet stands out, nothing is good (decision 11)."""

NOT_FITTED = "no confidence was fitted to networks like this"
TOO_EARLY = "too few steps were taken for a confidence"
NO_CHANCE = "the weights hold nothing that images could be found in"
ALTERED = "the weights were pruned or rounded, and no confidence was fitted to such"
START_LEFT = "a random start hides images of several classes, and no confidence was fitted to such"
UNEXPLAINED = "the images explain too little of the first layer for a confidence"
NOTHING_FOUND = (NO_CHANCE, UNEXPLAINED)
"""Why a confidence is unknown where no image of a gallery is to be believed."""
CUT_SHORT = "its restart has not come to its end"
"""Why a confidence is not known; the last of one candidate, the others of all."""

_UNTRUSTED = -1.0
"""Below all trust that was worked out."""

_LEAST_SHARE = 0.01
_ROWS = 512
_TINY = 1e-9
_LEAST_STRENGTH = 1e-6


@dataclass(frozen=True)
class Gallery:
    """Distinct images, the most trustworthy first.

    Attributes:
        candidate: which candidate stands for each image, shape (g,).
        found_by: in how many restarts there is a candidate of it, shape (g,).
        trust: puts all candidates in order, whether a confidence is known or not, shape (R·m,).
        of_each: the confidence of every candidate, from 0 to 1, shape (R·m,), NaN of those of which
            it is not known; None where it is known of none.
        why_unknown: why it is not, in words; empty where it is known.
        nulls: how the candidates that have a confidence stand against null images; None where none
            has.
    """

    candidate: Tensor
    found_by: Tensor
    trust: Tensor
    of_each: Tensor | None
    why_unknown: str = ""
    nulls: AgainstNulls | None = None

    def __len__(self) -> int:
        return len(self.candidate)

    @property
    def confidence(self) -> Tensor | None:
        """Of each image, falling, shape (g,), NaN where it is not known; None if it nowhere is."""
        return None if self.of_each is None else self.of_each[self.candidate]

    def confidence_of(self, candidate: int) -> float | None:
        """Of one candidate; None where it is not known."""
        value = math.nan if self.of_each is None else float(self.of_each[candidate])
        return None if math.isnan(value) else value

    def p_value_of(self, candidate: int) -> float | None:
        """The chance that a null image is trusted as much; None where no confidence is known."""
        is_known = self.nulls is not None and self.confidence_of(candidate) is not None
        return self.nulls.p_value(candidate) if self.nulls is not None and is_known else None

    def why_unknown_of(self, candidate: int) -> str:
        """Why the confidence of one candidate is not known, in words; empty where it is."""
        if self.of_each is None or self.confidence_of(candidate) is not None:
            return self.why_unknown
        return CUT_SHORT

    @property
    def has_confidence(self) -> bool:
        """Whether a confidence says anything."""
        return self.of_each is not None

    def above(self, least: float) -> int | None:
        """How many images have a higher confidence; None where it is not known."""
        confidence = self.confidence
        return None if confidence is None else int((confidence > least).sum())

    def without_confidence(self, why: str) -> Gallery:
        """The same images in the same order, of which nothing is to be said."""
        return replace(self, of_each=None, why_unknown=why, nulls=None)

    def with_unranked(self, count: int) -> Gallery:
        """The same of a run with so many candidates more, of whom nothing is known yet."""
        trust, of_each = torch.full((count,), _UNTRUSTED), self.of_each
        if of_each is not None:
            of_each = torch.cat([of_each, torch.full((count,), math.nan)])
        return replace(self, trust=torch.cat([self.trust, trust]), of_each=of_each)

    def with_each_of(self, kept: Tensor, images: Tensor, labels: Tensor, each: int) -> Gallery:
        """The same with certain candidates standing for themselves: look-alikes give way to them.

        Args:
            kept: which candidates, shape (k,).
            images: of all candidates, centred, one restart after the other, shape (R·m, c, h, w).
            labels: y, shape (R·m,).
            each: candidates of one restart, m.
        """
        if bool(torch.isin(kept, self.candidate).all()):
            return self
        features = ncc_features(images)
        chosen = distinct(features, labels, self.trust, kept)
        recurring = found_by(chosen, features, labels, len(labels) // each)
        return replace(self, candidate=chosen, found_by=recurring)


def make_gallery(
    network: Network,
    images: Tensor,
    labels: Tensor,
    strengths: Tensor,
    restarts: int = 1,
    space: RowSpace | None = None,
    progress: Progress = unheard,
    training: TrainingKind = "margin",
) -> Gallery:
    """Ranks candidates, and lets the best stand for all that look like it.

    Args:
        network: the network under attack.
        images: centred candidates, one restart after the other, shape (R·m, c, h, w).
        labels: y, alike in every restart, shape (R·m,).
        strengths: one number for how much each explains (`Multipliers.strength`), shape (R·m,).
        restarts: R.
        space: the row space, where it is at hand; else it is worked out, which takes a second.
        progress: told the share that is done.
        training: the kind that the multipliers are of.

    Raises:
        Cancelled: `progress` said so.
    """
    features, case = ncc_features(images), case_of(network, training)
    signs = signs_of_truth(network, images, labels, strengths, features, restarts, space, progress)
    logits = log_odds(signs, case or order_of(network), restarts)
    trust = logits.sigmoid().float()
    chosen = distinct(features, labels, logits)
    progress(0.9)
    recurring = found_by(chosen, features, labels, restarts)
    progress(1.0)
    if case is None:
        return Gallery(chosen, recurring, trust, None, NOT_FITTED)
    nulls = against_nulls(nulls_of(case, restarts), logits, chosen)
    return Gallery(chosen, recurring, trust, torch.minimum(trust, nulls.cap), nulls=nulls)


def signs_of_truth(
    network: Network,
    images: Tensor,
    labels: Tensor,
    strengths: Tensor,
    features: Tensor,
    restarts: int,
    space: RowSpace | None,
    progress: Progress = unheard,
) -> Tensor:
    """What trust is made of, shape (R·m, 9).

    Takes what `make_gallery` takes, and the candidates' `ncc_features`.
    """
    return torch.column_stack(
        [
            *_recurrence(features, labels, restarts, progress),
            *_explanation(network, images, labels, strengths, space),
            *_in_blocks(_appearance, images),
            strengths.float().clamp_min(_LEAST_STRENGTH).log(),
            *_in_blocks(_edges, images),
        ]
    )


def _in_blocks(work: Callable[..., list[Tensor]], *of_each: Tensor) -> list[Tensor]:
    """What `work` makes of all images, and what else there is of each, some at a time."""
    blocks = zip(*(torch.split(tensor, _ROWS) for tensor in of_each), strict=True)
    parts = [work(*block) for block in blocks]
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
    done = 0
    for label in sorted(set(labels.tolist())):
        index = (labels == label).nonzero()[:, 0]
        mine = features[index]
        each = len(index) // restarts
        for first in range(0, len(index), _ROWS):
            rows = torch.arange(first, min(first + _ROWS, len(index)))
            similarity = mine[rows] @ mine.T
            similarity[torch.arange(len(rows)), rows] = 0
            best = similarity.reshape(len(rows), restarts, each).amax(2)
            own = best.gather(1, (rows // each)[:, None])[:, 0]
            done += len(rows)
            progress(0.8 * done / len(features))
            within[index[rows]] = own
            across[index[rows]] = (best.sum(1) - own) / max(1, restarts - 1)
    return [across, within]


def _explanation(
    network: Network,
    images: Tensor,
    labels: Tensor,
    strengths: Tensor,
    space: RowSpace | None,
) -> list[Tensor]:
    """What the network makes of each candidate, each of shape (R·m,).

    * its label's margin over that which all images with a multiplier share;
    * the cosine between W*_1 C x, with C the (regularised) inverse of W*_1ᵀ W*_1, and δ_1(x) on the
      way back from its own direction. Were the images independent, W*_1 = Σ v_i x_iᵀ would give v_i
      for x_i, and by stationarity v_i is along δ_1(x_i). With convolutions W_1 is the first full
      layer's, and x the features that it reads.
    """
    network = network.to("cpu", torch.float32)
    if space is None:
        space = row_space(head_of(network), 0.0)
    margins, agreement = _in_blocks(partial(_agreement, network, space), images, labels)
    shares = strengths.clamp_min(0)
    common = (shares * margins.clamp_min(0)).sum() / shares.sum().clamp_min(_TINY)
    return [(margins / common.clamp_min(_TINY)).clamp(-1, 4), agreement]


def _agreement(network: Network, space: RowSpace, images: Tensor, labels: Tensor) -> list[Tensor]:
    """The margin of each image, and the cosine between W*_1 C x and its δ_1, each of shape (n,)."""
    x, head = features_of(network, network.inputs.of_centred(images)), head_of(network)
    there = trace(head, x)
    outputs = there.outputs()
    delta = there.backward(own_directions(network.classes, outputs, labels)).delta[1]
    basis = space.basis.float()
    values = torch.from_numpy(space.spectrum.values[: len(basis)].copy()).float()
    inverse = 1 / (values.square() + (_LEAST_SHARE * values[0]) ** 2)
    traced = (x @ basis.T * inverse) @ (head.explained.weights[0] @ basis.T).T
    size = (traced.norm(dim=1) * delta.norm(dim=1)).clamp_min(_TINY)
    return [network.classes.margins(outputs, labels), (traced * delta).sum(1) / size]


def _appearance(images: Tensor) -> list[Tensor]:
    """What each candidate looks like, each of shape (R·m,).

    * the logarithm of its standard deviation;
    * stretched to [0, 1], its standard deviation,
    * and the root mean square difference of neighbouring pixels; 0 of vectors, which have none.
    """
    shown, rough = stretched(images), torch.zeros(len(images))
    for axis in () if is_vector(images.shape[1:]) else (2, 3):
        if images.shape[axis] > 1:
            rough = rough + shown.diff(dim=axis).square().mean((1, 2, 3))
    return [_deviation(images).clamp_min(_TINY).log(), _deviation(shown), rough.sqrt()]


def _edges(images: Tensor) -> list[Tensor]:
    """How unevenly neighbouring pixels differ: the logarithm of the differences' kurtosis, (n,).

    Those of noise are much alike (ln 3, where it is Gaussian); pictures have a few large ones, at
    edges. 0 of vectors, and of images of one tone.
    """
    if is_vector(images.shape[1:]):
        return [torch.zeros(len(images))]
    steps = torch.cat([images.diff(dim=axis).flatten(1) for axis in (2, 3)], 1).double()
    squares = steps.square().mean(1)
    kurtosis = steps.pow(4).mean(1) / squares.square()
    return [kurtosis.log().where(squares > 0, 0.0).float()]


def _deviation(images: Tensor) -> Tensor:
    """Of the numbers of each image, shape (n,); a single one has none."""
    return images.flatten(1).std(1) if images[0].numel() > 1 else torch.zeros(len(images))
