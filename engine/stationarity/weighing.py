"""How much a layer's residual counts in each direction of what it reads, and in each neuron.

W_l is a sum over images of δ_l,i h_{l−1,i}ᵀ, and a few directions are shared by all images. A
misfit there drowns what tells the images apart (decision 9). So the gradient is that of
Σ_k w_k ‖R_l e_k‖² in place of ‖R_l‖², w_k ∝ (S_k² + ε²)^−p with S_k the singular values of W_l, and
the mean weight of ‖W_l‖² is 1. In the same way what is left of a neuron grows with its weights, and
a few heavy neurons drown the many (decision 36). The loss that is reported is never weighted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SHARE = 0.01
"""ε, as a share of the largest singular value: smaller ones count as that."""

_QUIET = 0.1
"""Of the median norm of a neuron's weights: smaller ones count as that."""


class Weighing(Protocol):
    """One layer's weights."""

    @property
    def bias(self) -> Tensor | float:
        """That of b_l, which is the direction of a constant input; may be one a neuron, (n_l,)."""
        ...

    def on(self, residual: Tensor) -> Tensor:
        """R_l weighed, shape (n_l, n_{l−1}); may be written over R_l."""
        ...


@dataclass(frozen=True)
class AlongAxes:
    """The directions are the axes: coordinates of a row space.

    Attributes:
        input: w, shape (n_{l−1},).
        bias: see `Weighing`.
        neurons: v, shape (n_l,); None where all count alike.
    """

    input: Tensor
    bias: Tensor | float
    neurons: Tensor | None = None

    def by_neuron(self, weight: Tensor, power: float) -> AlongAxes:
        """The same, with row j weighed by v_j ∝ (‖W_j‖² + ε²)^−p, so that Σ_j v_j ‖W_j‖² = ‖W‖².

        Args:
            weight: W_l, shape (n_l, n_{l−1}).
            power: p; ½ makes the square of what is left of a neuron count by its size.
        """
        squares = weight.detach().cpu().double().square().sum(1)
        # Weights that are all zero leave nothing to weigh by.
        least = max(float(squares.median()) * _QUIET**2, 1e-300)
        shares = (squares + least).pow(-power)
        shares *= squares.sum() / (shares * squares).sum().clamp_min(1e-300)
        shares = shares.to(self.input)
        return replace(self, bias=shares * self.bias, neurons=shares)

    def on(self, residual: Tensor) -> Tensor:
        """See `Weighing.on`."""
        residual = residual.mul_(self.input)
        return residual if self.neurons is None else residual.mul_(self.neurons.unsqueeze(1))


@dataclass(frozen=True)
class AlongSingularVectors:
    """The directions are those of W_l itself; all that are faint have one weight.

    Attributes:
        basis: the leading right singular vectors, shape (k, n_{l−1}).
        excess: w_k less the weight of all others, shape (k,).
        others: that weight.
        bias: see `Weighing`.
    """

    basis: Tensor
    excess: Tensor
    others: float
    bias: float

    def on(self, residual: Tensor) -> Tensor:
        """See `Weighing.on`."""
        along = (residual @ self.basis.T).mul_(self.excess)
        return residual.mul_(self.others).addmm_(along, self.basis)


def whitened(values: Tensor, power: float, bias_norm: float) -> tuple[Tensor, float, float]:
    """w_k of singular values (k,), that of singular values of zero, and that of the bias.

    Args:
        values: S, in falling order, float64.
        power: p; 0 weighs all directions alike, 1 makes all singular values equal.
        bias_norm: ‖b_l‖; 0 without one.
    """
    least = LEAST_SHARE * float(values[0])
    weights = (values.square() + least**2).pow(-power)
    common = float(values.square().sum() / (weights * values.square()).sum())
    bias = common * (bias_norm**2 + least**2) ** -power
    return common * weights, common * least ** (-2 * power), bias


def along_singular_vectors(
    weight: Tensor, bias: Tensor | None, power: float, device: torch.device, dtype: torch.dtype
) -> AlongSingularVectors:
    """The weighing of a layer by its own singular values, worked out in float64 on the CPU.

    Args:
        weight: W_l, shape (n_l, n_{l−1}).
        bias: b_l, or None.
        power: p.
        device: where it will be used.
        dtype: in which precision.
    """
    _, values, basis = torch.linalg.svd(weight.detach().cpu().double(), full_matrices=False)
    norm = 0.0 if bias is None else float(bias.norm())
    weights, others, of_bias = whitened(values, power, norm)
    # Below a third of ε a weight differs from that of zero by a tenth of itself at most.
    count = int((values > LEAST_SHARE * values[0] / 3).sum())
    return AlongSingularVectors(
        basis[:count].to(device, dtype),
        (weights[:count] - others).to(device, dtype),
        others,
        of_bias,
    )


def weighed(residuals: Parameters, weighings: Sequence[Weighing | None]) -> Parameters:
    """R_l and r_l of all layers, each weighed by its own; may be written over them."""
    weights, biases = list(residuals.weights), list(residuals.biases)
    for layer, weighing in enumerate(weighings):
        if weighing is not None:
            weights[layer] = weighing.on(weights[layer])
            bias = biases[layer]
            biases[layer] = None if bias is None else bias * weighing.bias
    return Parameters(tuple(weights), tuple(biases))
