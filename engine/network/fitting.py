"""Whether an architecture fits the shapes of weights, and which images it then reads."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape, shape_in_words
from engine.network.architecture import Architecture, GlobalPooling, Layer, Normalised, Word
from engine.network.structure import (
    Convolution,
    Full,
    Pooling,
    Shape,
    Step,
    Structure,
    shapes_along,
    times,
)
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_MOST_SIDE = 512
_MOST_NAMED = 12
_USUAL_SIDES = {1: (28, 32, 64, 96, 224, 8, 16), 3: (32, 64, 96, 224, 28, 128, 48, 16, 8)}
"""Of square images, by channels, the most usual first."""


@dataclass(frozen=True)
class Shaped:
    """A layer of a file, by the shape of its weights.

    Attributes:
        name: what the file calls it.
        shape: (c_l, c_{l−1} / groups, height, width) of a convolution, (n_l, n_{l−1}) of a full
            layer.
        is_normalised: whether batch normalisation stands behind it.
    """

    name: str
    shape: tuple[int, ...]
    is_normalised: bool = False

    @property
    def is_convolution(self) -> bool:
        """Whether it is a convolution."""
        return len(self.shape) == 4

    @property
    def words(self) -> str:
        """`“conv1” (16×1×5×5)`."""
        return f"“{self.name}” ({times(self.shape)})"


@dataclass(frozen=True)
class Fitted:
    """An architecture and the images that it reads.

    Attributes:
        structure: of the network.
        shape: (c, h, w) of an image.
        is_only: whether it was said, or is the only usual one; else it was a choice.
    """

    structure: Structure
    shape: InputShape
    is_only: bool = True


def fit(
    architecture: Architecture, layers: Sequence[Shaped], shape: InputShape | None = None
) -> Fitted:
    """Holds an architecture against the shapes of the weights.

    Args:
        architecture: what somebody says.
        layers: of the file, in the order of the forward pass.
        shape: (c, h, w) of the images where it is known. Else square ones are tried, and the most
            usual of those that fit is taken.

    Raises:
        UnusableInput: it does not fit; the message says which layer gives which size.
    """
    check_layers(architecture, layers)
    if shape is not None:
        return Fitted(Structure(_steps(architecture, layers, shape)), shape)
    channels = _channels(architecture, layers)
    usual = [each for each in usual_shapes(channels) if fits(architecture, layers, each)]
    if usual:
        return replace(fit(architecture, layers, usual[0]), is_only=len(usual) == 1)
    side = _smallest_side(architecture, layers, channels)
    if side is not None and fits(architecture, layers, (channels, side, side)):
        return replace(fit(architecture, layers, (channels, side, side)), is_only=False)
    side = _USUAL_SIDES[channels][0]
    return fit(architecture, layers, (channels, side, side))  # Which says what does not fit.


def fits(architecture: Architecture, layers: Sequence[Shaped], shape: InputShape) -> bool:
    """Whether an architecture fits, with images of a shape."""
    try:
        fit(architecture, layers, shape)
    except UnusableInput:
        return False
    return True


def usual_shapes(channels: int) -> Iterable[InputShape]:
    """Shapes of square images, the most usual first."""
    return ((channels, side, side) for side in _USUAL_SIDES.get(channels, ()))


def check_layers(architecture: Architecture, layers: Sequence[Shaped]) -> None:
    """Holds the kinds of layers, and what is said of their sizes, against the weights."""
    said = architecture.layers
    if len(said) != len(layers):
        raise UnusableInput(
            f"The architecture has {len(said)} layers with weights, and the file {len(layers)}: "
            f"{', '.join(layer.words for layer in layers[:_MOST_NAMED])}."
        )
    for word, layer, normalised in zip(said, layers, architecture.normalised, strict=True):
        is_convolution = isinstance(word.step, Convolution)
        if is_convolution != layer.is_convolution:
            kinds = ("a linear layer", "a convolution")
            raise UnusableInput(
                f"{layer.words} is {kinds[layer.is_convolution]}, and {kinds[is_convolution]} "
                "stands there in the architecture."
            )
        if word.outputs not in (None, layer.shape[0]):
            raise UnusableInput(
                f"{layer.words} gives {layer.shape[0]:,} channels or neurons, and the architecture "
                f"says {word.outputs:,}."
            )
        if word.kernel not in (None, layer.shape[2:]):
            raise UnusableInput(
                f"{layer.words} has a kernel of {layer.shape[2]}×{layer.shape[3]}, and the "
                f"architecture says {word.kernel[0]}×{word.kernel[1]}."
            )
        if normalised and not layer.is_normalised:
            raise UnusableInput(
                f"The architecture has batch normalisation behind {layer.words}, and the file has "
                "none there, or it has been folded into the weights already."
            )


def _channels(architecture: Architecture, layers: Sequence[Shaped]) -> int:
    """Of the images that the first layer reads.

    Raises:
        UnusableInput: they are neither grey nor colour, or the first layer says nothing of them.
    """
    first, layer = architecture.layers[0].step, layers[0]
    if not isinstance(first, Convolution):
        raise UnusableInput(
            f"{layer.words} is the first layer, and what shape the images have that it reads is "
            "not known; say it (--shape)."
        )
    channels = layer.shape[1] * first.groups
    if channels not in _USUAL_SIDES:
        raise UnusableInput(
            f"{layer.words} reads images of {channels} channels, and Afterimage shows images of 1 "
            "or 3."
        )
    return channels


def _smallest_side(
    architecture: Architecture, layers: Sequence[Shaped], channels: int
) -> int | None:
    """The smallest side of a square image that gives the first full layer as much as it reads.

    A larger image never gives less. Whether it gives too much is not looked at.
    """
    wanted = next(layer.shape[1] for layer in layers if not layer.is_convolution)
    words = list(takewhile(lambda word: word != Layer(Full()), _bare(architecture)))
    weights = _weights(layers)

    def is_enough(side: int) -> bool:
        try:
            _, shapes = _along(words, weights, (channels, side, side))
        except UnusableInput:
            return False
        return math.prod(shapes[-1]) >= wanted

    side = bisect_left(range(1, _MOST_SIDE + 1), True, key=is_enough) + 1
    return side if side <= _MOST_SIDE else None


# --- sizes on the way through ------------------------------------------------------------------


def _bare(architecture: Architecture) -> list[Word]:
    """The words without what is said of sizes, and without batch normalisation."""
    words = [Layer(word.step) if isinstance(word, Layer) else word for word in architecture.words]
    return [word for word in words if not isinstance(word, Normalised)]


def _weights(layers: Sequence[Shaped]) -> list[Tensor]:
    """Weights of these shapes that hold nothing."""
    return [torch.empty(layer.shape, device="meta") for layer in layers]


def _steps(
    architecture: Architecture, layers: Sequence[Shaped], shape: InputShape
) -> tuple[Step, ...]:
    """The steps that images of a shape go through.

    Raises:
        UnusableInput: a layer reads another size than it is given.
    """
    try:
        return tuple(_along(_bare(architecture), _weights(layers), shape)[0])
    except UnusableInput as error:
        names = ", ".join(layer.words for layer in layers[:_MOST_NAMED])
        raise UnusableInput(
            f"With images of {shape_in_words(shape)} it does not fit: {error} The layers are "
            f"{names}{' …' if len(layers) > _MOST_NAMED else ''}."
        ) from error


def _along(
    words: Sequence[Word], weights: Sequence[Tensor], shape: InputShape
) -> tuple[list[Step], list[Shape]]:
    """The steps of some words, and what an image is after each."""
    steps: list[Step] = []
    for word in words:
        if isinstance(word, GlobalPooling):
            height, width = shapes_along(steps, weights, shape)[-1][1:]
            steps.append(Pooling("average", (height, width), (height, width)))
        elif not isinstance(word, Normalised):
            steps.append(word.step if isinstance(word, Layer) else word)
    return steps, shapes_along(steps, weights, shape)
