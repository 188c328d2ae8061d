"""A network's structure fits its weights and images, or is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from engine.base.errors import UnusableInput
from engine.data.inputs import InputSpec
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.passage import passage
from engine.network.structure import Activated, Convolution, Full, Pooling, Structure
from tests.engine.convolutions import drawn, networks, plain_forward, small


def weights(*shapes):
    return tuple(torch.ones(shape) for shape in shapes)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_forward_is_what_plain_torch_computes(network):
    x = drawn(torch.Generator().manual_seed(1), 3, network.input_dimension)
    expected = plain_forward(network, network.weights, network.biases, x, network.activation)
    torch.testing.assert_close(network.forward(x), expected)
    torch.testing.assert_close(passage(network, x).outputs, expected)


def test_sizes_and_words():
    network = small()
    assert network.layer_sizes == (128, 64, 6, 3)
    assert network.input_dimension == 128
    assert network.output_count == 3
    assert network.architecture == (
        "2×8×8 – conv 3×3 4 stride 2 padding 1 – full 6 – full 3, bias on every layer"
    )
    assert network.homogeneity.startswith("no: ReLU")
    pooling = Pooling("average", (3, 2), (2, 2), (1, 0))
    steps = (Convolution(dilation=(1, 2), groups=2), pooling, Full())
    theta = weights((4, 1, 3, 3), (2, 24))
    assert Structure(steps).shapes(theta, (2, 8, 8)) == [(4, 6, 4), (4, 3, 2), (2,)]
    assert Structure(steps).in_words(theta, (2, 8, 8)) == (
        "2×8×8 – conv 3×3 4 dilation 1×2 groups 2 – average pool 3×2 stride 2 padding 1×0 – full 2"
    )


def test_full_layers_alone_are_no_structure():
    theta = Parameters(weights((5, 16), (2, 5)), (None, None))
    inputs = InputSpec((1, 4, 4))
    plain = Network(theta, inputs, structure=Structure((Full(), Activated(), Full())))
    assert plain.structure is None
    assert plain.architecture == "16–5–2, no bias"


CONV, FULL = Convolution(), Full()


@pytest.mark.parametrize(
    ("steps", "shapes", "said"),
    [
        ((CONV, FULL), [(3, 2, 3, 3)], "2 layers with weights, and the network 1"),
        ((CONV, Activated()), [(3, 2, 3, 3)], "last step"),
        ((FULL, FULL), [(4, 128), (2, 4)], "without an activation between them"),
        ((CONV, FULL), [(3, 1, 3, 3), (2, 108)], "Layer 1 reads 1 channels in 1 groups"),
        ((CONV, FULL), [(3, 2, 9, 9), (2, 108)], "looks at patches of 9×9"),
        (
            (CONV, FULL),
            [(3, 2, 3, 3), (2, 100)],
            "Layer 2 reads 100 numbers, but what comes before it gives 3×6×6 = 108.",
        ),
        ((CONV, FULL), [(3, 128), (2, 3)], "Layer 1 is a convolution here"),
        ((CONV, FULL), [(3, 2, 3, 3), (2, 3, 6, 6)], "Layer 2 is fully connected here"),
        ((Convolution((0, 1)), FULL), [(3, 2, 3, 3), (2, 1)], "has to move by 1 or more"),
        (
            (Pooling("max", (2, 2), (2, 2), (2, 2)), FULL),
            [(2, 32)],
            "The padding of pooling, 2×2, may be half its patch at most, 2×2.",
        ),
        ((Pooling("max", (9, 9), (1, 1)), FULL), [(2, 32)], "Pooling looks at patches of 9×9"),
        (
            (FULL, Activated(), Pooling("max", (2, 2), (1, 1)), FULL),
            [(4, 128), (2, 4)],
            "stands behind a fully connected layer",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(steps, shapes, said):
    theta = Parameters(weights(*shapes), (None,) * len(shapes))
    with pytest.raises(UnusableInput, match=said.replace("(", r"\(")) as refusal:
        Network(theta, InputSpec((2, 8, 8)), structure=Structure(steps))
    assert str(refusal.value).count(". ") == 0


def test_what_a_structure_leaves_no_choice_of_cannot_be_changed():
    network = replace(small(), reading=replace(small().reading, layers=("conv1", "fc1", "fc2")))
    assert network.orders(9) == [(0, 1, 2)]
    assert network.with_layers(["conv1", "fc1", "fc2"]).reading.ordered_by == "user"
    with pytest.raises(UnusableInput, match="order of its layers cannot be changed"):
        network.with_layers(["fc1", "conv1", "fc2"])
    with pytest.raises(UnusableInput, match="order of colours"):
        network.with_layout("hwc", "user")
    with pytest.raises(UnusableInput, match="Layer 1 reads 2 channels"):
        network.with_input_shape((1, 8, 16))
    moved = network.to("cpu", torch.float32)
    assert moved.weights[0].dtype == torch.float32
    assert moved.structure == network.structure
