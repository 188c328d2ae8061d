"""The closed form is the derivative: held to autograd, differentiated twice, in float64."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.inputs import InputSpec
from engine.network.activation import Activation
from engine.network.checkpoints import load_network
from engine.network.network import Base, Network, Origin
from engine.network.parameters import Parameters
from engine.reconstruction.terms import MarginPull
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.closed_form import ClosedForm
from engine.stationarity.multipliers import (
    BinaryMargin,
    Free,
    Multipliers,
    PairwiseMargin,
    RunnerUp,
    TiedToOutputs,
)
from engine.stationarity.target import Target
from engine.stationarity.weighing import (
    LEAST_SHARE,
    AlongAxes,
    Weighing,
    along_singular_vectors,
)
from tests.conftest import shared_file


@dataclass(frozen=True)
class Case:
    """A target and candidates, drawn from a seed."""

    target: Target
    x: torch.Tensor
    multipliers: torch.Tensor
    labels: torch.Tensor
    alpha: float
    weighings: list[Weighing | None]
    kind: Multipliers

    def evaluated_by(self, way, chunk=None, term=None):
        solver = way(self.target, self.kind, term, self.weighings)
        return solver.evaluate(self.x, self.multipliers, self.labels, self.alpha, chunk)


@st.composite
def cases(draw):
    """1 to 5 outputs, depth 2 to 5, any biases, slopes to 0.3, θ* = θ or θ − θ_0, few or many.

    Of some layers θ_0 is θ: they were frozen, weights or biases or both.
    """
    widths = draw(st.lists(st.integers(1, 12), min_size=2, max_size=5))
    outputs = draw(st.integers(1, 5))
    where = draw(st.sampled_from(["first", "all", "none", "any"]))
    count = draw(st.integers(1, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    with_bias = {
        "first": [True, *(False for _ in widths[1:])],
        "all": [True for _ in widths],
        "none": [False for _ in widths],
        "any": [draw(st.booleans()) for _ in widths],
    }[where]

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def parameters():
        sizes = [*widths, outputs]
        return Parameters(
            tuple(normal(n, k) for k, n in itertools.pairwise(sizes)),
            tuple(normal(n) if has else None for n, has in zip(sizes[1:], with_bias, strict=True)),
        )

    network = Network(
        parameters(),
        InputSpec.flat(widths[0]),
        Activation(draw(st.sampled_from([0.0, 0.01, 0.1, 0.3]))),
    )
    start = parameters()
    mine = network.parameters.tensors
    kept = [
        draw(st.sampled_from([start.tensors[i], start.tensors[i], t])) for i, t in enumerate(mine)
    ]
    base = Base(start.with_tensors(kept), Origin())
    target = Target.of(replace(network, base=draw(st.sampled_from([None, base]))))

    def weighing(layer):
        weight, bias = target.explained.weights[layer], target.explained.biases[layer]
        cpu = torch.device("cpu")
        return {
            "not": None,
            "axes": AlongAxes(normal(weight.shape[1]).abs(), 0.7),
            "own": along_singular_vectors(weight, bias, draw(st.floats(0, 1)), cpu, weight.dtype)
            if weight.any()
            else None,
        }[draw(st.sampled_from(["not", "axes", "own"]))]

    several = [PairwiseMargin(outputs), RunnerUp(outputs), TiedToOutputs(outputs)]
    kinds = [BinaryMargin()] if outputs == 1 else several
    kind = draw(st.sampled_from([*kinds, Free(outputs)]))
    return Case(
        target,
        normal(count, widths[0]),
        normal(*kind.shape(count)),
        network.classes.of_numbers(torch.arange(count) % network.classes.count),
        draw(st.floats(0.1, 300)),
        [weighing(layer) for layer in range(network.depth)],
        kind,
    )


def relative_difference(a, b):
    return float((a - b).norm() / b.norm().clamp_min(1e-30))


def assert_same(found, expected, tolerance=1e-10):
    for name in ("per_layer", "candidate_gradient", "multiplier_gradient"):
        assert relative_difference(getattr(found, name), getattr(expected, name)) < tolerance, name


@settings(max_examples=200, deadline=None)
@given(cases())
def test_closed_form_equals_double_backward(case):
    assert_same(case.evaluated_by(ClosedForm), case.evaluated_by(DoubleBackward))


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from([ClosedForm, DoubleBackward]), st.integers(1, 9))
def test_a_few_candidates_at_a_time_give_the_same_numbers(case, way, chunk):
    assert_same(case.evaluated_by(way, chunk), case.evaluated_by(way), 1e-9)


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(1, 9))
def test_a_term_of_the_outputs_joins_either_way_all_or_a_few_at_a_time(case, chunk):
    case = replace(case, multipliers=case.multipliers.abs())
    term = MarginPull(case.kind, case.target.network.classes, 0.3)
    closed = case.evaluated_by(ClosedForm, term=term)
    assert_same(closed, case.evaluated_by(DoubleBackward, term=term))
    assert_same(case.evaluated_by(ClosedForm, chunk, term), closed, 1e-9)
    assert_same(case.evaluated_by(DoubleBackward, chunk, term), closed, 1e-9)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_the_loss_is_the_distance_from_the_sum_of_gradients(case):
    """Straight from the definition, with nothing but autograd's first derivative."""
    # With gates this sharp, σ(αz) is the ReLU's own derivative.
    found = replace(case, alpha=1e12).evaluated_by(ClosedForm)
    network, explained = case.target.network, case.target.explained
    live = replace(
        network, parameters=network.parameters.each(lambda p: p.clone().requires_grad_())
    )
    with torch.no_grad():
        outputs = live.forward(case.x)
        u = case.kind.to_cotangent(case.multipliers, case.labels, outputs, len(case.x))
    (live.forward(case.x) * u).sum().backward()
    sums = live.parameters.each(lambda p: p.grad)
    left = explained - sums
    if not case.target.is_whole:
        tensors = zip(left.tensors, explained.tensors, strict=True)
        left = left.with_tensors([each * bool(own.any()) for each, own in tensors])
    expected = left.squared_norms()
    torch.testing.assert_close(found.per_layer, expected, rtol=1e-9, atol=1e-12)


