"""Sessions of every format open for ever, here and on machines with other devices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.base.errors import DamagedSession, UnusableInput
from engine.data.inputs import Preprocessing
from engine.data.normalisation import of_embeddings, parse_constants
from engine.network.activation import Activation
from engine.network.checkpoints import load_network
from engine.reconstruction import run as reconstruction
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from tests.conftest import going_on

FIXTURES = Path(__file__).parent / "formats"


def finish(run):
    *_, last = run.iterate()
    return last


@pytest.mark.parametrize(
    ("name", "step", "steps", "restarts"),
    [
        ("format-1", 25, 40, 1),
        ("format-2", 60, 80, 2),
        ("format-3", 60, 80, 2),
        ("format-4", 60, 80, 2),
        ("format-5", 60, 80, 2),
        ("format-6", 60, 80, 2),
        ("format-6-scored", 60, 80, 2),
        ("format-7", 60, 80, 2),
        ("format-7-scored", 60, 80, 2),
    ],
)
def test_a_session_written_long_ago_opens_and_goes_on_to_its_end(name, step, steps, restarts):
    session = load_session(FIXTURES / f"{name}.afterimage")
    assert (session.state.step, session.state.steps) == (step, steps)
    assert session.settings.restarts == restarts
    assert session.images().shape == (6 * restarts, 1, 4, 4)
    assert len(session.drift) > 10
    last = finish(going_on(session))
    assert last.step == steps
    again = finish(Reconstruction(session.network, replace(session.settings, device="cpu")))
    torch.testing.assert_close(last.unknowns, again.unknowns, rtol=1e-3, atol=1e-3)


def _parts(name):
    """Tensors and header of a fixture."""
    with safe_open(FIXTURES / f"{name}.afterimage", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["session"])


def test_format_6_holds_all_that_a_network_of_ten_classes_is(tmp_path):
    session = load_session(FIXTURES / "format-6.afterimage")
    save_session(session, tmp_path / "again.afterimage")
    for network in (session.network, load_session(tmp_path / "again.afterimage").network):
        assert network.architecture == "16–12–10–10, bias on every layer"
        assert network.activation_described == "leaky ReLU with slope 0.1 (the file says so)"
        assert network.inputs.preprocessing.described == (
            "less 0.131, divided by 0.308 (set by hand)"
        )
        assert network.class_names[7] == "seven"
    assert session.multipliers.shape == (12, 10)
    assert set(session.labels.tolist()) <= set(range(10))


def test_older_sessions_say_of_their_network_what_its_checkpoint_said():
    old = load_session(FIXTURES / "format-5.afterimage")
    assert old.network.activation_described == "ReLU (assumed: the file does not say)"
    assert old.network.class_names == ()


def test_an_older_session_of_a_checkpoint_of_ours_names_its_classes(tmp_path):
    tensors, said = _parts("format-5")
    said["origin"][2] = {"afterimage": "1", "label_names": '["odd", "even"]'}
    path = tmp_path / "old.afterimage"
    mean = {"network.mean": torch.full((1, 4, 4), 0.5)}
    save_file({**tensors, **mean}, path, {"session": json.dumps(said)})
    network = load_session(path).network
    assert network.class_names == ("odd", "even")
    assert network.activation_described == "ReLU (the file says so)"
    assert network.inputs.preprocessing.described == "less 0.5 (the file says so)"


@pytest.mark.parametrize(
    ("tensors", "header"),
    [
        ({"network.bias.2": torch.zeros(9)}, {}),
        ({"network.mean": torch.zeros(4, 4)}, {}),
        ({"network.std": torch.zeros(1)}, {}),
        ({"network.std": torch.full((1,), 2.0)}, {}),
        ({"network.std": torch.full((1, 1), 0.5)}, {}),
        ({"network.std": torch.full((2,), 0.5)}, {}),
        ({"network.std": torch.full((1,), float("nan"))}, {}),
        ({"state.labels": torch.full((6,), 10.0)}, {}),
        ({"state.labels": torch.full((6,), -1.0)}, {}),
        ({"state.labels": torch.full((6,), 0.5)}, {}),
        ({"state.multipliers": torch.zeros(6)}, {}),
        ({"restart.0.multipliers": torch.zeros(6, 9)}, {}),
        ({}, {"class_names": ["a", "b"]}),
        ({}, {"class_names": [1] * 10}),
        ({}, {"activation_slope": 1.0}),
        ({}, {"activation_slope": -0.1}),
        ({}, {"activation_said_by": "me"}),
        ({}, {"preprocessing_said_by": None}),
        ({}, {"training": "auto"}),
        ({}, {"training": "decay"}),
    ],
)
def test_parts_of_a_network_that_do_not_fit_together_are_refused(tmp_path, tensors, header):
    found, said = _parts("format-6")
    if "training" in header:
        said["settings"] |= header
    else:
        said |= header
    path = tmp_path / "lie.afterimage"
    save_file({**found, **tensors}, path, {"session": json.dumps(said)})
    with pytest.raises(DamagedSession):
        load_session(path)


def test_what_a_person_said_of_a_network_stays_with_a_session_without_weights(session, tmp_path):
    """Its checkpoint says nothing of it."""
    path, network = tmp_path / "light.afterimage", session.network
    preprocessing = parse_constants("0.25/0.5", network.input_shape)
    said = network.with_preprocessing(preprocessing).with_activation(Activation(0.2), "user")
    save_session(replace(session, network=said), path, with_weights=False)
    back = load_session(path).network
    assert back.activation_described == "leaky ReLU with slope 0.2 (set by hand)"
    assert back.inputs.preprocessing.described == "less 0.25, divided by 0.5 (set by hand)"


@pytest.fixture
def checkpoint(tmp_path, make_network):
    network = make_network(16, 12, 10, 1)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, tmp_path / "small.pth")
    return tmp_path / "small.pth"


@pytest.fixture
def session(checkpoint, monkeypatch):
    """A run in its middle."""
    monkeypatch.setattr(reconstruction, "SNAPSHOT_INTERVAL", 1e-9)
    run = Reconstruction(
        load_network(checkpoint), replace(fast(), candidates=6, steps=40, device="cpu")
    )
    for snapshot in run.iterate():
        if snapshot.step == 20:
            break
    return session_of(run, "cpu")


def test_a_session_may_leave_the_weights_to_their_checkpoint(session, checkpoint, tmp_path):
    whole, light = tmp_path / "whole.afterimage", tmp_path / "light.afterimage"
    save_session(session, whole)
    save_session(session, light, with_weights=False)
    assert light.stat().st_size < whole.stat().st_size - 8 * session.network.parameters.count + 2000
    expected = finish(going_on(load_session(whole))).unknowns
    assert torch.equal(finish(going_on(load_session(light))).unknowns, expected)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    checkpoint.rename(elsewhere / checkpoint.name)
    with pytest.raises(UnusableInput, match=r"put its checkpoint small\.pth"):
        load_session(light)
    light.rename(elsewhere / light.name)
    assert torch.equal(finish(going_on(load_session(elsewhere / light.name))).unknowns, expected)


def test_another_checkpoint_of_the_same_name_is_not_taken(session, checkpoint, tmp_path):
    save_session(session, tmp_path / "light.afterimage", with_weights=False)
    state = torch.load(checkpoint, weights_only=True)
    torch.save({name: -tensor for name, tensor in state.items()}, checkpoint)
    with pytest.raises(UnusableInput, match="SHA-256"):
        load_session(tmp_path / "light.afterimage")


def test_weights_that_are_in_no_file_cannot_be_left_out(session, tmp_path):
    nowhere = replace(session.network, origin=type(session.network.origin)())
    with pytest.raises(UnusableInput, match="in no file"):
        save_session(replace(session, network=nowhere), tmp_path / "a.afterimage", False)
    assert not (tmp_path / "a.afterimage").exists()


def test_a_session_from_a_gpu_opens_and_goes_on_where_there_is_none(session, tmp_path):
    """What a file holds lies on the CPU; only the device's name says where it was made."""
    path = tmp_path / "gpu.afterimage"
    made = replace(session, settings=replace(session.settings, device="cuda"), device="a GPU")
    save_session(made, path)
    back = load_session(path)
    assert back.device == "a GPU"
    assert {tensor.device.type for tensor in back.state.tensors.values()} == {"cpu"}
    on_cpu = replace(back.settings, device="cpu")
    last = finish(Reconstruction(back.network, on_cpu, back.state))
    assert torch.equal(last.unknowns, finish(going_on(session)).unknowns)
    if not torch.cuda.is_available():
        with pytest.raises(UnusableInput, match="CUDA"):
            going_on(back)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and none is here")
