"""What convolutions leave in place of a row space: features that training images alone can have.

The first full layer of a convolutional network is W = Σ_i δ_i h_iᵀ at stationarity, as the first
layer of a full one is, but of features h_i = h(x_i) in place of pixels. So h of every training
image that carries a multiplier lies in the row space of W. Features are no linear function of
pixels, and often more: hardly another image than those trained on has features that lie there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.features import features_of, first_full, way_to_features
from engine.runtime.lazy import torch
from engine.stationarity.closed_form import joined
from engine.stationarity.spectrum import spectrum_in
from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor

_LEAST_SHARE = 1e-3
"""Of the squared features of an empty image: closer to it, distances count as that."""


class FeatureSpace:
    """weight · ‖θ*‖² · (1/m) Σ_i ‖h_i − h_i Bᵀ B‖² / ‖h_i − h_0‖².

    B are the leading right singular vectors of the first full layer's explained weights, h_i what
    that layer reads of candidate i, and h_0 what it reads of an empty image, which is close to the
    row space itself and tells nothing. The term scales with θ as the stationarity loss does.
    """

    def __init__(self, target: Target, weight: float, size: float) -> None:
        """
        Args:
            target: on the device, and in the precision, of what follows.
            weight: of the term.
            size: ‖θ*‖², of the layer.
        """
        self._network = target.network
        self._basis = feature_basis(target)
        self._weight = weight * size
        empty = torch.zeros(1, self._network.input_dimension).to(self._basis)
        self._empty = features_of(self._network, empty)
        self._least = _LEAST_SHARE * self._empty.square().sum()

    def pull(self, x: Tensor, alpha: float, chunk: int | None = None) -> Tensor:
        """Its derivative by network inputs, shape (m, D), through soft gates.

        Args:
            x: flat network inputs, shape (m, D).
            alpha: gate sharpness.
            chunk: how many candidates to work on at a time; all of them where None.
        """
        parts = [self._pulled(part, alpha) for part in torch.split(x, chunk or len(x))]
        return joined(parts).mul_(2 * self._weight / len(x))

    def _pulled(self, x: Tensor, alpha: float) -> Tensor:
        """½ ∂/∂x of each image's share outside."""
        there = way_to_features(self._network, x, alpha)
        away = there.outputs - self._empty
        distance = away.square().sum(1, keepdim=True) + self._least
        outside = left_over(there.outputs, self._basis)
        share = outside.square().sum(1, keepdim=True) / distance
        bar: Tensor = outside.addcmul_(away, share, value=-1).div_(distance)
        for link in reversed(there.links):
            bar = link.back(bar)
        return bar.flatten(1)


def left_over(h: Tensor, basis: Tensor) -> Tensor:
    """What rows are less their part in the span of a basis, shape (m, n)."""
    found: Tensor = torch.addmm(h, h @ basis.T, basis, alpha=-1)
    return found


def feature_basis(target: Target) -> Tensor:
    """The clear right singular vectors of the head's first weights, shape (k, n)."""
    layer = first_full(target.network)
    weight = target.explained.weights[layer]
    _, values, basis = torch.linalg.svd(weight.detach().cpu().double(), full_matrices=False)
    clear = spectrum_in(target.network, values.numpy(), layer).clear
    leading: Tensor = basis[:clear].to(weight)
    return leading
