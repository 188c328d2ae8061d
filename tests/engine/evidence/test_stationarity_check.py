"""How stationary networks of every kind truly are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages, load_images
from engine.evidence import stationarity_check
from engine.evidence.diagnostics import check_weights
from engine.evidence.gradients import own_directions, wrong_class_directions
from engine.evidence.stationarity_check import check_stationarity, true_stationarity
from engine.network.checkpoints import load_network
from engine.network.network import Network
from tests.conftest import shared_file
from tests.engine.networks import CASES, by_autograd, labels_for, network_of, theta

DECAY = 0.01
MANY = [case for case in CASES if CASES[case][0] > 1]


def draw(*shape: int, seed: int = 5) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module", params=CASES)
def at_rest(request) -> tuple[Network, torch.Tensor, torch.Tensor]:
    """A network at a stationary point of loss + w/2 ‖θ‖², its images and labels.

    Its slope is so near 1 that kinks, at which descent hardly ever comes to rest, are next to none.
    """
    network = network_of(request.param, hidden=(12, 9), slope=1 - 1e-7)
    x, labels = draw(12, 64) / 2, labels_for(network, 12)
    leaves = [tensor.clone().requires_grad_() for tensor in network.parameters.tensors]

    def loss() -> torch.Tensor:
        live = replace(network, parameters=network.parameters.with_tensors(leaves))
        outputs = live.forward(x)
        if network.output_count == 1:
            data = torch.nn.functional.softplus(-labels * outputs[:, 0]).mean()
        else:
            data = torch.nn.functional.cross_entropy(outputs, labels.long())
        return data + DECAY / 2 * sum(leaf.square().sum() for leaf in leaves)

    descent = torch.optim.SGD(leaves, lr=0.2, momentum=0.9)
    for _ in range(400):
        descent.zero_grad()
        loss().backward()
        descent.step()
    newton = torch.optim.LBFGS(
        leaves,
        max_iter=300,
        tolerance_grad=1e-12,
        tolerance_change=0,
        history_size=50,
        line_search_fn="strong_wolfe",
    )

    def closure() -> torch.Tensor:
        newton.zero_grad()
        value = loss()
        value.backward()
        return value

    newton.step(closure)
    trained = network.parameters.with_tensors([leaf.detach() for leaf in leaves])
    return replace(network, parameters=trained), x, labels


def test_at_a_stationary_point_with_weight_decay_nothing_is_left_over(at_rest):
    network, x, labels = at_rest
    found = check_stationarity(network, x, labels)
    assert float(theta(network).norm()) > 1
    assert found.decay.relative < 1e-6
    assert found.decay.weight_decay == pytest.approx(DECAY, rel=1e-5)
    assert max(found.decay.relative_per_layer) < 1e-5
    assert found.relative < 1e-5


def test_there_each_multiplier_is_what_the_loss_leaves(at_rest):
    network, x, labels = at_rest
    if network.output_count > 2:  # Of a nearly linear network many λ_ik explain the same.
        return
    found = check_stationarity(network, x, labels)
    outputs = network.forward(x)
    if network.output_count == 1:
        left = torch.sigmoid(-labels * outputs[:, 0])
    else:
        left = 1 - outputs.softmax(1).gather(1, labels.long()[:, None])[:, 0]
    np.testing.assert_allclose(found.multipliers, left / (DECAY * len(x)), rtol=1e-2)


def test_there_neighbouring_layers_are_in_balance(at_rest):
    health = check_weights(at_rest[0])
    assert health.signs.imbalance < 1e-5
    assert health.balance == pytest.approx(1, abs=1e-5)
    assert health.signs.looks_decayed
    assert "with weight decay" in health.signs.words


@pytest.mark.parametrize("case", MANY)
def test_with_several_outputs_each_wrong_class_has_a_multiplier(case):
    network = network_of(case, hidden=(9, 8))
    x, labels = draw(7, 64), labels_for(network, 7)
    found = check_stationarity(network, x, labels)
    others = network.output_count - 1
    directions = wrong_class_directions(network.classes, labels)
    columns = by_autograd(network, x.repeat_interleave(others, 0), directions)
    expected, residual = nnls(columns.numpy(), theta(network).numpy())
    assert found.unknowns == "one a wrong class"
    np.testing.assert_allclose(found.multipliers, expected.reshape(7, -1).sum(1), atol=1e-7)
    assert found.relative == pytest.approx(residual / float(theta(network).norm()), rel=1e-8)


@pytest.mark.parametrize("case", MANY)
def test_too_many_unknowns_leave_one_for_each_image(case, monkeypatch):
    monkeypatch.setattr(stationarity_check, "MOST_IMAGES", 6)
    network = network_of(case, hidden=(9, 8))
    x, labels = draw(6, 64), labels_for(network, 6)
    found = check_stationarity(network, x, labels)
    if network.output_count == 2:  # There one for each wrong class is one for each image.
        assert found.unknowns == "one a wrong class"
        return
    columns = by_autograd(network, x, own_directions(network.classes, network.forward(x), labels))
    expected, _ = nnls(columns.numpy(), theta(network).numpy())
    assert found.unknowns == "one an image"
    np.testing.assert_allclose(found.multipliers, expected, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_where_no_loss_is_left_there_is_no_reading_of_it(case):
    network = network_of(case)
    far = replace(network, parameters=network.parameters.each(lambda p: 1000 * p))
    x = draw(8, 64)
    told = far.classes.told(far.forward(x))
    found = check_stationarity(far, x, told)
    assert found.decay is None
    assert found.wrong == 0


@pytest.mark.parametrize("case", MANY)
def test_images_go_in_as_the_network_read_them_and_labels_are_class_numbers(case):
    network = network_of(case)
    images = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(20) % network.output_count
    found = true_stationarity(network, LabelledImages(images, labels, "images"))
    read = ((images - network.mean) / 0.5).flatten(1)
    expected = check_stationarity(network, read, labels)
    np.testing.assert_allclose(found.margins, expected.margins)
    np.testing.assert_allclose(found.multipliers, expected.multipliers)
    with pytest.raises(UnusableInput, match=f"the network's {network.output_count} classes"):
        true_stationarity(network, LabelledImages(images, labels + 1, "images"))


def test_an_ordinary_network_of_ten_classes_gives_its_weight_decay_away():
    name = "checkpoints/digits10_n100_1000-1000_sgd_wd"
    network = load_network(shared_file(f"{name}.pth"))
    found = true_stationarity(network, load_images(shared_file(f"{name}_images.npz")))
    health = check_weights(network)
    assert found.wrong == 0
    assert found.decay.weight_decay == pytest.approx(1e-3, rel=0.01)
    assert health.floor <= found.relative <= found.decay.relative < 0.1
    assert health.remembered == pytest.approx(found.carrying, rel=0.15)
    assert health.signs.looks_decayed
    assert health.outlook.startswith("A good chance")
