"""What every way to the gradient answers, and what it may be asked for.

At convergence θ* = Σ_i J(x_i)ᵀ u_i (`target`), so the squared norm of what is left over,

    ‖θ* − Σ_i J(x_i)ᵀ u_i‖²,

is a loss in the unknown images x_i and multipliers λ_i, from which u_i comes (`multipliers`). With
one output and u_i = λ_i y_i / m it is that of Haim et al. 2022, equation 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Evaluation:
    """The stationarity loss at one set of candidates, with its gradient.

    Attributes:
        per_layer: squared norm of the residual per layer, shape (L,); a bias counts with its layer.
            Their sum is the loss.
        candidate_gradient: ∂loss/∂x, shape (m, D).
        multiplier_gradient: ∂loss/∂λ, in the shape of λ.
    """

    per_layer: Tensor
    candidate_gradient: Tensor
    multiplier_gradient: Tensor


class Stationarity(Protocol):
    """Candidates in; loss, per-layer residuals and gradients out."""

    def evaluate(
        self,
        candidates: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        alpha: float,
        chunk: int | None = None,
    ) -> Evaluation:
        """The loss and its gradient.

        Args:
            candidates: x, flat network inputs, shape (m, D).
            multipliers: λ, in the shape that its kind asks for.
            labels: y, shape (m,).
            alpha: gate sharpness; σ(αz) stands for the ReLU's derivative in every backward pass.
            chunk: how many candidates to work on at a time: less memory, more time (decision 15),
                and sums in another order. All of them where not given.
        """
        ...


class OutputTerm(Protocol):
    """A term of the objective that looks at the network's outputs."""

    def pull(self, outputs: Tensor, multipliers: Tensor, labels: Tensor) -> Tensor:
        """Its derivative by Φ of each candidate, shape (m, C).

        Args:
            outputs: Φ of all candidates, shape (m, C).
            multipliers: λ.
            labels: y, shape (m,).
        """
        ...
