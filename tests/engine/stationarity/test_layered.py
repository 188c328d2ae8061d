"""Convolutions: the closed form is the derivative, held to autograd's, twice, in plain torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.network.network import Base, Network, Origin
from engine.reconstruction.terms import MarginPull
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.layered import LayeredForm
from engine.stationarity.multipliers import (
    BinaryMargin,
    Free,
    Multipliers,
    PairwiseMargin,
    RunnerUp,
    TiedToOutputs,
)
from engine.stationarity.target import Target
from engine.stationarity.weighing import AlongAxes, Weighing
from tests.engine.convolutions import drawn, networks, plain_forward, small, soft


@dataclass(frozen=True)
class Case:
    """A network and candidates."""

    network: Network
    x: torch.Tensor
    multipliers: torch.Tensor
    labels: torch.Tensor
    alpha: float
    kind: Multipliers

    def evaluated_by(self, way, chunk=None, term=None, weighings=()):
        solver = way(Target.of(self.network), self.kind, term, weighings)
        return solver.evaluate(self.x, self.multipliers, self.labels, self.alpha, chunk)


@st.composite
def cases(draw):
    network = draw(networks())
    g = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    outputs, count = network.output_count, draw(st.integers(1, 5))
    several = [PairwiseMargin(outputs), RunnerUp(outputs), TiedToOutputs(outputs)]
    kind = draw(st.sampled_from([*([BinaryMargin()] if outputs == 1 else several), Free(outputs)]))
    return Case(
        network,
        drawn(g, count, network.input_dimension),
        drawn(g, *kind.shape(count)),
        network.classes.of_numbers(torch.arange(count) % network.classes.count),
        draw(st.floats(0.1, 50)),
        kind,
    )


def by_plain_autograd(case: Case):
    """Squared residual per layer, and the gradients, by differentiating the definition twice."""
    network = case.network
    weights = [w.clone().requires_grad_() for w in network.weights]
    biases = [None if b is None else b.clone().requires_grad_() for b in network.biases]
    x, multipliers = case.x.clone().requires_grad_(), case.multipliers.clone().requires_grad_()
    outputs = plain_forward(network, weights, biases, x, soft(network, case.alpha))
    u = case.kind.to_cotangent(multipliers, case.labels, outputs, len(x))
    live = [*weights, *(b for b in biases if b is not None)]
    pulled = torch.autograd.grad(outputs, live, u, create_graph=True)
    explained = network.parameters.tensors
    left = [g - t for g, t in zip(pulled, explained, strict=True)]
    per_layer = network.parameters.with_tensors(left).squared_norms()
    found = torch.autograd.grad(per_layer.sum(), [x, multipliers])
    return per_layer.detach(), *found


def relative_difference(a, b):
    """Of sums whose parts are about 1: what cancels to less keeps the rounding of those."""
    return float((a - b).norm() / b.norm().clamp_min(1e-3))


def assert_same(found, expected, tolerance=1e-9):
    for name in ("per_layer", "candidate_gradient", "multiplier_gradient"):
        assert relative_difference(getattr(found, name), getattr(expected, name)) < tolerance, name


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_closed_form_of_convolutions_is_the_derivative_twice(case):
    per_layer, by_x, by_multipliers = by_plain_autograd(case)
    found = case.evaluated_by(LayeredForm)
    assert relative_difference(found.per_layer, per_layer) < 1e-9
    assert relative_difference(found.candidate_gradient, by_x) < 1e-9
    assert relative_difference(found.multiplier_gradient, by_multipliers) < 1e-9


@settings(max_examples=50, deadline=None)
@given(cases())
def test_double_backward_knows_convolutions_too(case):
    assert_same(case.evaluated_by(DoubleBackward), case.evaluated_by(LayeredForm))


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(1, 4))
def test_a_few_candidates_at_a_time_with_a_term_of_the_outputs(case, chunk):
    case = replace(case, multipliers=case.multipliers.abs())
    term = MarginPull(case.kind, case.network.classes, 0.3)
    all_at_once = case.evaluated_by(LayeredForm, term=term)
    assert_same(case.evaluated_by(LayeredForm, chunk, term), all_at_once)
    assert_same(case.evaluated_by(DoubleBackward, term=term), all_at_once)


def test_each_weighing_weighs_the_residual_of_its_own_layer():
    network = small()
    g = torch.Generator().manual_seed(3)
    axes = AlongAxes(drawn(g, 64).abs(), 0.7)
    weighings: list[Weighing | None] = [None, axes, None]
    kind = TiedToOutputs(3)
    case = Case(
        network, drawn(g, 4, 128), drawn(g, 4).abs(), torch.arange(4.0).double() % 3, 5.0, kind
    )
    found = case.evaluated_by(LayeredForm, weighings=weighings)
    assert_same(case.evaluated_by(DoubleBackward, weighings=weighings), found)
    plain = case.evaluated_by(LayeredForm)
    assert torch.equal(found.per_layer, plain.per_layer)
    assert relative_difference(found.candidate_gradient, plain.candidate_gradient) > 0.01


@pytest.mark.parametrize("way", [LayeredForm, DoubleBackward])
def test_what_was_not_fine_tuned_asks_nothing_of_candidates(way):
    """θ* of a frozen convolution is zero, and so is its residual."""
    network, other = small(), small(1)
    start = replace(
        other.parameters,
        weights=(network.weights[0], *other.weights[1:]),
        biases=(network.biases[0], *other.biases[1:]),
    )
    tuned = replace(network, base=Base(start, Origin()))
    g = torch.Generator().manual_seed(3)
    case = Case(
        tuned,
        drawn(g, 4, 128),
        drawn(g, 4),
        torch.arange(4.0).double() % 3,
        5.0,
        TiedToOutputs(3),
    )
    found = case.evaluated_by(way)
    assert float(found.per_layer[0]) == 0
    assert float(found.per_layer[1]) > 0
