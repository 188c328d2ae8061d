"""How stationary a network truly is, seen with its training images.

Two readings of θ = Σ J(x_i)ᵀ u_i:

* *multipliers*: u_i may be whatever a margin asks for. With one output it is λ_i y_i; with C ≥ 2
  it is Σ_{k ≠ y} λ_ik (e_y − e_k), one multiplier for each wrong class. To find λ ≥ 0 is a
  non-negative least squares problem, of which only the Gram matrix is needed (`gradients`). Where
  there would be too many unknowns, each image has one multiplier, along `own_directions`.
* *weight decay*: u_i is what the loss leaves, c (onehot(y_i) − softmax Φ(x_i)), with one factor c
  for all images. At a stationary point of loss + w/2 ‖θ‖², the loss a mean over n images, nothing
  is left over, and c = 1/(w n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, unheard
from engine.data.datasets import LabelledImages
from engine.evidence.gradients import (
    Gradients,
    loss_cotangents,
    own_directions,
    wrong_class_directions,
)
from engine.evidence.nnls import solve_nonnegative
from engine.evidence.taught import taught_labels
from engine.network.classes import Classes
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.stationarity.fine_tuning import where_balanced

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

MOST_IMAGES = 2000
"""Non-negative least squares for more unknowns would take minutes."""

CARRIES = 0.05
"""An image carries a multiplier if it has more than this share of the largest."""

Unknowns = Literal["one an image", "one a wrong class"]


@dataclass(frozen=True)
class DecayReading:
    """How nearly the weights are a stationary point of loss + w/2 ‖θ‖².

    Attributes:
        relative: ‖θ − c Σ J(x_i)ᵀ u_i‖ / ‖θ‖, with the best c.
        relative_per_layer: the same for each layer.
        weight_decay: w, as PyTorch's SGD counts it where the loss is a mean; infinite where the
            best c is none above 0.
    """

    relative: float
    relative_per_layer: tuple[float, ...]
    weight_decay: float


@dataclass(frozen=True)
class TrueStationarity:
    """How stationary a network is, seen with its training images.

    Attributes:
        multipliers: of each image, Σ_k λ_ik ≥ 0, that explain the weights best, shape (n,).
        margins: by how much the label's own output leads, shape (n,).
        relative: ‖θ* − Σ J(x_i)ᵀ u_i‖ / ‖θ*‖ with these multipliers.
        relative_per_layer: the same for each layer.
        unknowns: what was solved for.
        decay: the reading by weight decay; None where no image has a loss left, or a base is known.
    """

    multipliers: Values
    margins: Values
    relative: float
    relative_per_layer: tuple[float, ...]
    unknowns: Unknowns = "one an image"
    decay: DecayReading | None = None

    @property
    def carrying(self) -> int:
        """How many images carry a multiplier above 5 % of the largest."""
        largest = self.multipliers.max(initial=0.0)
        return int((self.multipliers > CARRIES * largest).sum())

    def heaviest(self, count: int) -> list[int]:
        """Places of the images with the largest multipliers, the largest first."""
        order = np.argsort(-self.multipliers, kind="stable")[:count]
        return [int(place) for place in order if self.multipliers[place] > 0]

    @property
    def wrong(self) -> int:
        """How many images the network gets wrong."""
        return int((self.margins <= 0).sum())


@dataclass(frozen=True)
class Explained:
    """What images explain of the weights.

    Attributes:
        multipliers: of each image, Σ_k λ_ik ≥ 0, that explain the weights best, shape (n,).
        relative: ‖θ* − Σ J(x_i)ᵀ u_i‖ / ‖θ*‖ with these multipliers.
        relative_per_layer: the same for each layer.
        unknowns: what was solved for.
    """

    multipliers: Values
    relative: float
    relative_per_layer: tuple[float, ...]
    unknowns: Unknowns


def check_stationarity(network: Network, x: Tensor, labels: Tensor) -> TrueStationarity:
    """Solves for the multipliers of known training images, and reads their weight decay.

    Args:
        network: the network.
        x: what it read of them in training, shape (n, D).
        labels: what it was taught of them, as its `Classes` label them, shape (n,).

    Raises:
        UnusableInput: there are more than `MOST_IMAGES`, or no solution is found.
    """
    network = network.to("cpu", torch.float64)
    x, labels = x.cpu().double(), labels.cpu().double()
    found = explain(where_balanced(network), x, labels)
    return TrueStationarity(
        multipliers=found.multipliers,
        margins=network.classes.margins(network.forward(x), labels).numpy(),
        relative=found.relative,
        relative_per_layer=found.relative_per_layer,
        unknowns=found.unknowns,
        decay=None if network.base is not None else read_decay(network, x, labels),
    )


def explain(network: Network, x: Tensor, labels: Tensor, progress: Progress = unheard) -> Explained:
    """Solves for the multipliers of images.

    Args:
        network: float64, on the CPU.
        x: what it reads of them, float64, shape (n, D).
        labels: what it was taught of them, as its `Classes` label them, float64, shape (n,).
        progress: told the share that is done.

    Raises:
        UnusableInput: there are more than `MOST_IMAGES`, or no solution is found.
        Cancelled: `progress` said so.
    """
    if len(x) > MOST_IMAGES:
        raise UnusableInput(
            f"The multipliers of {len(x):,} images would take too long to solve for; "
            f"{MOST_IMAGES:,} are the most.",
            "Give fewer.",
        )
    classes, outputs = network.classes, network.forward(x)
    unknowns = _unknowns(classes, len(x))
    each, read = 1, x
    if unknowns == "one a wrong class":
        each = classes.outputs - 1
        read, directions = x.repeat_interleave(each, 0), wrong_class_directions(classes, labels)
    else:
        directions = own_directions(classes, outputs, labels)
    pulls = Gradients.in_parts(network, read, directions, lambda: progress(0.1))
    gram = pulls.gram(lambda: progress(0.2))
    multipliers = solve_nonnegative(gram, pulls.along_parameters(), lambda: progress(0.5))
    combined = pulls.combined(multipliers, lambda: progress(0.9))
    relative, per_layer = _left_over(network.explained, combined)
    return Explained(
        np.asarray(multipliers.reshape(-1, each).sum(1).numpy()), relative, per_layer, unknowns
    )


def _unknowns(classes: Classes, count: int) -> Unknowns:
    """What is solved for: every λ_ik, unless that would take too long."""
    if classes.outputs == 1 or count * (classes.outputs - 1) > MOST_IMAGES:
        return "one an image"
    return "one a wrong class"


def read_decay(network: Network, x: Tensor, labels: Tensor) -> DecayReading | None:
    """How nearly the weights are what weight decay leaves; None where no loss is left.

    Args:
        network: float64, on the CPU.
        x: what it read in training, float64, shape (n, D).
        labels: what it was taught, float64, shape (n,).
    """
    cotangents = loss_cotangents(network.classes, network.forward(x), labels)
    largest = float(cotangents.abs().max()) if len(x) else 0.0
    if largest <= 0:
        return None
    # Taken for as large as the largest, so that squares of a tiny loss do not vanish.
    pulls = Gradients.of(network, x, cotangents / largest)
    pull = pulls.combined(torch.ones(len(x), dtype=x.dtype))
    size = float(pull.squared_norms().sum())
    factor = max(float(pulls.along_parameters().sum()) / size, 0.0) if size > 0 else 0.0
    relative, per_layer = _left_over(network.parameters, pull.each(lambda part: factor * part))
    decay = largest / (factor * len(x)) if factor > 0 else float("inf")
    return DecayReading(relative, per_layer, decay)


def _left_over(parameters: Parameters, explained: Parameters) -> tuple[float, tuple[float, ...]]:
    """What is not explained, relative to θ*: of all of it, and of each layer.

    Not a number of a layer that was not trained.
    """
    squares, residuals = parameters.squared_norms(), (parameters - explained).squared_norms()
    whole = float((residuals.sum() / squares.sum()).sqrt())
    return whole, tuple(
        float(share) for share in (residuals / squares.where(squares > 0, torch.nan)).sqrt()
    )


def true_stationarity(network: Network, train: LabelledImages) -> TrueStationarity:
    """The multipliers of training images, preprocessed as far as is known.

    The mean is the network's own, else that of the images; for the labels see `taught_labels`.

    Raises:
        UnusableInput: there are too many images, or their labels are none of the network's.
    """
    x = network.inputs.of_images(train.images, train.images.mean(0))
    outputs = network.to("cpu", x.dtype).forward(x)
    labels = taught_labels(network.classes, train.labels, outputs)
    if labels is None:
        raise UnusableInput(
            f"{train.name} has {_other_labels(network.classes)}, so that nobody knows what the "
            "network was taught of its images.",
            "Give images whose labels are numbered like the network's classes, from 0.",
        )
    return check_stationarity(network, x, labels)


def _other_labels(classes: Classes) -> str:
    if classes.outputs == 1:
        return "other labels than 0 and 1, or one of them alone"
    return f"other labels than the network's {classes.count} classes, 0 to {classes.count - 1}"
