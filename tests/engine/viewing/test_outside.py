"""The noise outside the row space: from the seed, outside, and gone from the middle on."""

from __future__ import annotations

import pytest
import torch

from engine.data.inputs import InputSpec, Preprocessing
from engine.stationarity.row_space import row_space
from engine.viewing.outside import Outside, share_left


@pytest.fixture
def network(make_network):
    return make_network(48, 12, 10, 1, shape=(3, 4, 4))


def outside(network, seed=3):
    return Outside(row_space(network, 0.8, 6), network.inputs, seed)


def test_it_lies_outside_of_the_row_space_whatever_the_preprocessing(network):
    std = torch.tensor([0.2, 0.3, 0.5])[:, None, None]
    inputs = InputSpec((3, 4, 4), Preprocessing(torch.zeros(3, 4, 4), std))
    for each in (network.inputs, inputs):
        noise = Outside(row_space(network, 0.8, 6), each, 3)
        images = noise.images(torch.arange(5))
        read = each.of_centred(images)
        assert (read @ noise.space.basis.float().T).abs().max() < 1e-5
        assert 0.3 < float(images.std()) < 0.5


def test_it_is_a_candidates_own_and_the_seeds(network):
    numbers = torch.tensor([4, 900_000, 4])
    once, again = outside(network).images(numbers), outside(network).images(numbers)
    assert torch.equal(once, again)
    assert torch.equal(once[0], once[2])
    assert not torch.allclose(once[0], once[1], atol=0.1)
    assert not torch.allclose(once, outside(network, seed=4).images(numbers), atol=0.1)


def test_it_fades_as_it_says(network):
    assert share_left(0, 500) == 1.0
    assert share_left(25, 500) == pytest.approx(0.5)
    assert share_left(125, 500) == pytest.approx(2**-5)
    assert share_left(250, 500) == share_left(500, 500) == 0.0
    whole = outside(network).images(torch.arange(3))
    assert torch.allclose(outside(network).images(torch.arange(3), 0.25), whole / 4)
    assert not outside(network).images(torch.arange(3), 0.0).any()


def test_where_candidates_are_pixels_nothing_is_outside(network):
    assert not Outside(None, network.inputs, 0).images(torch.arange(3)).any()
