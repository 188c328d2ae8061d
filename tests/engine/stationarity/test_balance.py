"""The balance between layers: what any candidates explain keeps it, and weights that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.stationarity.balance import balance_floor, decay_balance, level_norms
from tests.engine.networks import CASES, by_autograd, network_of, theta


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def layers_of(network: Network, flat: torch.Tensor) -> Parameters:
    """Numbers in the order of θ, as weights and biases."""
    tensors = network.parameters.tensors
    parts = flat.split([tensor.numel() for tensor in tensors])
    return network.parameters.with_tensors(
        [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]
    )


def along(one: torch.Tensor | None, other: torch.Tensor | None) -> float:
    return 0.0 if one is None or other is None else float((one * other).sum())


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_what_candidates_explain_is_in_balance(case, slope):
    network = network_of(case, slope=slope)
    columns = by_autograd(network, draw(5, 64), draw(5, network.output_count))
    explained, own = layers_of(network, columns.sum(1)), network.parameters
    for layer in range(network.depth - 1):
        above = along(own.weights[layer + 1], explained.weights[layer + 1])
        below = along(own.weights[layer], explained.weights[layer])
        below += along(own.biases[layer], explained.biases[layer])
        assert abs(above) > 1e-3
        assert above == pytest.approx(below, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_no_candidates_pass_the_floor(case):
    """Whatever their labels and multipliers: any cotangents at all, as many as fit best."""
    network = network_of(case, hidden=(9, 7))
    first, *others = network.weights
    parameters = replace(network.parameters, weights=(3 * first, *others))
    network = replace(network, parameters=parameters)
    outputs = network.output_count
    count = 200 // outputs
    x = 2 * draw(count, 64)
    each = torch.eye(outputs, dtype=torch.float64).repeat(count, 1)
    columns = by_autograd(network, x.repeat_interleave(outputs, 0), each)
    target = theta(network)
    best = torch.linalg.lstsq(columns, target[:, None], driver="gelsd").solution
    left = float((columns @ best - target[:, None]).norm() / target.norm())
    floor = balance_floor(network.parameters)
    assert floor > 0.05
    assert floor <= left + 1e-9


def test_the_floor_of_two_layers_is_the_distance_to_a_line():
    """Sizes p, q with a p = b q, as near to a, b as can be."""
    a, b = 5.0, 2.0
    parameters = Parameters.of([torch.full((1, 1), a), torch.full((1, 1), b)])
    expected = abs(a**2 - b**2) / (a**2 + b**2)
    assert balance_floor(parameters) == pytest.approx(expected)


def test_layers_in_balance_have_no_floor_and_one_level():
    first, bias = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([1.0, 1.0])
    second = torch.full((1, 2), (15 / 2) ** 0.5)  # 15 = 9 + 4 + 1 + 1
    balanced = Parameters((first, second), (bias, torch.tensor([40.0])))
    network = replace(network_of("one output"), parameters=balanced)
    assert balance_floor(balanced) == pytest.approx(0, abs=1e-6)
    assert decay_balance(network) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(level_norms(network), 15**0.5, rtol=1e-6)


def test_how_far_from_balance_does_not_depend_on_the_scale_of_all_weights():
    network = network_of("ten outputs, biases everywhere")
    scaled = replace(network, parameters=network.parameters.each(lambda p: 5 * p))
    assert 0 < decay_balance(network) < 1
    assert decay_balance(scaled) == pytest.approx(decay_balance(network))
    assert balance_floor(scaled.parameters) == pytest.approx(balance_floor(network.parameters))


def test_with_a_bias_on_the_first_layer_alone_levels_are_layer_norms():
    network = network_of("one output")
    norms = network.parameters.squared_norms().sqrt().numpy()
    np.testing.assert_allclose(level_norms(network), norms)
