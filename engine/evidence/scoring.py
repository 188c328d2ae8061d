"""Evidence: which reconstructions match real training images, and what the control says.

One rule for tests, benchmarks, window and report (docs/method.md). A score is worth
something only next to the same score on images that the network never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.json_text import Count, Words, held_to
from engine.data.inputs import at_unit_length, is_vector, shape_in_words
from engine.data.nouns import nouns_of
from engine.evidence.lineup import LineUp
from engine.evidence.similarity import (
    cosine_features,
    ncc_features,
    pairwise_ncc,
    stretched,
    structural_similarity,
)
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

GOOD_SSIM = 0.4
GOOD_NCC = 0.8
GOOD_COSINE = 0.8
"""Of embeddings, less the training embeddings' mean direction; decision 40 has the null's."""
_LEAST_VARIED = 1e-6


@dataclass(frozen=True)
class Matches:
    """Pairs of candidate and reference image, in no particular order.

    Attributes:
        candidate: index of the candidate of each pair, shape (p,).
        reference: index of the reference image of each pair, shape (p,).
        ssim: structural similarity of each pair, shape (p,).
        ncc: normalised cross-correlation at full resolution, shape (p,).
        is_colour: decides which of the two is the rule's measure; of vectors it is the NCC.
        reference_count: how many reference images there were, matched or not.
        cosine: of embeddings, whose measure it is (`as_directions`), shape (p,); None of all else.
    """

    candidate: NDArray[np.int64]
    reference: NDArray[np.int64]
    ssim: NDArray[np.float64]
    ncc: NDArray[np.float64]
    is_colour: bool
    reference_count: int
    cosine: NDArray[np.float64] | None = None

    @property
    def measure(self) -> NDArray[np.float64]:
        """SSIM for colour images, NCC for grey ones, the cosine for embeddings."""
        return self.ssim if self.is_colour else self.likeness

    @property
    def likeness(self) -> NDArray[np.float64]:
        """What pairs were chosen by: the NCC, of embeddings the cosine."""
        return self.ncc if self.cosine is None else self.cosine

    @property
    def measure_name(self) -> str:
        """What the measure is called."""
        if self.cosine is not None:
            return "cosine"
        return "SSIM" if self.is_colour else "NCC"

    @property
    def is_good(self) -> NDArray[np.bool_]:
        """SSIM > 0.4 for colour images, NCC > 0.8 for grey ones, cosine > 0.8 for embeddings."""
        return np.asarray(self.measure > self.good_above)

    @property
    def good_above(self) -> float:
        """What a good pair's measure is above."""
        if self.cosine is not None:
            return GOOD_COSINE
        return GOOD_SSIM if self.is_colour else GOOD_NCC

    @property
    def good(self) -> int:
        """How many pairs are good."""
        return int(self.is_good.sum())

    @property
    def best(self) -> float:
        """The best pair's measure."""
        return float(self.measure.max(initial=-1.0))


@dataclass(frozen=True)
class Evidence:
    """What a match with real images shows.

    Attributes:
        train: pairs with the training images.
        control: pairs with images that the network never saw; without them a score is no claim.
        rule: the rule in words.
        left_out: how many images of the control are training images, and were left out of it.
        lineup: whether partners are picked out among unseen images; None where nobody looked, or
            the control has too few.
    """

    train: Matches
    control: Matches | None
    rule: str
    left_out: int = 0
    lineup: LineUp | None = None

    @property
    def above_control(self) -> NDArray[np.bool_] | None:
        """Which training images score above the control's best."""
        if self.control is None:
            return None
        return np.asarray(self.train.measure > self.control.best)

    @property
    def is_recovered(self) -> NDArray[np.bool_] | None:
        """Which pairs are good and above the control's best: the headline."""
        above = self.above_control
        return None if above is None else self.train.is_good & above

    @property
    def recovered(self) -> int | None:
        """How many training images are recovered; None without a control."""
        recovered = self.is_recovered
        return None if recovered is None else int(recovered.sum())

    @property
    def recovered_candidates(self) -> NDArray[np.int64]:
        """Which candidates recovered an image; without a control none."""
        recovered = self.is_recovered
        return self.train.candidate[np.zeros(0, int) if recovered is None else recovered]

    def as_dict(self) -> dict[str, Any]:
        """As `report.json` holds it (docs/results.md)."""
        above = self.above_control
        return {
            "train": _summary(
                self.train,
                self.rule,
                self.recovered,
                None if above is None else int(above.sum()),
            ),
            "control": None
            if self.control is None
            else _summary(self.control, self.rule, left_out=self.left_out),
            "lineup": None if self.lineup is None else msgspec.to_builtins(self.lineup),
        }