def test_a_session_from_a_cpu_goes_on_on_a_gpu(session, tmp_path):
    path = tmp_path / "cpu.afterimage"
    save_session(session, path)
    back = load_session(path)
    on_gpu = replace(back.settings, device="cuda")
    last = finish(Reconstruction(back.network, on_gpu, back.state))
    assert last.step == 40
    assert last.images().device.type == "cpu"


def test_labels_are_those_of_the_file_wherever_a_candidate_stands(session, tmp_path):
    mixed = torch.tensor([1.0, -1, 1, 1, -1, -1]).to(session.state.tensors["labels"])
    state = replace(session.state, tensors={**session.state.tensors, "labels": mixed})
    save_session(replace(session, state=state), tmp_path / "mixed.afterimage")
    back = load_session(tmp_path / "mixed.afterimage")
    assert torch.equal(back.labels, mixed.float())
    first = next(Reconstruction(back.network, back.settings, back.state).iterate())
    assert torch.equal(first.labels, mixed)


@pytest.mark.parametrize("with_weights", [True, False])
def test_a_network_that_reads_pixel_by_pixel_is_read_so_again(tmp_path, make_network, with_weights):
    weights = make_network(48, 12, 10, 1).weights
    state = {f"layers.{i}.weight": weight for i, weight in enumerate(weights)}
    torch.save(state, tmp_path / "colour.pth")
    network = load_network(tmp_path / "colour.pth").with_layout("hwc", "user")
    run = Reconstruction(network, replace(fast(), candidates=4, steps=3, device="cpu"))
    finish(run)
    save_session(session_of(run, "cpu"), tmp_path / "a.afterimage", with_weights=with_weights)
    again = load_session(tmp_path / "a.afterimage").network
    assert again.inputs.layout_described == "H×W×C, pixel by pixel (set by hand)"
    assert torch.equal(again.weights[0], network.weights[0])
    assert torch.equal(again.with_layout("chw", "user").weights[0], weights[0])


