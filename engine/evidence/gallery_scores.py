"""Which images of a run's gallery are recovered, beside the score of all its candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.evidence.references import References
from engine.evidence.scoring import Evidence, match

if TYPE_CHECKING:
    from torch import Tensor

NONE = -1
"""In place of a training image, where there is none."""


@dataclass(frozen=True)
class GalleryScores:
    """What training images say of each image of a gallery.

    Attributes:
        references: the images that it was scored against.
        evidence: the score of all candidates of the run.
        reference: the training image that each is matched with, one to one; `NONE` where the
            others are more alike, shape (g,).
        measure: SSIM or NCC of that match, NaN where there is none, shape (g,).
        is_recovered: good and above the control's best, shape (g,); None without a control.
    """

    references: References
    evidence: Evidence
    reference: NDArray[np.int64]
    measure: NDArray[np.float64]
    is_recovered: NDArray[np.bool_] | None

    @property
    def recovered(self) -> frozenset[int] | None:
        """Training images that the run recovered with any of its candidates."""
        mask = self.evidence.is_recovered
        return None if mask is None else frozenset(self.evidence.train.reference[mask].tolist())


def score_gallery(images: Tensor, evidence: Evidence, references: References) -> GalleryScores:
    """Matches a gallery with the training images.

    The bar is the one of the headline: the control's best among all candidates, which is no lower
    for the gallery being a part of them.

    Args:
        images: of the gallery, centred, shape (g, c, h, w).
        evidence: the score of all candidates.
        references: what it was scored against.
    """
    matches = match(images, references.train, references.shown_mean)
    reference = np.full(len(images), NONE, np.int64)
    measure = np.full(len(images), np.nan)
    reference[matches.candidate] = matches.reference
    measure[matches.candidate] = matches.measure
    is_recovered = None
    if evidence.control is not None:
        bar = max(matches.good_above, evidence.control.best)
        is_recovered = np.asarray(measure > bar)  # NaN is above nothing.
    return GalleryScores(references, evidence, reference, measure, is_recovered)
