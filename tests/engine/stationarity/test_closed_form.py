"""The closed form is the derivative: held to autograd, differentiated twice, in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.network.network import Network
from engine.stationarity.autograd import DoubleBackward
from engine.stationarity.chunked import ClosedFormInParts, DoubleBackwardInParts
from engine.stationarity.closed_form import ClosedForm, DirectionWeights, layer_norms
from tests.conftest import shared_file

problems = st.fixed_dictionaries(
    {
        "sizes": st.lists(st.integers(1, 12), min_size=2, max_size=5),
        "bias": st.booleans(),
        "count": st.integers(1, 9),
        "alpha": st.floats(0.1, 300),
        "seed": st.integers(0, 2**31),
    }
)


def relative_difference(a, b):
    return float((a - b).norm() / b.norm().clamp_min(1e-30))


@settings(max_examples=120, deadline=None)
@given(problems)
def test_closed_form_equals_double_backward(problem):
    generator = torch.Generator().manual_seed(problem["seed"])

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    sizes = [*problem["sizes"], 1]
    weights = tuple(draw(n, k) for k, n in itertools.pairwise(sizes))
    bias = draw(sizes[1]) if problem["bias"] else None
    network = Network(weights, bias, (1, 1, sizes[0]))
    count = problem["count"]
    x, multipliers, labels = draw(count, sizes[0]), draw(count), draw(count).sign()

    closed = ClosedForm(network).evaluate(x, multipliers, labels, problem["alpha"])
    reference = DoubleBackward(network).evaluate(x, multipliers, labels, problem["alpha"])

    assert relative_difference(closed.per_layer, reference.per_layer) < 1e-10
    assert relative_difference(closed.candidate_gradient, reference.candidate_gradient) < 1e-10
    assert relative_difference(closed.multiplier_gradient, reference.multiplier_gradient) < 1e-10


def test_the_loss_is_the_distance_of_theta_from_its_sum_of_gradients(make_network):
    """Straight from the definition, with nothing but autograd's first derivative."""
    network = make_network(6, 5, 4, 1)
    x = torch.randn(3, 6, dtype=torch.float64)
    multipliers = torch.rand(3, dtype=torch.float64)
    labels = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    # With gates this sharp, σ(αz) is the ReLU's own derivative.
    per_layer = ClosedForm(network).evaluate(x, multipliers, labels, 1e9).per_layer

    parameters = [w.clone().requires_grad_() for w in network.weights]
    bias = network.bias.clone().requires_grad_()
    outputs = Network(tuple(parameters), bias, (1, 1, 6)).forward(x)
    (outputs * multipliers * labels).mean().backward()
    residuals = [(p.detach() - p.grad).square().sum() for p in (*parameters, bias)]
    residuals[0] = residuals[0] + residuals.pop()
    torch.testing.assert_close(per_layer, torch.stack(residuals), rtol=1e-12, atol=0)


