"""A file that cannot be attacked is called what it is, and told what would work."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from engine.base.errors import UnusableInput
from engine.base.resources import guide_file
from engine.network.checkpoints import load_network
from engine.network.kinds import FILES, is_network_file, is_network_folder
from engine.network.other_layers import NETWORKS
from tests.engine.network.foreign_files import FOREIGN


def refused(path):
    with pytest.raises(UnusableInput) as caught:
        load_network(path)
    error = caught.value
    assert str(error) == f"{error.why} {error.instead}".strip()
    assert str(error).isprintable()
    return error


@pytest.fixture
def state():
    return nn.Sequential(nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, 1)).state_dict()


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("suffix", ["", ".pth", ".safetensors", ".npz"])
def test_a_foreign_file_is_recognised_whatever_it_is_called(tmp_path, name, suffix):
    content, says = FOREIGN[name]
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(content)
    error = refused(path)
    assert says in error.why
    assert error.why.startswith(path.name)
    assert error.instead.endswith(".")
    assert error.page == FILES
    assert not is_network_file(path)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_that_is_cut_anywhere_is_refused(tmp_path, name):
    content, _ = FOREIGN[name]
    for end in range(1, min(len(content), 300)):
        (tmp_path / "cut").write_bytes(content[:end])
        assert refused(tmp_path / "cut").page == FILES


def test_noise_is_of_no_known_kind(tmp_path):
    noise = np.random.default_rng(3)
    for number in range(200):
        (tmp_path / "noise").write_bytes(noise.bytes(300) if number else b"\x01" * 300)
        assert refused(tmp_path / "noise").page == FILES
    (tmp_path / "noise").write_bytes(b"\x01\x02" * 300)
    assert "of a kind that is not known" in refused(tmp_path / "noise").why


@pytest.mark.parametrize("name", ["model.bin", "model.pkl", "model.pth.tar", "model"])
def test_a_checkpoint_opens_whatever_it_is_called(tmp_path, state, name):
    torch.save(state, tmp_path / name)
    assert load_network(tmp_path / name).layer_sizes == (36, 8, 1)
    safetensors.torch.save_file(state, tmp_path / name)
    assert load_network(tmp_path / name).layer_sizes == (36, 8, 1)
    assert is_network_file(tmp_path / name)


# --- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "digits.safetensors"])
def test_the_one_checkpoint_of_a_folder_in_hugging_faces_layout_opens(tmp_path, state, name):
    (tmp_path / "config.json").write_text("{}")
    if name.endswith("bin"):
        torch.save(state, tmp_path / name)
    else:
        safetensors.torch.save_file(state, tmp_path / name)
    network = load_network(tmp_path)
    assert network.layer_sizes == (36, 8, 1)
    assert network.origin.name == name
    assert is_network_folder(tmp_path)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["config.json", "model.safetensors.index.json"], "split over several files"),
        (["config.json", "pytorch_model.bin.index.json"], "split over several files"),
        (["saved_model.pb"], "a TensorFlow model"),
        (["adapter_config.json", "adapter_model.safetensors"], "an adapter"),
        (["config.json", "tf_model.h5"], "no weights that are read"),
        (["config.json", "a.safetensors", "b.safetensors"], "no weights that are read"),
    ],
)
def test_other_folders_of_networks_are_told_apart(tmp_path, files, says):
    for name in files:
        (tmp_path / name).touch()
    error = refused(tmp_path)
    assert says in error.why
    assert error.instead
    assert error.page == FILES


def test_a_folder_of_images_is_none_of_networks(tmp_path):
    (tmp_path / "cat").mkdir()
    assert not is_network_folder(tmp_path)
    assert "is a folder" in refused(tmp_path).why


# --- networks that the method does not reach ------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (lambda: nn.Sequential(nn.Conv1d(1, 4, 3), nn.Linear(4, 1)), "is a convolution (4×1×3)"),
        (lambda: nn.TransformerEncoderLayer(8, 2, 16), "a transformer"),
        (lambda: nn.LSTM(8, 4), "a recurrent network"),
        (lambda: nn.Sequential(nn.Linear(8, 4), nn.LayerNorm(4), nn.Linear(4, 1)), "normalisation"),
    ],
)
def test_a_network_of_another_kind_is_called_by_its_name(tmp_path, network, says):
    torch.save(network().state_dict(), tmp_path / "network.pth")
    error = refused(tmp_path / "network.pth")
    assert says in error.why
    assert "fully connected" in error.instead
    assert error.page == NETWORKS


# --- what is advised works ------------------------------------------------------------------------


def test_the_weights_of_keras_open_as_they_are_advised_to_be_saved(tmp_path, state):
    """A Dense layer holds its kernel as inputs × outputs, and then its bias."""
    weights = [t.numpy().T for t in state.values()]
    np.savez(tmp_path / "model.npz", *weights)
    network = load_network(tmp_path / "model.npz")
    x = torch.rand(5, 36)
    expected = torch.relu(x @ state["0.weight"].T + state["0.bias"]) @ state["2.weight"].T
    torch.testing.assert_close(network.forward(x), expected + state["2.bias"])


def test_weights_of_several_files_open_once_they_are_merged(tmp_path, state):
    for number, (name, tensor) in enumerate(state.items()):
        safetensors.torch.save_file({name: tensor}, tmp_path / f"model-{number}.safetensors")
    merged = {
        name: tensor
        for path in sorted(tmp_path.glob("*.safetensors"))
        for name, tensor in safetensors.torch.load_file(path).items()
    }
    safetensors.torch.save_file(merged, tmp_path / "whole.safetensors")
    assert load_network(tmp_path / "whole.safetensors").layer_sizes == (36, 8, 1)


def test_every_line_of_python_that_is_advised_can_be_read_as_such(tmp_path):
    found = set()
    for name, (content, _) in FOREIGN.items():
        (tmp_path / name).write_bytes(content)
        line = re.search(
            r": ((?:numpy|torch|safetensors)\.\S.*\))\.$", refused(tmp_path / name).instead
        )
        if line:
            compile(line[1].replace("…", "0"), name, "eval")
            found.add(line[1])
    assert len(found) >= 6


@pytest.mark.parametrize("page", [FILES, NETWORKS])
def test_the_pages_that_refusals_name_are_headings_of_the_guide(page):
    headings = re.findall(r"^#+ (.*)$", guide_file().read_text("utf-8"), re.MULTILINE)
    assert page in {re.sub(r"[^\w-]", "", each.lower().replace(" ", "-")) for each in headings}


def test_a_description_of_a_model_is_not_read_however_long_it_is(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "x" * 1_000_000}))
    assert "the description of a model" in refused(tmp_path / "config.json").why
