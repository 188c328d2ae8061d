"""What candidates have to explain, and the network that they do it with."""

from __future__ import annotations

from dataclasses import dataclass
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
    def of(cls, network: Network) -> Target:
        """The network's own weights, as in Haim et al. 2022."""
        return cls(network, network.parameters)

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

    def squared_norms(self) -> Tensor:
        """‖θ*_l‖² per layer, shape (L,)."""
        return self.explained.squared_norms()
