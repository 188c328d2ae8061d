"""Every format and layout that is promised opens; everything else gets one clear sentence."""

from __future__ import annotations

import io
import itertools
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from engine.base.errors import UnusableInput
from engine.data.inputs import Preprocessing, format_shape, infer_input_shape, parse_shape
from engine.network.checkpoints import load_network, save_network
from tests.conftest import shared_file

SIZES = (36, 8, 8, 1)


def state_dict(sizes=SIZES, prefix="", bias=True, seed=0):
    torch.manual_seed(seed)
    state = OrderedDict()
    for index, (k, n) in enumerate(itertools.pairwise(sizes)):
        state[f"{prefix}layers.{index}.weight"] = torch.randn(n, k)
        if bias and index == 0:
            state[f"{prefix}layers.{index}.bias"] = torch.randn(n)
    return state


def assert_same(network, state):
    wanted = [t for t in state.values() if t.dim() == 2]
    assert len(network.weights) == len(wanted)
    for got, want in zip(network.weights, wanted, strict=True):
        torch.testing.assert_close(got, want)


def refusal(path, **options):
    with pytest.raises(UnusableInput) as caught:
        load_network(path, **options)
    message = str(caught.value)
    assert message[-1] in ".?"
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".th", ".ckpt"])
@pytest.mark.parametrize(
    "wrapper", [None, "state_dict", "model_state_dict", "model", "net", "params"]
)
def test_every_wrapper_in_every_torch_suffix(tmp_path, suffix, wrapper):
    state = state_dict()
    path = tmp_path / f"network{suffix}"
    torch.save(state if wrapper is None else {wrapper: state, "epoch": 3}, path)
    assert_same(load_network(path), state)


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "model.", "net.", "_module.", "module._orig_mod."]
)
def test_prefixes_are_stripped(tmp_path, prefix):
    path = tmp_path / "network.pth"
    torch.save(state_dict(prefix=prefix), path)
    assert_same(load_network(path), state_dict())


def test_the_old_format_of_torch_opens(tmp_path):
    path = tmp_path / "network.pth"
    torch.save(state_dict(), path, _use_new_zipfile_serialization=False)
    assert_same(load_network(path), state_dict())


def test_safetensors_and_npz_open(tmp_path):
    state = state_dict()
    safetensors.torch.save_file(dict(state), tmp_path / "network.safetensors")
    np.savez(tmp_path / "network.npz", **{k: v.numpy() for k, v in state.items()})
    for name in ("network.safetensors", "network.npz"):
        assert_same(load_network(tmp_path / name), state)


def test_layers_are_ordered_by_shape_whatever_the_names(tmp_path):
    state = state_dict((36, 9, 7, 1))
    shuffled = {f"x{i}": state[name] for i, name in enumerate(reversed(state))}
    torch.save(shuffled, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth")
    assert network.layer_sizes == (36, 9, 7, 1)
    torch.testing.assert_close(network.biases[0], state["layers.0.bias"])


def test_layers_of_one_shape_keep_the_order_of_the_file(tmp_path):
    state = state_dict((36, 8, 8, 8, 8, 1))
    torch.save(state, tmp_path / "network.pth")
    assert_same(load_network(tmp_path / "network.pth"), state)


def test_matrices_stored_the_other_way_round_are_turned(tmp_path):
    state = state_dict()
    np.savez(
        tmp_path / "network.npz",
        W1=state["layers.0.weight"].numpy().T,
        b1=state["layers.0.bias"].numpy(),
        W2=state["layers.1.weight"].numpy().T,
        W3=state["layers.2.weight"].numpy().T,
    )
    network = load_network(tmp_path / "network.npz")
    assert_same(network, state)
    torch.testing.assert_close(network.biases[0], state["layers.0.bias"])


def test_a_sequential_network_computes_what_torch_computes(tmp_path):
    model = nn.Sequential(
        nn.Linear(36, 8),
        nn.ReLU(),
        nn.Linear(8, 8, bias=False),
        nn.ReLU(),
        nn.Linear(8, 1, bias=False),
    )
    torch.save(model.state_dict(), tmp_path / "network.pth")
    x = torch.randn(5, 36)
    torch.testing.assert_close(load_network(tmp_path / "network.pth").forward(x), model(x).detach())


def test_biases_that_are_all_zero_do_not_matter(tmp_path):
    state = state_dict()
    state["layers.1.bias"] = torch.zeros(8)
    torch.save(state, tmp_path / "network.pth")
    assert_same(load_network(tmp_path / "network.pth"), state_dict())


def test_half_precision_is_widened_and_double_kept(tmp_path):
    for dtype, expected in (
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float64, torch.float64),
    ):
        torch.save({k: v.to(dtype) for k, v in state_dict().items()}, tmp_path / "network.pth")
        assert load_network(tmp_path / "network.pth").weights[0].dtype == expected


