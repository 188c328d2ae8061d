"""From multipliers λ to cotangents u_i ∈ R^C, and back: what kind of training set the weights.

θ* = Σ_i J(x_i)ᵀ u_i holds for every kind (`target`). They differ in what a candidate's u_i may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor


class Multipliers(Protocol):
    """A kind of multipliers.

    A batch may be a part of all m candidates; `count` is m.
    """

    def shape(self, count: int) -> tuple[int, ...]:
        """Of λ for m candidates."""
        ...

    def to_cotangent(self, multipliers: Tensor, labels: Tensor, count: int) -> Tensor:
        """U, shape (p, C), of p candidates.

        Args:
            multipliers: λ, shape (p, …).
            labels: y, shape (p,).
            count: m.
        """
        ...

    def pull_back(self, cotangent_gradient: Tensor, labels: Tensor, count: int) -> Tensor:
        """∂loss/∂λ, shape (p, …), from ∂loss/∂U, shape (p, C)."""
        ...


@dataclass(frozen=True)
class BinaryMargin:
    """u_i = λ_i y_i / m, λ_i ≥ 0 by a penalty, one output: Haim et al. 2022, equation 4.

    Holds for a homogeneous network whose logistic loss was driven towards zero.
    """

    def shape(self, count: int) -> tuple[int, ...]:
        """(m,)."""
        return (count,)

    def to_cotangent(self, multipliers: Tensor, labels: Tensor, count: int) -> Tensor:
        """See `Multipliers.to_cotangent`."""
        return (multipliers * labels / count).unsqueeze(1)

    def pull_back(self, cotangent_gradient: Tensor, labels: Tensor, count: int) -> Tensor:
        """See `Multipliers.pull_back`."""
        return cotangent_gradient.squeeze(1) * labels / count


@dataclass(frozen=True)
class Free:
    """u_i = λ_i / m with λ_i ∈ R^C of any sign: what any loss leaves under weight decay.

    Attributes:
        outputs: C.
    """

    outputs: int

    def shape(self, count: int) -> tuple[int, ...]:
        """(m, C)."""
        return (count, self.outputs)

    def to_cotangent(self, multipliers: Tensor, labels: Tensor, count: int) -> Tensor:
        """See `Multipliers.to_cotangent`."""
        return multipliers / count

    def pull_back(self, cotangent_gradient: Tensor, labels: Tensor, count: int) -> Tensor:
        """See `Multipliers.pull_back`."""
        return cotangent_gradient / count


def uniform(
    kind: Multipliers, count: int, generator: torch.Generator, dtype: torch.dtype
) -> Tensor:
    """λ ~ U(0, 1), the start of Haim et al. 2022, on the CPU."""
    return torch.rand(*kind.shape(count), generator=generator, dtype=dtype)
