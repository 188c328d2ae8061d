"""The health check: floors that hold, multipliers that are found, words that fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from engine.base.errors import UnusableInput
from engine.base.resources import images_beside, sample_network
from engine.commands.inspect import inspection, inspection_text
from engine.data.datasets import load_images
from engine.evidence.diagnostics import (
    TrainingSigns,
    check_weights,
    training_signs,
)
from engine.evidence.outlook import about_images
from engine.evidence.stationarity_check import MOST_IMAGES, check_stationarity, true_stationarity
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.stationarity.balance import balance_floor
from engine.training.recipe import Recipe
from engine.training.training import Training
from tests.conftest import shared_file
from tests.engine.training.test_training import points


def gradients(network: Network, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """y_i ∇Φ(x_i) by autograd, one column an image: the array that the Gram matrix avoids."""
    parameters = network.parameters.each(lambda p: p.clone().requires_grad_())
    live, leaves = replace(network, parameters=parameters), parameters.tensors
    columns = []
    for output in y * live.forward(x)[:, 0]:
        by_theta = torch.autograd.grad(output, leaves, retain_graph=True)
        columns.append(torch.cat([g.flatten() for g in by_theta]))
    return torch.stack(columns, 1)


def theta(network: Network) -> torch.Tensor:
    return torch.cat([p.flatten() for p in network.parameters.tensors])


def with_weights(network: Network, *weights: torch.Tensor) -> Network:
    return replace(network, parameters=replace(network.parameters, weights=weights))


@pytest.mark.parametrize("sizes", [(6, 9, 1), (6, 9, 8, 1), (6, 9, 8, 7, 1)])
def test_multipliers_are_those_of_least_squares_on_the_whole_array(make_network, sizes):
    network = make_network(*sizes)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(20, 6, generator=generator, dtype=torch.float64)
    y = torch.arange(20).double() % 2 * 2 - 1
    found = check_stationarity(network, x, y)
    jacobian = gradients(network, x, y)
    multipliers, residual = nnls(jacobian.numpy(), theta(network).numpy())
    np.testing.assert_allclose(found.multipliers, multipliers, atol=1e-8)
    assert found.relative == pytest.approx(residual / float(theta(network).norm()), rel=1e-8)
    np.testing.assert_allclose(found.margins, y * network.forward(x)[:, 0], rtol=1e-12)
    shares, norms = np.array(found.relative_per_layer), [float(w.norm()) for w in network.weights]
    norms[0] = math.hypot(norms[0], float(network.biases[0].norm()))
    assert np.hypot.reduce(shares * norms) == pytest.approx(residual, rel=1e-8)


@pytest.mark.parametrize("hidden", [(20,), (20, 20)])
def test_a_network_at_its_minimum_has_no_residual_and_known_multipliers(hidden):
    """At a minimum of the loss with weight decay w, θ = Σ λ_i y_i ∇Φ(x_i) holds but for rounding.

    There λ_i = σ(−y_i Φ(x_i)) / (w n), the derivative of the logistic loss: physics that the
    solver does not know of.
    """
    decay = 1e-2
    recipe = Recipe(
        hidden,
        dtype="float64",
        first_layer_scale=0.1,
        upper_layer_scale=1.0,
        weight_decay=decay,
        momentum=0.0,
        until_exponent=0,
    )
    training = Training(points(), recipe)
    *_, last = training.iterate()
    assert last.end == "No step lowers the loss any more."
    found = training.stationarity()
    expected = 1 / (1 + np.exp(found.margins)) / (decay * len(found.margins))
    assert found.relative < 1e-8  # How far descent gets before rounding ends it differs by machine.
    np.testing.assert_allclose(found.multipliers, expected, rtol=1e-5)
    assert found.decay.relative < 1e-8
    assert found.decay.weight_decay == pytest.approx(decay, rel=1e-8)


def test_no_candidates_pass_the_floor(make_network):
    """Fact 1 of `engine.evidence.diagnostics`, on networks whose layers differ in norm."""
    for seed in range(5):
        network = make_network(6, 9, 8, 1, seed=seed)
        first, second, third = network.weights
        unbalanced = with_weights(network, first / 3, second * 4, third)
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(300, 6, generator=generator, dtype=torch.float64) * 3
        y = unbalanced.forward(x)[:, 0].sign()
        found = check_stationarity(unbalanced, x, y)
        floor = balance_floor(unbalanced.parameters)
        assert floor > 0.05
        assert found.relative >= floor


def test_the_check_does_not_depend_on_the_scale_of_the_weights():
    network = load_network(sample_network())
    scaled = replace(network, parameters=network.parameters.each(lambda p: 7 * p))
    first, second = check_weights(network), check_weights(scaled)
    assert first.remembered == second.remembered
    assert first.outlook == second.outlook
    assert first.floor == pytest.approx(second.floor)


def test_the_bundled_sample_has_a_good_chance():
    network, (train, _) = load_network(sample_network()), images_beside(sample_network())
    health = check_weights(network)
    assert health.outlook.startswith("A good chance")
    found = true_stationarity(network, load_images(train))
    assert found.wrong == 0
    assert found.relative >= health.floor
    assert 0 < found.carrying <= 100
    heaviest = found.heaviest(3)
    assert found.multipliers[heaviest[0]] == found.multipliers.max()
    assert len(set(heaviest)) == 3


def test_a_network_that_was_never_trained_has_no_chance(make_network):
    health = check_weights(make_network(200, 100, 1))
    assert health.remembered == 0
    assert health.outlook.startswith("No chance")


def planted(network: Network, rank: int, size: float) -> Network:
    """With the traces of so many images in its first layer, above the start that it had."""
    generator = torch.Generator().manual_seed(0)
    first, *others = network.weights
    left = torch.randn(len(first), rank, generator=generator, dtype=torch.float64)
    right = torch.randn(rank, first.shape[1], generator=generator, dtype=torch.float64)
    return with_weights(network, first + size * left @ right, *others)


def in_balance(network: Network) -> Network:
    """With an output layer as large as the first one and its bias, as weight decay leaves it."""
    below = network.parameters.squared_norms()[0].sqrt()
    first, last = network.weights
    return with_weights(network, first, last * below / last.norm())


def test_the_chance_is_said_by_how_much_of_the_random_start_is_left(make_network):
    network = make_network(200, 100, 1)
    for size, chance in ((0.015, "A poor chance"), (0.04, "A fair chance"), (1, "A good chance")):
        health = check_weights(planted(network, 10, size))
        assert health.outlook.startswith(chance)
        assert health.judged.chance == chance[2:6]
        assert health.judged.verdict.startswith(chance)
        assert health.judged.reason[0].isupper()
        assert health.remembered == 10
        assert "about 10 images" in health.outlook
        assert ("random start, which hides images" in health.outlook) is (chance[2:6] != "good")


def test_only_of_weight_decay_can_it_be_told_that_it_wore_the_start_off(make_network):
    """A good chance has a condition: weights that Adam or AdamW made can look the same."""
    network = planted(make_network(200, 100, 1), 10, 1)
    decayed, other = check_weights(in_balance(network)), check_weights(network)
    for health in (decayed, other):
        assert health.outlook.startswith("A good chance if gradient descent trained it: ")
        assert "Adam" in health.outlook
    assert "weight decay has worn off" in decayed.outlook
    assert "weight decay has worn off" not in other.outlook


def test_directions_that_are_faint_make_no_first_layer_crowded(make_network):
    """Weight decay wears the start off, so that rounding is all the noise that there is."""
    network = make_network(200, 100, 1)
    full, faint = (
        check_weights(in_balance(planted(planted(network, 10, 1), 95, size))) for size in (10, 1e-4)
    )
    assert full.outlook.startswith("A fair chance")
    assert "images fill the first layer's 100 directions" in full.outlook
    assert faint.outlook.startswith("A good chance")


@pytest.mark.parametrize(
    ("imbalance", "said"),
    [
        (0.0, "with weight decay, to rest: neighbouring layers balance to 0 %"),
        (0.0099, "with weight decay, to rest: neighbouring layers balance to 0.99 %"),
        (0.0101, "with weight decay, not quite to rest: neighbouring layers balance to 1 %"),
        (0.149, "with weight decay, not quite to rest: neighbouring layers balance to 15 %"),
        (0.15, "without weight decay, or not to rest: neighbouring layers are 15 % out of balance"),
    ],
)
def test_decay_that_has_not_come_to_rest_is_not_said_to_have(imbalance, said):
    assert TrainingSigns(imbalance, 0, 0, has_upper_biases=True).words == said


def test_which_class_is_negative_does_not_matter():
    network, (path, _) = load_network(sample_network()), images_beside(sample_network())
    train = load_images(path)
    swapped = replace(train, labels=1 - train.labels)
    a, b = true_stationarity(network, train), true_stationarity(network, swapped)
    np.testing.assert_array_equal(a.multipliers, b.multipliers)


def test_a_dead_network_has_no_multipliers(make_network):
    network = make_network(4, 3, 1)
    never = torch.full((3,), -1e6, dtype=torch.float64)
    dead = replace(network, parameters=Parameters.of(network.weights, never))
    x = torch.ones(5, 4, dtype=torch.float64)
    found = check_stationarity(dead, x, torch.ones(5))
    assert found.carrying == 0
    assert found.relative == pytest.approx(1)


def test_what_cannot_be_solved_for_is_refused(make_network):
    network = make_network(4, 3, 1)
    x = torch.zeros(MOST_IMAGES + 1, 4)
    with pytest.raises(UnusableInput, match="would take too long"):
        check_stationarity(network, x, torch.ones(len(x)))
    train = load_images(images_beside(sample_network())[0])
    for labels in (train.labels + 3, train.labels * 0):
        with pytest.raises(UnusableInput, match="other labels than 0 and 1"):
            true_stationarity(load_network(sample_network()), replace(train, labels=labels))


def test_inspection_says_in_words_what_it_says_in_numbers():
    network, (path, _) = load_network(sample_network()), images_beside(sample_network())
    found = inspection(network, load_images(path))
    text = inspection_text(found)
    assert f"about {found['health']['remembered']} images" in text
    assert found["health"]["outlook"] in text
    assert f"{found['stationarity']['carrying']} images carry" in text
    assert inspection(network)["stationarity"] is None
    assert "training images" not in inspection_text(inspection(network))


def test_four_million_weights_and_five_hundred_images():
    network = load_network(shared_file("checkpoints/cifar10_vehicles_animals_d250.pth"))
    train = load_images(shared_file("checkpoints/cifar10_vehicles_animals_d250_images.npz"))
    found = true_stationarity(network, train)
    assert found.wrong == 0
    assert check_weights(network).floor <= found.relative < 1


def test_what_training_without_decay_leaves_is_told_from_what_decay_does():
    network = load_network(shared_file("checkpoints/haim_mnist_d50.pth"))
    signs = training_signs(network)
    assert signs == check_weights(network).signs
    assert signs.imbalance > 0.9
    assert not signs.looks_decayed
    assert "without weight decay" in signs.words
    assert "e+" not in replace(signs, imbalance=0.999).words
    assert not signs.has_upper_biases
    assert signs.start == pytest.approx(1 - check_weights(network).signal)


def test_how_many_are_remembered_is_said_as_people_say_it():
    said = [about_images(number) for number in (0, 1, 2, 1200)]
    assert said == ["no image", "about 1 image", "about 2 images", "about 1,200 images"]
