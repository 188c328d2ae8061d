"""The stationarity loss of Haim et al. 2022 and its gradient, two ways.

At convergence θ = Σ λ_i y_i ∇_θ Φ(θ; x_i) (their equation 4, from Lyu and Li 2019), so the
squared norm of what is left over,

    ‖θ − (1/m) Σ_i λ_i y_i ∇_θ Φ(θ; x_i)‖²,

is a loss in the unknown images x_i and multipliers λ_i. `ClosedForm` computes it and its
gradient in a few matrix products; `DoubleBackward` lets autograd differentiate twice, as the
published code does, and serves as baseline and as reference in tests. Above this file nobody
needs to know which of the two is at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from engine.network import Network

_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Evaluation:
    """The stationarity loss at one set of candidates, with its gradient.

    Attributes:
        per_layer: squared norm of the residual per layer, shape (L,); a first-layer bias
            counts with the first layer. Their sum is the loss.
        candidate_gradient: ∂loss/∂x, shape (m, D).
        multiplier_gradient: ∂loss/∂λ, shape (m,).
    """

    per_layer: Tensor
    candidate_gradient: Tensor
    multiplier_gradient: Tensor


class Stationarity(Protocol):
    """Candidates in; loss, per-layer residuals and gradients out."""

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """The loss and its gradient.

        Args:
            candidates: x, flat and centred, shape (m, D).
            multipliers: λ, shape (m,).
            labels: y, −1 or +1, shape (m,).
            alpha: gate sharpness; σ(αz) stands for the ReLU's derivative in every backward pass.
        """
        ...


class ClosedForm:
    """The loss and its gradient without autograd.

    Per candidate and layer ∇_{W_l} Φ is the outer product δ_l h_{l−1}ᵀ, so that residual and
    gradient are products of (m × n) matrices, one candidate a row. The symbols are those of
    the design: z pre-activation, h activation, s = σ(αz) soft gate, δ = ∂Φ/∂z, c = λy/m,
    R the residual; a bar marks ∂loss/∂(·).

    The stationarity loss uses one of the KKT conditions. Another, complementary slackness, says
    that images with a multiplier all have the same margin y_i Φ(x_i) = γ. `margin_weight` adds
    the gradient of

        weight · ‖W_L‖² · (1/m) Σ_i (y_i Φ(x_i)/γ − 1)²,

    with γ the mean of the candidates' positive margins weighted by their multipliers (held
    constant), to that of the candidates. It scales with θ as the stationarity loss does, and costs
    next to nothing here, because ∂Φ/∂z_1 = δ_1 is at hand. 0 is the published loss.
    """

    def __init__(self, network: Network, margin_weight: float = 0.0) -> None:
        self._weights = network.weights
        self._bias = network.bias
        self._margin_weight = margin_weight

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        weights, depth = self._weights, len(self._weights)
        count = candidates.shape[0]
        c = (multipliers * labels / count).unsqueeze(1)

        # Forward. Index l of each list belongs to layer l; layer 0 is the input.
        h, s = self._forward(candidates, alpha)

        # Backward: δ_L = 1, δ_l = s_l ∘ (δ_{l+1} W_{l+1}).
        delta: list[Tensor] = [candidates] * (depth + 1)  # index 0 is never read
        delta[depth] = torch.ones_like(c)
        for layer in range(depth - 1, 0, -1):
            delta[layer] = (delta[layer + 1] @ weights[layer]).mul_(s[layer])

        # Residuals, and what flows back from them. All barred matrices below lack a factor 2c a
        # row, which passes through every product and is put in once at the end.
        per_layer, c_bar = [], torch.zeros_like(multipliers)
        h_bar: list[Tensor] = [candidates] * depth
        delta_bar: list[Tensor] = [candidates] * (depth + 1)
        for layer in range(1, depth + 1):
            residual = _weighted_outer(c, delta[layer], h[layer - 1]).sub_(weights[layer - 1])
            squared_norm = _squared_norm(residual)
            h_bar[layer - 1] = delta[layer] @ residual
            delta_bar[layer] = h[layer - 1] @ residual.T
            if layer == 1 and self._bias is not None:
                bias_residual = (c.T @ delta[1]).squeeze(0) - self._bias
                squared_norm = squared_norm + _squared_norm(bias_residual)
                delta_bar[1] += bias_residual
            per_layer.append(squared_norm)
            c_bar += 2 * (delta[layer] * delta_bar[layer]).sum(1)

        # Upwards through the backward pass …
        for layer in range(1, depth - 1):
            delta_bar[layer + 1].addmm_(delta_bar[layer] * s[layer], weights[layer].T)
        # … and downwards through the forward pass, with s̄ ∘ s' = α δ̄ ∘ δ ∘ (1 − s).
        for layer in range(depth - 1, 0, -1):
            through_gate = delta_bar[layer].mul_(delta[layer])
            through_gate.addcmul_(through_gate, s[layer], value=-1)
            z_bar = h_bar[layer].mul_(s[layer]).add_(through_gate, alpha=alpha)
            if layer == 1:
                z_bar.mul_(2 * c)
                h_bar[0].mul_(2 * c)
                if self._margin_weight:
                    outputs = (h[depth - 1] @ weights[depth - 1].T).squeeze(1)
                    z_bar.addcmul_(self._margin_pull(outputs, multipliers, labels), delta[1])
            h_bar[layer - 1].addmm_(z_bar, weights[layer - 1])

        return Evaluation(
            per_layer=torch.stack(per_layer),
            candidate_gradient=h_bar[0],
            multiplier_gradient=c_bar * labels / count,
        )

    def _margin_pull(self, outputs: Tensor, multipliers: Tensor, labels: Tensor) -> Tensor:
        """The derivative of that term by Φ(x_i), for each candidate, shape (m, 1)."""
        margins = labels * outputs
        shares = multipliers.relu()
        gamma = (shares * margins.relu()).sum() / shares.sum().clamp_min(1e-12)
        # As long as hardly a candidate has its own label, there is no margin to pull to.
        is_known = gamma > _LEAST_SHARE * margins.abs().mean()
        inverse = torch.where(is_known, 1 / gamma, torch.zeros_like(gamma))
        weight = self._margin_weight * _squared_norm(self._weights[-1]) / len(margins)
        return (2 * weight * (margins * inverse - 1) * inverse * labels).unsqueeze(1)

    def _forward(self, candidates: Tensor, alpha: float) -> tuple[list[Tensor], list[Tensor]]:
        """Activations h_0 … h_{L−1} and soft gates s_1 … s_{L−1} (index 0 is a placeholder)."""
        h, s = [candidates], [candidates]
        for index, weight in enumerate(self._weights[:-1]):
            if index == 0 and self._bias is not None:
                z = torch.addmm(self._bias, h[-1], weight.T)
            else:
                z = h[-1] @ weight.T
            s.append((alpha * z).sigmoid_())
            h.append(z.relu_())
        return h, s


class DoubleBackward:
    """The same numbers as the published code computes them: autograd, differentiated twice."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        x = candidates.detach().requires_grad_()
        lam = multipliers.detach().requires_grad_()
        weights = [w.detach().requires_grad_() for w in self._network.weights]
        bias = self._network.bias
        parameters = [*weights] if bias is None else [*weights, bias.detach().requires_grad_()]

        h = x
        for index, weight in enumerate(weights):
            h = h @ weight.T
            if index == 0 and bias is not None:
                h = h + parameters[-1]
            if index < len(weights) - 1:
                h = _SoftGatedReLU.apply(h, alpha)
        weighted = (h.squeeze(1) * lam * labels).mean()
        gradients = torch.autograd.grad(weighted, parameters, create_graph=True)
        squares = [
            (p.detach() - g).pow(2).sum() for p, g in zip(parameters, gradients, strict=True)
        ]
        per_layer = squares[: len(weights)]
        if bias is not None:
            per_layer[0] = per_layer[0] + squares[-1]
        x_gradient, lam_gradient = torch.autograd.grad(_total(per_layer), [x, lam])
        return Evaluation(torch.stack(per_layer).detach(), x_gradient, lam_gradient)


class _SoftGatedReLU(torch.autograd.Function):
    """The paper's ModifiedReLU: relu forward, σ(αz) in place of its derivative backward."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, alpha: float) -> Tensor:
        ctx.save_for_backward(z)
        ctx.alpha = alpha
        return z.relu()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (z,) = ctx.saved_tensors
        return grad * torch.sigmoid(ctx.alpha * z), None


def layer_norms(network: Network) -> Tensor:
    """‖θ_l‖² per layer, shape (L,); a first-layer bias counts with the first layer."""
    norms = torch.stack([_squared_norm(w) for w in network.weights])
    if network.bias is not None:
        norms[0] += _squared_norm(network.bias)
    return norms


def _weighted_outer(c: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Σ_i c_i left_i right_iᵀ, weighting the smaller of the two matrices."""
    if left.shape[1] <= right.shape[1]:
        return (c * left).T @ right
    return left.T @ (c * right)


def _squared_norm(matrix: Tensor) -> Tensor:
    flat = matrix.reshape(-1)
    return torch.dot(flat, flat)


def _total(terms: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()
