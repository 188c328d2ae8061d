"""What the steps of a structure do to images, their transposes, and their gradients by weights.

A convolution is linear in its images and in its weights, ⟨δ, W ∗ h⟩: each of its three derivatives
is one product, and so is each derivative of these. Nothing here asks autograd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.structure import Convolution, Pooling
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


def convolved(step: Convolution, h: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """W ∗ h + b: (m, c, h, w) → (m, c', h', w')."""
    return torch.nn.functional.conv2d(
        h, weight, bias, step.stride, step.padding, step.dilation, step.groups
    )


def pooled(step: Pooling, h: Tensor) -> Tensor:
    """The largest, or the mean, of each patch: (m, c, h, w) → (m, c, h', w')."""
    way = torch.nn.functional.max_pool2d if step.kind == "max" else torch.nn.functional.avg_pool2d
    return way(h, step.kernel, step.stride, step.padding)