def test_sessions_of_before_read_channel_by_channel():
    inputs = load_session(FIXTURES / "format-7.afterimage").network.inputs
    assert (inputs.layout, inputs.layout_said_by) == ("chw", "nobody")


@pytest.mark.parametrize("is_laid_out", [False, True])
def test_a_session_keeps_whether_a_mean_had_rows_and_columns(tmp_path, is_laid_out):
    session = load_session(FIXTURES / "format-7.afterimage")
    mean = Preprocessing(torch.rand(session.network.input_shape), None, "file", is_laid_out)
    network = session.network.with_preprocessing(mean)
    save_session(replace(session, network=network), tmp_path / "a.afterimage")
    found = load_session(tmp_path / "a.afterimage").network.inputs.preprocessing
    assert found.is_laid_out is is_laid_out
    assert torch.equal(found.mean, mean.mean)


@pytest.mark.parametrize("embedding", ["raw", "unit"])
def test_a_session_of_a_head_opens_again(tmp_path, make_network, embedding):
    """Nothing was subtracted from embeddings: their mean is 0, as no weights may be."""
    network = make_network(24, 8, 2, shape=(1, 1, 24))
    network = network.with_preprocessing(of_embeddings(embedding, (1, 1, 24), "user"))
    run = Reconstruction(network, replace(fast(), device="cpu", candidates=6, steps=2))
    *_, last = run.iterate()
    save_session(session_of(run, "cpu"), tmp_path / "head.afterimage")
    found = load_session(tmp_path / "head.afterimage")
    assert found.network.inputs.preprocessing.embedding == embedding
    assert torch.equal(found.images(), last.images())
