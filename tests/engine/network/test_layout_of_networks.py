"""A network that reads H×W×C computes the same of an image, whichever way its columns stand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.network.checkpoints import load_network

SHAPE = (3, 4, 4)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(48, 20), nn.ReLU(), nn.Linear(20, 10))


def as_stored(images):
    """Pixel by pixel, as the network was trained on them."""
    return images.permute(0, 2, 3, 1).flatten(1)


def test_read_pixel_by_pixel_it_computes_what_it_was_taught(tmp_path, model):
    torch.save(model.state_dict(), tmp_path / "network.pth")
    images = torch.rand(6, *SHAPE)
    read = load_network(tmp_path / "network.pth", SHAPE)
    assert (read.inputs.layout, read.inputs.layout_said_by) == ("chw", "nobody")
    turned = read.with_layout("hwc", "user")
    assert turned.inputs.layout_described == "H×W×C, pixel by pixel (set by hand)"
    torch.testing.assert_close(turned.forward(images.flatten(1)), model(as_stored(images)).detach())
    back = turned.with_layout("chw", "user")
    assert torch.equal(back.weights[0], read.weights[0])


def test_another_shape_is_read_from_the_same_columns(tmp_path, model):
    torch.save(model.state_dict(), tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth", (3, 2, 8)).with_layout("hwc", "user")
    images = torch.rand(6, *SHAPE)
    reshaped = network.with_input_shape(SHAPE)
    assert reshaped.inputs.layout == "hwc"
    torch.testing.assert_close(
        reshaped.forward(images.flatten(1)), model(as_stored(images)).detach()
    )
    grey = reshaped.with_input_shape((1, 6, 8))
    assert torch.equal(grey.weights[0], model[0].weight.detach())


@pytest.mark.parametrize(
    ("said", "layout", "said_by"),
    [
        ([4, 4, 3], "hwc", "file"),
        ((None, 4, 4, 3), "hwc", "file"),
        ([3, 4, 4], "chw", "nobody"),
        ([1, 6, 8], "chw", "nobody"),
        ([5, 5, 3], "chw", "nobody"),
        (None, "chw", "nobody"),
    ],
)
def test_a_shape_that_ends_in_three_channels_says_so(tmp_path, model, said, layout, said_by):
    content = {"state_dict": model.state_dict(), "input_shape": said}
    torch.save(content, tmp_path / "network.pth")
    inputs = load_network(tmp_path / "network.pth").inputs
    assert (inputs.layout, inputs.layout_said_by) == (layout, said_by)
    assert inputs.shape == ((1, 6, 8) if said == [1, 6, 8] else SHAPE)


def test_kernels_of_keras_are_assumed_to_read_pixel_by_pixel(tmp_path, model):
    arrays = {}
    for name, layer in (("dense", model[0]), ("dense_1", model[2])):
        arrays[f"{name}/kernel"] = layer.weight.detach().numpy().T
        arrays[f"{name}/bias"] = layer.bias.detach().numpy()
    np.savez(tmp_path / "network.npz", **arrays)
    network = load_network(tmp_path / "network.npz")
    images = torch.rand(6, *SHAPE)
    assert network.inputs.layout_described.endswith("(assumed: the file does not say)")
    assert network.inputs.layout == "hwc"
    torch.testing.assert_close(
        network.forward(images.flatten(1)), model(as_stored(images)).detach()
    )


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize(
    "stored",
    [
        lambda mean: mean,
        lambda mean: mean[None],
        lambda mean: mean.flatten(1),
        lambda mean: mean.permute(1, 2, 0),
        lambda mean: mean.permute(1, 2, 0)[None],
        lambda mean: mean.permute(1, 2, 0).reshape(-1, 3),
    ],
)
def test_rows_and_columns_of_a_mean_say_where_its_pixels_belong(tmp_path, model, stored, layout):
    mean = torch.rand(SHAPE)
    content = {"state_dict": model.state_dict(), "mean": stored(mean).contiguous()}
    torch.save(content, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth", SHAPE).with_layout(layout, "user")
    assert torch.equal(network.mean, mean)
    assert torch.equal(network.with_layout("chw", "user").mean, mean)
    assert torch.equal(network.with_input_shape((3, 2, 8)).with_input_shape(SHAPE).mean, mean)


def test_a_mean_that_fits_both_orders_lies_as_the_weights_do(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(27, 20), nn.ReLU(), nn.Linear(20, 10))
    mean = torch.rand(3, 3, 3)
    torch.save({"state_dict": model.state_dict(), "mean": mean}, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth", (3, 3, 3))
    assert torch.equal(network.mean, mean)
    assert torch.equal(network.with_layout("hwc", "user").mean, mean.permute(2, 0, 1))


@pytest.mark.parametrize(("sizes", "shape"), [((4, 6, 3), (3, 4, 6)), ((3, 4, 6), (3, 4, 6))])
def test_a_mean_image_says_the_shape_where_nobody_else_does(tmp_path, sizes, shape):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(72, 20), nn.ReLU(), nn.Linear(20, 10))
    content = {"state_dict": model.state_dict(), "mean": torch.rand(sizes)}
    torch.save(content, tmp_path / "network.pth")
    inputs = load_network(tmp_path / "network.pth").inputs
    assert inputs.shape == shape
    assert inputs.is_known


def test_a_flat_mean_image_of_the_file_moves_with_the_weights(tmp_path, model):
    mean = torch.rand(SHAPE)
    torch.save(
        {"state_dict": model.state_dict(), "mean": as_stored(mean[None])[0]},
        tmp_path / "network.pth",
    )
    network = load_network(tmp_path / "network.pth", SHAPE)
    assert torch.equal(network.with_layout("hwc", "user").mean, mean)


def test_a_mean_image_of_the_file_is_read_in_its_own_order(tmp_path, model):
    mean = torch.rand(SHAPE)
    content = {
        "state_dict": model.state_dict(),
        "input_shape": [4, 4, 3],
        "mean": mean.permute(1, 2, 0).contiguous(),
    }
    torch.save(content, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth")
    assert torch.equal(network.mean, mean)
    assert torch.equal(network.with_input_shape((3, 2, 8)).with_input_shape(SHAPE).mean, mean)
