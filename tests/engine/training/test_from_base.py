"""Fine-tuning from a file: what starts where, and what is kept."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.commands import command_line
from engine.network.activation import Activation
from engine.network.checkpoints import load_network, save_network
from engine.network.fine_tuned import changes_of, with_base
from engine.training.from_base import recipe_from
from engine.training.recipe import Recipe
from tests.engine.convolutions import small
from tests.engine.networks import network_of


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def base(tmp_path):
    """A network with two outputs, in float32, as a file."""
    network = network_of("two outputs").to("cpu", torch.float32)
    save_network(network, tmp_path / "base.safetensors", {})
    return tmp_path / "base.safetensors"


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "images.npz",
        images=rng.integers(0, 256, (12, 1, 8, 8), dtype=np.uint8),
        labels=np.arange(12) % 3,
    )
    return tmp_path / "images.npz"


def trained(capsys, base, images, out, *more):
    return call(
        capsys,
        *("train", "--dataset", images, "--from", base, "--out", out, "--device", "cpu"),
        *("--quiet", "--json", "--per-class", 0, *more),
    )


def test_steps_are_those_of_gradient_descent_on_what_the_base_reads(capsys, base, images, tmp_path):
    out = tmp_path / "tuned.safetensors"
    status, said, _ = trained(
        capsys, base, images, out, "--classes", "0,1", "--outputs", "classes", "--most-steps", 3
    )
    assert status == 0
    start, found = load_network(base), load_network(out)
    assert torch.equal(found.mean, start.mean)
    assert torch.equal(found.inputs.preprocessing.std, start.inputs.preprocessing.std)
    data = np.load(out.with_name("tuned_images.npz"))
    x = start.inputs.of_images(torch.from_numpy(data["images"]).float() / 255)
    theta = [p.clone() for p in start.parameters.tensors]
    for _ in range(3):
        live = [p.detach().requires_grad_() for p in theta]
        (w1, w2, w3, b1) = live
        h = torch.relu(torch.relu(x @ w1.T + b1) @ w2.T) @ w3.T
        loss = torch.nn.functional.cross_entropy(h, torch.from_numpy(data["labels"]).long())
        theta = [p - 0.05 * g for p, g in zip(live, torch.autograd.grad(loss, live), strict=True)]
    for mine, theirs in zip(found.parameters.tensors, theta, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
    summary = json.loads(said)
    assert summary["base"].startswith("base.safetensors, SHA-256 ")
    assert summary["recipe"]["hidden"] == [30, 20]
    assert summary["recipe"]["biases"] == "first"
    assert found.origin.details["fine_tuned_from"] == summary["base"]


def test_other_classes_get_a_head_of_their_own(capsys, base, images, tmp_path):
    out = tmp_path / "three.safetensors"
    assert trained(capsys, base, images, out, "--most-steps", 2)[0] == 0
    found = load_network(out)
    assert found.output_count == 3
    words = [change.words for change in changes_of(with_base(found, load_network(base)))]
    assert words[-1] == "new"
    assert all(each.endswith("%") for each in words[:-1])


def test_what_it_leaves_is_the_trace_of_its_images(capsys, base, images, tmp_path):
    out = tmp_path / "three.safetensors"
    _, said, _ = trained(capsys, base, images, out, "--most-steps", 40, "--rate", 0.005)
    assert json.loads(said)["remembered"] == 12


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--hidden", "30,20"), "Leave --hidden out"),
        (("--biases", "all"), "Leave --biases out"),
        (("--start", "small"), "Leave --start out"),
    ],
)
def test_what_the_base_says_cannot_be_said_again(capsys, base, images, tmp_path, more, said):
    status, _, err = trained(capsys, base, images, tmp_path / "a.safetensors", *more)
    assert status == 2
    assert said in err


def test_the_recipe_needs_a_network(capsys, images, tmp_path):
    status, _, err = call(
        capsys,
        *("train", "--dataset", images, "--recipe", "fine-tune"),
        *("--out", tmp_path / "a.safetensors"),
    )
    assert status == 2
    assert "--from" in err


def test_images_of_another_size_are_refused(capsys, base, tmp_path):
    np.savez(
        tmp_path / "small.npz", images=np.zeros((4, 1, 4, 4), np.uint8), labels=np.arange(4) % 2
    )
    status, _, err = trained(capsys, base, tmp_path / "small.npz", tmp_path / "a.safetensors")
    assert status == 2
    assert "reads 64 numbers, and the images have 16" in err


def test_a_leaky_base_is_refused(capsys, images, tmp_path):
    leaky = network_of("two outputs").to("cpu", torch.float32)
    leaky = leaky.with_activation(Activation(0.1), "user")
    save_network(leaky, tmp_path / "leaky.safetensors", {})
    status, _, err = trained(
        capsys, tmp_path / "leaky.safetensors", images, tmp_path / "a.safetensors"
    )
    assert status == 2
    assert "ReLUs" in err


def test_a_base_with_convolutions_is_refused():
    with pytest.raises(UnusableInput, match="has convolutions, and a network that is trained here"):
        recipe_from(small(), Recipe())
