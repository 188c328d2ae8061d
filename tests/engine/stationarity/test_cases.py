"""Which training the weights look like, by their norms and biases alone, and what follows."""

from __future__ import annotations

import itertools

import pytest
import torch

from engine.data.inputs import InputSpec
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.stationarity.cases import (
    BALANCED,
    NAMES,
    TrainingKind,
    choose_training,
    multipliers_for,
    why_training,
)
from engine.stationarity.multipliers import (
    BinaryMargin,
    Free,
    PairwiseMargin,
    RunnerUp,
    TiedToOutputs,
)
from tests.conftest import shared_file


def network_with(squares: list[float], biases: list[float], outputs: int = 3) -> Network:
    """Layers of given ‖W_l‖² and ‖b_l‖²; 0 is no bias."""
    generator = torch.Generator().manual_seed(0)

    def of_size(square: float, *shape: int) -> torch.Tensor:
        drawn = torch.randn(*shape, generator=generator, dtype=torch.float64)
        return drawn * (square**0.5 / drawn.norm())

    sizes = [6, *(5 for _ in squares[1:]), outputs]
    pairs = list(itertools.pairwise(sizes))
    weights = tuple(of_size(w, n, k) for w, (k, n) in zip(squares, pairs, strict=True))
    given = tuple(of_size(b, n) if b else None for b, n in zip(biases, sizes[1:], strict=True))
    return Network(Parameters(weights, given), InputSpec.flat(6))


@pytest.mark.parametrize(
    ("squares", "biases", "outputs", "training", "why"),
    [
        ([4.0, 9.0, 1.0], [0.0, 0.0, 0.0], 1, "margin", "as in the paper"),
        ([4.0, 9.0, 1.0], [2.0, 0.0, 0.0], 1, "margin", "as in the paper"),
        ([4.0, 4.0, 4.0], [0.0, 0.0, 0.0], 1, "margin", "as in the paper"),
        ([4.0, 9.0, 1.0], [2.0, 1.0, 0.0], 1, "decay", "biases above the first layer"),
        ([4.0, 9.0, 1.0], [0.0, 0.0, 2.0], 1, "decay", "biases above the first layer"),
        ([4.0, 5.0, 6.0], [1.0, 1.0, 1.0], 1, "decay", "balance within 0.1 %"),
        ([4.0, 5.0, 6.0], [1.0, 1.0, 1.0], 3, "decay", "balance within 0.1 %"),
        ([4.0, 4.0, 4.0], [0.0, 0.0, 0.0], 3, "decay", "balance within 0.1 %"),
        ([4.0, 9.0, 1.0], [0.0, 0.0, 0.0], 3, "margin", "do not balance"),
        ([4.0, 9.0, 1.0], [2.0, 0.0, 0.0], 3, "margin", "do not balance"),
        ([4.0, 9.0, 1.0], [2.0, 1.0, 0.0], 3, "decay", "biases above the first layer"),
    ],
)
def test_the_training_that_weights_look_like(squares, biases, outputs, training, why):
    found = choose_training(network_with(squares, biases, outputs))
    assert found.training == training
    assert why in found.why
    assert found.why.endswith(".")


@pytest.mark.parametrize(("apart", "training"), [(0.95, "decay"), (1.05, "margin")])
def test_how_far_layers_may_be_apart(apart, training):
    """By a share of the larger side; the bias of a layer counts with it."""
    network = network_with([3.0, 4.0, 4.0 * (1 - apart * BALANCED)], [1.0, 0.0, 0.0])
    assert choose_training(network).training == training


def test_why_is_what_was_found_or_that_it_was_set():
    network = network_with([4.0, 4.0, 4.0], [0.0, 0.0, 0.0])
    assert why_training(network, "decay") == choose_training(network).why
    set_otherwise = why_training(network, "free")
    assert set_otherwise.startswith("It was set; the weights would be taken for “With weight decay")
    assert set_otherwise.endswith(choose_training(network).why)


@pytest.mark.parametrize(
    ("training", "of_one", "of_three"),
    [
        ("margin", BinaryMargin(), TiedToOutputs(3)),
        ("pairwise", BinaryMargin(), PairwiseMargin(3)),
        ("runner-up", BinaryMargin(), RunnerUp(3)),
        ("decay", BinaryMargin(), TiedToOutputs(3)),
        ("tuned", BinaryMargin(), TiedToOutputs(3)),
        ("free", Free(1), Free(3)),
    ],
)
def test_each_training_has_its_multipliers(training: TrainingKind, of_one, of_three):
    assert multipliers_for(training, 1) == of_one
    assert multipliers_for(training, 3) == of_three
    assert set(NAMES) == {"auto", "margin", "pairwise", "runner-up", "decay", "tuned", "free"}


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("haim_mnist_d50", "margin"),
        ("cifar10_vehicles_animals_d250", "margin"),
        ("digits10_n100_1000-1000_sgd_wd", "decay"),
        ("digits10_n500_512-256_sgd_wd", "decay"),
    ],
)
def test_real_checkpoints_are_taken_for_what_they_are(name, training):
    network = load_network(shared_file(f"checkpoints/{name}.pth"))
    assert choose_training(network).training == training
