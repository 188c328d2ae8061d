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


def convolution_by_input(step: Convolution, delta: Tensor, weight: Tensor, h: Tensor) -> Tensor:
    """∂⟨δ, W ∗ h⟩/∂h, in the shape of h."""
    if h.shape[1] == 1 and h.device.type == "cpu":
        # Of a single channel PyTorch's own way is ten times slower than one product of matrices.
        patches = weight.flatten(1).T @ delta.flatten(2)
        return torch.nn.functional.fold(
            patches, h.shape[2:], weight.shape[2:], step.dilation, step.padding, step.stride
        )
    found, _, _ = _backward(step, delta, weight, h, (True, False, False))
    return found


def convolution_by_weight(step: Convolution, delta: Tensor, weight: Tensor, h: Tensor) -> Tensor:
    """∂⟨δ, W ∗ h⟩/∂W, summed over the images, in the shape of W."""
    _, found, _ = _backward(step, delta, weight, h, (False, True, False))
    return found


def _backward(
    step: Convolution, delta: Tensor, weight: Tensor, h: Tensor, asked: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        delta,
        h,
        weight,
        None,
        step.stride,
        step.padding,
        step.dilation,
        False,
        (0, 0),
        step.groups,
        asked,
    )
    return found


def pooled_where(step: Pooling, h: Tensor) -> tuple[Tensor, Tensor | None]:
    """What pooling gives, and of the largest where in its channel each came from."""
    if step.kind == "average":
        return pooled(step, h), None
    largest: tuple[Tensor, Tensor] = torch.nn.functional.max_pool2d_with_indices(
        h, step.kernel, step.stride, step.padding
    )
    return largest


def pooled_alike(step: Pooling, change: Tensor, where: Tensor | None) -> Tensor:
    """What pooling makes of a small change of what it read: (m, c, h, w) → (m, c, h', w').

    Args:
        step: how it pools.
        change: of what it read.
        where: as `pooled_where` said.
    """
    if where is None:
        return pooled(step, change)
    return change.flatten(2).gather(2, where.flatten(2)).reshape(where.shape)


def pooling_by_input(step: Pooling, delta: Tensor, where: Tensor | None, h: Tensor) -> Tensor:
    """The transpose of `pooled_alike`, in the shape of h, which pooling read."""
    if where is None:
        found: Tensor = torch.ops.aten.avg_pool2d_backward(
            delta, h, step.kernel, step.stride, step.padding, False, True, None
        )
        return found
    found = torch.zeros_like(h).flatten(2)
    return found.scatter_add_(2, where.flatten(2), delta.flatten(2)).reshape(h.shape)


def convolution_by_each(step: Convolution, delta: Tensor, weight: Tensor, h: Tensor) -> Tensor:
    """∂⟨δ_i, W ∗ h_i⟩/∂W of each image, shape (m, numbers of W): Σ over places of δ patchᵀ."""
    count, groups = len(h), step.groups
    patches = torch.nn.functional.unfold(
        h, weight.shape[2:], step.dilation, step.padding, step.stride
    )
    patches = patches.reshape(count * groups, -1, patches.shape[-1])
    deltas = delta.reshape(count * groups, -1, patches.shape[-1])
    return (deltas @ patches.transpose(1, 2)).reshape(count, -1)
