"""What a run at rest comes to: one gallery and one matching, for all who show or write them.

Whoever asks again is given what has been worked out (`Session.gallery`, `Session.score`), so that
the same image has the same verdict in every view and every file (decision 25).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.base.progress import Progress, portion, unheard
from engine.evidence.gallery import Gallery
from engine.evidence.gallery_scores import GalleryScores, score_gallery
from engine.evidence.references import References
from engine.evidence.scoring import Evidence
from engine.session.session import Session
from engine.viewing.pairs import Pairs, pairs_of, with_confidence


@dataclass(frozen=True)
class Verdict:
    """A run as it stood at one step.

    Attributes:
        step: steps taken, over all restarts.
        steps: steps that the run was to take.
        gallery: its distinct images; with reference images all that are recovered are among them.
        pairs: what all candidates match; None without reference images.
        references: those images.
    """

    step: int
    steps: int
    gallery: Gallery
    pairs: Pairs | None
    references: References | None = None

    @property
    def evidence(self) -> Evidence | None:
        """What the matches show; None without reference images."""
        return None if self.pairs is None else self.pairs.evidence

    @property
    def scores(self) -> GalleryScores | None:
        """What the matches say of each image of the gallery; None without reference images."""
        if self.references is None or self.evidence is None:
            return None
        return score_gallery(self.gallery, self.evidence, self.references)

    @property
    def is_recovered(self) -> NDArray[np.bool_] | None:
        """Of each image of the gallery, shape (g,); None without a control."""
        return None if self.scores is None else self.scores.is_recovered


def verdict_of(
    session: Session, references: References | None, progress: Progress = unheard
) -> Verdict:
    """What a run comes to; takes seconds where nobody has asked before.

    Args:
        session: the run.
        references: images to match its candidates with, where there are some.
        progress: told the share that is done.

    Raises:
        UnusableInput: the images are of another size than the candidates.
        Cancelled: `progress` said so.
    """
    gallery = session.gallery(portion(progress, 0.0, 0.9), references)
    pairs = None
    if references is not None:
        found = pairs_of(session.images(), references, session.score(references))
        pairs = with_confidence(found, gallery.of_each)
    progress(1.0)
    return Verdict(session.state.step, session.state.steps, gallery, pairs, references)
