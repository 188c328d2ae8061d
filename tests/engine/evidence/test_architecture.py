"""Training images tell which of the architectures that fit is the right one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.data.normalisation import parse_constants
from engine.evidence.architecture import better_architecture, find_architecture
from engine.evidence.assumptions import check_assumptions
from engine.network.architecture_text import written
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.restructured import text_of, with_text
from tests.conftest import shared_file

AVERAGES = "conv padding 2, relu, avgpool 2, flatten, linear, relu, linear"
LARGEST = "conv padding 2, relu, maxpool 2, flatten, linear, relu, linear"


@pytest.fixture(scope="module")
def digits() -> LabelledImages:
    """A hundred digits, as ten classes of no meaning: ten neighbours each."""
    path, _ = images_beside(sample_network())
    assert path is not None
    return replace(load_images(path, (1, 28, 28)), labels=torch.arange(100) // 10)


@pytest.fixture(scope="module")
def network(digits, tmp_path_factory) -> Network:
    """Trained with the mean of each patch; read as if the largest were taken, as is usual."""
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, 1, 2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(6 * 196, 32), nn.ReLU(), nn.Linear(32, 10)),
    )
    descent = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(150):
        descent.zero_grad()
        nn.functional.cross_entropy(model(digits.images), digits.labels).backward()
        descent.step()
    path = tmp_path_factory.mktemp("averages") / "a.pth"
    torch.save(model.state_dict(), path)
    return load_network(path).with_preprocessing(parse_constants("none", (1, 28, 28)))


def test_the_images_tell_the_mean_of_patches_from_the_largest(network, digits):
    assert text_of(network) == LARGEST
    found = find_architecture(network, digits)
    assert found is not None
    better = better_architecture(network, found)
    assert better is not None
    assert (better.words, better.right) == (AVERAGES, 1.0)
    told = check_assumptions(network, digits)
    assert told is not None
    assert f"Another architecture fits better: {AVERAGES}." in told.advice
    assert told.as_dict()["architecture"]["about"].startswith(f"{AVERAGES}: 100 % right, which")


def test_as_it_was_trained_no_other_fits_better(network, digits):
    right = with_text(network, AVERAGES)
    assert better_architecture(right, find_architecture(right, digits)) is None
    told = check_assumptions(right, digits)
    assert told is not None
    assert told.architecture is None  # A person has said it, and the images agree.
    assert "architecture" not in told.advice


def test_of_full_layers_none_is_tried(make_network, digits):
    network = make_network(784, 8, 10, shape=(1, 28, 28))
    assert find_architecture(network, digits) is None


def test_the_real_one_is_right_as_it_is_assumed():
    name = "checkpoints/conv_digits10_n100_16x5s2_256_sgd_wd"
    network = load_network(shared_file(f"{name}.pth"))
    train = load_images(shared_file(f"{name}_images.npz"), (1, 28, 28))
    told = check_assumptions(network, train)
    assert told is not None
    assert told.right == 1.0
    assert told.better_architecture is None
    found = find_architecture(network, train)
    if found is not None:
        assert written(replace(found.best.way, activation=network.activation)) == text_of(network)
