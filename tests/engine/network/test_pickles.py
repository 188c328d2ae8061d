"""Files of PyTorch's as people write them: every protocol, NumPy beside weights, any wrapper."""

from __future__ import annotations

import gzip
import io
import pickle
import pickletools
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from engine.base.errors import UnusableInput
from engine.network.checkpoints import load_network
from engine.network.pickles import _BEFORE
from tests.fuzz.pickles import hostile_calls

PROTOCOLS = (2, 3, 4, 5)


def module() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


def assert_computes(path, model):
    network, x = load_network(path), torch.randn(7, 16, generator=torch.Generator().manual_seed(2))
    outputs = network.forward(x.to(network.weights[0].dtype)).float()
    torch.testing.assert_close(outputs, model(x).detach())
    return network


def refusal(path):
    with pytest.raises(UnusableInput) as caught:
        load_network(path)
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.pth"


@pytest.mark.parametrize("is_archive", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_of_both_formats_opens(path, protocol, is_archive, recwarn):
    model = module()
    content = {"epoch": 3, "tags": {"a", "b"}, "raw": b"\xff\x00", "model": model.state_dict()}
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_archive)
    assert_computes(path, model)
    assert list(recwarn) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_state_dict_that_was_only_pickled_opens(path, protocol, recwarn):
    """Without PyTorch's own `save`: each storage is a file of its own inside the pickle."""
    model = module()
    path.write_bytes(pickle.dumps({"weights": model.state_dict()}, protocol))
    assert_computes(path, model)
    assert list(recwarn) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_arrays_that_were_only_pickled_open(path, protocol):
    model = module()
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    arrays["0.weight"] = np.asfortranarray(arrays["0.weight"])
    arrays["2.weight"] = arrays["2.weight"].astype(">f8")
    path.write_bytes(pickle.dumps(arrays, protocol))
    network = assert_computes(path, model)
    assert {weight.dtype for weight in network.weights} == {torch.float64}


@pytest.mark.parametrize("is_archive", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numbers_of_numpy_beside_the_weights_are_read_as_numbers(path, protocol, is_archive):
    model = module()
    content = {
        "state_dict": model.state_dict(),
        "best_acc": np.float64(0.9),
        "epoch": np.int64(7),
        "mean": np.float32(0.25),
        "std": np.array([0.5]),
        "history": np.arange(6.0).reshape(2, 3),
        "words": np.array(["one", "two"]),
    }
    torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_archive)
    preprocessing = assert_computes(path, model).inputs.preprocessing
    assert preprocessing.words == "less 0.25, divided by 0.5"


def test_numpys_own_types_stay_as_they_are(path):
    """A file that says of float64 that its bytes stand the other way round says it of nothing."""
    hostile = (
        b"\x80\x02cnumpy\ndtype\n(X\x02\x00\x00\x00f8tR(K\x03X\x01\x00\x00\x00>NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb."
    )
    path.write_bytes(hostile)
    assert "no state dict" in refusal(path)
    assert np.dtype("f8").byteorder == "="
    assert np.frombuffer(np.float64(1).tobytes(), "f8")[0] == 1


@pytest.mark.parametrize("is_archive", [True, False, None])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_code_is_executed_in_no_protocol(tmp_path, path, protocol, is_archive):
    """Pieces that would each write a file, in pickles that are rewritten."""
    canary = tmp_path / "executed"
    if is_archive is None:
        whole = pickle.dumps({"weights": module().state_dict()}, protocol)
    else:
        stream = io.BytesIO()
        torch.save(
            {"model": module().state_dict()},
            stream,
            pickle_protocol=protocol,
            _use_new_zipfile_serialization=is_archive,
        )
        whole = stream.getvalue()
    for call in hostile_calls(str(canary)):
        path.write_bytes(with_piece(whole, call, is_archive))
        refusal(path)
        assert not canary.exists()


def with_piece(whole: bytes, piece: bytes, is_archive: bool | None) -> bytes:
    """The same file, whose pickle begins with a piece."""
    if is_archive:
        stream = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(stream, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                is_pickle = name.endswith("data.pkl")
                target.writestr(name, content[:2] + piece + content[2:] if is_pickle else content)
        return stream.getvalue()
    skipped, source = 0, io.BytesIO(whole)
    for _ in range(0 if is_archive is None else 3):
        list(pickletools.genops(source))
        skipped = source.tell()
    return whole[: skipped + 2] + piece + whole[skipped + 2 :]


def test_a_storage_that_is_announced_and_not_filled_is_refused(path):
    """What lay in that memory would pass for weights."""
    empty = b"ctorch\nFloatStorage\n(J\x00\x10\x00\x00tR"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + empty + b"K\x00(K@K@t(K@K\x01t\x89}tR"
    name = b"X\x01\x00\x00\x00%s"
    content = b"\x80\x02}(" + name % b"a" + tensor + name % b"b" + tensor + b"u."
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        {"ema_shadow": module().state_dict()},
        {"epoch": 3, "weights": {"ema": module().state_dict()}},
        {"mean": torch.tensor([0.5]), "anything at all": module().state_dict()},
        {"model": {"hidden": 8}, "trained": module().state_dict()},
    ],
)
def test_a_wrapper_of_any_name_is_looked_into(path, content):
    torch.save(content, path)
    assert_computes(path, module())


