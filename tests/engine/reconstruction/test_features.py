"""Candidates of convolutional networks are pulled to features that images trained on can have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.network.activation import Activation
from engine.network.features import features_of, head_of
from engine.network.parameters import Parameters
from engine.network.structure import Pooling
from engine.reconstruction import planning
from engine.reconstruction.features import FeatureSpace, feature_basis
from engine.reconstruction.problem import Problem
from engine.reconstruction.settings import Settings, paper
from engine.stationarity.spectrum import Spectrum
from engine.stationarity.target import Target
from tests.engine.convolutions import drawn, plain_forward, small, soft

CPU = torch.device("cpu")


def trained_on(x: torch.Tensor):
    """A network whose first full layer is made of the features of some images alone."""
    network = small()
    h = features_of(network, x)
    made = drawn(torch.Generator().manual_seed(9), 6, len(x)) @ h / h.norm()
    weights = (network.weights[0], made, network.weights[2])
    return replace(network, parameters=Parameters(weights, network.biases))


def images(count: int, seed: int = 5) -> torch.Tensor:
    return drawn(torch.Generator().manual_seed(seed), count, 128)


def test_features_are_what_the_first_full_layer_reads():
    network, x = small(), images(4)
    head = head_of(network)
    assert head.structure is None
    assert head.layer_sizes == (64, 6, 3)
    torch.testing.assert_close(head.forward(features_of(network, x)), network.forward(x))


def test_images_that_made_the_layer_are_not_pulled_and_others_are():
    own, others = images(3), images(3, 6)
    space = FeatureSpace(Target.of(trained_on(own)), 1.0, 1.0)
    assert float(space.pull(own, 1e6).abs().max()) < 1e-10
    assert float(space.pull(others, 1e6).norm(dim=1).min()) > 1e-4


@pytest.mark.parametrize("slope", [0.0, 0.2])
@pytest.mark.parametrize("chunk", [None, 2])
def test_the_pull_is_the_derivative_of_the_share_outside(slope, chunk):
    network, alpha = replace(trained_on(images(3)), activation=Activation(slope)), 3.0
    target, x = Target.of(network), images(5, 7).requires_grad_()
    basis = feature_basis(target)
    assert basis.shape == (3, 64)
    until_full = replace(network.structure, steps=network.structure.steps[:2])

    def features(pixels):
        cut = replace_structure(network, until_full)
        return plain_forward(cut, network.weights, network.biases, pixels, soft(network, alpha))

    h, empty = features(x).flatten(1), features(torch.zeros(1, 128).double()).flatten(1).detach()
    outside = h - h @ basis.T @ basis
    least = 1e-3 * empty.square().sum()
    shares = outside.square().sum(1) / ((h - empty).square().sum(1) + least)
    (expected,) = torch.autograd.grad(0.7 * 2.0 * shares.mean(), x)
    found = FeatureSpace(target, 0.7, 2.0).pull(x.detach(), alpha, chunk)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


class replace_structure:  # noqa: N801
    """What `plain_forward` reads of a network, with other steps."""

    def __init__(self, network, structure):
        self.input_shape, self.structure = network.input_shape, structure


def test_a_search_adds_the_pull_to_what_the_weights_ask_for():
    network = trained_on(images(3))
    settings = Settings(candidates=5, steps=4, dtype="float64")
    with_pull = planning.filled_in(settings, network)
    without = replace(with_pull, feature_weight=0.0)
    x, labels = images(5), torch.tensor([0.0, 1, 2, 0, 1]).double()
    multipliers = torch.ones(5).double()
    given = x, multipliers, labels, 4.0, 1
    both = [Problem(network, each, CPU).evaluate(*given) for each in (with_pull, without)]
    target = Target.of(network)
    size = float(target.squared_norms()[1])
    expected = FeatureSpace(target, with_pull.feature_weight, size).pull(x, 4.0)
    torch.testing.assert_close(
        both[0].unknowns_gradient - both[1].unknowns_gradient, expected, rtol=1e-7, atol=1e-9
    )


def test_with_convolutions_what_is_left_to_us_is_among_pixels():
    chosen = planning.filled_in(Settings(), trained_on(images(3)))
    assert (chosen.space, chosen.whitening, chosen.scale_power) == ("pixel", 0.0, 0.0)
    assert (chosen.feature_weight, chosen.smoothness, chosen.candidate_rate) == (30.0, 3.0, 0.08)
    as_published = planning.filled_in(paper(1, 3), small())
    assert (as_published.feature_weight, as_published.candidate_rate) == (0.0, 1.362e-3)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_is_blind_to_the_finest_patterns_and_asks_for_smoother_images(kind):
    """Patches of one pixel, so that the shapes stay."""
    network = trained_on(images(3))
    convolution, gate, *rest = network.structure.steps
    steps = (convolution, gate, Pooling(kind, (1, 1), (1, 1)), *rest)
    pooled = replace(network, structure=replace(network.structure, steps=steps))
    chosen = planning.filled_in(Settings(), pooled)
    assert (chosen.feature_weight, chosen.smoothness) == (30.0, 10.0)
    assert planning.filled_in(Settings(restarts=3), pooled).smoothness == 10
    assert planning.filled_in(Settings(smoothness=3.0), pooled).smoothness == 3


def test_a_layer_that_is_filled_or_the_last_tells_no_features():
    """Six neurons tell three images, but not five; a last layer has a row for each class alone."""
    network = trained_on(images(3))
    assert planning.tells_features(network)
    u, _, v = torch.linalg.svd(network.weights[1], full_matrices=False)
    values = torch.tensor([1, 0.5, 0.25, 0.12, 0.06, 0.03]).double()
    weights = (network.weights[0], u * values @ v, network.weights[2])
    filled = replace(network, parameters=Parameters(weights, network.biases))
    assert not planning.tells_features(filled)
    assert planning.filled_in(Settings(), filled).feature_weight == 0
    steps = network.structure.steps[:3]
    theta = Parameters(network.weights[:2], network.biases[:2])
    one = replace(network, parameters=theta, structure=replace(network.structure, steps=steps))
    assert not planning.tells_features(one)
    assert planning.filled_in(Settings(feature_weight=7.0), one).feature_weight == 7


def test_four_candidates_an_image_where_features_lead():
    spectrum = Spectrum(np.geomspace(1.0, 0.01, 75), 0.001, 75)
    assert spectrum.remembered == 75
    led, alone = Settings(feature_weight=30.0), Settings(feature_weight=0.0)
    assert planning.candidate_limits(led, spectrum) == (250, 300)
    assert planning.candidate_limits(alone, spectrum) == (300, 900)


def test_what_a_network_does_not_have_is_refused(make_network):
    with pytest.raises(UnusableInput, match="no row space of images"):
        planning.filled_in(Settings(rank=7), small())
    with pytest.raises(UnusableInput, match="has no convolutions"):
        planning.filled_in(Settings(feature_weight=3.0), make_network(6, 5, 1))
    assert planning.filled_in(Settings(), make_network(6, 5, 1)).feature_weight == 0
