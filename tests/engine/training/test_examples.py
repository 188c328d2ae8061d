"""What a network reads of its examples, and how much of them it gets right."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.network.parameters import Parameters
from engine.training.examples import Examples
from engine.training.recipe import Recipe
from tests.engine.networks import network_of
from tests.engine.training.test_training import points

CPU = torch.device("cpu")


def test_images_are_read_less_the_mean_of_the_training_images():
    train, test = points(), points(seed=1)
    examples = Examples.of(train, test, Recipe())
    x, y = examples.read(test, CPU, torch.float64)
    wanted = (test.images - train.images.mean(0)).flatten(1).double()
    torch.testing.assert_close(x, wanted, rtol=0, atol=0)
    assert x.shape == (12, examples.input_dimension)
    assert torch.equal(y, test.signs.to(y))


def test_a_base_says_how_images_are_read():
    base, train = network_of("two outputs"), points()
    examples = Examples.of(train, None, Recipe(outputs="classes"), base)
    x, y = examples.read(train, CPU, torch.float32)
    torch.testing.assert_close(x, base.inputs.of_images(train.images))
    assert y.tolist() == train.labels.tolist()


@pytest.mark.parametrize("at_once", [1, 5, 100])
def test_accuracy_is_the_share_on_the_right_side(at_once):
    train = points()
    examples = Examples.of(train, None, Recipe(outputs="classes"))
    x, y = examples.read(train, CPU, torch.float64)
    first = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    always_first = Parameters((torch.zeros(2, x.shape[1], dtype=torch.float64),), (first[:, 0],))
    share = examples.accuracy(always_first, x, y, at_once)
    assert share == float((train.labels == 0).double().mean())
    others = replace(train, labels=torch.zeros_like(train.labels))
    assert examples.accuracy(always_first, x, others.labels, at_once) == 1
