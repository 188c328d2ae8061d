"""The paper's ReLU with a soft gate, as autograd knows it; it loads torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.network.activation import Activation


class SoftGated(torch.autograd.Function):
    """The ModifiedReLU of Haim et al. 2022: φ forward, a soft gate for its derivative backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, activation: Activation, alpha: float) -> Tensor:
        """φ(z), the same shape as z."""
        ctx.save_for_backward(z)
        ctx.activation, ctx.alpha = activation, alpha
        return activation(z)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        """The soft gate times the gradient by the result; to be differentiated once more."""
        (z,) = ctx.saved_tensors
        return grad * ctx.activation.soft_gate(z, ctx.alpha), None, None