def score(
    candidates: Tensor,
    references: Tensor,
    control: Tensor | None = None,
    mean: Tensor | None = None,
    one_to_one: bool = True,
    by_cosine: bool = False,
) -> Evidence:
    """Matches candidates with training images and, by the same rule, with a control set.

    Args:
        candidates: centred images, shape (m, c, h, w).
        references: training images in [0, 1], shape (n, c, h, w).
        control: unseen images in [0, 1], of the same kind, shape (n', c, h, w).
        mean: μ, shape (c, h, w), where the checkpoint holds it; else the references' mean.
            The control is centred by the same μ, so that it goes through what the training
            images went through.
        one_to_one: False lets a candidate count for many images, as the paper scores.
        by_cosine: of vectors that are embeddings, which are compared by their direction.

    Raises:
        UnusableInput: the images are of different sizes.
    """
    for images, what in ((references, "reference"), (control, "control")):
        if images is not None and images.shape[1:] != candidates.shape[1:]:
            raise UnusableInput(
                f"The {what} {nouns_of(images.shape[1:]).several} are "
                f"{shape_in_words(images.shape[1:])}, the reconstructions "
                f"{shape_in_words(candidates.shape[1:])}; only those of one size can be matched.",
                f"Give some of {shape_in_words(candidates.shape[1:])}.",
            )
    mu = references.mean(0) if mean is None else mean
    features = None
    if by_cosine:
        sets = (candidates, references) if control is None else (candidates, references, control)
        candidates, references, *unseen = (as_directions(each, references) for each in sets)
        control, mu = unseen[0] if unseen else None, torch.zeros_like(mu)
        features = cosine_features(candidates)
    elif is_vector(candidates.shape[1:]):
        rows, candidates = references - mu, on_one_scale(candidates, references - mu)
        control = None if control is None else on_one_scale(control - mu, rows)
        references, mu = on_one_scale(rows, rows), torch.zeros_like(mu)
    features = ncc_features(candidates) if features is None else features

    how = one_to_one, features, by_cosine
    return Evidence(
        train=match(candidates, references, mu, *how),
        control=None if control is None else match(candidates, control, mu, *how),
        rule=rule_in_words(candidates.shape[1:], one_to_one, by_cosine),
    )


def as_directions(vectors: Tensor, rows: Tensor) -> Tensor:
    """Embeddings as they are compared: at unit length, less the training rows' mean direction.

    Embeddings lie in a narrow cone, in which any two have a large cosine; less its axis those that
    have nothing to do with each other have one near zero. A single row has no cone.

    Args:
        vectors: shape (m, 1, 1, d).
        rows: training embeddings, shape (n, 1, 1, d).
    """
    directions = at_unit_length(vectors)
    return directions if len(rows) < 2 else directions - at_unit_length(rows).mean(0)


def on_one_scale(vectors: Tensor, rows: Tensor) -> Tensor:
    """Vectors as they are compared: each feature by its mean and std over the training rows.

    Else the features that are large on the average, or vary most, would decide alone, and every
    row would look like every other. What never varies counts for nothing. A single row has no std,
    and images are left as they are.

    Args:
        vectors: shape (m, 1, 1, d).
        rows: training rows in the same units, shape (n, 1, 1, d).
    """
    if not is_vector(rows.shape[1:]) or len(rows) < 2:
        return vectors
    std = rows.std(0, correction=0)
    return (vectors - rows.mean(0)) / std.where(std > _LEAST_VARIED, torch.inf)


def rule_in_words(shape: Sequence[int], one_to_one: bool = True, by_cosine: bool = False) -> str:
    """`NCC > 0.8, one-to-one by NCC`.

    Args:
        shape: (c, h, w) of what is compared.
        one_to_one: see `match`.
        by_cosine: alike.
    """
    way = "one-to-one" if one_to_one else "many-to-one"
    if by_cosine:
        return f"cosine > {GOOD_COSINE} less the mean direction, {way} by cosine"
    measure = f"SSIM > {GOOD_SSIM}" if shape[0] == 3 else f"NCC > {GOOD_NCC}"
    measure += " over standardised features" if is_vector(shape) else ""
    return f"{measure}, {way} by NCC"


