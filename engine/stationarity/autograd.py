"""The stationarity loss as the published code computes it: autograd, differentiated twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.stationarity.evaluation import Evaluation, OutputTerm
from engine.stationarity.multipliers import BinaryMargin, Multipliers
from engine.stationarity.target import Target
from engine.stationarity.weighing import Weighing, weighed

if TYPE_CHECKING:
    from torch import Tensor

_BINARY = BinaryMargin()


class DoubleBackward:
    """The numbers of the closed form, without it: the baseline, and the reference in tests."""

    def __init__(
        self,
        target: Target,
        kind: Multipliers = _BINARY,
        output_term: OutputTerm | None = None,
        weighings: Sequence[Weighing | None] = (),
    ) -> None:
        """Takes what `ClosedForm` takes."""
        self._target, self._kind = target, kind
        self._output_term = output_term
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
        parts = list(zip(*split, strict=True))
        explained = self._target.explained
        residuals = [-tensor.detach() for tensor in explained.tensors]
        outputs, graphs = [], []
        for x, some, their_labels in parts:
            graph = self._graph(x, some, their_labels, alpha, count)
            for residual, gradient in zip(residuals, graph.gradients, strict=True):
                residual += gradient.detach()
            outputs.append(graph.outputs.detach())
            graphs = [graph] if len(parts) == 1 else []  # Of many, only one fits into memory.
        residuals = self._of_trained(residuals)
        per_layer = self._by_layer(residuals)
        flowing = [2 * residual for residual in self._weighed(residuals)]  # d ‖R‖² = 2 ⟨R, dR⟩
        pulls = [torch.zeros_like(each) for each in outputs]
        if self._output_term is not None:
            term = self._output_term.pull(torch.cat(outputs), multipliers, labels)
            pulls = list(torch.split(term, size))
        by_candidates, by_multipliers = [], []
        for (x, some, their_labels), pull in zip(parts, pulls, strict=True):
            again = partial(self._graph, x, some, their_labels, alpha, count)
            graph = graphs.pop() if graphs else again()
            by_candidate, by_multiplier = torch.autograd.grad(
                [*graph.gradients, graph.outputs], [graph.x, graph.multipliers], [*flowing, pull]
            )
            by_candidates.append(by_candidate)
            by_multipliers.append(by_multiplier)
        return Evaluation(per_layer, torch.cat(by_candidates), torch.cat(by_multipliers))

    def _graph(
        self, x: Tensor, multipliers: Tensor, labels: Tensor, alpha: float, count: int
    ) -> _Graph:
        """Σ_i J(x_i)ᵀ u_i over the candidates given, as autograd can differentiate it again."""
        from engine.stationarity.soft_gate import SoftGated

        x, multipliers = x.detach().requires_grad_(), multipliers.detach().requires_grad_()
        network = self._target.network
        parameters = network.parameters.each(lambda p: p.detach().requires_grad_())
        live = replace(network, parameters=parameters)
        hidden = live.hidden(x, lambda z: SoftGated.apply(z, network.activation, alpha))
        outputs = live.read_out(hidden)
        u = self._kind.to_cotangent(multipliers, labels, outputs, count)
        # u counts as given here, even where it depends on the outputs; its turn comes later.
        gradients = torch.autograd.grad(outputs, parameters.tensors, u, create_graph=True)
        return _Graph(x, multipliers, outputs, gradients)

    def _of_trained(self, residuals: Sequence[Tensor]) -> list[Tensor]:
        left = self._target.explained.with_tensors(residuals)
        layers = enumerate(zip(left.weights, left.biases, strict=True))
        weights, biases = zip(
            *(self._target.of_trained(layer, *each) for layer, each in layers), strict=True
        )
        return list(Parameters(weights, biases).tensors)

    def _by_layer(self, residuals: Sequence[Tensor]) -> Tensor:
        """‖R_l‖² per layer, shape (L,); a bias counts with its layer."""
        return self._target.explained.with_tensors(residuals).squared_norms()

    def _weighed(self, residuals: Sequence[Tensor]) -> Sequence[Tensor]:
        left = self._target.explained.with_tensors(residuals)
        return weighed(left, self._weighings).tensors


@dataclass(frozen=True)
class _Graph:
    """Some candidates with their multipliers, the outputs, and the weighted gradients by θ."""

    x: Tensor
    multipliers: Tensor
    outputs: Tensor
    gradients: Sequence[Tensor]
