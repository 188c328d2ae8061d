"""How alike two images are: normalised cross-correlation and structural similarity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.inputs import at_unit_length
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_SSIM_WINDOW = 3
_TINY = 1e-12
_BATCH = 512


def warm_up() -> None:
    """Loads what scoring needs, which takes seconds, so that the first score need not wait."""
    import kornia.metrics  # noqa: F401
    import scipy.optimize  # noqa: F401


def stretched(images: Tensor) -> Tensor:
    """Each image (n, c, h, w) stretched so that its values span [0, 1]."""
    flat = images.flatten(1)
    low, high = flat.amin(1)[:, None, None, None], flat.amax(1)[:, None, None, None]
    return (images - low) / (high - low).clamp_min(_TINY)


def ncc_features(images: Tensor) -> Tensor:
    """Flat images whose dot product is the NCC; colour at half resolution, as in the paper.

    What is one pixel high or wide stays so.
    """
    return _normalised(_halved(images) if images.shape[1] == 3 else images)


def _normalised(images: Tensor) -> Tensor:
    """Each channel to zero mean and unit variance, flat, so that a dot product is the NCC."""
    channels = images.flatten(2)
    channels = channels - channels.mean(2, keepdim=True)
    channels = channels / channels.std(2, keepdim=True, correction=0).clamp_min(_TINY)
    flat = channels.flatten(1)
    return flat / math.sqrt(flat.shape[1])


def cosine_features(vectors: Tensor) -> Tensor:
    """Flat vectors whose dot product is the cosine of their angle, shape (n, d)."""
    return at_unit_length(vectors.flatten(1))


def edge_features(images: Tensor) -> Tensor:
    """Flat images whose dot product is the NCC of their edges, by the Laplacian.

    Of the mean over channels, at the finest scale. An NCC of images is made of large areas and of
    colours, of which nothing is left here.

    Args:
        images: shape (n, c, h, w).

    Returns:
        Shape (n, h·w).
    """
    mask = torch.tensor([[1.0, 2.0, 1.0], [2.0, -12.0, 2.0], [1.0, 2.0, 1.0]])
    grey = torch.nn.functional.pad(images.float().mean(1, keepdim=True), [1] * 4, mode="replicate")
    return _normalised(torch.nn.functional.conv2d(grey, mask[None, None]))


def pairwise_ncc(ones: Tensor, others: Tensor) -> NDArray[np.float64]:
    """Of each pair at full resolution, shape (p,)."""
    ncc = (_normalised(ones) * _normalised(others)).sum(1)
    return np.asarray(ncc.double().numpy())


def structural_similarity(shown: Tensor, references: Tensor) -> NDArray[np.float64]:
    """SSIM of each of `shown` with its reference, both (p, c, h, w) in [0, 1]; shape (p,).

    An image one pixel high or wide is repeated, so that a window along it has its width.
    """
    # Imported here because kornia takes seconds, which only a score should cost.
    from kornia.metrics import ssim

    shown, references = _as_large_as_a_window(shown), _as_large_as_a_window(references)
    parts = [
        ssim(shown[i : i + _BATCH], references[i : i + _BATCH], _SSIM_WINDOW).flatten(1).mean(1)
        for i in range(0, len(shown), _BATCH)
    ]
    return np.asarray(torch.cat(parts).double().numpy())


def _as_large_as_a_window(images: Tensor) -> Tensor:
    """A window mirrors the pixel beyond the border, of which there have to be two."""
    height, width = (max(2, side) for side in images.shape[2:])
    return images.expand(-1, -1, height, -1).expand(-1, -1, -1, width)


def _halved(images: Tensor) -> Tensor:
    factors = [0.5 if side > 1 else 1.0 for side in images.shape[2:]]
    halved: Tensor = torch.nn.functional.interpolate(images, scale_factor=factors, mode="bicubic")
    return halved