def test_no_candidates_that_matter_leave_the_whole_network_unexplained(make_network):
    network = make_network(5, 4, 1)
    x = torch.randn(4, 5, dtype=torch.float64)
    nothing = torch.zeros(4, dtype=torch.float64)
    per_layer = ClosedForm(network).evaluate(x, nothing, torch.ones_like(nothing), 10).per_layer
    torch.testing.assert_close(per_layer, layer_norms(network), rtol=1e-12, atol=0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_scaling_the_network_scales_the_multipliers_and_leaves_the_images(
    make_network, factor, bias
):
    """Homogeneity: θ → tθ keeps the solutions x and takes λ to t^(2−L) λ."""
    network = make_network(6, 5, 4, 1, bias=bias)
    x = torch.randn(7, 6, dtype=torch.float64)
    multipliers = torch.rand(7, dtype=torch.float64)
    labels = torch.randn(7, dtype=torch.float64).sign()
    before = ClosedForm(network).evaluate(x, multipliers, labels, 1e12)
    after = ClosedForm(network.scaled(factor)).evaluate(
        x, multipliers * factor ** (2 - network.depth), labels, 1e12
    )
    torch.testing.assert_close(after.per_layer, before.per_layer * factor**2, rtol=1e-9, atol=0)


def test_the_pull_to_one_margin_is_the_gradient_of_the_spread_of_margins(make_network):
    """By autograd, with γ held constant and gates as sharp as the ReLU's own."""
    network = make_network(6, 5, 4, 1)
    # Whatever was drawn before: where no candidate has a positive margin there is none to share.
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(7, 6, dtype=torch.float64, generator=draw)
    multipliers = torch.rand(7, dtype=torch.float64, generator=draw)
    labels = torch.randn(7, dtype=torch.float64, generator=draw).sign()
    weight = 0.3
    plain = ClosedForm(network).evaluate(x, multipliers, labels, 1e9)
    pulled = ClosedForm(network, weight).evaluate(x, multipliers, labels, 1e9)

    free = x.clone().requires_grad_()
    margins = labels * network.forward(free)
    gamma = ((multipliers * margins).relu().sum() / multipliers.sum()).detach()
    spread = weight * network.weights[-1].square().sum() * (margins / gamma - 1).square().mean()
    (expected,) = torch.autograd.grad(spread, free)
    torch.testing.assert_close(
        pulled.candidate_gradient - plain.candidate_gradient, expected, rtol=1e-9, atol=1e-12
    )
    assert torch.equal(pulled.per_layer, plain.per_layer)
    assert torch.equal(pulled.multiplier_gradient, plain.multiplier_gradient)


def test_on_a_real_checkpoint_all_layers_are_equal_at_stationarity():
    """‖θ_1‖ = ‖θ_L‖ for the layers that started small or whose start does not matter."""
    from engine.network.checkpoints import load_network

    network = load_network(shared_file("checkpoints/cifar10_vehicles_animals_d250.pth"))
    first, _, last = layer_norms(network).sqrt()
    assert abs(float(first / last) - 1) < 0.01


@pytest.mark.parametrize("count", [3, 40])
def test_directions_weigh_the_first_layers_residual_and_nothing_else(make_network, count):
    """By autograd, for few candidates (through Gram matrices) and many (through the residual)."""
    network = make_network(6, 20, 20, 1)
    x = torch.randn(count, 6, dtype=torch.float64, requires_grad=True)
    multipliers = torch.rand(count, dtype=torch.float64, requires_grad=True)
    labels = torch.randn(count, dtype=torch.float64).sign()
    directions = DirectionWeights(torch.rand(6, dtype=torch.float64) + 0.1, 0.7)
    found = ClosedForm(network, directions=directions).evaluate(
        x.detach(), multipliers.detach(), labels, 5
    )
    plain = ClosedForm(network).evaluate(x.detach(), multipliers.detach(), labels, 5)
    assert torch.equal(found.per_layer, plain.per_layer)

    residuals = soft_residuals(network, x, multipliers * labels / count, 5)
    first, bias = residuals[0], residuals[-1]
    loss = (first.square() * directions.input).sum() + directions.bias * bias.square().sum()
    loss = loss + sum(residual.square().sum() for residual in residuals[1:-1])
    by_x, by_multipliers = torch.autograd.grad(loss, [x, multipliers])
    assert relative_difference(found.candidate_gradient, by_x) < 1e-10
    assert relative_difference(found.multiplier_gradient, by_multipliers) < 1e-10


def soft_residuals(network, x, c, alpha):
    """Σ_i c_i δ_l,i h_l−1,iᵀ − W_l for each layer and the bias, straight from the definition.

    The forward pass is an exact ReLU whose derivative, on the way back to x, is σ(αz) as well.
    """
    activations, gates = [x], []
    for index, weight in enumerate(network.weights[:-1]):
        z = activations[-1] @ weight.T + (network.bias if index == 0 else 0)
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
    return [*residuals, c @ deltas[0] - network.bias]


@settings(max_examples=80, deadline=None)
@given(problems, st.integers(1, 9), st.booleans())
def test_in_parts_the_numbers_are_the_same(problem, size, weighed):
    generator = torch.Generator().manual_seed(problem["seed"])

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    sizes = [*problem["sizes"], 1]
    weights = tuple(draw(n, k) for k, n in itertools.pairwise(sizes))
    network = Network(weights, draw(sizes[1]) if problem["bias"] else None, (1, 1, sizes[0]))
    count = problem["count"]
    given = draw(count, sizes[0]), draw(count).abs(), draw(count).sign(), problem["alpha"]
    directions = DirectionWeights(draw(sizes[0]).abs(), 0.7) if weighed else None
    closed = ClosedForm(network, 0.2 if weighed else 0.0, directions)
    double = DoubleBackward(network)
    for whole, in_parts in (
        (closed, ClosedFormInParts(closed, size)),
        (double, DoubleBackwardInParts(double, size)),
    ):
        expected, found = whole.evaluate(*given), in_parts.evaluate(*given)
        assert relative_difference(found.per_layer, expected.per_layer) < 1e-10
        assert relative_difference(found.candidate_gradient, expected.candidate_gradient) < 1e-9
        assert relative_difference(found.multiplier_gradient, expected.multiplier_gradient) < 1e-9
