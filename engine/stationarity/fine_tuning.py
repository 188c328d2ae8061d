"""The way of a network that was fine-tuned, told by what has to balance along it.

θ − θ_0 is a sum over the steps of gradients at the weights of that time. One set of gradients
stands for them all, and where between θ_0 and θ they are best taken is told by the balance
(`balance`): of G = Σ_i J(x_i)ᵀ u_i with J at θ', for neighbouring layers

    ⟨W'_{l+1}, G_{W_{l+1}}⟩ = ⟨W'_l, G_{W_l}⟩ + ⟨b'_l, G_{b_l}⟩.

Small steps of gradient descent keep ‖W_{l+1}‖² − ‖W_l‖² − ‖b_l‖², so that θ − θ_0 is in balance
midway, whatever the images. Long first steps leave most of it in balance at θ_0. Adam's steps are
no gradients, and leave it in balance nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.network.network import Network
from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor

SMALL_STEPS, LONG_STEPS = 0.75, 0.0
"""Where gradients are taken, from θ_0, at 0, to θ, at 1 (decision 37)."""

_OUT_OF_BALANCE = 0.6
"""Gradient descent stayed below 0.35, Adam above 0.8 (decision 37)."""
_TINY = 1e-300


@dataclass(frozen=True)
class Way:
    """How far θ − θ_0 is from balance, from 0, where it is, up; the worst pair of layers.

    Attributes:
        at_base: with gradients taken at θ_0.
        midway: with gradients taken halfway to θ.
    """

    at_base: float
    midway: float

    @property
    def taken_at(self) -> float:
        """Where gradients are best taken, from θ_0, at 0, to θ, at 1."""
        return SMALL_STEPS if self.midway <= self.at_base else LONG_STEPS

    @property
    def is_descent(self) -> bool:
        """Whether steps along gradients may have led there."""
        return min(self.at_base, self.midway) < _OUT_OF_BALANCE


def way_of(network: Network) -> Way | None:
    """The way of a fine-tuned network.

    Returns:
        None where no two neighbouring layers were trained, or no base is known.
    """
    if network.base is None:
        return None
    weights, biases = Target.of(network).untrained
    pairs = [
        layer
        for layer in range(network.depth - 1)
        if not {layer, layer + 1} & weights and layer not in biases
    ]
    if not pairs:
        return None
    return Way(*(max(_imbalance(network, layer, at) for layer in pairs) for at in (0.0, 0.5)))


def gradients_at(network: Network) -> float:
    """Where gradients of a fine-tuned network are best taken, from θ_0, at 0, to θ, at 1."""
    way = way_of(network)
    return SMALL_STEPS if way is None else way.taken_at


def where_balanced(network: Network) -> Network:
    """A network whose gradients are those of where they are best taken, and explain the same θ*.

    It is the network itself where no base is known.
    """
    if network.base is None:
        return network
    there = Target.of(network, gradients_at(network)).network.parameters
    base = replace(network.base, parameters=there - network.explained)
    return replace(network, parameters=there, base=base)


def _imbalance(network: Network, layer: int, at: float) -> float:
    """Of a layer, counted from 0, and the one above it, over the larger of the two sides."""
    assert network.base is not None
    start, change = network.base.parameters, network.explained
    above = _along(start.weights[layer + 1], change.weights[layer + 1], at)
    below = _along(start.weights[layer], change.weights[layer], at)
    bias, moved = start.biases[layer], change.biases[layer]
    if bias is not None and moved is not None:
        below += _along(bias, moved, at)
    return abs(above - below) / max(abs(above), abs(below), _TINY)


def _along(start: Tensor, change: Tensor, at: float) -> float:
    """⟨start + at · change, change⟩."""
    start, change = start.cpu().double(), change.cpu().double()
    return float(((start + at * change) * change).sum())