def test_the_state_of_an_optimiser_is_none_of_a_network(path):
    model = module()
    descent = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 16)).sum().backward()
    descent.step()
    torch.save({"the_net": model.state_dict(), "optimizer": descent.state_dict()}, path)
    assert_computes(path, model)


def test_several_sets_of_weights_are_listed(path):
    torch.save({"generator": module().state_dict(), "critic": module().state_dict()}, path)
    assert "several sets of weights: generator, critic." in refusal(path)


@pytest.mark.parametrize("layer", [{"w": (16, 16)}, {"fc.weight": (16, 16)}])
def test_two_networks_beside_each_other_are_no_tree_of_layers(path, layer):
    def network():
        return {
            f"layer_{i}": {name: torch.rand(size) for name, size in layer.items()} for i in (0, 1)
        }

    torch.save({"generator": network(), "critic": network()}, path)
    assert "several sets of weights: generator, critic." in refusal(path)


def test_a_mean_of_rows_and_columns_beside_the_weights_is_no_layer(path):
    mean = torch.rand(4, 4)
    torch.save({"weights": module().state_dict(), "mean": mean, "x_train": mean[None]}, path)
    assert torch.equal(assert_computes(path, module()).mean, mean[None])


def test_another_set_beside_the_usual_one_is_said_to_be_ignored(path):
    other = {name: tensor + 1 for name, tensor in module().state_dict().items()}
    torch.save({"ema_state_dict": other, "state_dict": module().state_dict()}, path)
    network = assert_computes(path, module())
    assert [str(noted) for noted in network.reading.ignored] == [
        "ema_state_dict: another set of weights"
    ]


# --- what a file is, whatever it is called --------------------------------------------------------


@pytest.mark.parametrize("name", ["model.pth.tar", "pytorch_model.bin", "model.pkl", "model"])
def test_what_a_file_holds_decides(tmp_path, name):
    torch.save(module().state_dict(), tmp_path / name)
    assert_computes(tmp_path / name, module())
    torch.save(module().state_dict(), tmp_path / name, _use_new_zipfile_serialization=False)
    assert_computes(tmp_path / name, module())


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("network.pth"), io.BytesIO())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS"),
        (b"<!-- saved -->\n<html lang='en'>", "a web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!DOCTYPE html>", "a web page"),
        (b"<head><title>404</title></head>", "a web page"),
        (gzip.compress(b"network", mtime=0), "a gzip archive"),
        (b"loss 0.1\naccuracy 0.9\n", "plain text"),
        (b"Not Found", "plain text"),
        ("größe: 3".encode("utf-16"), "plain text"),
        (tar(), "a tar archive"),
    ],
)
def test_what_is_no_checkpoint_is_called_what_it_is(path, content, says):
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith("network.pth is ")
    assert says in message


@pytest.mark.parametrize("protocol", [b"\x80\x02", b"\x80\x04"])
@pytest.mark.parametrize("call", [b"R", b"\x81"])
@pytest.mark.parametrize("is_of_torch", [False, True])
def test_what_is_called_without_a_tuple_is_refused(tmp_path, protocol, call, is_of_torch):
    """PyTorch's reader unpacks whatever stands there, for ever where it has no end."""
    body = protocol + b"ccollections\nOrderedDict\n]" + call + b"."
    before = [pickle.dumps(each, 2) for each in _BEFORE] if is_of_torch else []
    (tmp_path / "a.pt").write_bytes(b"".join([*before, body, pickle.dumps([], 2)]))
    with pytest.raises(UnusableInput, match="damaged"):
        load_network(tmp_path / "a.pt")


def test_texts_that_no_program_wrote_are_damage(tmp_path):
    texts = np.frombuffer(b"\xff\xff\xff\xff", "<U1")
    np.savez(tmp_path / "a.npz", w1=np.zeros((3, 4), np.float32), classes=texts)
    with pytest.raises(UnusableInput, match="damaged"):
        load_network(tmp_path / "a.npz")
