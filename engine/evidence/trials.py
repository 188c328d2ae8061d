"""Ways to read a network, held against the classes of its training images.

What a checkpoint leaves open (what was done to an image, how steep the activation is below zero) is
tried out. The right way puts most images on their own side. Where several put all there, margins
tell: training leaves no image much nearer to the border than others, and whatever it did not see
brings some of them near. So it is the margin that all but one image in twenty keep that counts,
over the root mean square of all margins: no way wins by making all numbers larger. The median would
not do: on `cifar10_vehicles_animals` it is larger for half of the wrong ways than for the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from engine.base.plain_text import percent
from engine.data.datasets import LabelledImages
from engine.evidence.taught import taught_labels
from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Way = TypeVar("Way")

_MOST_IMAGES = 1000
"""That are looked at; more would tell nothing else."""
_ONE_IN = 100
_FEW = 0.05
_CLEARLY = 0.05


@dataclass(frozen=True)
class Trial(Generic[Way]):
    """One way to read a network, and how it fares.

    Attributes:
        way: what was tried.
        words: the same for people.
        right: share of the images that are on their own side.
        margin: what all but one image in twenty keep, over the root mean square; 1 at best.
    """

    way: Way
    words: str
    right: float
    margin: float

    @property
    def fares(self) -> str:
        """`fc1, fc3, fc2: 12 % right`."""
        return f"{self.words}: {percent(self.right)} right"

    def is_clearly_better_than(self, other: Trial[Any]) -> bool:
        """Whether it is right of one image in a hundred more, or of as many by a wider margin."""
        more = self.right - other.right
        if abs(more) >= 1 / _ONE_IN:
            return more > 0
        return self.margin > other.margin + _CLEARLY


@dataclass(frozen=True)
class Trials(Generic[Way]):
    """All that were tried.

    Attributes:
        ranked: the best first.
    """

    ranked: tuple[Trial[Way], ...]

    @property
    def best(self) -> Trial[Way]:
        """The first of them."""
        return self.ranked[0]

    @property
    def ties(self) -> tuple[Trial[Way], ...]:
        """Those that the best is not clearly better than, itself among them."""
        return tuple(t for t in self.ranked if not self.best.is_clearly_better_than(t))

    @property
    def is_clear(self) -> bool:
        """Whether the best is clearly better than all others."""
        return len(self.ties) == 1

    def as_dicts(self) -> list[dict[str, str | float]]:
        """For programs, the best first."""
        return [
            {"words": t.words, "right": round(t.right, 4), "margin": round(t.margin, 4)}
            for t in self.ranked
        ]


def ranked(trials: list[Trial[Way]]) -> Trials[Way]:
    """By the images on the right side, and among equals by the margin."""
    # One image in a hundred may be on either side by chance; the margin tells more then.
    return Trials(tuple(sorted(trials, key=lambda t: (-round(t.right * _ONE_IN), -t.margin))))


def try_out(
    network: Network, train: LabelledImages, mean: Tensor | None = None
) -> tuple[float, float] | None:
    """How a network fares with its training images as it stands.

    Args:
        network: on the CPU.
        train: images of its shape.
        mean: stands for that of the preprocessing where it is not known.

    Returns:
        `right` and `margin` of a trial; None where nobody knows what the network was taught, or
        where its outputs are no numbers.
    """
    every = max(1, math.ceil(len(train) / _MOST_IMAGES))
    images, numbers = train.images[::every], train.labels[::every]
    network = network.to("cpu", torch.float32)
    outputs = network.forward(network.inputs.of_images(images, mean)).double()
    labels = taught_labels(network.classes, numbers, outputs)
    if labels is None or not bool(torch.isfinite(outputs).all()):
        return None
    margins = network.classes.margins(outputs, labels)
    size = float(margins.square().mean().sqrt())
    kept = float(margins.quantile(_FEW))
    return float((margins > 0).double().mean()), kept / size if size else 0.0
