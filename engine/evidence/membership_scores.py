"""What the scores of `membership` are of images in question and of a control, and are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted
from engine.evidence.exposure import Solved
from engine.evidence.roc import FEWEST, OperatingPoint, RocCurve, roc_curve
from engine.evidence.shadows import ShadowConfidences
from engine.network.classes import Classes

Values = NDArray[np.float64]

SCORES = ("margin", "calibrated", "multiplier", "similarity", "shadows")

NEEDS = {
    "calibrated": "a control of sixteen images or more",
    "similarity": "a run of this network",
    "shadows": "shadow networks, trained as this one was",
}
"""What a score is missing where it is None."""

_BINS = 24
_MOST_TOLD = 10


@dataclass(frozen=True)
class Score:
    """One score of all images.

    Attributes:
        images: of the images in question, shape (n,).
        control: of the control, shape (n',); NaN for those that the score was fitted to, which
            measure nothing. None without one.
        curve: the ROC curve of the two; None without a control.
        few: what is caught at 1 % false positives; None without a control.
        fewest: what is caught at 0.1 %; None also where the control is too small to show it.
    """

    images: Values
    control: Values | None
    curve: RocCurve | None
    few: OperatingPoint | None
    fewest: OperatingPoint | None = None

    @classmethod
    def of(cls, values: Values, count: int) -> Score:
        """The score of both sets.

        Args:
            values: of all images, shape (n + n',).
            count: n, of those in question, which come first.
        """
        images, control = values[:count], values[count:]
        measured = control[~np.isnan(control)]
        if not len(measured):
            return cls(images, control if len(control) else None, None, None)
        curve = roc_curve(images, measured)
        fewest = curve.at(FEWEST) if curve.shows(FEWEST) else None
        return cls(images, control, curve, curve.at(), fewest)

    def histograms(self) -> tuple[Values, Values, Values | None]:
        """Edges (b + 1,), and which share of either set lies in each bin, (b,) each."""
        control = None if self.control is None else self.control[~np.isnan(self.control)]
        both = self.images if control is None else np.append(self.images, control)
        edges = np.histogram_bin_edges(both, _BINS)
        shares = [
            None if values is None else np.histogram(values, edges)[0] / len(values)
            for values in (self.images, control)
        ]
        assert shares[0] is not None
        return edges, shares[0], shares[1]

    def as_dict(self, with_values: bool = False) -> dict[str, Any]:
        """For programs; what needs a control is None without one.

        Args:
            with_values: whether the score of each image in question is in it.
        """
        few, curve = self.few, self.curve
        said = {
            "area": None if curve is None else round(curve.area, 4),
            "tpr_at_1_percent_fpr": None if few is None else round(few.rate, 4),
            "interval": _interval(few),
            "false_positives": None if few is None else few.false_positives,
            "resolution": None if few is None else few.resolution,
            "tpr_at_0.1_percent_fpr": None if self.fewest is None else round(self.fewest.rate, 4),
            "interval_at_0.1_percent": _interval(self.fewest),
        }
        if with_values:
            said["values"] = [float(f"{value:.6g}") for value in self.images]
        return said


@dataclass(frozen=True)
class Exposed:
    """One image in question that explains a part of the weights.

    Attributes:
        image: its place among them.
        label: y.
        multiplier: λ > 0.
        margin: by how much its output leads.
        control_above: how many of the control have no less of a multiplier; None without one.
    """

    image: int
    label: float
    multiplier: float
    margin: float
    control_above: int | None

    def as_dict(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "index": self.image,
            "label": int(self.label),
            "multiplier": float(f"{self.multiplier:.6g}"),
            "control_above": self.control_above,
        }


@dataclass(frozen=True)
class Membership:
    """All scores of all images.

    Attributes:
        margin: by how much the label's own output leads, any number.
        calibrated: by how much the confidence lies above that of one half of the control; None
            where that half is too small, or there is none.
        multiplier: λ, not below 0.
        similarity: the largest NCC with a candidate, from −1 to 1; None without a run.
        classes: of the network.
        labels: y of the images in question, shape (n,).
        control_labels: y of the control, shape (n',); None without one.
        control_places: of these in the control as it was given, from which images in question are
            left out, shape (n',).
        left_out: how many those are.
        shadows: how much more like that of a shadow network that was trained on an image its
            confidence is than like that of one that was not; None without shadow networks.
        shadow_networks: those; None without.
        has_labels: False where what the network gives an image stands for its label.
        solved: how the multipliers were solved for; `alone` of too many images, which then do
            not compete.
        relative: the share of the weights' norm that all images together leave unexplained.
        centring: what was subtracted from the images, in words.
    """

    margin: Score
    calibrated: Score | None
    multiplier: Score
    similarity: Score | None
    classes: Classes
    labels: Values
    control_labels: Values | None
    has_labels: bool
    solved: Solved
    relative: float | None
    centring: str
    control_places: NDArray[np.int64]
    left_out: int = 0
    shadows: Score | None = None
    shadow_networks: ShadowConfidences | None = None

    @property
    def is_joint(self) -> bool:
        """Whether the multipliers are of one problem."""
        return self.solved != "alone"

    @property
    def scores(self) -> dict[str, Score | None]:
        """By name, in the order of `SCORES`."""
        return {name: getattr(self, name) for name in SCORES}

    def accused_by(self, image: int) -> dict[str, bool]:
        """Whether an image stands out from the control at 1 % false positives, by margin and by
        multiplier; empty without a control.

        Similarity is left out: this is asked of an image that a reconstruction is matched with, and
        that is most similar by the choice of the match.

        Args:
            image: its place among the images in question.
        """
        scores = {"margin": self.margin, "multiplier": self.multiplier}
        return {
            name: bool(score.images[image] >= score.few.threshold)
            for name, score in scores.items()
            if score.few is not None
        }

    def as_dict(self, with_values: bool = False) -> dict[str, Any]:
        """For programs.

        Args:
            with_values: whether all scores of all images in question are in it.
        """
        return {
            "images": len(self.labels),
            "control": None if self.control_labels is None else len(self.control_labels),
            "left_out": self.left_out,
            "labels": "given" if self.has_labels else self.instead_of_labels,
            "centring": self.centring,
            "multipliers": "solved for together" if self.is_joint else "of each image alone",
            "unexplained": None if self.relative is None else round(self.relative, 4),
            "scores": {
                name: None if score is None else score.as_dict(with_values)
                for name, score in self.scores.items()
            },
            "shadow_networks": (
                None if self.shadow_networks is None else self.shadow_networks.as_dict()
            ),
            "most_exposed": [each.as_dict() for each in self.most_exposed(_MOST_TOLD)],
            "note": resolution_note(self.control_labels),
        }

    def most_exposed(self, most: int | None = None) -> list[Exposed]:
        """The images in question with the largest multipliers, the largest first; none with 0.

        Args:
            most: how many; all of them where left out.
        """
        values = self.multiplier.images
        order = np.argsort(-values, kind="stable")[:most]
        above = self.control_above
        return [
            Exposed(
                int(image),
                float(self.labels[image]),
                float(values[image]),
                float(self.margin.images[image]),
                None if above is None else int(above[image]),
            )
            for image in order
            if values[image] > 0
        ]

    @property
    def ranks(self) -> NDArray[np.int64]:
        """Of each image in question by its multiplier, 1 the largest; equal ones share, (n,)."""
        values = self.multiplier.images
        return 1 + len(values) - np.searchsorted(np.sort(values), values, side="right")

    @property
    def control_above(self) -> NDArray[np.int64] | None:
        """How many of the control have no less of a multiplier than each image in question, (n,).

        None without a control.
        """
        control = self.multiplier.control
        if control is None:
            return None
        below = np.searchsorted(np.sort(control), self.multiplier.images, side="left")
        return len(control) - below

    @property
    def instead_of_labels(self) -> str:
        """What stands for labels that are not given."""
        return f"the network's own {'sign' if self.classes.outputs == 1 else 'class'}"


def resolution_note(control: Values | None) -> str:
    """What the size of the control lets one say, in one sentence."""
    if control is None:
        return "Without a control these scores are no evidence: there is nothing to compare with."
    count = len(control)
    most = int(0.01 * count + 1e-9)
    allowed = {0: "none of them", 1: "at most one of them"}.get(most, f"at most {most} of them")
    finer = "" if count * FEWEST >= 1 else f" What is found at {100 * FEWEST:g} % it cannot show."
    return (
        f"A control of {counted(count, 'images')} shows no false-positive rate finer than "
        f"{1 / count:.2g}; 1 % is {allowed}.{finer}"
    )


def _interval(point: OperatingPoint | None) -> list[float] | None:
    return None if point is None else [round(end, 4) for end in point.interval]
