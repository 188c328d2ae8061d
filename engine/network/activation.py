"""What stands between two layers: the ReLU, or a leaky one, with its hard and its soft gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Activation:
    """φ(z) = z for z > 0, slope·z otherwise.

    Attributes:
        slope: 0 for the ReLU; below 1.
    """

    slope: float = 0.0

    def __call__(self, z: Tensor) -> Tensor:
        """φ(z)."""
        return torch.nn.functional.leaky_relu(z, self.slope) if self.slope else z.relu()

    def in_place(self, z: Tensor) -> Tensor:
        """φ(z), written over z."""
        return torch.nn.functional.leaky_relu_(z, self.slope) if self.slope else z.relu_()

    def gate(self, z: Tensor) -> Tensor:
        """φ'(z), the slope at z = 0."""
        return self._leaky((z > 0).to(z.dtype))

    def soft_gate(self, z: Tensor, alpha: float) -> Tensor:
        """What stands for φ'(z) in a backward pass: slope + (1 − slope) σ(αz).

        σ(αz) for the ReLU is the ModifiedReLU of Haim et al. 2022, appendix.
        """
        return self._leaky((alpha * z).sigmoid_())

    def through_soft_gate(
        self, gate_gradient: Tensor, delta: Tensor, gate: Tensor, alpha: float
    ) -> Tensor:
        """What flows through a soft gate s to z: δ̄ ∘ e ∘ ∂s/∂z, out of δ = s ∘ e.

        ∂s/∂z = α (s − slope)(1 − s)/(1 − slope). Nothing is divided for the ReLU, whose e is not
        needed: s e (1 − s) = δ (1 − s).

        Args:
            gate_gradient: δ̄, which is overwritten.
            delta: δ.
            gate: s.
            alpha: its sharpness.
        """
        flow = gate_gradient.mul_(delta)
        if self.slope:
            flow.mul_(1 - self.slope / gate)
        return flow.addcmul_(flow, gate, value=-1).mul_(alpha / (1 - self.slope))

    def _leaky(self, gate: Tensor) -> Tensor:
        return self.slope + (1 - self.slope) * gate if self.slope else gate


RELU = Activation()