def candidates(count, dimension, seed=0):
    """x, λ ≥ 0 and y."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, dimension, dtype=torch.float64, generator=generator)
    multipliers = torch.rand(count, dtype=torch.float64, generator=generator)
    return x, multipliers, torch.randn(count, dtype=torch.float64, generator=generator).sign()


def test_no_candidates_that_matter_leave_the_whole_network_unexplained(make_network):
    network = make_network(5, 4, 1)
    x, multipliers, labels = candidates(4, 5)
    found = ClosedForm(Target.of(network)).evaluate(x, 0 * multipliers, labels, 10)
    torch.testing.assert_close(
        found.per_layer, network.parameters.squared_norms(), rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_scaling_the_network_scales_the_multipliers_and_leaves_the_images(
    make_network, factor, bias
):
    """Homogeneity: θ → tθ keeps the solutions x and takes λ to t^(2−L) λ."""
    network = make_network(6, 5, 4, 1, bias=bias)
    x, multipliers, labels = candidates(7, 6)
    before = ClosedForm(Target.of(network)).evaluate(x, multipliers, labels, 1e12)
    scaled = replace(network, parameters=network.parameters.each(lambda p: p * factor))
    after = ClosedForm(Target.of(scaled)).evaluate(
        x, multipliers * factor ** (2 - network.depth), labels, 1e12
    )
    torch.testing.assert_close(after.per_layer, before.per_layer * factor**2, rtol=1e-9, atol=0)


def test_the_pull_to_one_margin_is_the_gradient_of_the_spread_of_margins(make_network):
    """By autograd, with γ held constant and gates as sharp as the ReLU's own."""
    network = make_network(6, 5, 4, 1)
    x, multipliers, labels = candidates(7, 6)
    weight = 0.3
    plain = ClosedForm(Target.of(network)).evaluate(x, multipliers, labels, 1e9)
    kind = BinaryMargin()
    term = MarginPull(kind, network.classes, weight)
    pulled = ClosedForm(Target.of(network), kind, term).evaluate(x, multipliers, labels, 1e9)

    free = x.clone().requires_grad_()
    margins = labels * network.forward(free)[:, 0]
    gamma = ((multipliers * margins).relu().sum() / multipliers.sum()).detach()
    spread = weight * (margins / gamma - 1).square().mean()
    (expected,) = torch.autograd.grad(spread, free)
    torch.testing.assert_close(
        pulled.candidate_gradient - plain.candidate_gradient, expected, rtol=1e-9, atol=1e-12
    )
    assert torch.equal(pulled.per_layer, plain.per_layer)
    assert torch.equal(pulled.multiplier_gradient, plain.multiplier_gradient)


