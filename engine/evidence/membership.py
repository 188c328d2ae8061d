"""Membership: was this image in the training set? Five scores, and what they are worth.

For each image, more speaks for membership:

* `margin`, by how much the label's own output leads: y Φ(x), or Φ_y(x) − max_{k ≠ y} Φ_k(x). The
  loss falls with it, so that this is the attack by the loss of Yeom, Giacomelli, Fredrikson and Jha
  2018 (“Privacy Risk in Machine Learning”), nearly so with many outputs.
* `calibrated`, by how much the confidence is above that of images of its class that the network
  never saw (`calibration`), after Carlini et al. 2022. Fitted to one half of the control, and
  measured with the other.
* `multiplier`, the exposure of an image: how much of the weights it explains, by non-negative least
  squares (`exposure`; with C ≥ 2 outputs the sum over the wrong classes, where they are few
  enough). It is solved for images in question and control *in one problem*: each may take what any
  other could explain. Solved apart, either set would have to explain the weights by itself, and
  images that the network never saw would take multipliers for want of better ones. An image with
  λ = 0 may still be a member: only those that hold the margin, or whose loss is not yet small,
  carry one.
* `similarity`, the NCC with the most similar candidate of a run. The run never looked at an image.
* `shadows`, how much more like that of networks that were trained on the image its confidence is
  than like that of networks that were not (`shadows`). Those are trained for it, by the recipe of
  the one in question, and only where somebody asks for them (`training.shadows`).

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

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, portion, unheard
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words
from engine.data.nouns import nouns_of
from engine.evidence.calibration import calibrated, half_of, scaled_confidences
from engine.evidence.duplicates import kept_apart
from engine.evidence.exposure import exposure_of
from engine.evidence.membership_scores import Membership, Score
from engine.evidence.shadows import ShadowConfidences
from engine.evidence.similarity import ncc_features
from engine.evidence.taught import taught_labels
from engine.network.classes import Classes
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

_ROWS = 512


def ask(
    network: Network,
    images: LabelledImages,
    control: LabelledImages | None = None,
    candidates: Tensor | None = None,
    progress: Progress = unheard,
    shadows: ShadowConfidences | None = None,
) -> Membership:
    """Scores images whose membership is in question, and a control if there is one.

    Args:
        network: the network.
        images: in [0, 1], (n, c, h, w) of the network's shape. Labels count if they are those of
            its classes, counted from 0; of two classes with one output both have to be there.
        control: images of the same kind that the network never saw.
        candidates: centred images of a run, shape (m, c, h, w).
        progress: told the share that is done.
        shadows: how sure shadow networks are of images in question and control, in this order.

    Raises:
        UnusableInput: the candidates are of another size, no multipliers are found, too few shadow
            networks are left, or all of the control are images in question.
        Cancelled: `progress` said so.
    """
    _check_sizes(network, images, control, candidates)
    control = None if control is None else kept_apart(images, control)
    count = len(images)
    mean, centring = common_mean(network, images, control)
    sets = [images] if control is None else [images, control]
    centred = network.inputs.less_mean(torch.cat([each.images for each in sets]).double(), mean)
    network = network.to("cpu", torch.float64)
    x, classes = network.inputs.of_centred(centred), network.classes
    outputs = outputs_of(network, x, portion(progress, 0.0, 0.2))
    given = _given_labels(sets, classes, outputs)
    y = classes.told(outputs) if given is None else given
    confidences = scaled_confidences(classes, outputs, y)
    ratios = None if shadows is None else Score.of(shadows.scores(confidences), count)
    exposure = exposure_of(network, x, y, portion(progress, 0.2, 0.8))
    progress(0.8)
    similarity = None
    if candidates is not None:
        similarity = Score.of(nearest_similarity(candidates, centred.float(), progress), count)
    both = y.numpy()
    return Membership(
        margin=Score.of(classes.margins(outputs, y).numpy(), count),
        calibrated=_calibrated(confidences, both, control),
        multiplier=Score.of(exposure.multipliers, count),
        similarity=similarity,
        classes=classes,
        labels=both[:count],
        control_labels=None if control is None else both[count:],
        control_places=_places(control),
        left_out=0 if control is None or control.apart is None else len(control.apart.left_out),
        has_labels=given is not None,
        solved=exposure.solved,
        relative=exposure.relative,
        centring=centring,
        shadows=ratios,
        shadow_networks=shadows,
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


def outputs_of(network: Network, x: Tensor, progress: Progress = unheard) -> Tensor:
    """Φ of many images, shape (n, C).

    Args:
        network: in x's precision, where x is.
        x: what it reads, shape (n, D).
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    found = []
    for block in torch.split(x, _ROWS):
        found.append(network.forward(block))
        progress(len(found) * _ROWS / (len(x) + _ROWS))
    return torch.cat(found)


def _calibrated(
    confidences: Values, labels: Values, control: LabelledImages | None
) -> Score | None:
    """The score that one half of the control is fitted to; None without enough of it."""
    if control is None:
        return None
    count = len(labels) - len(control)
    fitted = np.append(np.zeros(count, bool), half_of(control.images))
    values = calibrated(confidences, labels, fitted)
    if values is None:
        return None
    values[fitted] = np.nan
    return Score.of(values, count)


def _places(control: LabelledImages | None) -> NDArray[np.int64]:
    """Of the images that are left of a control, in it as it was given."""
    if control is None or control.apart is None:
        return np.arange(0 if control is None else len(control))
    gone = [place for place, _ in control.apart.left_out]
    return np.setdiff1d(np.arange(len(control.apart.whole)), gone)


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
