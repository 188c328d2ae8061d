"""How well a score tells members from others: the ROC curve, and what few false alarms catch.

What counts for an audit is the rate of members that are caught while hardly anyone is accused
wrongly. An area under the curve, or an accuracy, hides it: both are averages over thresholds that
accuse half the world (Carlini, Chien, Nasr, Song, Terzis and Tramèr 2022, “Membership Inference
Attacks From First Principles”, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

FEW = 0.01
"""The false-positive rate at which true positives are reported."""

FEWEST = 0.001
"""A finer one, which a control of a thousand images and more can show."""

_LEVEL = 0.95


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold does, where an image is accused if it scores no less.

    Attributes:
        rate: share of the members that are accused, from 0 to 1.
        interval: where that share lies, with 95 % confidence (Clopper and Pearson 1934), for this
            threshold. That the threshold itself came out of a finite control is not in it.
        false_positives: how many of the others are accused.
        threshold: infinite where nobody can be accused.
        resolution: one over the number of others. No smaller false-positive rate can be seen with
            so many: with 100, 1 % is at most one image.
    """

    rate: float
    interval: tuple[float, float]
    false_positives: int
    threshold: float
    resolution: float


@dataclass(frozen=True)
class RocCurve:
    """Rates over all thresholds that differ, from accusing nobody to accusing all.

    Equal scores are accused together, so that a tie is one point of the curve and never helps.

    Attributes:
        false_positive_rate: share of the others accused, rising from 0 to 1, shape (k + 1,).
        true_positive_rate: share of the members accused, rising from 0 to 1, shape (k + 1,).
        thresholds: falling from infinity, shape (k + 1,).
        members: how many members there are.
        others: how many others.
    """

    false_positive_rate: Values
    true_positive_rate: Values
    thresholds: Values
    members: int
    others: int

    @property
    def area(self) -> float:
        """The chance that a member scores above another image, ties counting half; 0.5 is blind."""
        return float(np.trapezoid(self.true_positive_rate, self.false_positive_rate))

    def shows(self, rate: float) -> bool:
        """Whether there are enough others for a single one of them to be no more than this rate."""
        return rate * self.others >= 1 - 1e-9

    def at(self, rate: float = FEW) -> OperatingPoint:
        """The threshold that catches most members at no more than this false-positive rate.

        Nothing is interpolated: a rate between two thresholds is one that nobody can choose.
        """
        # Counts, because 0.07 · 100 is more than 7.
        accused = np.rint(self.false_positive_rate * self.others)
        place = int(np.flatnonzero(accused <= np.floor(rate * self.others + 1e-9))[-1])
        caught = round(float(self.true_positive_rate[place]) * self.members)
        return OperatingPoint(
            rate=caught / self.members,
            interval=proportion_interval(caught, self.members),
            false_positives=int(accused[place]),
            threshold=float(self.thresholds[place]),
            resolution=1 / self.others,
        )


def roc_curve(members: Values, others: Values) -> RocCurve:
    """The curve of a score, where more speaks for membership.

    Args:
        members: scores of members, shape (n,), n > 0.
        others: scores of images that are none, shape (n',), n' > 0.
    """
    levels = np.unique(np.concatenate([members, others]))[::-1]
    return RocCurve(
        false_positive_rate=np.concatenate([[0.0], _share_from(others, levels)]),
        true_positive_rate=np.concatenate([[0.0], _share_from(members, levels)]),
        thresholds=np.concatenate([[np.inf], levels]),
        members=len(members),
        others=len(others),
    )


def proportion_interval(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a proportion by Clopper and Pearson (1934).

    It is `scipy.stats.binomtest(hits, count).proportion_ci()` without the second that it takes to
    load `scipy.stats`.
    """
    from scipy.special import betaincinv

    tail = (1 - _LEVEL) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, count - hits + 1, tail))
    high = 1.0 if hits == count else float(betaincinv(hits + 1, count - hits, 1 - tail))
    return low, high


def _share_from(scores: Values, levels: Values) -> Values:
    """Which share of the scores is no less than each level."""
    below = np.searchsorted(np.sort(scores), levels, side="left")
    return np.asarray((len(scores) - below) / len(scores))
