"""An architecture is a line of text that says what it means, and whatever it does not mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.errors import UnusableInput
from engine.network.activation import RELU, Activation
from engine.network.architecture import Architecture, GlobalPooling, Layer, Normalised
from engine.network.architecture_text import parse_architecture, written
from engine.network.structure import Activated, Convolution, Full, Pooling

PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9))
PADDINGS = st.tuples(st.integers(0, 9), st.integers(0, 9))
OUTPUTS = st.none() | st.integers(1, 4096)
CONVOLUTIONS = st.builds(
    Layer,
    st.builds(Convolution, PAIRS, PADDINGS, PAIRS, st.integers(1, 9)),
    st.none() | PAIRS,
    OUTPUTS,
)
FULL = st.builds(Layer, st.just(Full()), st.none(), OUTPUTS)


@st.composite
def poolings(draw):
    kernel = draw(PAIRS)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    return Pooling(draw(st.sampled_from(("max", "average"))), kernel, draw(PAIRS), padding)


@st.composite
def architectures(draw):
    """Steps of images, then full layers; normalisation right behind layers, and an activation."""
    words = []
    for _ in range(draw(st.integers(0, 4))):
        words.append(draw(CONVOLUTIONS))
        words += draw(st.sampled_from(([], [Normalised()])))
        words += draw(
            st.lists(st.just(Activated()) | poolings() | st.just(GlobalPooling()), max_size=3)
        )
    for _ in range(draw(st.integers(0, 2))):
        words += [draw(FULL), *draw(st.sampled_from(([], [Normalised()]))), Activated()]
    words += [] if Activated() in words else [Activated()]
    words += [draw(FULL), *draw(st.sampled_from(([], [Normalised()])))]
    slope = draw(st.just(0.0) | st.floats(1e-6, 0.99))
    return Architecture(tuple(words), Activation(slope))


@settings(deadline=None)
@given(architectures())
def test_what_is_written_is_read_again(architecture):
    assert parse_architecture(written(architecture)) == architecture


def test_the_words_mean_what_pytorch_means_by_them():
    text = (
        "conv 5x5 16 stride 2 padding 2, batchnorm, relu, maxpool 2, dropout 0.5, "
        "avgpool 3 stride 2 padding 1, flatten, linear 64, relu, linear"
    )
    assert parse_architecture(text) == Architecture(
        (
            Layer(Convolution((2, 2), (2, 2)), (5, 5), 16),
            Normalised(),
            Activated(),
            Pooling("max", (2, 2), (2, 2)),
            Pooling("average", (3, 3), (2, 2), (1, 1)),
            Layer(Full(), None, 64),
            Activated(),
            Layer(Full()),
        ),
        RELU,
    )


def test_names_of_modules_and_line_ends_are_understood():
    modules = (
        "Conv2d stride 2x1 groups 2\nReLU\nMaxPool2d 2\nFlatten\nLinear\nReLU\nLinear\nSoftmax"
    )
    plain = "conv stride 2x1 groups 2, relu, maxpool 2, flatten, linear, relu, linear"
    assert parse_architecture(modules) == parse_architecture(plain)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("conv strde 2, relu, linear", "“strde” in “conv strde 2”"),
        ("tanh, linear", "“tanh” is no step"),
        ("conv, softmax, linear", "“softmax” can stand at the end alone"),
        ("conv padding, relu, linear", "“padding” behind “conv” needs a number"),
        ("conv padding two, relu, linear", "“two” in “conv padding two” is no number"),
        ("conv 0x3, relu, linear", "“0x3” in “conv 0x3” is not from 1"),
        ("conv stride 0, relu, linear", "“0” in “conv stride 0” is not from 1"),
        ("conv stride 2 stride 2, relu, linear", "“stride” in"),
        ("conv 3 4, relu, linear", "“4” in “conv 3 4”"),
        ("maxpool, relu, linear", "“maxpool” needs the size"),
        ("maxpool 2 padding 2, relu, linear", "pads more than half"),
        ("linear 5x5, relu, linear", "says a size that linear does not have"),
        ("linear, relu, conv, linear", "“conv” needs an image"),
        ("conv, flatten, maxpool 2, relu, linear", "“maxpool” needs an image"),
        ("batchnorm, conv, relu, linear", "“batchnorm” has to stand right behind"),
        ("conv, relu, batchnorm, linear", "“batchnorm” has to stand right behind"),
        ("relu 3, linear", "“3” behind “relu”"),
        ("conv, leaky_relu:steep, linear", "“leaky_relu:steep” needs a slope"),
        ("conv, leaky_relu:1.5, linear", "“leaky_relu:1.5”"),
        ("conv, relu, linear, leaky_relu:0.1, linear", "“leaky_relu:0.1” stands beside another"),
        ("conv, relu", "has to end with “linear”"),
        ("linear, relu", "has to end with “linear”"),
        ("linear, linear", "needs an activation"),
        ("", "from one to 400 steps"),
        ("relu," * 401, "from one to 400 steps"),
        ("x" * 9000, "more than 8,000 letters"),
    ],
)
def test_what_is_not_understood_is_pointed_at(text, word):
    with pytest.raises(UnusableInput) as caught:
        parse_architecture(text)
    assert word in caught.value.why


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        architecture = parse_architecture(text)
    except UnusableInput:
        return
    assert parse_architecture(written(architecture)) == architecture
