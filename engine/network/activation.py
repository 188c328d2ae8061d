"""What stands between two layers: the ReLU, or a leaky one, with its hard and its soft gate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
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

    @property
    def name(self) -> str:
        """For people: `ReLU`, or `leaky ReLU with slope 0.1`."""
        return f"leaky ReLU with slope {self.slope:g}" if self.slope else "ReLU"

    @property
    def written(self) -> str:
        """As `parse_activation` reads it: `relu`, or `leaky_relu:0.1`."""
        return f"leaky_relu:{self.slope!r}" if self.slope else "relu"

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

USUAL_SLOPE = 0.01
"""Of a leaky ReLU of PyTorch where nobody says another one."""

_WRITTEN = re.compile(
    r"(?:<class')?(?:\w+\.)*(?P<leaky>l(?:eaky)?_?)?relu_?(?:'>)?"
    r"(?:\((?P<inside>[^()]*)\)|:(?P<slope>[^()]*))?"
)
_SLOPE_INSIDE = re.compile(r"(?:\w*slope=)?(?P<slope>[0-9.e+-]+)")


def parse_activation(text: str, slope_beside: float | None = None) -> Activation:
    """What a file or a person calls an activation.

    `relu`, `nn.ReLU()`, `torch.nn.ReLU`, `LeakyReLU(negative_slope=0.1)`, `leaky_relu:0.1`, …

    Args:
        text: what it is called.
        slope_beside: of a leaky ReLU, where the text says none; PyTorch's own where nobody does.

    Raises:
        UnusableInput: it is another one.
    """
    found = _WRITTEN.fullmatch(re.sub(r"\s", "", text.lower()))
    if found is None:
        raise UnusableInput(f"The activation “{text}” is neither a ReLU nor a leaky ReLU.")
    if found["leaky"] is None:
        return RELU
    inside = _SLOPE_INSIDE.match(found["inside"] or found["slope"] or "")
    beside = USUAL_SLOPE if slope_beside is None else slope_beside
    try:
        slope = beside if inside is None else float(inside["slope"])
    except ValueError:
        slope = -1.0
    if not 0 <= slope < 1:
        raise UnusableInput(f"The slope of “{text}” has to be from 0 to 1, and below 1.")
    return Activation(slope)
