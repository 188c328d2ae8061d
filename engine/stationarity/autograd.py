"""The stationarity loss as the published code computes it: autograd, differentiated twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.stationarity.closed_form import Evaluation

if TYPE_CHECKING:
    from torch import Tensor


class DoubleBackward:
    """The numbers of the closed form, without it: the baseline, and the reference in tests."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        x = candidates.detach().requires_grad_()
        lam = multipliers.detach().requires_grad_()
        gradients = self.weighted_gradients(x, lam, labels, alpha, len(x))
        squares = [(p - g).pow(2).sum() for p, g in zip(self.parameters, gradients, strict=True)]
        per_layer = self.by_layer(squares)
        x_gradient, lam_gradient = torch.autograd.grad(torch.stack(per_layer).sum(), [x, lam])
        return Evaluation(torch.stack(per_layer).detach(), x_gradient, lam_gradient)

    @property
    def parameters(self) -> list[Tensor]:
        """W_1 … W_L, and b_1 where there is one."""
        network = self._network
        return [*network.weights] if network.bias is None else [*network.weights, network.bias]

    def weighted_gradients(
        self, x: Tensor, lam: Tensor, labels: Tensor, alpha: float, count: int
    ) -> tuple[Tensor, ...]:
        """(1/m) Σ_i λ_i y_i ∇_θ Φ(θ; x_i) over the candidates given, by each parameter.

        Args:
            x: candidates, shape (p, D).
            lam: λ, shape (p,).
            labels: y, shape (p,).
            alpha: gate sharpness.
            count: m, of which these may be a part.
        """
        from engine.stationarity.soft_gate import SoftGatedReLU

        parameters = [p.detach().requires_grad_() for p in self.parameters]
        depth = self._network.depth
        h = x
        for index, weight in enumerate(parameters[:depth]):
            h = h @ weight.T
            if index == 0 and len(parameters) > depth:
                h = h + parameters[-1]
            if index < depth - 1:
                h = SoftGatedReLU.apply(h, alpha)
        weighted = (h.squeeze(1) * lam * labels).sum() / count
        return torch.autograd.grad(weighted, parameters, create_graph=True)

    def by_layer(self, squares: list[Tensor]) -> list[Tensor]:
        """Of numbers for each parameter, those for each layer; b_1 counts with W_1."""
        per_layer = squares[: self._network.depth]
        if len(squares) > len(per_layer):
            per_layer[0] = per_layer[0] + squares[-1]
        return per_layer
