"""Membership: was this image in the training set? Three scores, and what they are worth.

For each image, more speaks for membership:

* `margin`, y Φ(x). The loss falls with it, so that this is the attack by the loss of Yeom,
  Giacomelli, Fredrikson and Jha 2018 (“Privacy Risk in Machine Learning”), for a network of one
  output.
* `multiplier`, λ_i ≥ 0 of θ = Σ λ_i y_i ∇Φ(x_i), by non-negative least squares. It is solved for
  images in question and control *in one problem*: each may take what any other could explain.
  Solved apart, either set would have to explain the weights by itself, and images that the network
  never saw would take multipliers for want of better ones. An image with λ = 0 may still be a
  member: only those that hold the margin carry one.
* `similarity`, the NCC with the most similar candidate of a run. The run never looked at an image.

They are not put together into one score. Its weights would have to be fitted, on these images
(which they are judged on) or on other networks (which need not be like this one).

What a score is worth is measured against a control of images that the network never saw:
`evidence.roc`. It says something of the network only if the control is drawn as the images in
question are; or else whatever tells the two sets apart counts as membership.

Fairness in two more places. Both sets go through the same centring (see `common_mean`). Labels are
used only if both sets have them, the network's own sign else: the sign it gives an image is never
wrong, which would flatter the set without labels.
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
from engine.evidence.roc import OperatingPoint, RocCurve, roc_curve
from engine.evidence.similarity import ncc_features
from engine.evidence.stationarity_check import (
    MOST_IMAGES,
    along_parameters,
    check_stationarity,
    gradients,
)
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
        margin: y Φ(x), any number.
        multiplier: λ, not below 0.
        similarity: the largest NCC with a candidate, from −1 to 1; None without a run.
        signs: y of the images in question, −1 or +1, shape (n,).
        control_signs: y of the control, shape (n',); None without one.
        has_labels: False where the network's own sign stands for the label.
        is_joint: True if the multipliers are of one problem. Of more than `MOST_IMAGES` images
            each has the one that it would have alone.
        centring: what was subtracted from the images, in words.
    """

    margin: Score
    multiplier: Score
    similarity: Score | None
    signs: Values
    control_signs: Values | None
    has_labels: bool
    is_joint: bool
    centring: str

    @property
    def scores(self) -> dict[str, Score | None]:
        """By name, in the order of `SCORES`."""
        return {name: getattr(self, name) for name in SCORES}

    def as_dict(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "images": len(self.signs),
            "control": None if self.control_signs is None else len(self.control_signs),
            "labels": "given" if self.has_labels else "the network's own sign",
            "centring": self.centring,
            "multipliers": "solved for together" if self.is_joint else "of each image alone",
            "scores": {
                name: None if score is None else score.as_dict()
                for name, score in self.scores.items()
            },
            "note": resolution_note(self.control_signs),
        }


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
        images: in [0, 1], (n, c, h, w) of the network's shape. Labels count if they are 0 and 1,
            both of them.
        control: images of the same kind that the network never saw.
        candidates: centred images of a run, shape (m, c, h, w).
        progress: told the share that is done.

    Raises:
        UnusableInput: the candidates are of another size, or no multipliers are found.
        Cancelled: `progress` said so.
    """
    _check_sizes(network, images, control, candidates)
    mean, centring = common_mean(network, images, control)
    sets = [images] if control is None else [images, control]
    x = torch.cat([each.images for each in sets]).double() - mean.double()
    network = network.to("cpu", torch.float64)
    blocks = torch.split(x.flatten(1), _ROWS)
    outputs = torch.cat([network.forward(block).squeeze(1) for block in blocks])
    signs = _given_signs(sets, outputs)
    y = outputs.sign() + (outputs == 0) if signs is None else signs
    progress(0.2)
    is_joint = len(x) <= MOST_IMAGES
    if is_joint:
        multipliers = check_stationarity(network, x.flatten(1), y).multipliers
    else:
        multipliers = own_multipliers(network, x.flatten(1), y)
    progress(0.8)
    count = len(images)
    similarity = None
    if candidates is not None:
        similarity = _score(nearest_similarity(candidates, x.float(), progress), count)
    both = y.numpy()
    return Membership(
        margin=_score((y * outputs).numpy(), count),
        multiplier=_score(multipliers, count),
        similarity=similarity,
        signs=both[:count],
        control_signs=None if control is None else both[count:],
        has_labels=signs is not None,
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
        return network.mean, "the mean image of the checkpoint"
    own = images.images.mean(0)
    if control is None:
        return own, "the mean of the images in question, since the checkpoint holds none"
    return (
        (own + control.images.mean(0)) / 2,
        "the mean of images in question and control, since the checkpoint holds none",
    )


def own_multipliers(network: Network, x: Tensor, y: Tensor) -> Values:
    """λ ≥ 0 that minimises ‖θ − λ y_i ∇Φ(x_i)‖ for each image by itself.

    ‖∇Φ‖² = Σ_l ‖δ_l‖² ‖h_{l−1}‖², and ‖δ_l‖² once more for a bias of layer l.

    Args:
        network: float64, on the CPU.
        x: flat and centred, float64, shape (n, D).
        y: −1 or +1, shape (n,).

    Returns:
        λ, shape (n,).
    """
    parts = []
    for block, signs in zip(torch.split(x, _ROWS), torch.split(y, _ROWS), strict=True):
        there, back = gradients(network, block)
        squared = torch.zeros(len(block), dtype=block.dtype)
        for h, delta, bias in zip(there.h, back.delta[1:], network.biases, strict=True):
            squared += delta.square().sum(1) * (h.square().sum(1) + (bias is not None))
        along = signs * along_parameters(network, there, back)
        parts.append((along / squared.clamp_min(_TINY)).clamp_min(0))
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


def _score(values: Values, count: int) -> Score:
    """The score of both sets, the first `count` being those in question."""
    images, control = values[:count], values[count:]
    if not len(control):
        return Score(images, None, None, None)
    curve = roc_curve(images, control)
    return Score(images, control, curve, curve.at())


def _given_signs(sets: list[LabelledImages], outputs: Tensor) -> Tensor | None:
    """Labels as −1 and +1, shape (n + n',); None unless every set has both.

    Which class is −1 is nowhere written in a checkpoint: it is taken so that the network gets most
    of all images right, those of the control as well.
    """
    if any(set(each.labels.tolist()) != {0, 1} for each in sets):
        return None
    signs = torch.cat([each.signs for each in sets])
    return signs if float((signs * outputs).sign().sum()) >= 0 else -signs


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
            have, want = ("×".join(map(str, s)) for s in (some.shape[1:], network.input_shape))
            raise UnusableInput(f"The {what} are {have}, but the network reads {want}.")