def test_on_a_real_checkpoint_all_layers_are_equal_at_stationarity():
    """‖θ_1‖ = ‖θ_L‖ for the layers that started small or whose start does not matter."""
    network = load_network(shared_file("checkpoints/cifar10_vehicles_animals_d250.pth"))
    first, _, last = network.parameters.squared_norms().sqrt()
    assert abs(float(first / last) - 1) < 0.01


@pytest.mark.parametrize("count", [3, 40])
def test_each_weighing_weighs_its_own_layers_residual_and_nothing_else(make_network, count):
    """By autograd, for few candidates (through Gram matrices) and many (through the residual)."""
    network = make_network(6, 20, 20, 1)
    x, multipliers, labels = candidates(count, 6)
    x.requires_grad_()
    multipliers.requires_grad_()
    generator = torch.Generator().manual_seed(1)
    axes = AlongAxes(torch.rand(6, dtype=torch.float64, generator=generator) + 0.1, 0.7)
    own = along_singular_vectors(network.weights[1], None, 0.4, torch.device("cpu"), x.dtype)
    target, given = Target.of(network), (x.detach(), multipliers.detach(), labels, 5)
    plain = ClosedForm(target).evaluate(*given)

    first, hidden, last, bias = soft_residuals(network, x, multipliers * labels / count, 5)
    losses = {
        "first": (first.square() * axes.input).sum() + axes.bias * bias.square().sum(),
        "hidden": (own.on(hidden.clone()) * hidden).sum(),
        "last": last.square().sum(),
        "first, plain": first.square().sum() + bias.square().sum(),
        "hidden, plain": hidden.square().sum(),
    }
    for weighings, names in (
        ([axes, None, None], ("first", "hidden, plain", "last")),
        ([None, own, None], ("first, plain", "hidden", "last")),
        ([axes, own, None], ("first", "hidden", "last")),
    ):
        found = ClosedForm(target, weighings=weighings).evaluate(*given)
        torch.testing.assert_close(found.per_layer, plain.per_layer, rtol=1e-10, atol=0)
        loss = sum(losses[name] for name in names)
        by_x, by_multipliers = torch.autograd.grad(loss, [x, multipliers], retain_graph=True)
        assert relative_difference(found.candidate_gradient, by_x) < 1e-10
        assert relative_difference(found.multiplier_gradient, by_multipliers) < 1e-10


