"""The one forward and backward pass through a network.

    z_l = h_{l−1} W_lᵀ + b_l,   h_l = φ(z_l),   Φ = z_L            (forward, h_0 = x)
    δ_L = U,   e_l = δ_{l+1} W_{l+1},   δ_l = s_l ∘ e_l            (backward)

One image is a row. U holds a cotangent u_i ∈ R^C for each image; then row i of δ_l is the
derivative of u_i · Φ(x_i) by z_l, its gradient by W_l is the outer product δ_l h_{l−1}ᵀ, and that
by b_l is δ_l. The gates s_l are φ' itself, or the soft ones of Haim et al. 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.network import Network

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Trace:
    """What images leave on their way forward; index l belongs to layer l, and 0 is a placeholder.

    Attributes:
        network: what they went through.
        z: pre-activations z_1 … z_{L−1}, where they were to be kept.
        h: activations h_0 … h_{L−1}.
        s: gates s_1 … s_{L−1}.
    """

    network: Network
    z: list[Tensor]
    h: list[Tensor]
    s: list[Tensor]

    def outputs(self) -> Tensor:
        """Φ(x), shape (m, C)."""
        return self.network.read_out(self.h[-1])

    def backward(self, cotangents: Tensor, keeps_e: Sequence[bool] = ()) -> Deltas:
        """The way back.

        Args:
            cotangents: U, shape (m, C).
            keeps_e: of each layer from 0, whether its e is needed again; none where left out.
        """
        weights = self.network.weights
        depth = len(weights)
        e, delta = [cotangents] * depth, [cotangents] * (depth + 1)
        for layer in range(depth - 1, 0, -1):
            e[layer] = delta[layer + 1] @ weights[layer]
            kept = bool(keeps_e) and keeps_e[layer]
            gate = self.s[layer]
            delta[layer] = e[layer] * gate if kept else e[layer].mul_(gate)
        return Deltas(e, delta)


@dataclass(frozen=True)
class Deltas:
    """What cotangents leave on their way back; index l belongs to layer l, 0 is a placeholder.

    Attributes:
        e: ∂(u · Φ)/∂h_1 … ∂(u · Φ)/∂h_{L−1}; overwritten by δ where they were not to be kept.
        delta: ∂(u · Φ)/∂z_1 … ∂(u · Φ)/∂z_L.
    """

    e: list[Tensor]
    delta: list[Tensor]


def trace(
    network: Network, x: Tensor, alpha: float | None = None, keeps_z: Sequence[bool] = ()
) -> Trace:
    """Forward pass, up to the last hidden layer.

    Args:
        network: what to go through.
        x: flat network inputs, shape (m, D).
        alpha: sharpness of soft gates; hard ones where left out.
        keeps_z: of each layer from 0, whether its z is needed again; none where left out.
    """
    activation = network.activation
    z, h, s = [x], [x], [x]

    def activate(here: Tensor) -> Tensor:
        s.append(activation.gate(here) if alpha is None else activation.soft_gate(here, alpha))
        z.append(here)
        kept = bool(keeps_z) and keeps_z[len(h)]
        h.append(activation(here) if kept else activation.in_place(here))
        return h[-1]

    network.hidden(x, activate)
    return Trace(network, z, h, s)
