"""How the layers of a network follow each other where they are not all fully connected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from engine.base.errors import UnusableInput

if TYPE_CHECKING:
    from torch import Tensor

Pair = tuple[int, int]
"""Of rows and of columns."""

Shape = tuple[int, ...]
"""Of what one image is on its way: (c, h, w), or (n,) once it is flat."""


@dataclass(frozen=True)
class Convolution:
    """A convolution; its weights have shape (c_l, c_{l−1} / groups, height, width)."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1


@dataclass(frozen=True)
class Full:
    """A fully connected layer; what comes from a convolution is flattened before it."""


@dataclass(frozen=True)
class Pooling:
    """The largest, or the mean, of each patch; zeros of the padding count for a mean."""

    kind: Literal["max", "average"]
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)


@dataclass(frozen=True)
class Activated:
    """φ, the network's activation."""


Step = Convolution | Full | Pooling | Activated


@dataclass(frozen=True)
class Structure:
    """The steps of a forward pass.

    Each `Convolution` or `Full` takes the next weights and biases of `Parameters`, in their order.
    Batch normalisation is folded into the layer before it, dropout does nothing: neither is a step.

    Attributes:
        steps: from the image to the outputs; the last is a `Full` one.
    """

    steps: tuple[Step, ...]

    @property
    def layers(self) -> tuple[Convolution | Full, ...]:
        """The steps that have weights, in their order."""
        return tuple(step for step in self.steps if isinstance(step, Convolution | Full))

    @property
    def is_all_full(self) -> bool:
        """Whether it is what a network without a structure is: full layers with φ between them."""
        return all(isinstance(step, Full | Activated) for step in self.steps)

    @property
    def first_full(self) -> int:
        """Which layer, counted from 0, is the first fully connected one."""
        return next(i for i, layer in enumerate(self.layers) if isinstance(layer, Full))

    def shapes(self, weights: Sequence[Tensor], shape: Shape) -> list[Shape]:
        """What an image is after each step.

        Args:
            weights: W_1 … W_L.
            shape: of an image, (c, h, w).

        Raises:
            UnusableInput: a step cannot read what the one before it gives.
        """
        if not self.steps or not isinstance(self.steps[-1], Full):
            raise UnusableInput("The last step of an architecture has to be a fully connected one.")
        if len(self.layers) != len(weights):
            raise UnusableInput(
                f"The architecture has {len(self.layers)} layers with weights, and the network "
                f"{len(weights)}."
            )
        for before, step in pairwise(self.steps):
            if isinstance(before, Full) and isinstance(step, Full):
                raise UnusableInput(
                    "Two fully connected layers of an architecture follow each other without an "
                    "activation between them."
                )
        return shapes_along(self.steps, weights, shape)

    def in_words(self, weights: Sequence[Tensor], shape: Shape) -> str:
        """For people: `1×28×28 – conv 5×5 16 stride 2 padding 2 – full 256 – full 10`."""
        words, left = [times(shape)], list(weights)
        for step in self.steps:
            if isinstance(step, Pooling):
                words.append(_pooling_in_words(step))
            elif isinstance(step, Convolution):
                words.append(_convolution_in_words(step, left.pop(0)))
            elif isinstance(step, Full):
                words.append(f"full {len(left.pop(0))}")
        return " – ".join(words)


def shapes_along(steps: Sequence[Step], weights: Sequence[Tensor], shape: Shape) -> list[Shape]:
    """What an image is after each of some steps, from the first on.

    Args:
        steps: the first ones of a network.
        weights: of its layers, at least of those among these steps.
        shape: of an image, (c, h, w).

    Raises:
        UnusableInput: a step cannot read what the one before it gives.
    """
    left, found, number = list(weights), [], 0
    for before, step in zip((None, *steps), steps, strict=False):
        if isinstance(step, Full) and isinstance(before, Full):
            raise UnusableInput(
                f"Layers {number} and {number + 1} follow each other without an activation."
            )
        if isinstance(step, Pooling):
            shape = _pooled(step, shape)
        elif not isinstance(step, Activated):
            number += 1
            shape = _through(step, left.pop(0), shape, number)
        found.append(shape)
    return found


