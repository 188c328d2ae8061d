"""Whether an architecture fits the shapes of weights, and which images it then reads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.base.errors import UnusableInput
from engine.data.inputs import InputShape, shape_in_words
from engine.network.architecture import Architecture, GlobalPooling, Layer, Normalised, Word
from engine.network.structure import Activated, Convolution, Pair, Pooling, Step, Structure

_MOST_SIDE = 512
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
        return f"“{self.name}” ({'×'.join(map(str, self.shape))})"


@dataclass(frozen=True)
class Fitted:
    """An architecture and the images that it reads.

    Attributes:
        structure: of the network.
        shape: (c, h, w) of an image.
        is_only: whether no other square image fits; False where the shape was a choice.
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
    _check_layers(architecture, layers)
    if shape is not None:
        return Fitted(Structure(_steps(architecture, layers, shape)), shape)
    channels = _channels(architecture, layers)
    sides = _fitting_sides(architecture, layers, channels)
    if not sides:
        tried = (channels, *(_USUAL_SIDES[channels][:1] * 2))
        _steps(architecture, layers, (tried[0], tried[1], tried[2]))
    return Fitted(
        Structure(_steps(architecture, layers, (channels, sides[0], sides[0]))),
        (channels, sides[0], sides[0]),
        len(sides) == 1,
    )


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


def _check_layers(architecture: Architecture, layers: Sequence[Shaped]) -> None:
    """Holds the kinds of layers, and what is said of their sizes, against the weights."""
    said = architecture.layers
    if len(said) != len(layers):
        raise UnusableInput(
            f"The architecture has {len(said)} layers with weights, and the file {len(layers)}: "
            f"{', '.join(layer.words for layer in layers[:12])}."
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
                f"architecture says {word.kernel[0]}×{word.kernel[1]}."  # type: ignore[index]
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
            f"{layer.words} reads images of {channels} channels; Afterimage shows images of 1 or 3."
        )
    return channels


def _fitting_sides(
    architecture: Architecture, layers: Sequence[Shaped], channels: int
) -> list[int]:
    """Sides of square images that fit, the most usual first, then the smallest."""
    sides = dict.fromkeys((*_USUAL_SIDES[channels], *range(1, _MOST_SIDE + 1)))
    return [side for side in sides if _is_fitting(architecture, layers, (channels, side, side))]


def _is_fitting(architecture: Architecture, layers: Sequence[Shaped], shape: InputShape) -> bool:
    try:
        _steps(architecture, layers, shape)
    except UnusableInput:
        return False
    return True


# --- sizes on the way through ------------------------------------------------------------------


def _steps(
    architecture: Architecture, layers: Sequence[Shaped], shape: InputShape
) -> tuple[Step, ...]:
    """The steps that images of a shape go through.

    Raises:
        UnusableInput: a layer reads another size than it is given.
    """
    rest, at = iter(layers), _At(shape, f"{shape_in_words(shape)} images")
    steps: list[Step] = []
    for word in architecture.words:
        if isinstance(word, Normalised):
            continue
        step = _resolved(word, at)
        layer = next(rest) if isinstance(word, Layer) else None
        at = at.after(step, layer, shape)
        steps.append(step)
    return tuple(steps)


def _resolved(word: Word, at: _At) -> Step:
    if isinstance(word, Layer):
        return word.step
    if isinstance(word, GlobalPooling):
        kernel = at.sizes[1:]
        return Pooling("average", (kernel[0], kernel[1]), (kernel[0], kernel[1]))
    assert not isinstance(word, Normalised)
    return word


@dataclass(frozen=True)
class _At:
    """What comes out of a step: (c, h, w), or (n, 1, 1) once it is flat; and what gives it."""

    sizes: tuple[int, int, int]
    of: str

    def after(self, step: Step, layer: Shaped | None, shape: InputShape) -> _At:
        """What comes out of the next one."""
        if isinstance(step, Activated):
            return self
        if isinstance(step, Pooling):
            return _At((self.sizes[0], *self._slid(step, step.kernel, (1, 1), shape)), self.of)
        assert layer is not None
        if isinstance(step, Convolution):
            return self._convolved(step, layer, shape)
        numbers = math.prod(self.sizes)
        if layer.shape[1] != numbers:
            given = "×".join(map(str, self.sizes)) + f" = {numbers:,}"
            raise UnusableInput(
                f"{layer.words} reads {layer.shape[1]:,} numbers, and with images of "
                f"{shape_in_words(shape)} {self.of} gives "
                f"{given if self.sizes[1:] != (1, 1) else f'{numbers:,}'}."
            )
        return _At((layer.shape[0], 1, 1), layer.words)

    def _convolved(self, step: Convolution, layer: Shaped, shape: InputShape) -> _At:
        outputs, inputs, height, width = layer.shape
        if outputs % step.groups or inputs * step.groups != self.sizes[0]:
            groups = f" in {step.groups} groups" if step.groups > 1 else ""
            raise UnusableInput(
                f"{layer.words} reads {inputs * step.groups} channels{groups}, and {self.of} gives "
                f"{self.sizes[0]}."
            )
        slid = self._slid(step, (height, width), step.dilation, shape)
        return _At((outputs, *slid), layer.words)

    def _slid(
        self, step: Convolution | Pooling, kernel: Pair, dilation: Pair, shape: InputShape
    ) -> Pair:
        """How often a kernel fits, downwards and across."""
        rows, columns = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, p, d, k, s in zip(
                self.sizes[1:], step.padding, dilation, kernel, step.stride, strict=True
            )
        )
        if min(rows, columns) < 1:
            what = "pooling" if isinstance(step, Pooling) else "a convolution"
            raise UnusableInput(
                f"With images of {shape_in_words(shape)} {what} of {kernel[0]}×{kernel[1]} is larger "
                f"than what {self.of} gives ({self.sizes[1]}×{self.sizes[2]})."
            )
        return rows, columns
