"""What candidates have to explain, and the network that they do it with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Target:
    """The equation θ* = Σ_i J(x_i)ᵀ u_i, J the Jacobian of the outputs by the parameters at θ.

    Attributes:
        network: whose gradients are taken, with its parameters θ.
        explained: θ*: θ itself, or θ − θ_0 where the starting point is known. In the shapes of θ.
    """

    network: Network
    explained: Parameters

    @classmethod
    def of(cls, network: Network, taken_at: float = 1.0) -> Target:
        """θ itself, as in Haim et al. 2022, or θ − θ_0 where a base is known.

        Args:
            network: θ, and θ_0.
            taken_at: where gradients are taken on the straight way from θ_0, at 0, to θ, at 1.
        """
        explained = network.explained
        if network.base is None or taken_at == 1:
            return cls(network.without_base, explained)
        there = network.base.parameters + explained.each(lambda change: taken_at * change)
        return cls(replace(network, parameters=there, base=None), explained)

    @property
    def is_whole(self) -> bool:
        """Whether the weights that are explained are those that compute."""
        return self.explained is self.network.parameters

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Target:
        """The same on another device and in another precision."""
        network = self.network.to(device, dtype)
        return (
            Target.of(network)
            if self.is_whole
            else Target(network, self.explained.to(device, dtype))
        )

    @cached_property
    def untrained(self) -> tuple[frozenset[int], frozenset[int]]:
        """Layers from 0 whose weights, and whose biases, are those of the starting point.

        Whatever the images asked of them, they did not change: the equation does not hold there.
        """
        if self.is_whole:
            return frozenset(), frozenset()
        weights, biases = self.explained.weights, self.explained.biases
        return (
            frozenset(layer for layer, each in enumerate(weights) if not bool(each.any())),
            frozenset(
                layer for layer, each in enumerate(biases) if each is not None and not each.any()
            ),
        )

    def of_trained(
        self, layer: int, weight: Tensor, bias: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """R_l and r_l of what was trained; zero of what was not."""
        weights, biases = self.untrained
        if layer in weights:
            weight = torch.zeros_like(weight)
        if bias is not None and layer in biases:
            bias = torch.zeros_like(bias)
        return weight, bias

    def squared_norms(self) -> Tensor:
        """‖θ*_l‖² per layer, shape (L,)."""
        return self.explained.squared_norms()
