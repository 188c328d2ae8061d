"""Constants that images are normalised by, as people write them, and what they make of [0, 1]."""

from __future__ import annotations

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.inputs import InputSpec, Preprocessing
from engine.data.normalisation import WELL_KNOWN, as_constants, of_channels, parse_constants

GREY, COLOUR = (1, 2, 3), (3, 2, 3)


@pytest.mark.parametrize(
    ("text", "shape", "written"),
    [
        ("none", GREY, "0/1"),
        ("0.1307/0.3081", GREY, "0.1307/0.3081"),
        (" MNIST ", GREY, "0.1307/0.3081"),
        ("0.5/0.5", COLOUR, "0.5,0.5,0.5/0.5,0.5,0.5"),
        ("0.4,0.5,0.6/0.2", COLOUR, "0.4,0.5,0.6/0.2,0.2,0.2"),
        ("cifar10", COLOUR, "0.4914,0.4822,0.4465/0.247,0.2435,0.2616"),
        ("51,102,204/51", COLOUR, "0.2,0.4,0.8/0.2,0.2,0.2"),
        ("0.25/1", GREY, "0.25/1"),
    ],
)
def test_what_people_write(text, shape, written):
    found = parse_constants(text, shape)
    assert as_constants(found) == written
    assert found.said_by == "user"
    again = parse_constants(as_constants(found), shape)
    torch.testing.assert_close(again.mean, found.mean)


@pytest.mark.parametrize(
    "text", ["", "0.5", "0.5/", "0.5/0", "a/b", "1/2/3", "0.5/nan", "-1/0.5", "300/20", "1e400/1"]
)
def test_what_is_no_preprocessing_says_how_to_write_one(text):
    with pytest.raises(UnusableInput, match=r"0\.1307/0\.3081"):
        parse_constants(text, GREY)


def test_three_channels_are_not_one():
    with pytest.raises(UnusableInput, match="1 channel;"):
        parse_constants("cifar10", GREY)


@pytest.mark.parametrize("name", WELL_KNOWN)
def test_every_name_is_that_of_something(name):
    assert (
        parse_constants(name, COLOUR if len(WELL_KNOWN[name].mean) == 3 else GREY).std is not None
    )


def test_bounds_are_what_black_and_white_become():
    spec = InputSpec(COLOUR, parse_constants("0.4,0.5,0.6/0.2,0.25,0.4", COLOUR))
    lower, upper = spec.bounds
    torch.testing.assert_close(lower, spec.of_images(torch.zeros(1, *COLOUR))[0])
    torch.testing.assert_close(upper, spec.of_images(torch.ones(1, *COLOUR))[0])


@pytest.mark.parametrize("mean", [None, torch.zeros(GREY), torch.rand(GREY)])
def test_without_a_std_the_bounds_are_those_published(mean):
    assert InputSpec(GREY, Preprocessing(mean)).bounds == (-1.0, 1.0)
    assert InputSpec(GREY, Preprocessing(mean)).stretch == 1.0


def test_noise_is_stretched_as_images_are():
    preprocessing = of_channels((0.5,), (0.25,), COLOUR, "user")
    assert preprocessing is not None
    spec = InputSpec(COLOUR, preprocessing)
    apart = spec.of_images(torch.ones(1, *COLOUR)) - spec.of_images(torch.zeros(1, *COLOUR))
    torch.testing.assert_close(apart, torch.full_like(apart, spec.stretch))
