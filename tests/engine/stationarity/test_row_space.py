"""The reduced problem is the full problem, seen from the row space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data.inputs import InputSpec
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.problem import Problem
from engine.reconstruction.settings import fast, paper
from engine.stationarity.closed_form import ClosedForm
from engine.stationarity.row_space import row_space
from engine.stationarity.spectrum import read_spectrum
from engine.stationarity.target import Target
from tests.conftest import shared_file


def low_rank_network(rank, dimension=40, width=30, noise=1e-3):
    """A network whose W_1 is a matrix of some rank plus the noise of an initialisation."""
    generator = torch.Generator().manual_seed(rank)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    first = draw(width, rank) @ draw(rank, dimension) + noise * draw(width, dimension)
    parameters = Parameters.of((first, draw(20, width), draw(1, 20)), draw(width))
    return Network(parameters, InputSpec((1, 5, dimension // 5)))


def scaled(network, factor):
    return replace(network, parameters=network.parameters.each(lambda p: p * factor))


@pytest.mark.parametrize("power", [0.0, 0.8])
@pytest.mark.parametrize("is_other", [False, True], ids=["θ", "θ − θ_0"])
def test_reduced_and_full_problem_have_the_same_loss_and_gradient(power, is_other):
    network = low_rank_network(6)
    explained = network.parameters - low_rank_network(7).parameters
    space = row_space(network, scale_power=power)
    target = Target(network, explained) if is_other else Target.of(network)
    reduced, unseen = space.reduce(target)
    z = torch.randn(8, space.rank, dtype=torch.float64)
    multipliers = torch.rand(8, dtype=torch.float64)
    labels = torch.randn(8, dtype=torch.float64).sign()

    full = ClosedForm(target).evaluate(space.pixels(z), multipliers, labels, 20)
    small = ClosedForm(reduced).evaluate(space.to_input(z), multipliers, labels, 20)

    torch.testing.assert_close(
        small.per_layer.sum() + unseen, full.per_layer.sum(), rtol=1e-10, atol=0
    )
    torch.testing.assert_close(small.per_layer[0] + unseen, full.per_layer[0], rtol=1e-10, atol=0)
    torch.testing.assert_close(
        small.candidate_gradient, full.candidate_gradient @ space.basis.T, rtol=1e-9, atol=1e-9
    )
    torch.testing.assert_close(
        small.multiplier_gradient, full.multiplier_gradient, rtol=1e-9, atol=1e-9
    )


def test_the_way_to_pixels_and_its_pull_back_are_adjoint():
    space = row_space(low_rank_network(5), scale_power=0.8)
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(4, space.rank, dtype=torch.float64, generator=generator)
    x = torch.randn(4, space.input_dimension, dtype=torch.float64, generator=generator)
    there, back = (space.pixels(z) * x).sum(), (z * space.pull_back_pixels(x)).sum()
    torch.testing.assert_close(there, back, rtol=1e-12, atol=0)
    torch.testing.assert_close(space.pixels(z), space.to_input(z) @ space.basis)


@pytest.mark.parametrize("rank", [1, 5, 12])
def test_the_rank_is_that_of_the_signal_above_the_noise(rank):
    assert row_space(low_rank_network(rank), 0.5).spectrum.rank == rank


def test_noise_alone_has_rank_zero():
    for shape in ((200, 300), (300, 200), (250, 250)):
        values = np.linalg.svd(np.random.default_rng(0).normal(size=shape), compute_uv=False)
        assert read_spectrum(values, shape).rank == 0


def test_a_matrix_without_any_noise_has_its_own_rank():
    values = np.linalg.svd(
        np.random.default_rng(0).normal(size=(60, 7))
        @ np.random.default_rng(1).normal(size=(7, 90)),
        compute_uv=False,
    )
    assert read_spectrum(values, (60, 90)).rank == 7


def test_the_rank_does_not_depend_on_the_scale_of_the_network():
    network = low_rank_network(6)
    ranks = {row_space(scaled(network, t), 0.5).spectrum.rank for t in (1e-3, 1.0, 1e3)}
    assert ranks == {6}


def test_a_rank_that_is_asked_for_is_taken():
    assert row_space(low_rank_network(6), 0.5, rank=3).rank == 3


def test_on_a_real_checkpoint_the_training_images_lie_in_the_space():
    """Centred training images keep far more of their norm in it than unseen ones do."""
    network = load_network(shared_file("checkpoints/haim_mnist_d50.pth"))
    space = row_space(network, 0.5).to("cpu", torch.float64)

    def share_inside(name, mean=None):
        images = torch.from_numpy(np.load(shared_file(f"checkpoints/{name}.npz"))["images"]) / 255
        mean = images.mean(0) if mean is None else mean
        flat = (images - mean).flatten(1).double()
        return float(((flat @ space.basis.T).norm(dim=1) / flat.norm(dim=1)).mean()), mean

    train, mean = share_inside("haim_mnist_d50_images")
    control, _ = share_inside("haim_mnist_d50_control_images", mean)
    assert train > control + 0.05


def test_whitening_makes_all_directions_of_the_first_layer_count_alike():
    network = low_rank_network(6)
    space = row_space(network, scale_power=0.5)
    values = torch.from_numpy(space.spectrum.values[: space.rank])

    even = space.weighing(0.0, bias_norm=2.0)
    torch.testing.assert_close(even.input, torch.ones_like(values))
    assert even.bias == pytest.approx(1.0)

    white = space.weighing(1.0, bias_norm=float(values[0]))
    shares = white.input * values.square()
    torch.testing.assert_close(shares / shares.mean(), torch.ones_like(values), rtol=0.05, atol=0)
    assert white.bias == pytest.approx(float(white.input[0]))
    assert float(shares.sum()) == pytest.approx(float(values.square().sum()))


SETTINGS = {"row": fast(), "pixel": replace(paper(1), gradient="closed form")}


@pytest.mark.parametrize("space", ["row", "pixel"])
def test_smoothness_adds_the_gradient_of_the_differences_of_neighbours(space):
    network = low_rank_network(6)
    weight, alpha = 3.0, 20.0
    rough, smooth = (
        Problem(
            network,
            replace(SETTINGS[space], dtype="float64", smoothness=smoothness),
            torch.device("cpu"),
        )
        for smoothness in (0.0, weight)
    )
    unknowns = torch.randn(
        7, rough.coordinates.per_candidate, dtype=torch.float64, requires_grad=True
    )
    images = rough.pixels(unknowns).reshape(7, *network.input_shape)
    differences = images.diff(dim=2).square().sum() + images.diff(dim=3).square().sum()
    scale = float(rough.squared_norms[0]) / network.input_dimension / 7
    (expected,) = torch.autograd.grad(weight * scale * differences, unknowns)

    multipliers, labels = torch.rand(7, dtype=torch.float64), torch.ones(7, dtype=torch.float64)
    before = rough.evaluate(unknowns.detach(), multipliers, labels, alpha, 1)
    after = smooth.evaluate(unknowns.detach(), multipliers, labels, alpha, 1)
    torch.testing.assert_close(after.unknowns_gradient - before.unknowns_gradient, expected)
    assert torch.equal(after.per_layer, before.per_layer)