def times(shape: Sequence[int]) -> str:
    """For people: `16×14×14`."""
    return "×".join(str(n) for n in shape)


def _through(step: Convolution | Full, weight: Tensor, shape: Shape, number: int) -> Shape:
    """What a layer, counted from 1, makes of a shape."""
    held = f"{times(shape)} = {math.prod(shape):,}" if len(shape) > 1 else f"{shape[0]:,}"
    if isinstance(step, Full):
        if weight.dim() != 2:
            raise UnusableInput(
                f"Layer {number} is fully connected here, but its weights have shape "
                f"{times(weight.shape)}."
            )
        if weight.shape[1] != math.prod(shape):
            raise UnusableInput(
                f"Layer {number} reads {weight.shape[1]:,} numbers, but what comes before it gives "
                f"{held}."
            )
        return (weight.shape[0],)
    if weight.dim() != 4:
        raise UnusableInput(
            f"Layer {number} is a convolution here, but its weights have shape "
            f"{times(weight.shape)}."
        )
    outputs, channels, *kernel = weight.shape
    if len(shape) != 3 or shape[0] != channels * step.groups or outputs % step.groups:
        raise UnusableInput(
            f"Layer {number} reads {channels * step.groups} channels in {step.groups} groups and "
            f"gives {outputs}, but what comes before it gives {held}."
        )
    reach = tuple(d * (k - 1) + 1 for d, k in zip(step.dilation, kernel, strict=True))
    return (outputs, *_slid(reach, step.stride, step.padding, shape, f"Layer {number}"))


def _pooled(step: Pooling, shape: Shape) -> Shape:
    if len(shape) != 3:
        raise UnusableInput("Pooling reads an image, but it stands behind a fully connected layer.")
    if any(2 * p > k for p, k in zip(step.padding, step.kernel, strict=True)):
        raise UnusableInput(
            f"The padding of pooling, {times(step.padding)}, may be half its patch at most, "
            f"{times(step.kernel)}."
        )
    return (shape[0], *_slid(step.kernel, step.stride, step.padding, shape, "Pooling"))


def _slid(
    reach: Sequence[int], stride: Pair, padding: Pair, shape: Shape, name: str
) -> tuple[int, ...]:
    """At how many places a patch fits: ⌊(size + 2 padding − reach) / stride⌋ + 1 each way."""
    if min(stride) < 1 or min(padding) < 0 or min(reach) < 1:
        raise UnusableInput(f"{name} has to move by 1 or more, over a padding of 0 or more.")
    free = [n + 2 * p - r for n, p, r in zip(shape[1:], padding, reach, strict=True)]
    if min(free) < 0:
        raise UnusableInput(
            f"{name} looks at patches of {times(reach)}, but what comes before it gives "
            f"{times(shape)}."
        )
    return tuple(room // s + 1 for room, s in zip(free, stride, strict=True))


def _convolution_in_words(step: Convolution, weight: Tensor) -> str:
    usual = Convolution()
    words = [f"conv {times(weight.shape[2:])} {weight.shape[0]}"]
    for name in ("stride", "padding", "dilation"):
        pair = getattr(step, name)
        if pair != getattr(usual, name):
            words.append(f"{name} {_of(pair)}")
    return " ".join(words + ([f"groups {step.groups}"] if step.groups > 1 else []))


def _pooling_in_words(step: Pooling) -> str:
    words = [f"{step.kind} pool {times(step.kernel)}"]
    words += [f"stride {_of(step.stride)}"] if step.stride != step.kernel else []
    return " ".join(words + ([f"padding {_of(step.padding)}"] if any(step.padding) else []))


def _of(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else times(pair)
