"""The stationarity loss and its gradient in a few matrix products, without autograd.

Per candidate and layer the gradient by W_l is the outer product δ_l h_{l−1}ᵀ, so that residual and
gradient are products of (m × n) matrices, one candidate a row. The symbols are those of
`network/trace` and `residuals`; a bar marks half of ∂loss/∂(·). From the residuals two ways lead
back to the candidates:

    upwards   l = 1 … L−1:   s̄_l = δ̄_l ∘ e_l;   δ̄_{l+1} += (δ̄_l ∘ s_l) W_{l+1}ᵀ       →  Ū = δ̄_L
    downwards l = L−1 … 1:   z̄_l = s̄_l ∘ ∂s_l/∂z_l + h̄_l ∘ s_l;   h̄_{l−1} += z̄_l W_l   →  x̄ = h̄_0

A term that looks at the outputs (`OutputTerm`) joins the second way at its top, h̄_{L−1} += Φ̄ W_L,
and costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.parameters import Parameters, squared_norm
from engine.network.trace import Deltas, Trace, trace
from engine.runtime.lazy import torch
from engine.stationarity.evaluation import DirectionWeights, Evaluation, OutputTerm
from engine.stationarity.multipliers import BinaryMargin, Multipliers
from engine.stationarity.residuals import GramResidual, Residual, WholeResidual, is_gram_cheaper
from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor

_BINARY = BinaryMargin()


class ClosedForm:
    """The loss of `evaluation` and its gradient."""

    def __init__(
        self,
        target: Target,
        kind: Multipliers = _BINARY,
        output_term: OutputTerm | None = None,
        directions: DirectionWeights | None = None,
    ) -> None:
        """
        Args:
            target: what is to be explained.
            kind: what λ are.
            output_term: whose gradient is added to that of the candidates.
            directions: how much the residual of W_1 (and b_1) counts in each input direction.
        """
        self._target, self._kind = target, kind
        self._output_term, self._directions = output_term, directions
        self._squared_weights = [squared_norm(weight) for weight in target.explained.weights]

    def evaluate(
        self,
        candidates: Tensor,
        multipliers: Tensor,
        labels: Tensor,
        alpha: float,
        chunk: int | None = None,
    ) -> Evaluation:
        """See `Stationarity.evaluate`."""
        count = len(candidates)
        size = chunk or count
        cotangents = self._kind.to_cotangent(multipliers, labels, count)
        parts = list(zip(*(torch.split(t, size) for t in (candidates, cotangents)), strict=True))
        # Candidates meet in two places alone: in the residuals, and in what an output term makes of
        # all outputs. One pass gathers those; a second one leads from them back to each candidate.
        passes = [self._passed(x, u, alpha, 1) for x, u in parts] if len(parts) == 1 else []
        residuals, outputs = self._gathered(passes, parts, alpha)
        per_layer = torch.stack([residual.squared for residual in residuals])
        if self._directions is not None:
            residuals[0].weigh(self._directions)
        pulls: Sequence[Tensor | None] = [None] * len(parts)
        if self._output_term is not None:
            pulls = torch.split(self._output_term.pull(outputs, multipliers, labels), size)
        x_bars, u_bars = [], []
        for (x, u), pull in zip(parts, pulls, strict=True):
            here = passes.pop() if passes else self._passed(x, u, alpha, len(parts))
            x_bar, u_bar = self._flow_back(here, residuals, pull, alpha)
            x_bars.append(x_bar)
            u_bars.append(u_bar)
        return Evaluation(
            per_layer=per_layer,
            candidate_gradient=joined(x_bars).mul_(2),
            multiplier_gradient=self._kind.pull_back(joined(u_bars).mul_(2), labels, count),
        )

    def _passed(self, x: Tensor, u: Tensor, alpha: float, parts: int) -> _Pass:
        """Some candidates on their way forward and back; how much stays depends on what follows."""
        by_gram = self._by_gram(len(x) if parts == 1 else 0)
        there = trace(self._target.network, x, alpha, by_gram)
        return _Pass(there, there.backward(u, by_gram[1:]), by_gram)

    def _by_gram(self, count: int) -> list[bool]:
        """Of each layer l = 0 … L, whether its residual is cheaper without R_l.

        The first layer's is weighed in its directions, and the last one's is small.
        """
        weights = self._target.network.weights
        can = self._target.is_whole and count > 0
        hidden = [can and is_gram_cheaper(count, weight) for weight in weights[1:-1]]
        return [False, False, *hidden, False]

    def _gathered(
        self, passes: Sequence[_Pass], parts: Sequence[tuple[Tensor, Tensor]], alpha: float
    ) -> tuple[list[Residual], Tensor]:
        """The residuals of all candidates, and their outputs where a term asks for them.

        Args:
            passes: that of all candidates, where they are worked on at once; else none is kept.
            parts: candidates and cotangents.
            alpha: gate sharpness.
        """
        if passes:
            outputs = [passes[0].there.outputs()] if self._output_term is not None else []
            residuals = [self._residual(passes[0], layer) for layer in range(self._depth)]
            return residuals, joined(outputs)
        outputs, total = [], self._target.explained.each(torch.neg)
        for x, u in parts:
            part = self._passed(x, u, alpha, len(parts))
            _add_gradient(total, part)
            if self._output_term is not None:
                outputs.append(part.there.outputs())
        left = zip(total.weights, total.biases, strict=True)
        return [WholeResidual.of(weight, bias) for weight, bias in left], joined(outputs)

    def _residual(self, all_: _Pass, layer: int) -> Residual:
        """Of a layer, counted from 0, with all candidates at hand."""
        explained = self._target.explained
        weight, bias = explained.weights[layer], explained.biases[layer]
        delta, h = all_.back.delta[layer + 1], all_.there.h[layer]
        left = None if bias is None else delta.sum(0) - bias
        if not all_.by_gram[layer + 1]:
            return WholeResidual.of(torch.addmm(weight, delta.T, h, beta=-1), left)
        z = all_.there.z[layer + 1]
        return GramResidual.of(
            delta,
            h,
            all_.back.e[layer],
            z if bias is None else z - bias,
            self._squared_weights[layer],
            left,
        )

    def _flow_back(
        self, here: _Pass, residuals: Sequence[Residual], pull: Tensor | None, alpha: float
    ) -> tuple[Tensor, Tensor]:
        """x̄ and Ū of some candidates, shapes (p, D) and (p, C), from the residuals of all.

        Args:
            here: their passes.
            residuals: of each layer.
            pull: ∂/∂Φ, shape (p, C), where there is an output term.
            alpha: gate sharpness.
        """
        weights, depth = self._target.network.weights, self._depth
        activation = self._target.network.activation
        h, s, delta = here.there.h, here.there.s, here.back.delta
        h_bar, delta_bar = [], [delta[0]]
        for layer, residual in enumerate(residuals):
            to_h, to_delta = residual.flow_back(delta[layer + 1], h[layer])
            h_bar.append(to_h)
            delta_bar.append(to_delta)
        # Upwards through the backward pass …
        for layer in range(1, depth):
            delta_bar[layer + 1].addmm_(delta_bar[layer] * s[layer], weights[layer].T)
        # … and downwards through the forward pass.
        if pull is not None:
            h_bar[depth - 1].addmm_(pull, weights[depth - 1], alpha=0.5)
        for layer in range(depth - 1, 0, -1):
            z_bar = activation.through_soft_gate(delta_bar[layer], delta[layer], s[layer], alpha)
            z_bar.addcmul_(h_bar[layer], s[layer])
            h_bar[layer - 1].addmm_(z_bar, weights[layer - 1])
        return h_bar[0], delta_bar[depth]

    @property
    def _depth(self) -> int:
        return self._target.network.depth


@dataclass(frozen=True)
class _Pass:
    """Some candidates, there and back; `by_gram` says what had to stay on the way."""

    there: Trace
    back: Deltas
    by_gram: Sequence[bool]


def _add_gradient(total: Parameters, part: _Pass) -> None:
    """Adds Σ_i J(x_i)ᵀ u_i of some candidates to what has the shapes of θ."""
    for layer, (weight, bias) in enumerate(zip(total.weights, total.biases, strict=True)):
        delta = part.back.delta[layer + 1]
        weight.addmm_(delta.T, part.there.h[layer])
        if bias is not None:
            bias.add_(delta.sum(0))


def joined(parts: Sequence[Tensor]) -> Tensor:
    """All rows in one; no copy where there is but one part. Of nothing, nothing."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts)) if parts else torch.empty(0)
