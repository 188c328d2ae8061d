"""The forward and backward pass through a structure, step by step.

What each step does to images is linear once its gates, and the places of the largest, are known:
`along` is that map, `back` its transpose. With z_l = W_l ∗ h_{l−1} + b_l and the cotangents U, δ_l
is the derivative of u_i · Φ(x_i) by z_l, and the gradient by W_l is that of ⟨δ_l, W_l ∗ h_{l−1}⟩.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.network import Network
from engine.network.steps import (
    convolution_by_input,
    convolution_by_weight,
    convolved,
    pooled_alike,
    pooled_where,
    pooling_by_input,
)
from engine.network.structure import Activated, Convolution, Full, Pooling

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Layer:
    """A step with weights.

    Attributes:
        number: l, counted from 0.
        step: which kind.
        weight: W_l.
        h: what it reads; flat where it is a full layer.
    """

    number: int
    step: Convolution | Full
    weight: Tensor
    h: Tensor

    def along(self, change: Tensor, weight: Tensor | None = None) -> Tensor:
        """W ∗ change; of W_l, or of other weights in its shape."""
        weight = self.weight if weight is None else weight
        if isinstance(self.step, Convolution):
            return convolved(self.step, change, weight)
        return change.flatten(1) @ weight.T

    def back(self, delta: Tensor, weight: Tensor | None = None) -> Tensor:
        """Its transpose, in the shape of h."""
        weight = self.weight if weight is None else weight
        if isinstance(self.step, Convolution):
            return convolution_by_input(self.step, delta, weight, self.h)
        return delta @ weight

    def gradient(self, delta: Tensor) -> Tensor:
        """Σ_i ∂⟨δ_i, W ∗ h_i⟩/∂W, in the shape of W."""
        if isinstance(self.step, Convolution):
            return convolution_by_weight(self.step, delta, self.weight, self.h)
        return delta.T @ self.h


@dataclass(frozen=True)
class Gate:
    """φ: its slopes s at what came in."""

    s: Tensor

    def along(self, change: Tensor) -> Tensor:
        """s ∘ change."""
        return self.s * change

    def back(self, delta: Tensor) -> Tensor:
        """s ∘ δ."""
        return self.s * delta


@dataclass(frozen=True)
class Pooled:
    """The mean or the largest of patches.

    Attributes:
        step: how it pools.
        where: of the largest, where each came from.
        h: what it reads.
    """

    step: Pooling
    where: Tensor | None
    h: Tensor

    def along(self, change: Tensor) -> Tensor:
        """What it makes of a change of h."""
        return pooled_alike(self.step, change, self.where)

    def back(self, delta: Tensor) -> Tensor:
        """The transpose of that."""
        return pooling_by_input(self.step, delta, self.where, self.h)


@dataclass(frozen=True)
class Flattened:
    """From (c, h, w) to c·h·w numbers."""

    shape: tuple[int, ...]

    def along(self, change: Tensor) -> Tensor:
        """Flat."""
        return change.flatten(1)

    def back(self, delta: Tensor) -> Tensor:
        """As an image again."""
        return delta.reshape(-1, *self.shape)


Link = Layer | Gate | Pooled | Flattened


@dataclass(frozen=True)
class Passage:
    """What images leave on their way forward.

    Attributes:
        links: of each step, from the images on; a `Flattened` one stands for its own.
        outputs: Φ, shape (m, C).
        z: what each `Activated` read, flat, in their order.
    """

    links: Sequence[Link]
    outputs: Tensor
    z: Sequence[Tensor]

    def backward(self, cotangents: Tensor) -> list[Tensor | None]:
        """δ behind each link: ∂(u · Φ)/∂(what it gives); None before the first layer.

        Args:
            cotangents: U, shape (m, C).
        """
        deltas: list[Tensor | None] = [None] * len(self.links)
        first = next(i for i, link in enumerate(self.links) if isinstance(link, Layer))
        delta = cotangents
        for place in range(len(self.links) - 1, first - 1, -1):
            deltas[place] = delta
            if place > first:
                delta = self.links[place].back(delta)
        return deltas


def passage(
    network: Network, x: Tensor, alpha: float | None = None, until: int | None = None
) -> Passage:
    """Forward pass through a structure.

    Args:
        network: what to go through; it has one.
        x: flat network inputs, shape (m, D).
        alpha: sharpness of soft gates; hard ones where left out.
        until: the layer, counted from 0, before which to stop; `outputs` is then what it reads.
    """
    structure, activation = network.structure, network.activation
    if structure is None:
        raise ValueError("a network without a structure is traced")
    links: list[Link] = []
    z: list[Tensor] = []
    h, number = x.reshape(-1, *network.input_shape), 0
    for step in structure.steps:
        if isinstance(step, Full) and h.dim() > 2:
            links.append(Flattened(tuple(h.shape[1:])))
            h = h.flatten(1)
        if isinstance(step, Convolution | Full) and number == until:
            break
        if isinstance(step, Activated):
            gate = activation.gate(h) if alpha is None else activation.soft_gate(h, alpha)
            links.append(Gate(gate))
            z.append(h.flatten(1))
            h = activation(h)
        elif isinstance(step, Pooling):
            read = h
            h, where = pooled_where(step, read)
            links.append(Pooled(step, where, read))
        else:
            layer = Layer(number, step, network.weights[number], h)
            links.append(layer)
            h, bias = layer.along(h), network.biases[number]
            if bias is not None:
                h += bias if h.dim() == 2 else bias[:, None, None]
            number += 1
    return Passage(links, h, z)
