"""The stationarity loss of Haim et al. 2022 and its gradient, two ways.

At convergence θ = Σ λ_i y_i ∇_θ Φ(θ; x_i) (their equation 4, from Lyu and Li 2019), so the
squared norm of what is left over,

    ‖θ − (1/m) Σ_i λ_i y_i ∇_θ Φ(θ; x_i)‖²,

is a loss in the unknown images x_i and multipliers λ_i. `ClosedForm` computes it and its
gradient in a few matrix products; stationarity/autograd lets autograd differentiate twice, as the
published code does, and serves as baseline and as reference in tests; `chunked` does either
with a few candidates at a time. Above these files nobody needs to know which of them is at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.network.network import Network
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

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


@dataclass(frozen=True)
class DirectionWeights:
    """How much the residual of W_1 counts in each direction of the input.

    Attributes:
        input: weight of each input dimension, shape (k,).
        bias: weight of b_1, which is the direction of a constant input.
    """

    input: Tensor
    bias: float


@dataclass(frozen=True)
class Activity:
    """What candidates leave on their way through the network and back; index l belongs to layer l.

    Attributes:
        z: pre-activations, where they are needed again.
        h: activations; h_0 is the candidates.
        s: soft gates.
        e: ∂Φ/∂h_l.
        delta: ∂Φ/∂z_l.
    """

    z: list[Tensor]
    h: list[Tensor]
    s: list[Tensor]
    e: list[Tensor]
    delta: list[Tensor]


class ClosedForm:
    """The loss and its gradient without autograd.

    Per candidate and layer ∇_{W_l} Φ is the outer product δ_l h_{l−1}ᵀ, so that residual and
    gradient are products of (m × n) matrices, one candidate a row. The symbols are those of
    the design: z pre-activation, h activation, s = σ(αz) soft gate, δ = ∂Φ/∂z, c = λy/m,
    R the residual; a bar marks ∂loss/∂(·).

    What goes beyond the published loss, and is left out by default:

    * `directions` weighs the residual of W_1 (and b_1) in each input direction: gradients are
      those of Σ_k w_k ‖R_1 e_k‖² in place of ‖R_1‖². `Evaluation.per_layer` is never weighted.
    * `margin_weight`. The stationarity loss uses one of the KKT conditions. Another, complementary
      slackness, says that images with a multiplier all have the same margin y_i Φ(x_i) = γ. The
      gradient of

          weight · ‖W_L‖² · (1/m) Σ_i (y_i Φ(x_i)/γ − 1)²,

      with γ the mean of the candidates' positive margins weighted by their multipliers (held
      constant), is added to that of the candidates. It scales with θ as the stationarity loss
      does, and costs next to nothing here, because ∂Φ/∂z_1 = δ_1 is at hand.
    """

    def __init__(
        self,
        network: Network,
        margin_weight: float = 0.0,
        directions: DirectionWeights | None = None,
    ) -> None:
        self.weights = network.weights
        self.bias = network.bias
        self.margin_weight = margin_weight
        self.directions = directions
        self._norms = [squared_norm(w) for w in network.weights]

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        weights, depth = self.weights, len(self.weights)
        count = candidates.shape[0]
        c = (multipliers * labels / count).unsqueeze(1)
        by_gram = [False, *(_is_gram_cheaper(count, weight) for weight in weights)]
        by_gram[1] = by_gram[depth] = False
        activity = self.activity(candidates, alpha, by_gram)
        z, h, e, delta = activity.z, activity.h, activity.e, activity.delta

        # Residuals, and what flows back from them: h̄ = δ R, δ̄ = h Rᵀ. All barred matrices below
        # lack a factor 2c a row, which passes through every product and is put in once at the end.
        per_layer, c_bar = [], torch.zeros_like(multipliers)
        h_bar: list[Tensor] = [candidates] * depth
        delta_bar: list[Tensor] = [candidates] * (depth + 1)
        for layer in range(1, depth + 1):
            if layer == 1:
                norm, h_bar[0], delta_bar[1] = self._first_layer(c, delta[1], candidates)
            elif by_gram[layer]:
                norm, h_bar[layer - 1], delta_bar[layer] = _through_gram(
                    c, delta[layer], h[layer - 1], e[layer - 1], z[layer], self._norms[layer - 1]
                )
            else:
                residual = _residual(c, delta[layer], h[layer - 1], weights[layer - 1])
                norm = squared_norm(residual)
                h_bar[layer - 1] = delta[layer] @ residual
                delta_bar[layer] = h[layer - 1] @ residual.T
            per_layer.append(norm)
            c_bar += 2 * (delta[layer] * delta_bar[layer]).sum(1)

        pull = None
        if self.margin_weight:
            outputs = (h[depth - 1] @ weights[depth - 1].T).squeeze(1)
            pull = self.margin_pull(outputs, multipliers, labels)
        return Evaluation(
            per_layer=torch.stack(per_layer),
            candidate_gradient=self.flow_back(c, activity, h_bar, delta_bar, alpha, pull),
            multiplier_gradient=c_bar * labels / count,
        )

    def activity(
        self, candidates: Tensor, alpha: float, by_gram: Sequence[bool] | None = None
    ) -> Activity:
        """Forward and backward pass of the network.

        Args:
            candidates: x, shape (m, D).
            alpha: gate sharpness.
            by_gram: of each layer, whether its z, and the e below it, have to stay.
        """
        weights, depth = self.weights, len(self.weights)
        by_gram = by_gram or [False] * (depth + 1)
        # Forward: z_l (where it is needed again), h_l, s_l.
        z, h, s = self._forward(candidates, alpha, by_gram)
        # Backward: δ_L = 1, e_l = δ_{l+1} W_{l+1}, δ_l = s_l ∘ e_l.
        e: list[Tensor] = [candidates] * depth  # index 0 is never read
        delta: list[Tensor] = [candidates] * (depth + 1)
        delta[depth] = torch.ones_like(candidates[:, :1])
        for layer in range(depth - 1, 0, -1):
            e[layer] = delta[layer + 1] @ weights[layer]
            delta[layer] = e[layer] * s[layer] if by_gram[layer + 1] else e[layer].mul_(s[layer])
        return Activity(z, h, s, e, delta)

    def flow_back(
        self,
        c: Tensor,
        activity: Activity,
        h_bar: list[Tensor],
        delta_bar: list[Tensor],
        alpha: float,
        pull: Tensor | None,
    ) -> Tensor:
        """∂loss/∂x of candidates, shape (m, D), from what flows back to h and δ; overwrites both.

        Args:
            c: λy/m, shape (m, 1).
            activity: of the same candidates.
            h_bar: h̄_0 … h̄_{L−1} without their factor 2c.
            delta_bar: δ̄_1 … δ̄_L (index 0 is a placeholder), likewise.
            alpha: gate sharpness.
            pull: what `margin_pull` says, where there is such a term.
        """
        weights, depth = self.weights, len(self.weights)
        s, delta = activity.s, activity.delta
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
                if pull is not None:
                    z_bar.addcmul_(pull, delta[1])
            h_bar[layer - 1].addmm_(z_bar, weights[layer - 1])
        return h_bar[0]

    def _first_layer(self, c: Tensor, delta: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """‖R_1‖² with that of the bias, and what flows back from it to x and to δ_1."""
        residual = _residual(c, delta, x, self.weights[0])
        norm = squared_norm(residual)
        directions = self.directions
        if directions is not None:
            residual *= directions.input
        x_bar, delta_bar = delta @ residual, x @ residual.T
        if self.bias is not None:
            bias_residual = (c.T @ delta).squeeze(0) - self.bias
            norm = norm + squared_norm(bias_residual)
            delta_bar += bias_residual * (1.0 if directions is None else directions.bias)
        return norm, x_bar, delta_bar

    def margin_pull(self, outputs: Tensor, multipliers: Tensor, labels: Tensor) -> Tensor:
        """The derivative of that term by Φ(x_i), for each candidate, shape (m, 1)."""
        margins = labels * outputs
        shares = multipliers.relu()
        gamma = (shares * margins.relu()).sum() / shares.sum().clamp_min(1e-12)
        # As long as hardly a candidate has its own label, there is no margin to pull to.
        is_known = gamma > _LEAST_SHARE * margins.abs().mean()
        inverse = torch.where(is_known, 1 / gamma, torch.zeros_like(gamma))
        weight = self.margin_weight * squared_norm(self.weights[-1]) / len(margins)
        return (2 * weight * (margins * inverse - 1) * inverse * labels).unsqueeze(1)

    def _forward(
        self, candidates: Tensor, alpha: float, keeps_z: Sequence[bool]
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """z_1 … z_{L−1}, h_0 … h_{L−1} and the soft gates s_1 … s_{L−1}.

        Index 0 of z and s is a placeholder, and so is a z that is not to be kept.
        """
        z, h, s = [candidates], [candidates], [candidates]
        for index, weight in enumerate(self.weights[:-1]):
            if index == 0 and self.bias is not None:
                z.append(torch.addmm(self.bias, h[-1], weight.T))
            else:
                z.append(h[-1] @ weight.T)
            s.append((alpha * z[-1]).sigmoid_())
            h.append(z[-1].relu() if keeps_z[index + 1] else z[-1].relu_())
        return z, h, s


def layer_norms(network: Network) -> Tensor:
    """‖θ_l‖² per layer, shape (L,); a first-layer bias counts with the first layer."""
    norms = torch.stack([squared_norm(w) for w in network.weights])
    if network.bias is not None:
        norms[0] += squared_norm(network.bias)
    return norms


def _residual(c: Tensor, delta: Tensor, h: Tensor, weight: Tensor) -> Tensor:
    """R = Σ_i c_i δ_i h_iᵀ − W, weighting the smaller of the two matrices."""
    if delta.shape[1] <= h.shape[1]:
        return torch.addmm(weight, (c * delta).T, h, beta=-1)
    return torch.addmm(weight, delta.T, c * h, beta=-1)


def _is_gram_cheaper(count: int, weight: Tensor) -> bool:
    """Whether `_through_gram` takes fewer multiplications than the residual itself."""
    rows, columns = weight.shape
    return 2 * count * (rows + columns) < 3 * rows * columns


def _through_gram(
    c: Tensor, delta: Tensor, h: Tensor, e: Tensor, z: Tensor, squared_weight: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """‖R‖², δ R and h Rᵀ of R = Σ_i c_i δ_i h_iᵀ − W without R, which is larger than they are.

    Args:
        c: (m, 1).
        delta: δ_l, shape (m, n).
        h: h_{l−1}, shape (m, n').
        e: δ_l W, shape (m, n'), at hand from the backward pass.
        z: h_{l−1} Wᵀ, shape (m, n), at hand from the forward pass.
        squared_weight: ‖W‖².
    """
    weighted_h, weighted_delta = c * h, c * delta
    delta_gram, h_gram = delta @ delta.T, weighted_h @ h.T
    squared = (delta_gram * h_gram * c.T).sum() - 2 * (weighted_delta * z).sum() + squared_weight
    x_bar = torch.addmm(e, delta_gram, weighted_h, beta=-1)
    delta_bar = torch.addmm(z, h_gram.T, delta, beta=-1)
    return squared, x_bar, delta_bar


def squared_norm(matrix: Tensor) -> Tensor:
    """‖M‖²."""
    flat = matrix.reshape(-1)
    return torch.dot(flat, flat)
