"""What files say of a network beside its weights, in the forms that people have."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from engine.base.errors import UnusableInput
from engine.data.inputs import InputSpec, Preprocessing
from engine.data.normalisation import of_channels
from engine.network.activation import Activation, parse_activation
from engine.network.checkpoints import load_network, save_network
from engine.network.facts import model_facts
from engine.network.network import Network

GREY = (1, 6, 6)


def grey_state(outputs=3):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(36, 8), nn.ReLU(), nn.Linear(8, outputs)).state_dict()


def opened(tmp_path, **beside) -> Network:
    """A grey network of three outputs whose checkpoint says something beside its weights."""
    torch.save({"state_dict": grey_state(), **beside}, tmp_path / "network.pth")
    return load_network(tmp_path / "network.pth")


# --- activation -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("relu", 0.0),
        ("ReLU", 0.0),
        ("nn.ReLU", 0.0),
        ("ReLU()", 0.0),
        ("ReLU(inplace=True)", 0.0),
        ("torch.nn.ReLU", 0.0),
        ("<class 'torch.nn.modules.activation.ReLU'>", 0.0),
        ("leaky_relu", 0.01),
        ("LeakyReLU", 0.01),
        ("nn.LeakyReLU()", 0.01),
        ("LeakyReLU(negative_slope=0.1)", 0.1),
        ("LeakyReLU(0.2, inplace=True)", 0.2),
        ("leaky_relu:0.1", 0.1),
        ("leaky_relu:0", 0.0),
    ],
)
def test_what_people_call_a_relu(text, slope):
    assert parse_activation(text) == Activation(slope)
    assert parse_activation(parse_activation(text).written) == Activation(slope)


def test_a_slope_beside_counts_where_the_name_says_none():
    assert parse_activation("leaky_relu", 0.3) == Activation(0.3)
    assert parse_activation("leaky_relu:0.1", 0.3) == Activation(0.1)
    assert parse_activation("relu", 0.3) == Activation(0.0)


@pytest.mark.parametrize("other", ["gelu", "tanh", "relu6", "PReLU()", "nn.ELU", "leaky_relu:1.5"])
def test_another_activation_is_refused_by_name(tmp_path, other):
    with pytest.raises(UnusableInput, match=r"network\.pth says that its activation is") as caught:
        opened(tmp_path, activation=other)
    assert other in str(caught.value)


def test_the_activation_stands_in_the_files_own_hyper_parameters(tmp_path):
    lightning = {"hyper_parameters": {"activation": "LeakyReLU", "negative_slope": 0.2, "lr": 1e-3}}
    assert opened(tmp_path, **lightning).activation == Activation(0.2)
    nested = {"config": {"model_config": {"act_fn": "nn.LeakyReLU(0.3)"}}}
    assert opened(tmp_path, **nested).activation == Activation(0.3)
    assert opened(tmp_path, activation=["relu", "ReLU()"]).activation_said_by == "file"
    with pytest.raises(UnusableInput, match="different activations"):
        opened(tmp_path, activation=["relu", "leaky_relu"])


def test_arrays_and_plain_metadata_say_it_too(tmp_path):
    arrays = {name: tensor.numpy() for name, tensor in grey_state().items()}
    np.savez(tmp_path / "n.npz", **arrays, activation="leaky_relu", negative_slope=0.1, mean=0.5)
    network = load_network(tmp_path / "n.npz")
    assert network.activation.slope == pytest.approx(0.1)
    assert network.inputs.preprocessing.words == "less 0.5"
    metadata = {"activation": "LeakyReLU(0.2)", "mean": "[0.25]", "std": "0.5"}
    safetensors.torch.save_file(grey_state(), tmp_path / "n.safetensors", metadata)
    network = load_network(tmp_path / "n.safetensors")
    assert network.activation == Activation(0.2)
    assert network.inputs.preprocessing.words == "less 0.25, divided by 0.5"


def test_where_no_file_says_the_relu_is_assumed_and_said_to_be(tmp_path):
    network = opened(tmp_path)
    assert network.activation == Activation()
    assert network.activation_described == "ReLU (assumed: the file does not say)"
    chosen = network.with_activation(Activation(0.1), "user")
    assert chosen.activation_described == "leaky ReLU with slope 0.1 (set by hand)"


# --- preprocessing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"mean": 0.1307, "std": 0.3081}, "less 0.131, divided by 0.308"),
        ({"mean": [0.1307], "std": (0.3081,)}, "less 0.131, divided by 0.308"),
        ({"normalize_mean": 0.5, "normalize_std": 0.5}, "less 0.5, divided by 0.5"),
        ({"mean": 33.3, "std": 78.6}, "less 0.131, divided by 0.308"),
        ({"mean": 0, "std": 255}, "none"),
        ({"mean": torch.tensor([0.25]), "std": torch.tensor([[[[0.5]]]])}, "less 0.25, divided by"),
        ({"mean": 0.0}, "none"),
        ({"std": 0.02}, "not known"),
        ({"mean": [0.1, 0.2, 0.3]}, "not known"),
        ({"mean": -1.0, "std": 0.5}, "not known"),
        ({"mean": float("nan")}, "not known"),
        ({"mean": 0.5, "std": 0.0}, "not known"),
        ({"mean": 0.5, "std": [[0.5]]}, "not known"),
        ({"mean": 10**400}, "not known"),
        ({"mean": True}, "not known"),
        ({"mean": "average"}, "not known"),
    ],
)
def test_constants_beside_the_weights_are_the_preprocessing(tmp_path, said, words):
    found = opened(tmp_path, hyper_parameters=said).inputs.preprocessing
    assert found.words.startswith(words)
    assert found.said_by == ("nobody" if words == "not known" else "file")


def test_a_layer_that_only_normalises_is_the_preprocessing(tmp_path):
    state = OrderedDict(grey_state())
    state["normalize.mean"] = torch.full((1, 1, 1, 1), 0.25)
    state["normalize.std"] = torch.full((1, 1, 1, 1), 0.5)
    torch.save(state, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth")
    assert network.inputs.preprocessing.words == "less 0.25, divided by 0.5"
    assert network.layer_sizes == (36, 8, 3)


# --- classes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"classes": ["cat", "dog", "eel"]},
        {"class_names": ("cat", " dog", "eel")},
        {"class_to_idx": {"dog": 1, "cat": 0, "eel": 2}},
        {"id2label": {0: "cat", 2: "eel", 1: "dog"}},
        {"hyper_parameters": {"id2label": {"0": "cat", "2": "eel", "1": "dog"}}},
    ],
)
def test_names_of_classes_in_the_order_of_the_labels(tmp_path, said):
    assert opened(tmp_path, **said).class_names == ("cat", "dog", "eel")


@pytest.mark.parametrize(
    "said",
    [
        {"classes": ["cat", "dog"]},
        {"classes": ["cat", "dog", 3]},
        {"classes": ["cat", "dog", " "]},
        {"classes": {"cat": 0, "dog": 0, "eel": 2}},
        {"classes": {"cat": [0], "dog": 1, "eel": 2}},
        {"classes": "cat,dog,eel"},
        {"classes": 3},
    ],
)
def test_what_does_not_name_each_class_names_none(tmp_path, said):
    assert opened(tmp_path, **said).class_names == ()


def test_names_steer_nothing(tmp_path):
    names = opened(tmp_path, classes=["\x1b[2J", "a\nb", "x" * 5000]).class_names
    assert all(name.isprintable() and len(name) < 200 for name in names)


def test_older_checkpoints_of_ours_name_two_classes(tmp_path):
    path = tmp_path / "own.safetensors"
    metadata = {"afterimage": "1", "activation": "relu", "label_names": '["odd", "even"]'}
    safetensors.torch.save_file(grey_state(outputs=1), path, metadata)
    network = load_network(path)
    assert [network.classes.name(label) for label in (-1, 1)] == ["odd", "even"]
    assert network.origin.details["label_names"] == '["odd", "even"]'


# --- there and back -------------------------------------------------------------------------


def colour_network(make_network) -> Network:
    shape = (3, 2, 2)
    network = make_network(12, 5, 4, shape=shape)
    preprocessing = of_channels((0.1, 0.2, 0.3), (0.5, 0.25, 0.4), shape, "user")
    assert preprocessing is not None
    return replace(
        network.with_preprocessing(preprocessing).with_activation(Activation(0.1), "user"),
        class_names=("a", "b", "ç", "d"),
    )


def test_slope_names_and_preprocessing_survive_a_checkpoint(tmp_path, make_network):
    network = colour_network(make_network)
    save_network(network, tmp_path / "own.safetensors", {})
    again = load_network(tmp_path / "own.safetensors")
    assert again.activation == network.activation
    assert again.class_names == network.class_names
    before, after = network.inputs.preprocessing, again.inputs.preprocessing
    assert torch.equal(after.mean, before.mean)
    assert torch.equal(after.std, before.std)
    assert (after.said_by, again.activation_said_by) == ("file", "file")
    x = torch.rand(2, 12, dtype=torch.float64)
    torch.testing.assert_close(again.forward(x), network.forward(x))


def test_what_nobody_said_is_not_written_down(tmp_path, make_network):
    save_network(make_network(12, 5, 4), tmp_path / "own.safetensors", {})
    again = load_network(tmp_path / "own.safetensors")
    assert again.activation_said_by == "nobody"
    assert again.inputs.preprocessing.said_by == "nobody"


def test_a_report_says_what_was_read_and_who_said_so(make_network):
    facts = model_facts(colour_network(make_network))
    assert facts["activation"] == {
        "name": "leaky ReLU with slope 0.1",
        "slope": 0.1,
        "said_by": "user",
    }
    assert facts["preprocessing"]["mean"] == [0.1, 0.2, 0.3]
    assert facts["preprocessing"]["std"] == [0.5, 0.25, 0.4]
    names = enumerate(["a", "b", "ç", "d"])
    assert facts["classes"] == [{"label": label, "name": name} for label, name in names]
    bare = model_facts(make_network(12, 5, 1, mean=torch.rand(1, 12, 1)))
    assert bare["preprocessing"]["mean"] == "image"
    assert bare["preprocessing"]["std"] is None
    assert bare["classes"] == [{"label": -1, "name": None}, {"label": 1, "name": None}]


def test_an_input_of_unknown_preprocessing_is_said_to_be_one():
    assert InputSpec(GREY).preprocessing.described == "not known"
    assert Preprocessing(torch.zeros(GREY), said_by="user").described == "none (set by hand)"
