"""Who is to be seen of a run, in which order, and what is known of each, at one step.

Working this out takes longer than a step, so that it is done beside the run (`viewing.frames`), and
is of the step that it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.evidence.gallery import NO_CHANCE, NOTHING_FOUND, Gallery
from engine.evidence.ranking import Groups, groups
from engine.viewing.pairs import Pairs

if TYPE_CHECKING:
    from torch import Tensor

IN_A_ROW = 3
"""Scorings in which a training image has to be recovered until its candidate is marked."""
SURE = 0.5
"""Confidence above which a candidate is not doubtful."""

UNDECIDED = ""
LONELY = "Below: nothing else has come to the same image, so that it may be a mixture of several."
UNMATCHED = (
    "Below: no match with a training image that is good and above the control's best, three "
    "scorings in a row."
)
UNRECOVERED = "Below: no match with a training image that is good and above the control's best."
UNSURE = "Below: a confidence under one half, by what was measured on networks of our own."


@dataclass(frozen=True)
class Standing:
    """What is known at one step.

    Attributes:
        step: steps taken, over all restarts.
        candidates: the distinct ones, the most trusted first, counted through all restarts.
        trusted: which of them are above the line.
        doubt: why the others are not, for people; empty where it is too early to doubt.
        marked: candidates that are recovered, and have been for some scorings.
        heirs: who stands now for the group of a candidate that had a seat.
        pairs: the matches of all restarts so far, where there are references.
        order: all candidates of the restart that is on, the distinct ones first, shape (m,).
        confidence: of candidates of whom it is known.
    """

    step: int
    candidates: tuple[int, ...]
    trusted: frozenset[int] = frozenset()
    doubt: str = UNDECIDED
    marked: frozenset[int] = frozenset()
    heirs: Mapping[int, int] = field(default_factory=dict)
    pairs: Pairs | None = None
    order: NDArray[np.int64] | None = None
    confidence: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """What is to be judged.

    Attributes:
        step: steps taken, over all restarts.
        images: centred candidates of the restart that is on, shape (m, c, h, w).
        labels: y of each, shape (m,).
        before: candidates of earlier restarts.
        is_early: noise is still to be seen, and nothing is doubted or claimed yet.
        seated: candidates that have a seat.
        pairs: matches at this step, where there are references.
    """

    step: int
    images: Tensor
    labels: Tensor
    before: int
    is_early: bool
    seated: Sequence[int]
    pairs: Pairs | None


class Judge:
    """Judges one moment after the other of a run; remembers what was recovered before."""

    def __init__(self, has_chance: bool = True) -> None:
        """
        Args:
            has_chance: whether the network holds anything that images could be found in.
        """
        self._has_chance = has_chance
        self._streaks: dict[int, int] = {}

    def judge(self, moment: Moment) -> Standing:
        """What is known of a run that is on."""
        recovered = {} if moment.is_early else _recovered(moment.pairs)
        self._streaks = {image: self._streaks.get(image, 0) + 1 for image in recovered}
        marked = {c for image, c in recovered.items() if self._streaks[image] >= IN_A_ROW}
        before = moment.before
        matched = [] if moment.pairs is None else moment.pairs.candidate.tolist()
        preferred = [c - before for c in (*matched, *moment.seated) if c >= before]
        found = groups(moment.images, moment.labels, preferred)
        candidates = [int(c) + before for c in found.first]
        heirs = {c: candidates[found.of[c - before]] for c in moment.seated if c >= before}
        if moment.is_early:
            return Standing(
                moment.step,
                tuple(candidates),
                heirs=heirs,
                pairs=moment.pairs,
                order=found.order,
            )
        if _has_control(moment.pairs):
            trusted, doubt = marked & set(candidates), UNMATCHED
        elif not self._has_chance:
            trusted, doubt = set(), _doubt_of_all(NO_CHANCE)
        else:
            trusted, doubt = _settled(candidates, found), LONELY
        return Standing(
            moment.step,
            _first(candidates, trusted),
            frozenset(trusted),
            doubt,
            frozenset(marked),
            heirs,
            moment.pairs,
            found.order,
        )


def standing_at_rest(
    step: int, images: Tensor, labels: Tensor, gallery: Gallery, pairs: Pairs | None
) -> Standing:
    """What is known of a run that has ended: its gallery, and its score where there is one.

    Args:
        step: steps taken.
        images: centred candidates of all restarts, shape (R·m, c, h, w).
        labels: y of each, shape (R·m,).
        gallery: of these.
        pairs: their matches.
    """
    recovered = frozenset(_recovered(pairs).values())
    shown = gallery.candidate.tolist()
    candidates = [*(c for c in shown if c in recovered), *sorted(recovered - set(shown))]
    candidates += [c for c in shown if c not in recovered]
    if _has_control(pairs):
        trusted, doubt = recovered, UNRECOVERED
    elif gallery.has_confidence:
        confidence = gallery.confidence
        assert confidence is not None
        sure = gallery.candidate[confidence > SURE].tolist()
        trusted, doubt = frozenset(sure), UNSURE
    elif gallery.why_unknown in NOTHING_FOUND:
        trusted, doubt = frozenset(), _doubt_of_all(gallery.why_unknown)
    else:
        at = gallery.candidate
        trusted = frozenset(_recurring(images, labels, at.numpy()))
        doubt = LONELY
    known = {candidate: gallery.confidence_of(candidate) for candidate in candidates}
    return Standing(
        step,
        _first(candidates, trusted),
        trusted,
        doubt,
        recovered,
        pairs=pairs,
        confidence={c: each for c, each in known.items() if each is not None},
    )


def _doubt_of_all(why: str) -> str:
    return f"None of these is to be believed: {why}."


def _recovered(pairs: Pairs | None) -> dict[int, int]:
    """Which candidate shows each training image that is recovered."""
    if pairs is None:
        return {}
    train = pairs.evidence.train
    best = np.argsort(-train.measure)
    shown = zip(train.reference[best], pairs.candidate, pairs.is_recovered, strict=True)
    return {int(image): int(candidate) for image, candidate, is_there in shown if is_there}


def _has_control(pairs: Pairs | None) -> bool:
    return pairs is not None and pairs.evidence.control is not None


def _settled(candidates: Sequence[int], found: Groups) -> set[int]:
    """Those whose image others came to as well."""
    return {c for c, size in zip(candidates, found.sizes, strict=True) if size > 1}


def _recurring(images: Tensor, labels: Tensor, chosen: NDArray[np.int64]) -> set[int]:
    found = groups(images, labels, chosen.tolist())
    return {int(c) for c in chosen if found.sizes[found.of[c]] > 1}


def _first(candidates: Sequence[int], trusted: frozenset[int] | set[int]) -> tuple[int, ...]:
    """In the same order, but those that are trusted before all others."""
    return tuple(sorted(candidates, key=lambda candidate: candidate not in trusted))
