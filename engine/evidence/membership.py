"""Membership: was this image in the training set? Three scores, and what they are worth.

For each image, more speaks for membership:

* `margin`, by how much the label's own output leads: y Φ(x), or Φ_y(x) − max_{k ≠ y} Φ_k(x). The
  loss falls with it, so that this is the attack by the loss of Yeom, Giacomelli, Fredrikson and Jha
  2018 (“Privacy Risk in Machine Learning”), nearly so with many outputs.
* `multiplier`, how much of the weights an image explains, by non-negative least squares
  (`stationarity_check`; with C ≥ 2 outputs the sum over the wrong classes, where they are few
  enough). It is solved for images in question and control *in one problem*: each may take what any
  other could explain. Solved apart, either set would have to explain the weights by itself, and
  images that the network never saw would take multipliers for want of better ones. An image with
  λ = 0 may still be a member: only those that hold the margin, or whose loss is not yet small,
  carry one.
* `similarity`, the NCC with the most similar candidate of a run. The run never looked at an image.

They are not put together into one score. Its weights would have to be fitted, on these images
(which they are judged on) or on other networks (which need not be like this one).

What a score is worth is measured against a control of images that the network never saw:
`evidence.roc`. It says something of the network only if the control is drawn as the images in
question are; or else whatever tells the two sets apart counts as membership.

Fairness in two more places. Both sets go through the same centring (see `common_mean`). Labels are
used only if both sets have them, the class that the network gives an image else: it is never wrong,
which would flatter the set without labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.base.progress import Progress, unheard
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words
from engine.data.nouns import nouns_of
from engine.evidence.duplicates import kept_apart
from engine.evidence.gradients import Gradients, own_directions
from engine.evidence.roc import OperatingPoint, RocCurve, roc_curve
from engine.evidence.similarity import ncc_features
from engine.evidence.stationarity_check import MOST_IMAGES, check_stationarity
from engine.evidence.taught import taught_labels
from engine.network.classes import Classes
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

SCORES = ("margin", "multiplier", "similarity")

_ROWS = 512
_BINS = 24
_TINY = 1e-12


@dataclass(frozen=True)
class Score:
    """One score of all images.

    Attributes:
        images: of the images in question, shape (n,).
        control: of the control, shape (n',); None without one.
        curve: the ROC curve of the two; None without a control.
        few: what is caught at 1 % false positives; None without a control.
    """

    images: Values
    control: Values | None
    curve: RocCurve | None
    few: OperatingPoint | None

    def histograms(self) -> tuple[Values, Values, Values | None]:
        """Edges (b + 1,), and which share of either set lies in each bin, (b,) each."""
        both = self.images if self.control is None else np.append(self.images, self.control)
        edges = np.histogram_bin_edges(both, _BINS)
        shares = [
            None if values is None else np.histogram(values, edges)[0] / len(values)
            for values in (self.images, self.control)
        ]
        assert shares[0] is not None
        return edges, shares[0], shares[1]

    def as_dict(self) -> dict[str, Any]:
        """For the command line; what needs a control is None without one."""
        few, curve = self.few, self.curve
        return {
            "area": None if curve is None else round(curve.area, 4),
            "tpr_at_1_percent_fpr": None if few is None else round(few.rate, 4),
            "interval": None if few is None else [round(end, 4) for end in few.interval],
            "false_positives": None if few is None else few.false_positives,
            "resolution": None if few is None else few.resolution,
            "values": [float(f"{value:.6g}") for value in self.images],
        }


@dataclass(frozen=True)
class Membership:
    """All scores of all images.

    Attributes:
        margin: by how much the label's own output leads, any number.
        multiplier: λ, not below 0.
        similarity: the largest NCC with a candidate, from −1 to 1; None without a run.
        classes: of the network.
        labels: y of the images in question, shape (n,).
        control_labels: y of the control, shape (n',); None without one.
        control_places: of these in the control as it was given, from which images in question are
            left out, shape (n',).
        left_out: how many those are.
        has_labels: False where what the network gives an image stands for its label.
        is_joint: True if the multipliers are of one problem. Of more than `MOST_IMAGES` images
            each has the one that it would have alone.
        centring: what was subtracted from the images, in words.
    """

    margin: Score
    multiplier: Score
    similarity: Score | None
    classes: Classes
    labels: Values
    control_labels: Values | None
    has_labels: bool
    is_joint: bool
    centring: str
    control_places: NDArray[np.int64]
    left_out: int = 0

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

    def as_dict(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "images": len(self.labels),
            "control": None if self.control_labels is None else len(self.control_labels),
            "left_out": self.left_out,
            "labels": "given" if self.has_labels else self.instead_of_labels,
            "centring": self.centring,
            "multipliers": "solved for together" if self.is_joint else "of each image alone",
            "scores": {
                name: None if score is None else score.as_dict()
                for name, score in self.scores.items()
            },
            "note": resolution_note(self.control_labels),
        }

    @property
    def instead_of_labels(self) -> str:
        """What stands for labels that are not given."""
        return f"the network's own {'sign' if self.classes.outputs == 1 else 'class'}"


def ask(
    network: Network,
    images: LabelledImages,
    control: LabelledImages | None = None,
    candidates: Tensor | None = None,
    progress: Progress = unheard,
) -> Membership:
    """Scores images whose membership is in question, and a control if there is one.

    Args:
        network: the network.
        images: in [0, 1], (n, c, h, w) of the network's shape. Labels count if they are those of
            its classes, counted from 0; of two classes with one output both have to be there.
        control: images of the same kind that the network never saw.
        candidates: centred images of a run, shape (m, c, h, w).
        progress: told the share that is done.

    Raises:
        UnusableInput: the candidates are of another size, no multipliers are found, or all of the
            control are images in question.
        Cancelled: `progress` said so.
    """
    _check_sizes(network, images, control, candidates)
    control = None if control is None else kept_apart(images, control)
    mean, centring = common_mean(network, images, control)
    sets = [images] if control is None else [images, control]
    centred = network.inputs.less_mean(torch.cat([each.images for each in sets]).double(), mean)
    network = network.to("cpu", torch.float64)
    x, classes = network.inputs.of_centred(centred), network.classes
    outputs = torch.cat([network.forward(block) for block in torch.split(x, _ROWS)])
    given = _given_labels(sets, classes, outputs)
    y = classes.told(outputs) if given is None else given
    progress(0.2)
    is_joint = len(x) <= MOST_IMAGES
    if is_joint:
        multipliers = check_stationarity(network, x, y).multipliers
    else:
        multipliers = own_multipliers(network, x, y)
    progress(0.8)
    count = len(images)
    similarity = None
    if candidates is not None:
        similarity = _score(nearest_similarity(candidates, centred.float(), progress), count)
    both = y.numpy()
    return Membership(
        margin=_score(classes.margins(outputs, y).numpy(), count),
        multiplier=_score(multipliers, count),
        similarity=similarity,
        classes=classes,
        labels=both[:count],
        control_labels=None if control is None else both[count:],
        control_places=_places(control),
        left_out=0 if control is None or control.apart is None else len(control.apart.left_out),
        has_labels=given is not None,
        is_joint=is_joint,
        centring=centring,
    )


def common_mean(
    network: Network, images: LabelledImages, control: LabelledImages | None
) -> tuple[Tensor, str]:
    """What is subtracted from every image, shape (c, h, w), and what that is in words.

    It is the network's own mean, where the checkpoint holds it. Elsewhere the project takes the
    mean of the reference images (`evidence.scoring`). Here that would leak: a mean of the members
    holds a part of each of them and of no other image, so that they would be centred as in
    training *because* they are taken for members, and the control would not. The mean of images in
    question and control, each set counting as much, favours neither, but is not the one of
    training, which costs the multipliers much of their strength. Who knows the true mean puts it
    into the network. Without a control there is nothing to be compared, and the images' own mean
    is taken.
    """
    if network.mean is not None:
        return network.mean, f"the mean {nouns_of(network.input_shape).one} of the checkpoint"
    own = images.images.mean(0)
    if control is None:
        return own, "the mean of the images in question, since the checkpoint holds none"
    return (
        (own + control.images.mean(0)) / 2,
        "the mean of images in question and control, since the checkpoint holds none",
    )


def own_multipliers(network: Network, x: Tensor, labels: Tensor) -> Values:
    """λ ≥ 0 that minimises ‖θ − λ J(x_i)ᵀ u_i‖ for each image by itself, u_i its own direction.

    Args:
        network: float64, on the CPU.
        x: what it reads, float64, shape (n, D).
        labels: y, shape (n,).

    Returns:
        λ, shape (n,).
    """
    parts = []
    for block, its_labels in zip(torch.split(x, _ROWS), torch.split(labels, _ROWS), strict=True):
        directions = own_directions(network.classes, network.forward(block), its_labels)
        pulls = Gradients.of(network, block, directions)
        alone = pulls.along_parameters() / pulls.squared_norms().clamp_min(_TINY)
        parts.append(alone.clamp_min(0))
    return np.asarray(torch.cat(parts).numpy())


def nearest_similarity(candidates: Tensor, images: Tensor, progress: Progress = unheard) -> Values:
    """The NCC of each image with its most similar candidate; colour at half resolution.

    Args:
        candidates: centred, shape (m, c, h, w).
        images: centred, shape (n, c, h, w).
        progress: told the share that is done, from 0.8 on.

    Returns:
        From −1 to 1, shape (n,).

    Raises:
        Cancelled: `progress` said so.
    """
    features = ncc_features(candidates.float())
    found = []
    for block in torch.split(images, _ROWS):
        found.append((ncc_features(block) @ features.T).amax(1))
        progress(0.8 + 0.2 * len(found) * _ROWS / (len(images) + _ROWS))
    return np.asarray(torch.cat(found).double().numpy())


def resolution_note(control: Values | None) -> str:
    """What the size of the control lets one say, in one sentence."""
    if control is None:
        return "Without a control these scores are no evidence: there is nothing to compare with."
    count = len(control)
    most = int(0.01 * count + 1e-9)
    allowed = {0: "none of them", 1: "at most one of them"}.get(most, f"at most {most} of them")
    return (
        f"A control of {counted(count, 'images')} shows no false-positive rate finer than "
        f"{1 / count:.2g}; 1 % is {allowed}."
    )


def _places(control: LabelledImages | None) -> NDArray[np.int64]:
    """Of the images that are left of a control, in it as it was given."""
    if control is None or control.apart is None:
        return np.arange(0 if control is None else len(control))
    gone = [place for place, _ in control.apart.left_out]
    return np.setdiff1d(np.arange(len(control.apart.whole)), gone)


def _score(values: Values, count: int) -> Score:
    """The score of both sets, the first `count` being those in question."""
    images, control = values[:count], values[count:]
    if not len(control):
        return Score(images, None, None, None)
    curve = roc_curve(images, control)
    return Score(images, control, curve, curve.at())


def _given_labels(sets: list[LabelledImages], classes: Classes, outputs: Tensor) -> Tensor | None:
    """What the images' own labels stand for, shape (n + n',); None unless every set has them.

    With one output, which class is −1 is taken so that the network gets most of all images right,
    those of the control as well.
    """
    numbers = [each.labels for each in sets]
    rows = torch.split(outputs, [len(each) for each in sets])
    fits = all(
        taught_labels(classes, its_numbers, its_rows) is not None
        for its_numbers, its_rows in zip(numbers, rows, strict=True)
    )
    return taught_labels(classes, torch.cat(numbers), outputs) if fits else None


def _check_sizes(
    network: Network,
    images: LabelledImages,
    control: LabelledImages | None,
    candidates: Tensor | None,
) -> None:
    given = {
        "images in question": images.images,
        "images of the control": None if control is None else control.images,
        "candidates of the run": candidates,
    }
    for what, some in given.items():
        if some is not None and tuple(some.shape[1:]) != network.input_shape:
            have, want = (shape_in_words(s) for s in (some.shape[1:], network.input_shape))
            raise UnusableInput(
                f"The {what} are {have}, but the network reads {want}.", f"Give {want} ones."
            )
