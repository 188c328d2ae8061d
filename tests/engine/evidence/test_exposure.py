"""What images explain: exact multipliers, in blocks as at once, and nobody favoured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.progress import Cancelled
from engine.evidence import exposure
from engine.evidence.exposure import explained, exposure_of
from engine.evidence.gradients import Gradients, own_directions
from engine.network.network import Network
from engine.network.parameters import Parameters
from tests.engine.networks import CASES, by_autograd, labels_for, network_of, theta


@pytest.fixture
def closely(monkeypatch):
    """A handful of images are taken for too many to be solved for exactly, in several blocks."""
    monkeypatch.setattr(exposure, "MOST_IMAGES", 3)
    monkeypatch.setattr(exposure, "_ROWS", 7)


def images(count: int, seed: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 64, generator=generator, dtype=torch.float64)


def directions(network: Network, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return own_directions(network.classes, network.forward(x), labels)


def sum_of(network: Network, x: torch.Tensor, u: torch.Tensor, multipliers) -> Parameters:
    return Gradients.of(network, x, u).combined(torch.as_tensor(multipliers).to(x))


@pytest.mark.parametrize("case", CASES)
def test_parameters_that_gradients_add_up_to_give_their_multipliers_back(case):
    """θ* = Σ λ_i g_i exactly: λ_i is found, and 0 of images that have no part in it."""
    network = network_of(case).to("cpu", torch.float32)
    x, labels = images(40).float(), labels_for(network, 40)
    u = directions(network, x, labels)
    true = np.where(np.arange(40) < 15, 0.1 + np.random.default_rng(0).random(40), 0.0)
    target = sum_of(network, x, u, true)
    blocks = list(torch.split(torch.arange(40), 9))

    def pulls_of(block: int) -> _TowardsTarget:
        rows = blocks[block]
        return _TowardsTarget(Gradients.of(network, x[rows], u[rows]), target)

    found = explained(target, [len(block) for block in blocks], pulls_of)
    np.testing.assert_allclose(found.multipliers, true, atol=0.02 * true.max())
    assert found.relative < 1e-3
    assert found.solved == "closely"


class _TowardsTarget:
    """Gradients beside other explained parameters than the network's own."""

    def __init__(self, pulls: Gradients, target: Parameters) -> None:
        self.pulls, self.target = pulls, target

    def along_parameters(self) -> torch.Tensor:
        count = len(self.pulls.layers[0])
        each = torch.eye(count)
        pairs = [
            zip(self.pulls.combined(one).tensors, self.target.tensors, strict=True) for one in each
        ]
        return torch.stack([sum((a * b).sum() for a, b in pair) for pair in pairs])

    def squared_norms(self) -> torch.Tensor:
        return self.pulls.squared_norms()

    def products(self, others: _TowardsTarget) -> torch.Tensor:
        return self.pulls.products(others.pulls)

    def combined(self, multipliers: torch.Tensor) -> Parameters:
        return self.pulls.combined(multipliers)


@pytest.mark.parametrize("case", CASES)
def test_blocks_in_single_precision_find_what_one_exact_solution_finds(case, monkeypatch):
    network = network_of(case)
    x, labels = images(60), labels_for(network, 60)
    # One multiplier an image in both.
    monkeypatch.setattr("engine.evidence.stationarity_check.MOST_IMAGES", 60)
    exact = exposure_of(network, x, labels)
    monkeypatch.setattr(exposure, "MOST_IMAGES", 3)
    monkeypatch.setattr(exposure, "_ROWS", 7)
    close = exposure_of(network, x, labels)
    assert (exact.solved, close.solved) == ("exactly", "closely")
    assert exact.multipliers.max() > 0
    if network.output_count <= 2:
        slack = 0.01 * exact.multipliers.max()
        np.testing.assert_allclose(close.multipliers, exact.multipliers, atol=slack)
        assert close.relative == pytest.approx(exact.relative, abs=1e-4)
    columns = by_autograd(network, x, directions(network, x, labels))
    left = theta(network) - columns @ torch.from_numpy(close.multipliers)
    assert close.relative == pytest.approx(float(left.norm() / theta(network).norm()), abs=1e-5)
    cosines = (columns.T @ left) / columns.norm(dim=0) / theta(network).norm()
    assert float(cosines.max()) < 2e-4  # Nothing is left that an image could explain.


def test_the_order_of_images_does_not_matter(closely):
    network = network_of("ten outputs, biases everywhere")
    x, labels = images(50), labels_for(network, 50)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(3))
    one, other = exposure_of(network, x, labels), exposure_of(network, x[order], labels[order])
    slack = 0.01 * one.multipliers.max()
    np.testing.assert_allclose(one.multipliers[order], other.multipliers, atol=slack)


def test_multipliers_grow_with_the_weights_of_a_homogeneous_network(closely):
    """g_i grows as the power L − 1, and θ as 1."""
    network = network_of("one output")
    homogeneous = replace(network, parameters=Parameters(network.weights, (None,) * network.depth))
    doubled = replace(homogeneous, parameters=homogeneous.parameters.each(lambda p: 2 * p))
    x, labels = images(30), labels_for(network, 30)
    one, other = (exposure_of(each, x, labels).multipliers for each in (homogeneous, doubled))
    assert one.max() > 0
    np.testing.assert_allclose(other, one / 2, atol=1e-3 * one.max())


def test_too_many_images_stand_alone(monkeypatch):
    monkeypatch.setattr(exposure, "MOST_IMAGES", 3)
    monkeypatch.setattr(exposure, "MOST_TOGETHER", 20)
    network = network_of("two outputs")
    x, labels = images(21), labels_for(network, 21)
    found = exposure_of(network, x, labels)
    columns = by_autograd(network, x, directions(network, x, labels))
    alone = (columns.T @ theta(network)) / columns.square().sum(0)
    np.testing.assert_allclose(found.multipliers, alone.clamp_min(0), rtol=1e-9)
    assert (found.solved, found.relative) == ("alone", None)


@pytest.mark.parametrize("most", [3, 2000])
def test_progress_rises_and_can_end_it(most, monkeypatch):
    monkeypatch.setattr(exposure, "MOST_IMAGES", most)
    monkeypatch.setattr(exposure, "_ROWS", 7)
    network = network_of("one output")
    x, labels = images(40), labels_for(network, 40)
    told: list[float] = []
    exposure_of(network, x, labels, told.append)
    assert np.diff(told).min() > -1e-12
    assert 0 <= told[0] < told[-1] <= 1

    def stop(_share: float) -> None:
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        exposure_of(network, x, labels, stop)
