"""The closed form of networks with convolutions: loss and gradient without autograd.

What `closed_form` does with matrix products, step by step through a `passage`. A convolution's
weight gradient is that of ⟨δ_l, W_l ∗ h_{l−1}⟩, which is linear in each of the three; so what its
residual R_l hands back is two convolutions with R_l for weights:

    δ̄_l = R_l ∗ h_{l−1} + r_l,      h̄_{l−1} = R_lᵀ ∗ δ_l

A bar marks half of ∂loss/∂(·). From there two ways lead back to the candidates as in `closed_form`:
along the steps, into the cotangents, and back through them, into the images. The largest of a patch
hands on to where it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.network.parameters import Parameters
from engine.network.passage import Gate, Layer, Passage, passage
from engine.runtime.lazy import torch
from engine.stationarity.closed_form import joined
from engine.stationarity.evaluation import Evaluation, OutputTerm
from engine.stationarity.multipliers import BinaryMargin, Multipliers
from engine.stationarity.target import Target
from engine.stationarity.weighing import Weighing, weighed

if TYPE_CHECKING:
    from torch import Tensor

_BINARY = BinaryMargin()


class LayeredForm:
    """The loss of `evaluation` and its gradient, of a network with a structure."""

    def __init__(
        self,
        target: Target,
        kind: Multipliers = _BINARY,
        output_term: OutputTerm | None = None,
        weighings: Sequence[Weighing | None] = (),
    ) -> None:
        """Takes what `ClosedForm` takes."""
        self._target, self._kind, self._output_term = target, kind, output_term
        self._weighings = weighings or [None] * target.network.depth

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
        kept: list[_Pass] = []
        outputs: list[Tensor] = []
        left = self._target.explained.each(torch.neg)
        for part in parts:
            here = self._passed(part, alpha, count)
            here.add_gradient(left)
            outputs.append(here.there.outputs)
            kept = [here] if len(parts) == 1 else []  # Of many, only one fits into memory.
        left = self._of_trained(left)
        per_layer = left.squared_norms()
        residuals = weighed(left, self._weighings)
        pulls: Sequence[Tensor | None] = [None] * len(parts)
        if self._output_term is not None:
            term = self._output_term.pull(joined(outputs), multipliers, labels)
            pulls = torch.split(term, size)
        by_candidates, by_multipliers = [], []
        for part, pull in zip(parts, pulls, strict=True):
            here = kept.pop() if kept else self._passed(part, alpha, count)
            bars, u_bar = here.along(residuals)
            by_multiplier, by_output = self._kind.pull_back(
                u_bar.mul_(2), part.multipliers, part.labels, here.there.outputs, count
            )
            by_multipliers.append(by_multiplier)
            pulled = [each / 2 for each in (pull, by_output) if each is not None]
            by_candidates.append(here.back(residuals, bars, pulled).mul_(2).flatten(1))
        return Evaluation(per_layer, joined(by_candidates), joined(by_multipliers))

    def _passed(self, part: _Part, alpha: float, count: int) -> _Pass:
        there = passage(self._target.network, part.candidates, alpha)
        u = self._kind.to_cotangent(part.multipliers, part.labels, there.outputs, count)
        return _Pass(self._target, there, there.backward(u), alpha)

    def _of_trained(self, left: Parameters) -> Parameters:
        layers = enumerate(zip(left.weights, left.biases, strict=True))
        weights, biases = zip(
            *(self._target.of_trained(layer, *each) for layer, each in layers), strict=True
        )
        return Parameters(weights, biases)


@dataclass(frozen=True)
class _Part:
    """Some candidates."""

    candidates: Tensor
    multipliers: Tensor
    labels: Tensor


@dataclass(frozen=True)
class _Pass:
    """Some candidates, there and back."""

    target: Target
    there: Passage
    deltas: Sequence[Tensor | None]
    alpha: float

    def add_gradient(self, total: Parameters) -> None:
        """Adds Σ_i J(x_i)ᵀ u_i to what has the shapes of θ."""
        for link, delta in zip(self.there.links, self.deltas, strict=True):
            if isinstance(link, Layer) and delta is not None:
                total.weights[link.number].add_(link.gradient(delta))
                bias = total.biases[link.number]
                if bias is not None:
                    bias.add_(_over_places(delta))

    def along(self, residuals: Parameters) -> tuple[list[Tensor | None], Tensor]:
        """What flows from the residuals along the steps: z̄ through each gate, and Ū."""
        bars: list[Tensor | None] = []
        bar: Tensor | None = None
        activation = self.target.network.activation
        for place, link in enumerate(self.there.links):
            through_gate = None
            before, bar = bar, None if bar is None else link.along(bar)
            if isinstance(link, Layer):
                bar = self._from_residual(link, residuals, bar)
            elif isinstance(link, Gate) and before is not None:
                # What flows into s; δ before the gate is s ∘ the one behind it.
                delta = self.deltas[place - 1]
                assert delta is not None
                through_gate = activation.through_soft_gate(before, delta, link.s, self.alpha)
            bars.append(through_gate)
        assert bar is not None
        return bars, bar

    def back(
        self, residuals: Parameters, gate_bars: Sequence[Tensor | None], pulls: Sequence[Tensor]
    ) -> Tensor:
        """x̄, in the shape of an image.

        Args:
            residuals: of all candidates, weighed.
            gate_bars: as `along` found them.
            pulls: half of ∂/∂Φ, shape (p, C), of each thing that looks at the outputs.
        """
        bar = sum(pulls[1:], start=pulls[0]) if pulls else None
        links = zip(self.there.links, self.deltas, gate_bars, strict=True)
        for link, delta, gate_bar in reversed(list(links)):
            bar = None if bar is None else link.back(bar)
            if isinstance(link, Layer) and delta is not None:
                more = link.back(delta, residuals.weights[link.number])
                bar = more if bar is None else bar.add_(more)
            elif gate_bar is not None:
                bar = gate_bar if bar is None else bar.add_(gate_bar)
        assert bar is not None
        return bar

    def _from_residual(self, link: Layer, residuals: Parameters, bar: Tensor | None) -> Tensor:
        more = link.along(link.h, residuals.weights[link.number])
        bias = residuals.biases[link.number]
        if bias is not None:
            more += bias if more.dim() == 2 else bias[:, None, None]
        return more if bar is None else more.add_(bar)


def _over_places(delta: Tensor) -> Tensor:
    """The gradient by a bias: δ summed over images and, of a convolution, over places."""
    return delta.sum(0) if delta.dim() == 2 else delta.sum((0, 2, 3))
