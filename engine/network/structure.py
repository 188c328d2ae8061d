"""How the layers of a network follow each other where they are not all fully connected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pair = tuple[int, int]
"""Of rows and of columns."""


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
    """The largest, or the mean, of each patch."""

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
        steps: from the image to the outputs.
    """

    steps: tuple[Step, ...]
