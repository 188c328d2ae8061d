"""What is left of one layer's weights, and what flows back from it.

    R_l = δ_lᵀ h_{l−1} − W*_l,   r_l = 1ᵀ δ_l − b*_l
    h̄_{l−1} = δ_l R_l,   δ̄_l = h_{l−1} R_lᵀ + 1 r_lᵀ

A bar marks half of ∂loss/∂(·).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.network.parameters import squared_norm
from engine.stationarity.weighing import Weighing

if TYPE_CHECKING:
    from torch import Tensor


class Residual(Protocol):
    """One layer's."""

    squared: Tensor
    """‖R_l‖² + ‖r_l‖²."""

    def flow_back(self, delta: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """h̄_{l−1} and δ̄_l of some candidates, from their δ_l and h_{l−1}."""
        ...

    def weigh(self, weighing: Weighing) -> None:
        """What flows back counts as much as its direction; `squared` stays as it is."""
        ...


@dataclass
class WholeResidual:
    """R_l and r_l themselves.

    Attributes:
        weight: R_l, shape (n_l, n_{l−1}).
        bias: r_l, shape (n_l,); None without a bias.
        squared: their squared norm.
    """

    weight: Tensor
    bias: Tensor | None
    squared: Tensor

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None) -> WholeResidual:
        """Measured as they are given."""
        squared = squared_norm(weight)
        return cls(weight, bias, squared if bias is None else squared + squared_norm(bias))

    def flow_back(self, delta: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """See `Residual.flow_back`."""
        h_bar, delta_bar = delta @ self.weight, h @ self.weight.T
        return h_bar, delta_bar if self.bias is None else delta_bar.add_(self.bias)

    def weigh(self, weighing: Weighing) -> None:
        """See `Residual.weigh`."""
        self.weight = weighing.on(self.weight)
        if self.bias is not None:
            self.bias *= weighing.bias


@dataclass
class GramResidual:
    """The same without R_l, where that is larger than all candidates are.

    ‖R‖², δ R and h Rᵀ are made of the candidates' Gram matrices δδᵀ and hhᵀ, and of δ W and h Wᵀ,
    which the two passes through the network leave behind where the weights that are explained are
    those that compute.

    Attributes:
        delta_gram: δδᵀ, shape (m, m).
        h_gram: hhᵀ, shape (m, m).
        delta_weight: δ_l W_l, shape (m, n_{l−1}).
        h_weight: h_{l−1} W_lᵀ, shape (m, n_l).
        bias: r_l, shape (n_l,); None without a bias.
        squared: ‖R_l‖² + ‖r_l‖².
    """

    delta_gram: Tensor
    h_gram: Tensor
    delta_weight: Tensor
    h_weight: Tensor
    bias: Tensor | None
    squared: Tensor

    @classmethod
    def of(
        cls,
        delta: Tensor,
        h: Tensor,
        delta_weight: Tensor,
        h_weight: Tensor,
        squared_weight: Tensor,
        bias: Tensor | None,
    ) -> GramResidual:
        """
        Args:
            delta: δ_l, shape (m, n_l).
            h: h_{l−1}, shape (m, n_{l−1}).
            delta_weight: δ_l W_l.
            h_weight: h_{l−1} W_lᵀ.
            squared_weight: ‖W_l‖².
            bias: r_l, or None.
        """
        delta_gram, h_gram = delta @ delta.T, h @ h.T
        squared = (delta_gram * h_gram).sum() - 2 * (delta * h_weight).sum() + squared_weight
        if bias is not None:
            squared = squared + squared_norm(bias)
        return cls(delta_gram, h_gram, delta_weight, h_weight, bias, squared)

    def flow_back(self, delta: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """See `Residual.flow_back`; of all candidates at once."""
        h_bar = self.delta_weight.addmm(self.delta_gram, h, beta=-1)
        delta_bar = self.h_weight.addmm(self.h_gram, delta, beta=-1)
        return h_bar, delta_bar if self.bias is None else delta_bar.add_(self.bias)

    def weigh(self, weighing: Weighing) -> None:
        """Never: it has no R_l to weigh."""
        raise ValueError("a residual that is weighed is kept whole")


def is_gram_cheaper(count: int, weight: Tensor) -> bool:
    """Whether `GramResidual` takes fewer multiplications than the residual itself."""
    rows, columns = weight.shape
    return 2 * count * (rows + columns) < 3 * rows * columns
