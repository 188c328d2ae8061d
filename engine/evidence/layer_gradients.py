"""J(x_i)ᵀ u_i of known images in one layer.

Of a full layer the gradient of u_i · Φ(x_i) by W_l is δ_l h_{l−1}ᵀ, and that by b_l is δ_l. So sums
over all weights need no array of the size of W_l for each image: ⟨J(x_i)ᵀ u_i, J(x_j)ᵀ u_j⟩ is
(δ_l,i · δ_l,j) (h_{l−1},i · h_{l−1},j), and δ_l,i · δ_l,j once more for a bias.

Of a convolution it is a sum of such products over its places, and has few numbers: its kernels are
small. It is worked out as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from engine.network.network import Network
from engine.network.passage import Layer, passage
from engine.network.steps import convolution_by_each
from engine.network.structure import Convolution
from engine.network.trace import trace
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


class LayerGradients(Protocol):
    """Of n images, by W_l and b_l; `by_weight` and `by_bias` say which of the two count."""

    def __len__(self) -> int: ...

    def rows(self, first: int, end: int) -> Self:
        """Those of some images."""
        ...

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of some images after those of others."""
        ...

    def along(self, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Products with other weights in the shapes of the layer's, shape (n,)."""
        ...

    def products(self, others: Self, by_weight: bool, by_bias: bool) -> Tensor:
        """Products with those of n' images, shape (n, n')."""
        ...

    def squared_norms(self, by_weight: bool, by_bias: bool) -> Tensor:
        """Shape (n,)."""
        ...

    def combined(self, multipliers: Tensor) -> tuple[Tensor, Tensor]:
        """Σ_i λ_i of the gradients by W_l, in as many numbers, and by b_l."""
        ...


@dataclass(frozen=True)
class OfFull:
    """δ_l h_{l−1}ᵀ of a full layer, in these factors.

    Attributes:
        h: h_{l−1}, shape (n, n_{l−1}).
        delta: δ_l, shape (n, n_l).
    """

    h: Tensor
    delta: Tensor

    def __len__(self) -> int:
        return len(self.h)

    def rows(self, first: int, end: int) -> OfFull:
        """See `LayerGradients.rows`."""
        return OfFull(self.h[first:end], self.delta[first:end])

    @classmethod
    def joined(cls, parts: Sequence[OfFull]) -> OfFull:
        """See `LayerGradients.joined`."""
        return cls(torch.cat([p.h for p in parts]), torch.cat([p.delta for p in parts]))

    def along(self, weight: Tensor, bias: Tensor | None) -> Tensor:
        """See `LayerGradients.along`."""
        z = self.h @ weight.T
        return (self.delta * (z if bias is None else z + bias)).sum(1)

    def products(self, others: OfFull, by_weight: bool, by_bias: bool) -> Tensor:
        """See `LayerGradients.products`."""
        deltas = self.delta @ others.delta.T
        if not by_weight:
            return deltas * by_bias
        found = deltas * (self.h @ others.h.T)
        return found + deltas if by_bias else found

    def squared_norms(self, by_weight: bool, by_bias: bool) -> Tensor:
        """See `LayerGradients.squared_norms`."""
        return self.delta.square().sum(1) * (by_weight * self.h.square().sum(1) + by_bias)

    def combined(self, multipliers: Tensor) -> tuple[Tensor, Tensor]:
        """See `LayerGradients.combined`."""
        weighed = multipliers[:, None] * self.delta
        return weighed.T @ self.h, weighed.sum(0)


@dataclass(frozen=True)
class OfConvolution:
    """The gradients by a convolution's kernels themselves.

    Attributes:
        weight: shape (n, numbers of W_l).
        bias: δ_l summed over places, shape (n, n_l).
    """

    weight: Tensor
    bias: Tensor

    def __len__(self) -> int:
        return len(self.weight)

    def rows(self, first: int, end: int) -> OfConvolution:
        """See `LayerGradients.rows`."""
        return OfConvolution(self.weight[first:end], self.bias[first:end])

    @classmethod
    def joined(cls, parts: Sequence[OfConvolution]) -> OfConvolution:
        """See `LayerGradients.joined`."""
        return cls(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]))

    def along(self, weight: Tensor, bias: Tensor | None) -> Tensor:
        """See `LayerGradients.along`."""
        found = self.weight @ weight.flatten()
        return found if bias is None else found + self.bias @ bias

    def products(self, others: OfConvolution, by_weight: bool, by_bias: bool) -> Tensor:
        """See `LayerGradients.products`."""
        return by_weight * (self.weight @ others.weight.T) + by_bias * (self.bias @ others.bias.T)

    def squared_norms(self, by_weight: bool, by_bias: bool) -> Tensor:
        """See `LayerGradients.squared_norms`."""
        return by_weight * self.weight.square().sum(1) + by_bias * self.bias.square().sum(1)

    def combined(self, multipliers: Tensor) -> tuple[Tensor, Tensor]:
        """See `LayerGradients.combined`."""
        return multipliers @ self.weight, multipliers @ self.bias


def joined_rows(parts: Sequence[LayerGradients]) -> LayerGradients:
    """Of one layer, those of some images after those of others."""
    return type(parts[0]).joined(parts)


def gradients_by_layer(network: Network, x: Tensor, cotangents: Tensor) -> list[LayerGradients]:
    """J(x_i)ᵀ u_i of each layer, with the activation's own gate.

    Args:
        network: in the precision and on the device of what follows.
        x: what the network reads, shape (n, D).
        cotangents: U, shape (n, C).
    """
    if network.structure is None:
        there = trace(network, x)
        deltas = there.backward(cotangents).delta[1:]
        return [OfFull(h, delta) for h, delta in zip(there.h, deltas, strict=True)]
    passed = passage(network, x)
    found: list[LayerGradients] = []
    for link, delta in zip(passed.links, passed.backward(cotangents), strict=True):
        if not isinstance(link, Layer) or delta is None:
            continue
        if isinstance(link.step, Convolution):
            by_each = convolution_by_each(link.step, delta, link.weight, link.h)
            found.append(OfConvolution(by_each, delta.sum((2, 3))))
        else:
            found.append(OfFull(link.h, delta))
    return found