def match(
    candidates: Tensor,
    references: Tensor,
    mean: Tensor,
    one_to_one: bool = True,
    features: Tensor | None = None,
    by_cosine: bool = False,
) -> Matches:
    """Pairs candidates with references and measures each pair.

    Args:
        candidates: centred images, shape (m, c, h, w).
        references: images in [0, 1], shape (n, c, h, w).
        mean: μ, shape (c, h, w).
        one_to_one: the assignment of largest total similarity, min(m, n) pairs; else each
            reference takes its most similar candidate, n pairs.
        features: of the candidates as below, where they are at hand already.
        by_cosine: by `cosine_features`, of what `as_directions` gives; else by `ncc_features`.
    """
    centred, features_of = references - mean, cosine_features if by_cosine else ncc_features
    features = features_of(candidates) if features is None else features
    similarity: NDArray[np.float32] = (features @ features_of(centred).T).numpy()
    if one_to_one:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(similarity, maximize=True)
    else:
        rows, columns = similarity.argmax(0), np.arange(len(references))
    chosen, wanted = torch.from_numpy(rows), torch.from_numpy(columns)
    shown, real = stretched(candidates[chosen] + mean), references[wanted]
    return Matches(
        candidate=rows,
        reference=columns,
        ssim=structural_similarity(shown, stretched(real) if is_vector(real.shape[1:]) else real),
        ncc=pairwise_ncc(candidates[chosen], centred[wanted]),
        is_colour=candidates.shape[1] == 3,
        reference_count=len(references),
        cosine=similarity[rows, columns].astype(np.float64) if by_cosine else None,
    )


def match_reconstructions(
    ones: Tensor, others: Tensor, means: tuple[Tensor, Tensor] | None
) -> Matches:
    """Pairs what two runs reconstructed, one to one, by the rule for real images.

    No side is a real image, so each is shown as a reconstruction is: plus its mean, stretched.
    Exchanging the sides gives the same pairs.

    Args:
        ones: centred images, shape (n, c, h, w); the `candidate` of each pair.
        others: centred images of the same size, shape (n', c, h, w); the `reference`.
        means: μ of each side, shape (c, h, w); None leaves it out on both.
    """
    from scipy.optimize import linear_sum_assignment

    similarity: NDArray[np.float32] = (ncc_features(ones) @ ncc_features(others).T).numpy()
    rows, columns = linear_sum_assignment(similarity, maximize=True)
    paired = (ones[torch.from_numpy(rows)], others[torch.from_numpy(columns)])
    shown = paired if means is None else (paired[0] + means[0], paired[1] + means[1])
    return Matches(
        candidate=rows,
        reference=columns,
        ssim=structural_similarity(stretched(shown[0]), stretched(shown[1])),
        ncc=pairwise_ncc(*paired),
        is_colour=ones.shape[1] == 3,
        reference_count=len(others),
    )


class ScoredSet(msgspec.Struct, frozen=True):
    """Pairs with images of one set, as `report.json` and sessions hold them.

    Attributes:
        count: how many images there were.
        good: how many of them have a good match.
        rule: what a good match is, in words.
        ssim: of each pair, the best first.
        ncc: of each pair, the best first.
        cosine: of each pair of embeddings, the best first; empty of all else.
        recovered: how many are good and above the control's best; None where that is not asked.
        above_control: how many match better than the control's best, alike.
        left_out: of a control, how many training images were left out of it.
    """

    count: Count
    good: Count
    rule: Words
    ssim: list[float]
    ncc: list[float]
    recovered: Count | None = None
    above_control: Count | None = None
    left_out: Count = 0
    cosine: list[float] = []


class Scored(msgspec.Struct, frozen=True):
    """What `Evidence.as_dict` gives, where it is read back."""

    train: ScoredSet
    control: ScoredSet | None
    lineup: LineUp | None = None


def is_evidence(found: Any) -> bool:
    """Whether something read from a file is what `Evidence.as_dict` gives, numbers and all."""
    try:
        held_to(found, Scored)
    except ValueError:
        return False
    return True


def _summary(
    matches: Matches,
    rule: str,
    recovered: int | None = None,
    above_control: int | None = None,
    left_out: int = 0,
) -> dict[str, Any]:
    cosine = () if matches.cosine is None else matches.cosine.tolist()
    return {
        "count": matches.reference_count,
        "good": matches.good,
        "recovered": recovered,
        "rule": rule,
        "ssim": sorted((round(v, 4) for v in matches.ssim.tolist()), reverse=True),
        "ncc": sorted((round(v, 4) for v in matches.ncc.tolist()), reverse=True),
        "above_control": above_control,
        "left_out": left_out,
        "cosine": sorted((round(v, 4) for v in cosine), reverse=True),
    }