def test_own_checkpoints_come_back_with_all_they_hold(tmp_path):
    torch.save(state_dict(), tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth", (1, 4, 9))
    path = tmp_path / "own.safetensors"

    save_network(
        network.with_preprocessing(Preprocessing(torch.rand(1, 4, 9))), path, {"recipe": "by hand"}
    )
    again = load_network(path)
    assert again.input_shape == (1, 4, 9)
    assert again.inputs.is_known
    assert again.mean is not None
    assert again.mean.shape == (1, 4, 9)
    assert again.origin.details["recipe"] == "by hand"
    assert len(again.origin.sha256) == 64


@pytest.mark.parametrize(
    ("dimension", "shape"),
    [
        (784, (1, 28, 28)),
        (3072, (3, 32, 32)),
        (36, (1, 6, 6)),
        (12288, (3, 64, 64)),
        (48, (3, 4, 4)),
        (16, (1, 4, 4)),
        (12, (1, 1, 12)),
        (9, (1, 1, 9)),
        (1000, (1, 1, 1000)),
        (30, (1, 1, 30)),
    ],
)
def test_the_input_shape_is_inferred(dimension, shape):
    assert infer_input_shape(dimension) == shape


def test_a_shape_that_does_not_fit_is_refused(tmp_path):
    torch.save(state_dict(), tmp_path / "network.pth")
    assert "36" in refusal(tmp_path / "network.pth", input_shape=(1, 5, 5))


def test_shapes_as_text():
    assert parse_shape("1x28x28") == parse_shape("1×28×28") == (1, 28, 28)
    assert format_shape((3, 32, 32)) == "3x32x32"
    for wrong in ("28x28", "2x28x28", "1x0x28", "one"):
        with pytest.raises(UnusableInput):
            parse_shape(wrong)


# --- what is refused ------------------------------------------------------------------------


class Hostile:
    """Would create a file if it were ever executed."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return (open, (self.target, "w"))


@pytest.mark.parametrize("new_format", [True, False])
def test_code_in_a_pickle_is_never_executed(tmp_path, new_format):
    target = tmp_path / "executed"
    path = tmp_path / "hostile.pth"
    torch.save(
        {"state_dict": state_dict(), "x": Hostile(target)},
        path,
        _use_new_zipfile_serialization=new_format,
    )
    message = refusal(path)
    assert "runs no file" in message
    assert "state_dict()" in message
    assert not target.exists()


def test_a_bare_pickle_is_never_executed(tmp_path):
    target = tmp_path / "executed"
    path = tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps(Hostile(target)))
    refusal(path)
    assert not target.exists()


def test_code_in_an_npz_is_never_executed(tmp_path):
    target = tmp_path / "executed"
    path = tmp_path / "hostile.npz"
    np.savez(path, w=np.array([Hostile(target)], dtype=object))
    assert "Python objects" in refusal(path)
    assert not target.exists()


def test_a_whole_pickled_model_is_refused_by_name(tmp_path):
    path = tmp_path / "model.pth"
    torch.save(nn.Sequential(nn.Linear(4, 1)), path)
    assert "state_dict()" in refusal(path)


def test_torchscript_is_a_program(tmp_path):
    path = tmp_path / "script.pt"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("script/code/__torch__.py", "pass")
        archive.writestr("script/constants.pkl", b"")
        archive.writestr("script/data.pkl", b"")
    path.write_bytes(buffer.getvalue())
    assert "TorchScript" in refusal(path)


def test_an_exported_program_is_refused(tmp_path):
    path = tmp_path / "exported.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("exported/archive_format", "pt2")
        archive.writestr("exported/models/model.json", "{}")
    assert ".pt2" in refusal(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz"])
def test_a_truncated_file_is_damaged(tmp_path, share, suffix):
    path = tmp_path / f"network{suffix}"
    if suffix == ".pth":
        torch.save(state_dict(), path)
    elif suffix == ".safetensors":
        safetensors.torch.save_file(dict(state_dict()), path)
    else:
        np.savez(path, **{k: v.numpy() for k, v in state_dict().items()})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "cut short" in refusal(path)


def test_an_empty_a_missing_and_a_foreign_file(tmp_path):
    (tmp_path / "empty.pth").touch()
    assert "empty" in refusal(tmp_path / "empty.pth")
    assert "does not exist" in refusal(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello " * 100)
    assert "plain text" in refusal(tmp_path / "text.pth")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert ".safetensors" in refusal(tmp_path / "picture.png")
    (tmp_path / "pickle.pth").write_bytes(pickle.dumps([1.0] * 100)[:50])
    assert "no PyTorch file" in refusal(tmp_path / "pickle.pth")
    assert "folder" in refusal(tmp_path)


def test_a_tensor_that_claims_more_than_the_file_holds(tmp_path):
    """A few bytes must not unfold into terabytes."""
    state = state_dict()
    state["layers.1.weight"] = torch.zeros(1).expand(1_000_000, 1_000_000)
    path = tmp_path / "network.pth"
    torch.save(state, path)
    assert "more numbers than the file holds" in refusal(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"conv.weight": torch.zeros(4, 3, 3, 3)}, "convolution"),
        ({"bn.running_mean": torch.zeros(8)}, "batch normalisation"),
        ({"norm.weight": torch.ones(8)}, "normalisation"),
        ({"extra.weight": torch.ones(5, 5)}, "do not fit together"),
        ({"layers.1.weight": torch.zeros(8, 8)}, "all zero"),
        ({"layers.1.weight": torch.zeros(0, 8)}, "empty"),
        ({"layers.1.weight": torch.ones(8, 8, dtype=torch.int8)}, "whole numbers"),
        ({"layers.1.weight": torch.ones(8, 8, dtype=torch.complex64)}, "complex"),
        ({"layers.1.weight": torch.ones(8, 8).to(torch.float8_e5m2)}, "8 bits"),
        ({"layers.0.bias": torch.ones(13)}, "fits no layer"),
        ({"layers.0.weight": torch.full((8, 36), float("nan"))}, "not finite"),
    ],
)
def test_what_does_not_fit_the_method_is_named(tmp_path, change, says):
    path = tmp_path / "network.pth"
    torch.save({**state_dict(), **change}, path)
    assert says in refusal(path)


def test_several_outputs_and_no_hidden_layer(tmp_path):
    path = tmp_path / "network.pth"
    torch.save(state_dict((36, 8, 10)), path)
    assert load_network(path).output_count == 10
    torch.save(state_dict((36, 1)), path)
    assert "linear classifier" in refusal(path)
    torch.save({"epoch": 3}, path)
    assert "no state dict" in refusal(path)


def test_shapes_that_no_real_network_has_do_not_hang_the_search(tmp_path):
    """All pairs of seven sizes, and one matrix that joins none of them."""
    sizes = range(2, 9)
    state = {f"{a}{b}.weight": torch.ones(a, b) for a in sizes for b in sizes if a != b}
    state["last.weight"] = torch.ones(1, 2)
    state["lone.weight"] = torch.ones(30, 31)
    torch.save(state, tmp_path / "network.pth")
    assert "do not fit together" in refusal(tmp_path / "network.pth")


def test_metadata_of_no_use_are_left_alone(tmp_path):
    path = tmp_path / "network.pth"
    of_no_use = {"input_shape": [4], "mean": [0.1, 0.2], "classes": ["one alone"], "act": 3}
    torch.save({"state_dict": state_dict(), **of_no_use}, path)
    network = load_network(path)
    assert network.input_shape == (1, 6, 6)
    assert network.mean is None
    assert network.class_names == ()
    assert network.activation_said_by == "nobody"


def test_floats_of_the_other_byte_order_open(tmp_path):
    arrays = {k: v.numpy().astype(">f4") for k, v in state_dict().items()}
    np.savez(tmp_path / "network.npz", **arrays)
    assert_same(load_network(tmp_path / "network.npz"), state_dict())


# --- real files -------------------------------------------------------------------------------


def test_the_published_code_writes_files_that_open():
    network = load_network(shared_file("checkpoints/haim_mnist_d50.pth"))
    assert network.layer_sizes == (784, 1000, 1000, 1)
    assert network.input_shape == (1, 28, 28)
    assert network.weights[0].dtype == torch.float64
    assert network.biases[0] is not None


def test_the_colour_network_opens_and_classifies_its_training_images():
    network = load_network(shared_file("checkpoints/cifar10_vehicles_animals_d250.pth"))
    assert network.input_shape == (3, 32, 32)
    file = np.load(shared_file("checkpoints/cifar10_vehicles_animals_d250_images.npz"))
    images = torch.from_numpy(file["images"]) / 255
    outputs = network.forward((images - images.mean(0)).flatten(1))[:, 0]
    assert bool(((outputs > 0).numpy() == file["labels"].astype(bool)).all())


@pytest.mark.parametrize(
    ("weight", "bias"),
    [
        ("weights{}", "biases{}"),
        ("weights_{}", "biases_{}"),
        ("fc{}_w", "fc{}_b"),
        ("hidden{}_weights", "hidden{}_biases"),
        ("W{}", "b{}"),
        ("w_{}", "b_{}"),
        ("fc{}.W", "fc{}.b"),
    ],
)
def test_biases_behind_all_weights_go_with_those_of_their_number(tmp_path, weight, bias):
    sizes = (5, 4, 4, 1)
    weights = [torch.randn(n, k) for k, n in itertools.pairwise(sizes)]
    biases = [torch.randn(n) for n in sizes[1:]]
    named = {weight.format(i): w.numpy() for i, w in enumerate(weights)}
    named |= {bias.format(i): b.numpy() for i, b in reversed(list(enumerate(biases)))}
    np.savez(tmp_path / "a.npz", **named)
    found = load_network(tmp_path / "a.npz")
    for read, kept in zip(found.biases, biases, strict=True):
        assert torch.equal(read, kept)


def test_a_bias_that_is_no_array_is_refused(tmp_path):
    named = {"W1": np.ones((4, 5)), "W2": np.ones((1, 4)), "b2": np.float32(0.3)}
    np.savez(tmp_path / "a.npz", **{n: np.asarray(a, np.float32) for n, a in named.items()})
    with pytest.raises(UnusableInput, match=r"“b2” in a\.npz is a bias that is no array"):
        load_network(tmp_path / "a.npz")


def test_a_header_of_any_length_is_one_of_safetensors(tmp_path, make_network):
    """The lowest byte of one in 32 lengths, 0x80, is also how a pickle begins."""
    network, path, begins = make_network(16, 12, 1), tmp_path / "small.safetensors", set()
    for length in range(0, 300, 8):
        save_network(network, path, {"note": "n" * length})
        begins.add(path.read_bytes()[0])
        assert torch.equal(load_network(path).weights[0], network.weights[0])
    assert 0x80 in begins