def test_the_runner_up_alone_has_a_multiplier_and_nothing_flows_through_who_it_is():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [0.5, 4.0, 5.0]], dtype=torch.float64)
    labels, multipliers = torch.tensor([0.0, 2.0]), torch.tensor([0.6, 0.8], dtype=torch.float64)
    kind = RunnerUp(3)
    u = kind.to_cotangent(multipliers, labels, outputs, 4)
    expected = torch.tensor([[0.15, 0.0, -0.15], [0.0, -0.2, 0.2]], dtype=torch.float64)
    torch.testing.assert_close(u, expected)
    gradient = torch.tensor([[1.0, 2.0, 5.0], [7.0, 11.0, 13.0]], dtype=torch.float64)
    by_multipliers, by_outputs = kind.pull_back(gradient, multipliers, labels, outputs, 4)
    assert by_multipliers.tolist() == [(1 - 5) / 4, (13 - 11) / 4]
    assert by_outputs is None


def test_of_two_classes_the_runner_up_is_the_other_one():
    """So all kinds that hold towards a margin are one kind there."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    multipliers = torch.rand(5, generator=generator, dtype=torch.float64)
    labels = torch.tensor([0.0, 1, 1, 0, 1])
    of_pairs = multipliers[:, None].expand(5, 2)
    expected = PairwiseMargin(2).to_cotangent(of_pairs, labels, None, 5)
    for kind in (RunnerUp(2), TiedToOutputs(2)):
        torch.testing.assert_close(
            kind.to_cotangent(multipliers, labels, outputs, 5), expected, rtol=1e-14, atol=0
        )


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("shape", [(9, 6), (6, 9)])
def test_a_weighing_by_singular_vectors_is_a_power_of_the_layers_own_gram_matrix(power, shape):
    """R (WᵀW + ε²)^−p, scaled so that as much of ‖W‖² counts; of faint directions within 10 %."""
    generator = torch.Generator().manual_seed(2)
    left, values, right = torch.linalg.svd(
        torch.randn(shape, generator=generator, dtype=torch.float64), full_matrices=False
    )
    values = torch.logspace(0, -5, len(values), dtype=torch.float64) * 7
    weight, bias = left @ torch.diag(values) @ right, torch.tensor([3.0, 4.0])
    weighing = along_singular_vectors(weight, bias, power, torch.device("cpu"), torch.float64)
    least = LEAST_SHARE * 7
    powers = (values.square() + least**2) ** -power
    common = values.square().sum() / (powers * values.square()).sum()
    found = weighing.on(torch.eye(shape[1], dtype=torch.float64))
    torch.testing.assert_close(found, found.T)
    for direction, expected in zip(right, common * powers, strict=True):
        weighed = found @ direction
        torch.testing.assert_close(weighed @ direction, expected, rtol=0.12 * power, atol=1e-12)
        torch.testing.assert_close(weighed, (weighed @ direction) * direction)
    as_much = (weighing.on(weight.clone()) * weight).sum()
    torch.testing.assert_close(as_much, values.square().sum(), rtol=1e-4, atol=0)
    assert weighing.bias == pytest.approx(float(common) * (25 + least**2) ** -power)


def soft_residuals(network, x, c, alpha):
    """Σ_i c_i δ_l,i h_l−1,iᵀ − W_l for each layer and the bias, straight from the definition.

    The forward pass is an exact ReLU whose derivative, on the way back to x, is σ(αz) as well.
    """
    activations, gates = [x], []
    for index, weight in enumerate(network.weights[:-1]):
        z = activations[-1] @ weight.T + (network.biases[0] if index == 0 else 0)
        gate = torch.sigmoid(alpha * z)
        soft = z * gate.detach()  # Its derivative by z is σ(αz); its value is put right below.
        activations.append(soft + (z.relu() - soft).detach())
        gates.append(gate)
    deltas = [torch.ones(len(x), 1, dtype=x.dtype)]
    for weight, gate in zip(reversed(network.weights[1:]), reversed(gates), strict=True):
        deltas.insert(0, (deltas[0] @ weight) * gate)
    residuals = [
        (c[:, None] * delta).T @ h - weight
        for delta, h, weight in zip(deltas, activations, network.weights, strict=True)
    ]
    return [*residuals, c @ deltas[0] - network.biases[0]]
