"""An architecture fits weights where PyTorch's own modules of these weights take the images."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.base.errors import UnusableInput
from engine.network.architecture_text import parse_architecture
from engine.network.fitting import Shaped, fit, fits
from engine.network.structure import Pooling

GIVEN = (Shaped("0", (16, 1, 5, 5)), Shaped("3", (256, 3136)), Shaped("5", (10, 256)))


def said(text):
    return parse_architecture(text)


def test_the_most_usual_image_that_fits_is_taken_and_is_said_to_be_the_only_one():
    found = fit(said("conv stride 2 padding 2, relu, flatten, linear, relu, linear"), GIVEN)
    assert (found.shape, found.is_only) == ((1, 28, 28), True)
    assert not fits(said("conv stride 2, relu, linear, relu, linear"), GIVEN, (1, 28, 28))
    found = fit(said("conv stride 2, relu, linear, relu, linear"), GIVEN)
    assert found.shape == (1, 32, 32)


def test_where_several_usual_images_fit_the_choice_is_one():
    layers = (Shaped("conv", (8, 1, 3, 3)), Shaped("fc", (10, 8)))
    found = fit(said("conv, relu, globalavgpool, linear"), layers)
    assert (found.shape, found.is_only) == ((1, 28, 28), False)
    assert found.structure.steps[2] == Pooling("average", (26, 26), (26, 26))


def test_an_unusual_image_is_found_too():
    layers = (Shaped("conv", (4, 1, 3, 3)), Shaped("fc", (10, 4 * 17 * 17)))
    found = fit(said("conv, relu, linear"), layers)
    assert (found.shape, found.is_only) == ((1, 19, 19), False)


def test_where_no_image_fits_the_most_usual_one_shows_why():
    layers = (Shaped("conv", (4, 1, 3, 3)), Shaped("fc", (10, 7)))
    with pytest.raises(UnusableInput, match=r"1×28×28 .* reads 7 numbers, .* 4×26×26 = 2,704"):
        fit(said("conv, relu, linear"), layers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conv, relu, linear, relu, linear", "Layer 2 reads 3,136 numbers"),
        ("conv, relu, linear, relu, linear", "16×24×24 = 9,216"),
        ("conv, relu, linear", "2 layers with weights, and the file 3"),
        ("conv 3x3, relu, linear, relu, linear", "kernel of 5×5, and the architecture says 3×3"),
        ("conv 8, relu, linear, relu, linear", "gives 16 channels or neurons"),
        ("conv, relu, linear 100, relu, linear", "“3” (256×3136) gives 256"),
        ("linear, relu, linear, relu, linear", "“0” (16×1×5×5) is a convolution, and a linear"),
        ("conv, relu, conv, relu, linear", "“3” (256×3136) is a linear layer, and a convolution"),
        ("conv, batchnorm, relu, linear, relu, linear", "none there"),
    ],
)
def test_what_does_not_fit_is_said_by_layer(text, words):
    with pytest.raises(UnusableInput) as caught:
        fit(said(text), GIVEN, (1, 28, 28))
    assert words in caught.value.why


def test_images_of_other_channels_are_refused():
    layers = (Shaped("conv", (8, 4, 3, 3)), Shaped("fc", (10, 8)))
    with pytest.raises(UnusableInput, match="images of 4 channels"):
        fit(said("conv, relu, globalavgpool, linear"), layers)


@st.composite
def modules(draw):
    """A small chain of PyTorch's modules, and the text that says it."""
    channels, text, net = draw(st.sampled_from((1, 3))), [], []
    for _ in range(draw(st.integers(1, 3))):
        kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        padding, dilation = draw(st.integers(0, 2)), draw(st.integers(1, 2))
        net.append(nn.Conv2d(channels, 4, kernel, stride, padding, dilation))
        text += [f"conv stride {stride} padding {padding} dilation {dilation}", "relu"]
        channels = 4
        if draw(st.booleans()):
            size = draw(st.integers(1, 3))
            net.append(nn.MaxPool2d(size, 2, size // 2))
            text.append(f"maxpool {size} stride 2 padding {size // 2}")
    return net, ", ".join([*text, "flatten, linear"])


@settings(deadline=None)
@given(modules(), st.integers(6, 20), st.integers(6, 20))
def test_sizes_are_those_of_pytorch(made, height, width):
    net, text = made
    x = torch.zeros(1, net[0].in_channels, height, width)
    try:
        for module in net:
            x = module(x)
    except RuntimeError:
        numbers = None
    else:
        numbers = x.numel()
    layers = [Shaped("c", tuple(m.weight.shape)) for m in net if isinstance(m, nn.Conv2d)]
    shape = (net[0].in_channels, height, width)
    last = Shaped("fc", (5, numbers or 4))
    assert fits(said(text), [*layers, last], shape) == (numbers is not None)
    assert not fits(said(text), [*layers, Shaped("fc", (5, (numbers or 4) + 1))], shape)
