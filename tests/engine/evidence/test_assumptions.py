"""What a checkpoint leaves open is found out from its training images, or said to be a tie."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputSpec
from engine.data.normalisation import parse_constants
from engine.evidence.assumptions import check_assumptions
from engine.evidence.preprocessing import find_preprocessing
from engine.evidence.trials import Trial, ranked
from engine.network.activation import Activation
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from tests.conftest import shared_file

SHAPE = (1, 28, 28)
MEAN_IMAGE = "less the mean image of these images"


@pytest.fixture(scope="module")
def digits() -> LabelledImages:
    """A hundred digits, as ten classes of no meaning: ten neighbours each."""
    path, _ = images_beside(sample_network())
    assert path is not None
    return replace(load_images(path, SHAPE), labels=torch.arange(100) // 10)


def trained(
    digits: LabelledImages,
    preprocessing: str,
    slope: float = 0.0,
    hidden: tuple[int, ...] = (128,),
    is_deep: bool = False,
) -> Network:
    """A ten-class network that was taught the digits, after a preprocessing of constants."""
    torch.manual_seed(0)
    inputs = InputSpec(SHAPE, parse_constants(preprocessing, SHAPE))
    x = inputs.of_images(digits.images)
    layers = [nn.Linear(k, n) for k, n in itertools.pairwise((784, *hidden, 10))]
    if is_deep:  # PyTorch's own start learns little then.
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight)
    gates = [nn.LeakyReLU(slope) for _ in layers]
    model = nn.Sequential(*[part for pair in zip(layers, gates, strict=True) for part in pair][:-1])
    descent = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    for _ in range(300):
        descent.zero_grad()
        nn.functional.cross_entropy(model(x), digits.labels).backward()
        descent.step()
    weights = tuple(layer.weight.detach() for layer in layers)
    biases = tuple(layer.bias.detach() for layer in layers)
    return Network(Parameters(weights, biases), InputSpec(SHAPE))


@pytest.mark.parametrize(
    ("preprocessing", "words"),
    [("none", "none"), ("0.5/0.5", "0.5 and 0.5, from −1 to 1")],
)
def test_constants_are_found_again(digits, preprocessing, words):
    found = find_preprocessing(trained(digits, preprocessing), digits)
    assert found.best.words == words
    assert found.is_clear
    assert found.best.right == 1
    assert found.best.way.said_by == "references"


def test_ways_that_hardly_differ_are_ties(digits):
    """The images' own mean and std are nearly those of MNIST."""
    found = find_preprocessing(trained(digits, "mnist"), digits)
    assert {"the constants of MNIST", "mean and std of each channel"} <= {
        tie.words for tie in found.ties
    }
    assert not found.is_clear


def test_a_larger_input_does_not_win_by_itself(digits):
    """A homogeneous network cannot tell a std from none; both fare alike, whatever its size."""
    network = trained(digits, "none")
    bare = replace(network, parameters=Parameters(network.weights, (None, None)))
    found = {trial.words: trial for trial in find_preprocessing(bare, digits).ranked}
    alone, divided = found["less the mean of each channel"], found["mean and std of each channel"]
    assert alone.right == divided.right
    assert alone.margin == pytest.approx(divided.margin, rel=1e-4)


def test_a_steep_leak_is_noticed_and_a_relu_is_left_alone(digits):
    deep = trained(digits, "0.5/0.5", slope=0.1, hidden=(64, 64, 64))
    found = check_assumptions(deep, digits)
    assert found.better_activation is not None
    assert found.better_activation.way == Activation(0.1)
    assert found.preprocessing.best.words == "0.5 and 0.5, from −1 to 1"
    assert "leaky ReLU with slope 0.1: 100 % right" in found.about_activation
    assert found.warning
    leaky = deep.with_activation(Activation(0.1), "user")
    assert check_assumptions(leaky, digits).better_activation is None
    assert check_assumptions(trained(digits, "none"), digits).better_activation is None


def test_what_is_assumed_wrongly_is_said_plainly(digits):
    network = trained(digits, "none")
    right = check_assumptions(network.with_preprocessing(parse_constants("none", SHAPE)), digits)
    assert (right.warning, right.advice, right.right) == ("", "", 1)
    unknown = check_assumptions(network, digits)
    assert unknown.advice == "The preprocessing seems to be: none."
    wrong = check_assumptions(network.with_preprocessing(parse_constants("1/1", SHAPE)), digits)
    assert wrong.advice == "Another preprocessing fits better: none."
    shuffled = replace(digits, labels=digits.labels.roll(10))
    assert "Something is assumed wrongly" in check_assumptions(network, shuffled).warning
    assert check_assumptions(network, replace(digits, labels=digits.labels + 1)) is None


def test_what_is_known_is_tried_as_well_and_once():
    network = load_network(sample_network())
    train = load_images(images_beside(sample_network())[0], network.input_shape)
    found = find_preprocessing(network, train)
    assert found.best.words == "less a mean image (as it is read)"
    assert found.is_clear
    assert MEAN_IMAGE not in {trial.words for trial in found.ranked}


def test_more_images_on_the_right_side_count_before_wider_margins():
    few, many, wide = Trial(0, "", 0.90, 0.9), Trial(1, "", 0.95, 0.1), Trial(2, "", 0.95, 0.4)
    assert [trial.way for trial in ranked([few, many, wide]).ranked] == [2, 1, 0]
    assert ranked([many, few]).is_clear
    assert not ranked([many, replace(many, margin=0.12)]).is_clear


