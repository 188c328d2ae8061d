"""The same loss and gradient, a few candidates at a time: less memory, more time (decision 15).

Candidates meet in two places alone: in the residuals R_l = Σ c_i δ_l,i h_{l−1},iᵀ − W_l, and in the
margin that they share. So one pass over the parts gathers those, and a second one goes from them
back to each candidate. Sums are taken in another order than all at once: the numbers are the same
but for their last digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.runtime.lazy import torch
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.closed_form import ClosedForm, Evaluation, squared_norm

if TYPE_CHECKING:
    from torch import Tensor


class ClosedFormInParts:
    """`ClosedForm`, of so many candidates at a time."""

    def __init__(self, whole: ClosedForm, size: int) -> None:
        self._whole = whole
        self._size = size

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        whole, count = self._whole, len(candidates)
        c = (multipliers * labels / count).unsqueeze(1)
        parts = list(
            zip(torch.split(candidates, self._size), torch.split(c, self._size), strict=True)
        )

        residuals = [-weight for weight in whole.weights]
        bias_residual = None if whole.bias is None else -whole.bias
        outputs = []
        for x, c_part in parts:
            there = whole.activity(x, alpha)
            for layer, residual in enumerate(residuals, 1):
                residual.addmm_((c_part * there.delta[layer]).T, there.h[layer - 1])
            if bias_residual is not None:
                bias_residual += (c_part.T @ there.delta[1]).squeeze(0)
            outputs.append((there.h[-1] @ whole.weights[-1].T).squeeze(1))
        per_layer = torch.stack([squared_norm(residual) for residual in residuals])
        if bias_residual is not None:
            per_layer[0] += squared_norm(bias_residual)
        if whole.directions is not None:
            residuals[0] *= whole.directions.input
            if bias_residual is not None:
                bias_residual *= whole.directions.bias

        pulls: list[Tensor | None] = [None] * len(parts)
        if whole.margin_weight:
            every_pull = whole.margin_pull(torch.cat(outputs), multipliers, labels)
            pulls[:] = torch.split(every_pull, self._size)
        x_gradients, c_gradients = [], []
        for (x, c_part), pull in zip(parts, pulls, strict=True):
            there = whole.activity(x, alpha)
            h_bar = [d @ r for d, r in zip(there.delta[1:], residuals, strict=True)]
            delta_bar = [x, *(h @ r.T for h, r in zip(there.h, residuals, strict=True))]
            if bias_residual is not None:
                delta_bar[1] += bias_residual
            both = zip(there.delta[1:], delta_bar[1:], strict=True)
            by_layer = [2 * (delta * bar).sum(1) for delta, bar in both]
            c_gradients.append(torch.stack(by_layer).sum(0))
            x_gradients.append(whole.flow_back(c_part, there, h_bar, delta_bar, alpha, pull))
        return Evaluation(
            per_layer=per_layer,
            candidate_gradient=torch.cat(x_gradients),
            multiplier_gradient=torch.cat(c_gradients) * labels / count,
        )


class DoubleBackwardInParts:
    """`DoubleBackward`, of so many candidates at a time."""

    def __init__(self, whole: DoubleBackward, size: int) -> None:
        self._whole = whole
        self._size = size

    def evaluate(
        self, candidates: Tensor, multipliers: Tensor, labels: Tensor, alpha: float
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        whole, count = self._whole, len(candidates)
        parts = list(
            zip(
                *(torch.split(t, self._size) for t in (candidates, multipliers, labels)),
                strict=True,
            )
        )
        residuals = [p.detach().clone() for p in whole.parameters]
        for x, lam, y in parts:
            gradients = whole.weighted_gradients(x, lam, y, alpha, count)
            for residual, gradient in zip(residuals, gradients, strict=True):
                residual -= gradient.detach()
        per_layer = whole.by_layer([residual.square().sum() for residual in residuals])

        x_gradients, lam_gradients = [], []
        for x, lam, y in parts:
            x, lam = x.detach().requires_grad_(), lam.detach().requires_grad_()
            gradients = whole.weighted_gradients(x, lam, y, alpha, count)
            # d Σ ‖θ − g‖² = −2 Σ ⟨θ − g, dg⟩
            flowing = [-2 * residual for residual in residuals]
            x_gradient, lam_gradient = torch.autograd.grad(gradients, [x, lam], flowing)
            x_gradients.append(x_gradient)
            lam_gradients.append(lam_gradient)
        return Evaluation(torch.stack(per_layer), torch.cat(x_gradients), torch.cat(lam_gradients))
