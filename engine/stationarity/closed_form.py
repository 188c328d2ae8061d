"""The stationarity loss and its gradient in a few matrix products, without autograd.

Per candidate and layer the gradient by W_l is the outer product δ_l h_{l−1}ᵀ, so that residual and
gradient are products of (m × n) matrices, one candidate a row. The symbols are those of
`network/trace` and `residuals`; a bar marks half of ∂loss/∂(·). From the residuals two ways lead
back to the candidates:

    upwards   l = 1 … L−1:   s̄_l = δ̄_l ∘ e_l;   δ̄_{l+1} += (δ̄_l ∘ s_l) W_{l+1}ᵀ       →  Ū = δ̄_L
    downwards l = L−1 … 1:   z̄_l = s̄_l ∘ ∂s_l/∂z_l + h̄_l ∘ s_l;   h̄_{l−1} += z̄_l W_l   →  x̄ = h̄_0

What looks at the outputs joins the second way at its top, h̄_{L−1} += Φ̄ W_L, and costs next to
nothing: a term (`OutputTerm`), and multipliers that are tied to the outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.parameters import Parameters, squared_norm
from engine.network.trace import Deltas, Trace, trace
from engine.runtime.lazy import torch
from engine.stationarity.evaluation import Evaluation, OutputTerm
from engine.stationarity.multipliers import BinaryMargin, Multipliers
from engine.stationarity.residuals import GramResidual, Residual, WholeResidual, is_gram_cheaper
from engine.stationarity.target import Target
from engine.stationarity.weighing import Weighing

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
        weighings: Sequence[Weighing | None] = (),
    ) -> None:
        """
        Args:
            target: what is to be explained.
            kind: what λ are.
            output_term: whose gradient is added to that of the candidates.
            weighings: how much the residual of each layer counts in each direction; left out, or
                None for a layer, all count alike.
        """
        self._target, self._kind, self._output_term = target, kind, output_term
        self._weighings = weighings or [None] * target.network.depth
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
        split = [torch.split(each, size) for each in (candidates, multipliers, labels)]
        parts = [_Part(*some) for some in zip(*split, strict=True)]
        # Candidates meet in two places alone: in the residuals, and in what an output term makes of
        # all outputs. One pass gathers those; a second one leads from them back to each candidate.
        passes = [self._passed(parts[0], alpha, count, 1)] if len(parts) == 1 else []
        residuals, outputs = self._gathered(passes, parts, alpha, count)
        per_layer = torch.stack([residual.squared for residual in residuals])
        for residual, weighing in zip(residuals, self._weighings, strict=True):
            if weighing is not None:
                residual.weigh(weighing)
        pulls: Sequence[Tensor | None] = [None] * len(parts)
        if self._output_term is not None:
            pulls = torch.split(self._output_term.pull(outputs, multipliers, labels), size)
        by_candidates, by_multipliers = [], []
        for part, pull in zip(parts, pulls, strict=True):
            here = passes.pop() if passes else self._passed(part, alpha, count, len(parts))
            delta_bars, h_bars = self._from_residuals(here, residuals)
            u_bar = self._upwards(here, delta_bars)
            by_multiplier, by_output = self._kind.pull_back(
                u_bar.mul_(2), part.multipliers, part.labels, here.outputs, count
            )
            by_multipliers.append(by_multiplier)
            pulled = [each for each in (pull, by_output) if each is not None]
            x_bar = self._downwards(here, delta_bars, h_bars, pulled, alpha)
            by_candidates.append(x_bar.mul_(2))
        return Evaluation(per_layer, joined(by_candidates), joined(by_multipliers))

    def _passed(self, part: _Part, alpha: float, count: int, parts: int) -> _Pass:
        """Some candidates on their way forward and back; how much stays depends on what follows."""
        by_gram = self._by_gram(len(part.candidates) if parts == 1 else 0)
        there = trace(self._target.network, part.candidates, alpha, by_gram)
        asked = self._kind.needs_outputs or self._output_term is not None
        outputs = there.outputs() if asked else None
        u = self._kind.to_cotangent(part.multipliers, part.labels, outputs, count)
        return _Pass(there, there.backward(u, by_gram[1:]), outputs, by_gram)

    def _by_gram(self, count: int) -> list[bool]:
        """Of each layer l = 0 … L, whether its residual is cheaper without R_l.

        One that is weighed needs it; the first layer's has few columns, the last one's few rows.
        """
        weights = self._target.network.weights
        can = self._target.is_whole and count > 0
        hidden = [
            can and weighing is None and is_gram_cheaper(count, weight)
            for weight, weighing in zip(weights[1:-1], self._weighings[1:-1], strict=True)
        ]
        return [False, False, *hidden, False]

    def _gathered(
        self, passes: Sequence[_Pass], parts: Sequence[_Part], alpha: float, count: int
    ) -> tuple[list[Residual], Tensor]:
        """The residuals of all candidates, and their outputs where a term asks for them.

        Args:
            passes: that of all candidates, where they are worked on at once; else none is kept.
            parts: all candidates.
            alpha: gate sharpness.
            count: m.
        """
        if passes:
            outputs = [] if passes[0].outputs is None else [passes[0].outputs]
            residuals = [self._residual(passes[0], layer) for layer in range(self._depth)]
            return residuals, joined(outputs)
        outputs, total = [], self._target.explained.each(torch.neg)
        for part in parts:
            there_and_back = self._passed(part, alpha, count, len(parts))
            _add_gradient(total, there_and_back)
            if there_and_back.outputs is not None:
                outputs.append(there_and_back.outputs)
        left = enumerate(zip(total.weights, total.biases, strict=True))
        return [self._whole(layer, *each) for layer, each in left], joined(outputs)

    def _whole(self, layer: int, weight: Tensor, bias: Tensor | None) -> WholeResidual:
        return WholeResidual.of(*self._target.of_trained(layer, weight, bias))

    def _residual(self, all_: _Pass, layer: int) -> Residual:
        """Of a layer, counted from 0, with all candidates at hand."""
        explained = self._target.explained
        weight, bias = explained.weights[layer], explained.biases[layer]
        delta, h = all_.back.delta[layer + 1], all_.there.h[layer]
        left = None if bias is None else delta.sum(0) - bias
        if not all_.by_gram[layer + 1]:
            return self._whole(layer, torch.addmm(weight, delta.T, h, beta=-1), left)
        z = all_.there.z[layer + 1]
        return GramResidual.of(
            delta,
            h,
            all_.back.e[layer],
            z if bias is None else z - bias,
            self._squared_weights[layer],
            left,
        )

    def _from_residuals(
        self, here: _Pass, residuals: Sequence[Residual]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What flows from the residuals of all into δ_1 … δ_L and h_0 … h_{L−1} of some."""
        h, delta = here.there.h, here.back.delta
        h_bars, delta_bars = [], [delta[0]]
        for layer, residual in enumerate(residuals):
            h_bar, delta_bar = residual.flow_back(delta[layer + 1], h[layer])
            h_bars.append(h_bar)
            delta_bars.append(delta_bar)
        return delta_bars, h_bars

    def _upwards(self, here: _Pass, delta_bars: list[Tensor]) -> Tensor:
        """Ū of some candidates, shape (p, C), through the backward pass; `delta_bars` fill up."""
        weights, s = self._target.network.weights, here.there.s
        for layer in range(1, self._depth):
            delta_bars[layer + 1].addmm_(delta_bars[layer] * s[layer], weights[layer].T)
        return delta_bars[self._depth]

    def _downwards(
        self,
        here: _Pass,
        delta_bars: Sequence[Tensor],
        h_bars: Sequence[Tensor],
        pulls: Sequence[Tensor],
        alpha: float,
    ) -> Tensor:
        """x̄ of some candidates, shape (p, D), through the forward pass.

        Args:
            here: their passes.
            delta_bars: complete.
            h_bars: what the residuals gave.
            pulls: ∂/∂Φ, shape (p, C), of each thing that looks at the outputs.
            alpha: gate sharpness.
        """
        weights, activation = self._target.network.weights, self._target.network.activation
        s, delta = here.there.s, here.back.delta
        for pull in pulls:
            h_bars[-1].addmm_(pull, weights[-1], alpha=0.5)
        for layer in range(self._depth - 1, 0, -1):
            z_bar = activation.through_soft_gate(delta_bars[layer], delta[layer], s[layer], alpha)
            z_bar.addcmul_(h_bars[layer], s[layer])
            h_bars[layer - 1].addmm_(z_bar, weights[layer - 1])
        return h_bars[0]

    @property
    def _depth(self) -> int:
        return self._target.network.depth


@dataclass(frozen=True)
class _Part:
    """Some candidates."""

    candidates: Tensor
    multipliers: Tensor
    labels: Tensor


@dataclass(frozen=True)
class _Pass:
    """Some candidates, there and back; `by_gram` says what had to stay on the way."""

    there: Trace
    back: Deltas
    outputs: Tensor | None
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
