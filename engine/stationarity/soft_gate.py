"""The paper's ReLU with a soft gate, as autograd knows it; it loads torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class SoftGatedReLU(torch.autograd.Function):
    """The paper's ModifiedReLU: relu forward, σ(αz) in place of its derivative backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, alpha: float) -> Tensor:
        """relu(z), the same shape as z."""
        ctx.save_for_backward(z)
        ctx.alpha = alpha
        return z.relu()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """σ(αz) times the gradient by the result."""
        (z,) = ctx.saved_tensors
        return grad * torch.sigmoid(ctx.alpha * z), None
