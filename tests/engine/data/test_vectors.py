"""Vectors as what a network reads: their shape, their preprocessing, their words."""

from __future__ import annotations

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.inputs import (
    ANY_VECTOR,
    InputSpec,
    Preprocessing,
    is_usual_image,
    is_vector,
    parse_shape,
    shape_in_words,
    vector_shape,
)
from engine.data.normalisation import parse_constants
from engine.data.nouns import IMAGES, ROWS, nouns_of

SHAPE = vector_shape(4)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("text", "shape"),
    [("30", (1, 1, 30)), (" 7 ", (1, 1, 7)), ("1x1x30", (1, 1, 30)), ("30 features", (1, 1, 30))],
)
def test_a_number_is_the_shape_of_a_vector(text, shape):
    assert parse_shape(text) == shape
    assert is_vector(shape)


def test_a_vector_of_all_there_is():
    image = InputSpec((1, 5, 6))
    assert parse_shape("Vector") == ANY_VECTOR
    assert image.with_shape(ANY_VECTOR).shape == (1, 1, 30)
    assert image.with_shape(ANY_VECTOR).is_known


@pytest.mark.parametrize("text", ["0", "-3", "3.5", "vectors", "30x2"])
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(UnusableInput, match="number of features"):
        parse_shape(text)


def test_what_is_said_of_shapes():
    assert shape_in_words((3, 32, 32)) == "3×32×32"
    assert shape_in_words((1, 1, 30)) == "30 features"
    assert shape_in_words((1, 1, 1)) == "1 feature"
    assert [is_usual_image(s) for s in ((1, 8, 8), (1, 7, 7), (1, 1, 64))] == [True, False, False]


def test_a_vector_of_which_nobody_says_anything_is_what_the_network_reads():
    inputs, rows = InputSpec(SHAPE), draw(3, *SHAPE)
    assert inputs.preprocessing.described == "none (assumed: the file does not say)"
    assert not inputs.is_preprocessing_said
    assert inputs.of_images(rows, mean=torch.ones(SHAPE)).equal(rows.flatten(1))
    assert inputs.with_shape((1, 2, 2)).mean is None  # Of images it is not known.


def test_features_are_standardised_and_put_back():
    mean, std = torch.tensor([[[1.0, 20, -3, 0]]]), torch.tensor([[[2.0, 10, 0.5, 1]]])
    inputs = InputSpec(SHAPE, Preprocessing(mean, std, "file"))
    rows = draw(5, *SHAPE) * std + mean
    read = inputs.of_images(rows)
    torch.testing.assert_close(read, ((rows - mean) / std).flatten(1))
    torch.testing.assert_close(inputs.less_mean(rows).flatten(1), read)
    assert inputs.centred(read).shape == (5, *SHAPE)
    torch.testing.assert_close(inputs.of_centred(inputs.centred(read)), read)
    torch.testing.assert_close(inputs.in_own_units(inputs.centred(read)), rows)
    assert inputs.preprocessing.words == "less each feature’s mean, divided by its std"


def test_noise_for_standardised_features_is_four_times_that_for_pixels():
    assert InputSpec(SHAPE).stretch == 4 * InputSpec((1, 2, 2)).stretch


@pytest.mark.parametrize(
    ("text", "mean", "std"),
    [
        ("none", [0, 0, 0, 0], None),
        ("2/5", [2, 2, 2, 2], [5]),
        ("1,200,-3,0/2,1000,0.5,1", [1, 200, -3, 0], [2, 1000, 0.5, 1]),
    ],
)
def test_constants_of_features_are_taken_as_they_are(text, mean, std):
    found = parse_constants(text, SHAPE)
    assert found.mean is not None
    assert found.mean.flatten().tolist() == mean
    assert (found.std if found.std is None else found.std.flatten().tolist()) == std
    InputSpec(SHAPE, found).of_images(draw(2, *SHAPE))


@pytest.mark.parametrize("text", ["mnist", "1,2/1,2", "1/0", "1/1,2,3", "nan/1"])
def test_constants_that_are_none_of_features_are_refused(text):
    with pytest.raises(UnusableInput, match="feature"):
        parse_constants(text, SHAPE)


def test_words_for_rows():
    sentence = "Images of 9 pixels: one image, its --images, and imagery. An image."
    assert nouns_of((1, 28, 28)) is IMAGES
    assert IMAGES.of(sentence) == sentence
    assert nouns_of(SHAPE) is ROWS
    assert ROWS.of(sentence) == "Rows of 9 features: one row, its --images, and imagery. A row."
