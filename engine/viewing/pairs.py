"""Reconstructions beside the training images that they match."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.pixels import Pixels, display_pixels, unit_pixels
from engine.evidence.references import References
from engine.evidence.scoring import Evidence
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Pairs:
    """All pairs of reconstruction and training image with their scores, the best first.

    Attributes:
        reconstructed: uint8 tiles (p, h, w[, 3]).
        real: uint8 tiles of the training images, alike.
        measure: SSIM or NCC of each pair, falling.
        candidate: which candidate each pair holds, counted through all restarts, shape (p,).
        is_recovered: good and above the control's best; without a control that is no pair.
        evidence: where all this comes from.
        labels: class number of each pair's training image, shape (p,), where it is known.
        outputs: Φ of each pair's training image, shape (p,), where it is known.
        confidence: of each pair's candidate, shape (p,), where there is a gallery.
    """

    reconstructed: Pixels
    real: Pixels
    measure: list[float]
    candidate: NDArray[np.int64]
    is_recovered: list[bool]
    evidence: Evidence
    labels: NDArray[np.int64] | None = None
    outputs: NDArray[np.float64] | None = None
    confidence: NDArray[np.float64] | None = None


def with_confidence(pairs: Pairs, confidence: Tensor) -> Pairs:
    """The same pairs once a gallery is there.

    Args:
        pairs: of all candidates of a run.
        confidence: of each candidate, shape (m,).
    """
    return replace(pairs, confidence=confidence[torch.from_numpy(pairs.candidate)].double().numpy())


def best_pairs(images: Tensor, references: References) -> Pairs:
    """Scores candidates and prepares the pairs for display.

    Args:
        images: centred candidates, shape (m, c, h, w).
        references: images to score against.
    """
    evidence = references.score(images)
    train = evidence.train
    best = np.argsort(-train.measure)
    chosen = torch.from_numpy(train.candidate[best])
    wanted = torch.from_numpy(train.reference[best])
    recovered = evidence.is_recovered
    if recovered is None:
        recovered = np.zeros(len(best), bool)
    return Pairs(
        reconstructed=display_pixels(images[chosen], references.shown_mean),
        real=unit_pixels(references.train[wanted]),
        measure=[float(v) for v in train.measure[best]],
        candidate=train.candidate[best],
        is_recovered=[bool(v) for v in recovered[best]],
        evidence=evidence,
        labels=None if references.labels is None else references.labels[wanted].long().numpy(),
        outputs=None if references.outputs is None else references.outputs[wanted.numpy()],
    )
