"""Which images of a run's gallery are recovered, beside the score of all its candidates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evidence.gallery import Gallery
from engine.evidence.references import References
from engine.evidence.scoring import Evidence

NONE = -1
"""In place of a training image, where there is none."""


@dataclass(frozen=True)
class GalleryScores:
    """What training images say of each image of a gallery.

    Attributes:
        references: the images that it was scored against.
        evidence: the score of all candidates of the run.
        reference: the training image that each is matched with; `NONE` where other candidates of
            the run are, shape (g,).
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


def score_gallery(gallery: Gallery, evidence: Evidence, references: References) -> GalleryScores:
    """Looks up what the one score of a run says of the images of its gallery.

    Args:
        gallery: worked out with these references.
        evidence: the score of all candidates.
        references: what they were scored against.
    """
    candidate = gallery.candidate.numpy()
    reference = np.full(len(candidate), NONE, np.int64)
    measure = np.full(len(candidate), np.nan)
    places = {int(each): place for place, each in enumerate(candidate)}
    for pair, each in enumerate(evidence.train.candidate.tolist()):
        if each in places:
            reference[places[each]] = evidence.train.reference[pair]
            measure[places[each]] = evidence.train.measure[pair]
    is_recovered = None
    if evidence.control is not None:
        is_recovered = np.isin(candidate, evidence.recovered_candidates)
    return GalleryScores(references, evidence, reference, measure, is_recovered)