@pytest.mark.parametrize(
    "name",
    [
        "digits10_n100_1000-1000_sgd_wd",
        "digits10_n500_512-256_sgd_wd",
        "haim_mnist_d50",
        "cifar10_vehicles_animals_d250",
    ],
)
def test_real_networks_read_images_less_their_mean_image(name):
    network = load_network(shared_file(f"checkpoints/{name}.pth"))
    images = load_images(shared_file(f"checkpoints/{name}_images.npz"), network.input_shape)
    found = check_assumptions(network, images)
    assert found.preprocessing.best.words == MEAN_IMAGE
    assert found.preprocessing.is_clear
    assert found.preprocessing.best.right == 1
    assert found.better_activation is None
    assert found.warning == ""
    assert np.isfinite([trial.margin for trial in found.preprocessing.ranked]).all()


# --- layout ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def colours() -> LabelledImages:
    """Sixty colour images whose classes differ in a channel, rows and columns being noise."""
    images = torch.rand(60, 3, 4, 5, generator=torch.Generator().manual_seed(4))
    labels = torch.arange(60) % 3
    images[torch.arange(60), labels] /= 3
    return LabelledImages(images, labels, "colours")


def taught_by_pixel(colours: LabelledImages) -> Network:
    """As a file has it: its first layer reads H×W×C, and nothing says so."""
    torch.manual_seed(0)
    x = (colours.images - colours.images.mean(0)).permute(0, 2, 3, 1).flatten(1)
    model = nn.Sequential(nn.Linear(60, 80), nn.ReLU(), nn.Linear(80, 3))
    descent = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(200):
        descent.zero_grad()
        nn.functional.cross_entropy(model(x), colours.labels).backward()
        descent.step()
    weights = (model[0].weight.detach(), model[2].weight.detach())
    biases = (model[0].bias.detach(), model[2].bias.detach())
    return Network(Parameters(weights, biases), InputSpec((3, 4, 5)))


def test_the_layout_is_found_out_from_the_images(colours):
    stored = taught_by_pixel(colours)
    found = check_assumptions(stored, colours)
    assert found.layout.best.way == found.better_layout.way == "hwc"
    assert found.layout.best.right == 1
    assert "Another layout fits better: H×W×C, pixel by pixel." in found.advice
    assert found.about_layout == "H×W×C, pixel by pixel: 100 % right, clearly the best"
    assert found.preprocessing.best.right == 1
    right = check_assumptions(stored.with_layout("hwc", "user"), colours)
    assert right.better_layout is None
    assert right.layout.best.way == "hwc"
    assert "layout" not in right.advice
    assert right.as_dict()["layout"]["tried"][0]["words"] == "H×W×C, pixel by pixel"


def test_grey_images_have_no_layout(digits):
    found = check_assumptions(trained(digits, "none"), digits)
    assert found.layout is None
    assert found.about_layout == ""
    assert found.as_dict()["layout"] is None


# --- the order of layers --------------------------------------------------------------------------


def stored(tmp_path, network: Network, order: tuple[int, ...], names: tuple[str, ...]) -> Network:
    """The network as a file has it whose layers stand in another order, under names of no help."""
    state = {}
    for layer in order:
        state[f"{names[layer]}.weight"] = network.weights[layer]
        state[f"{names[layer]}.bias"] = network.biases[layer]
    torch.save(state, tmp_path / "network.pth")
    return load_network(tmp_path / "network.pth")


@pytest.mark.parametrize("preprocessing", ["none", "mnist"])
def test_the_order_that_classifies_best_is_proposed(tmp_path, digits, preprocessing):
    network = trained(digits, preprocessing, hidden=(64, 64, 64, 64), is_deep=True)
    names = ("start", "red", "green", "blue", "end")
    read = stored(tmp_path, network, (0, 2, 1, 3, 4), names)
    assert read.reading.layers == ("start", "green", "red", "blue", "end")
    found = check_assumptions(read, digits)
    assert found.right < 0.9
    assert len(found.order.ranked) == 6
    assert found.better_order.way == (0, 2, 1, 3, 4)
    assert found.better_order.words == "start, red, green, blue, end"
    assert "Another order of the layers fits better: start, red, green, blue, end." in found.advice
    assert found.as_dict()["order"]["better"] == "start, red, green, blue, end"
    put_right = read.with_order(found.better_order.way, "user")
    for ours, theirs in zip(put_right.weights, network.weights, strict=True):
        assert torch.equal(ours, theirs)
    again = check_assumptions(put_right, digits)
    assert again.better_order is None
    assert again.preprocessing.best.right == 1


def test_a_choice_that_was_right_is_said_to_be(tmp_path, digits):
    network = trained(digits, "none", hidden=(64, 64, 64), is_deep=True)
    read = stored(tmp_path, network, (0, 1, 2, 3), ("start", "red", "green", "end"))
    read = read.with_preprocessing(parse_constants("none", SHAPE))
    found = check_assumptions(read, digits)
    assert found.better_order is None
    assert found.about_order == (
        "start, red, green, end: 100 % right; none of 2 orders that fit the shapes fits clearly "
        "better"
    )


def test_names_that_tell_the_order_are_only_doubted_where_images_are_wrong(tmp_path, digits):
    network = trained(digits, "none", hidden=(64, 64, 64), is_deep=True)
    prepared = parse_constants("none", SHAPE)
    told = stored(tmp_path, network, (0, 1, 2, 3), ("fc1", "fc2", "fc3", "fc4"))
    assert check_assumptions(told.with_preprocessing(prepared), digits).order is None
    wrong = stored(tmp_path, network, (0, 1, 2, 3), ("fc1", "fc3", "fc2", "fc4"))
    found = check_assumptions(wrong.with_preprocessing(prepared), digits)
    assert found.better_order.words == "fc1, fc3, fc2, fc4"
