"""Reconstructions beside the training images that they match."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.pixels import Pixels, display_pixels, real_pixels
from engine.evidence.references import References
from engine.evidence.scoring import Evidence
from engine.network.classes import Classes
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.lazy import torch
from engine.viewing.outside import share_left

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
        is_recovered: good and above the control's best; without a control that is no pair, nor is
            one whose candidate is still mostly noise.
        evidence: where all this comes from.
        step: after how many steps of a run that goes on this was so; None where it is at rest.
        is_early: all candidates are still mostly noise, so that nothing is to be said of them.
        labels: class number of each pair's training image, shape (p,), where it is known.
        outputs: Φ of each pair's training image, shape (p, C), where it is known.
        margins: by how much the output of its class leads there, shape (p,), alike.
        classes: of the network, where it is known.
        confidence: of each pair's candidate, shape (p,), NaN where it is not known; None where it
            nowhere is.
    """

    reconstructed: Pixels
    real: Pixels
    measure: list[float]
    candidate: NDArray[np.int64]
    is_recovered: list[bool]
    evidence: Evidence
    labels: NDArray[np.int64] | None = None
    outputs: NDArray[np.float64] | None = None
    margins: NDArray[np.float64] | None = None
    classes: Classes | None = None
    confidence: NDArray[np.float64] | None = None
    step: int | None = None
    is_early: bool = False

    @property
    def recovered(self) -> int | None:
        """How many pairs are recovered; None without a control, and early in a run."""
        has_control = self.evidence.control is not None
        return sum(self.is_recovered) if has_control and not self.is_early else None

    def class_name(self, number: int) -> str:
        """For people, of a class number of the training images: `7 (horse)`.

        With one output it is the number alone: which class is −1 is nowhere written.
        """
        if self.classes is None or not 0 <= number < self.classes.outputs > 1:
            return str(number)
        return self.classes.numbered(number)


def while_running(pairs: Pairs, snapshot: Snapshot) -> Pairs:
    """The same as what they are while a run goes on: of one step, and none recovered too early.

    Candidates of the restart that is on are mostly noise until what is outside the row space has
    faded (`outside`). Some smear among them stands out at every step.

    Args:
        pairs: of the candidates of all restarts so far.
        snapshot: the moment that they are of.
    """
    steps, finished = snapshot.steps // snapshot.restarts, len(snapshot.finished)
    settled = pairs.candidate >= 0
    if share_left(snapshot.step - finished * steps, steps) > 0:
        settled = pairs.candidate < finished * len(snapshot.unknowns)
    return replace(
        pairs,
        step=snapshot.step,
        is_early=not settled.any(),
        is_recovered=[bool(v) for v in settled & np.array(pairs.is_recovered, bool)],
    )


def with_confidence(pairs: Pairs, confidence: Tensor | None) -> Pairs:
    """The same pairs once a gallery is there.

    Args:
        pairs: of all candidates of a run.
        confidence: of each candidate, shape (m,); None where it is not known.
    """
    if confidence is None:
        return replace(pairs, confidence=None)
    return replace(pairs, confidence=confidence[torch.from_numpy(pairs.candidate)].double().numpy())


def best_pairs(images: Tensor, references: References) -> Pairs:
    """Scores candidates of a run that goes on, and prepares the pairs for display.

    Args:
        images: centred candidates, shape (m, c, h, w).
        references: images to score against.
    """
    return pairs_of(images, references, references.score(images, in_passing=True))


def pairs_of(images: Tensor, references: References, evidence: Evidence) -> Pairs:
    """Prepares the pairs of a score for display.

    Args:
        images: centred candidates, shape (m, c, h, w).
        references: what they were scored against.
        evidence: that score.
    """
    train = evidence.train
    best = np.argsort(-train.measure)
    chosen = torch.from_numpy(train.candidate[best])
    wanted = torch.from_numpy(train.reference[best])
    recovered = evidence.is_recovered
    if recovered is None:
        recovered = np.zeros(len(best), bool)
    outputs, margins = references.outputs, references.margins
    return Pairs(
        reconstructed=display_pixels(images[chosen], references.shown_mean),
        real=real_pixels(references.train[wanted]),
        measure=[float(v) for v in train.measure[best]],
        candidate=train.candidate[best],
        is_recovered=[bool(v) for v in recovered[best]],
        evidence=evidence,
        labels=None if references.labels is None else references.labels[wanted].long().numpy(),
        outputs=None if outputs is None else outputs[wanted.numpy()],
        margins=None if margins is None else margins[wanted.numpy()],
        classes=references.classes,
    )
