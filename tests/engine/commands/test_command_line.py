"""The command line: files, one JSON summary, exit status, and what an interruption leaves."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.resources import images_beside, sample_network
from engine.commands import command_line, reconstruct
from engine.network.checkpoints import load_network
from engine.session.session import given_away
from engine.session.session_file import load_session, save_session
from engine.training.recipe import Recipe
from tests.conftest import ROOT
from tests.engine.networks import learnt

SAMPLE = str(sample_network())


def saved(network, path):
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.biases[0]}, path)
    return str(path)


@pytest.fixture
def model(tmp_path, make_network):
    return saved(learnt(make_network(16, 12, 10, 1), 6), tmp_path / "small.pth")


@pytest.fixture
def untrained(tmp_path, make_network):
    return saved(make_network(16, 12, 10, 1), tmp_path / "untrained.pth")


@pytest.fixture
def references(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name in ("train", "control"):
        images = rng.integers(0, 256, (5, 1, 4, 4), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images, labels=np.zeros(5, np.uint8))
        paths.append(str(tmp_path / f"{name}.npz"))
    return paths


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_inspect_says_what_the_weights_tell(capsys):
    status, out, _ = call(capsys, "inspect", SAMPLE, "--text")
    assert status == 0
    assert "784–1000–1000–1" in out
    status, out, _ = call(capsys, "inspect", SAMPLE, "--json")
    found = json.loads(out)
    assert found["input_shape"] == [1, 28, 28]
    assert 50 < found["row_space"]["rank"] < 120
    assert found["mean_image"] is True


def test_inspect_writes_a_first_look_and_says_where_there_is_none(capsys, tmp_path, untrained):
    path = tmp_path / "look.png"
    digits = sample_network().with_name("mnist_ten_digits.safetensors")
    status, out, _ = call(capsys, "inspect", digits, "--look", path, "--json")
    look = json.loads(out)["look"]
    assert status == 0
    assert (look["file"], look["images"], len(look["recurrences"])) == (str(path), 24, 24)
    assert min(look["recurrences"]) > 2 * look["by_chance"] + 5
    with Image.open(path) as picture:
        assert picture.mode == "L"
        assert picture.width == 438  # Five tiles of 28 with gaps of 1 around each, three times.

    status, _, err = call(capsys, "inspect", digits, "--look", path)
    assert status == 2
    assert "would be replaced" in err
    status, _, err = call(capsys, "inspect", digits, "--look", tmp_path / "look.jpg")
    assert status == 2
    assert "--look" in err

    none = tmp_path / "none.png"
    status, out, _ = call(capsys, "inspect", untrained, "--look", none, "--text")
    assert status == 0
    assert "nothing stands out" in out
    assert not none.exists()


def test_reconstruct_score_and_export(capsys, tmp_path, model, references):
    folder = tmp_path / "out"
    train, control = references
    status, out, err = call(
        capsys, "reconstruct", model, "--out", folder, "--images", train, "--control", control,
        "--candidates", 8, "--steps", 12, "--seed", 3, "--device", "cpu", "--quiet",
    )  # fmt: skip
    assert (status, err) == (0, "")
    summary = json.loads(out)
    report = json.loads((folder / "report.json").read_text())
    assert report["seed"] == summary["seed"] == 3
    assert report["steps"] == 12
    assert report["evidence"]["train"]["count"] == 5
    assert report["evidence"]["control"]["recovered"] is None
    assert report["device"].startswith("cpu")

    status, out, _ = call(capsys, "score", folder, "--images", train, "--overwrite")
    assert status == 0
    assert json.loads(out)["evidence"]["control"] is None
    assert json.loads((folder / "report.json").read_text())["evidence"]["control"] is None
    status, out, _ = call(
        capsys, "score", folder, "--images", train, "--many-to-one", "--overwrite"
    )
    assert "many-to-one" in json.loads(out)["evidence"]["train"]["rule"]

    wanted = {kind: tmp_path / f"export.{kind}" for kind in ("gif", "mp4", "png", "npz")}
    options = [x for kind, path in wanted.items() for x in (f"--{kind}", path)]
    status, out, _ = call(capsys, "export", folder, *options)
    assert status == 0
    assert all(path.stat().st_size > 100 for path in wanted.values())
    with Image.open(wanted["gif"]) as gif:
        assert gif.is_animated


def test_a_control_that_holds_training_images_is_told(capsys, tmp_path, model, references):
    train, control = references
    first, others = np.load(train)["images"], np.load(control)["images"]
    np.savez(control, x_test=np.concatenate([first[1:3], others]), y_test=np.eye(7)[:, :7])
    folder = tmp_path / "out"
    run = (
        "reconstruct",
        model,
        "--out",
        folder,
        "--candidates",
        8,
        "--steps",
        3,
        "--device",
        "cpu",
    )
    given = ("--images", train, "--control", control)
    status, out, err = call(capsys, *run, *given)
    assert status == 0
    assert "control.npz: labels are one-hot." in err
    said = "2 images of the 7 in the control control.npz are training images and left out of it"
    assert said in err
    found = json.loads((folder / "report.json").read_text())["evidence"]["control"]
    assert (found["count"], found["left_out"]) == (5, 2)
    assert "2 images of the control were training images" in (folder / "report.html").read_text()

    status, out, _ = call(capsys, "score", folder, *given)
    assert json.loads(out)["evidence"]["control"]["left_out"] == 2
    table = tmp_path / "table.csv"
    status, out, _ = call(capsys, "membership", model, *given, "--csv", table)
    assert (json.loads(out)["control"], json.loads(out)["left_out"]) == (5, 2)
    rows = [line.split(",")[:2] for line in table.read_text().splitlines()]
    assert [int(place) for place, of in rows[1:] if of == "control"] == [2, 3, 4, 5, 6]

    status, _, err = call(capsys, "score", folder, "--images", train, "--control", train)
    assert status == 2
    assert "none is left for a control" in err


def test_restarts_are_pooled_into_one_folder(capsys, tmp_path, model, monkeypatch):
    # Twelve neurons are explained too badly for confidences, which have to be in order here.
    monkeypatch.setattr("engine.session.session._UNEXPLAINED", 1.0)
    status, out, _ = call(
        capsys, "reconstruct", model, "--out", tmp_path, "--restarts", 3,
        "--candidates", 8, "--steps", 100, "--device", "cpu", "--quiet",
    )  # fmt: skip
    assert status == 0
    summary = json.loads(out)
    assert (summary["steps"], summary["restarts"]) == (300, 3)
    assert "images" not in summary["gallery"]
    images = json.loads((tmp_path / "report.json").read_text())["gallery"]["images"]
    confidences = [image["confidence"] for image in images]
    assert confidences == sorted(confidences, reverse=True)
    assert all(1 <= image["found_by"] <= 3 for image in images)
    with np.load(tmp_path / "reconstructions.npz") as file:
        assert file["images"].shape == (24, 1, 4, 4)
        assert file["gallery"].tolist() == [image["candidate"] for image in images]
        kept = file["confidence"][file["gallery"]]
    np.testing.assert_allclose(kept, confidences, atol=1e-4)
    with (tmp_path / "losses.csv").open() as file:
        assert len(file.readlines()) == 1 + 300


def test_how_the_network_was_trained_is_found_out_or_said(capsys, tmp_path, untrained):
    few = ("--candidates", 6, "--steps", 4, "--device", "cpu", "--quiet")
    says = {
        None: ("margin", "as in the paper"),
        "auto": ("margin", "as in the paper"),
        "decay": ("decay", "It was set; "),
        "free": ("free", "It was set; "),
    }
    for training, (final, why) in says.items():
        given = () if training is None else ("--training", training)
        folder = tmp_path / str(training)
        status, out, _ = call(capsys, "reconstruct", untrained, "--out", folder, *few, *given)
        assert status == 0
        for found in (json.loads(out), json.loads((folder / "report.json").read_text())):
            assert found["settings"]["training"] == final
            assert why in found["settings"]["training_why"]
    of_any_sign = np.load(tmp_path / "free" / "reconstructions.npz")["multipliers"]
    assert of_any_sign.min() < 0 < of_any_sign.max()
    again = tmp_path / "free" / "session.afterimage"
    status, _, err = call(
        capsys, "reconstruct", again, "--out", tmp_path / "a", "--training", "free"
    )
    assert status == 2
    assert "leave --training out" in err


def test_a_session_is_gone_on_with(capsys, tmp_path, model):
    first, second = tmp_path / "first", tmp_path / "second"
    arguments = ("--candidates", 8, "--steps", 12, "--device", "cpu", "--quiet")
    call(capsys, "reconstruct", model, "--out", first, *arguments)
    status, out, _ = call(
        capsys, "reconstruct", first / "session.afterimage", "--out", second, "--quiet"
    )
    assert status == 0
    assert json.loads(out)["steps"] == 12


def test_the_paper_preset_runs(capsys, tmp_path, model):
    status, out, _ = call(
        capsys, "reconstruct", model, "--out", tmp_path / "out", "--preset", "paper",
        "--candidates", 8, "--steps", 3, "--device", "cpu", "--quiet",
    )  # fmt: skip
    assert status == 0
    assert json.loads(out)["dtype"] == "float64"
    assert json.loads(out)["row_space"]["rank"] is None


def test_a_session_goes_on_with_the_images_that_it_was_scored_against(
    capsys, tmp_path, model, references
):
    train, control = references
    parts = [tmp_path / name for name in ("first", "second", "third")]
    call(
        capsys, "reconstruct", model, "--out", parts[0], "--images", train, "--control", control,
        "--candidates", 8, "--steps", 12, "--device", "cpu", "--quiet", "--keep-images",
    )  # fmt: skip
    evidence = json.loads((parts[0] / "report.json").read_text())["evidence"]
    for path in (train, control):
        Path(path).unlink()
    session = parts[0] / "session.afterimage"
    status, out, err = call(capsys, "reconstruct", session, "--out", parts[1], "--quiet")
    assert (status, err) == (0, "")
    assert json.loads(out)["evidence"] == evidence
    # What holds no image says where its images were.
    light = given_away(load_session(session))
    save_session(light, session)
    status, out, err = call(capsys, "reconstruct", session, "--out", parts[2])
    assert status == 0
    assert "The 5 training images of train.npz (train.npz)" in err
    assert load_session(parts[2] / "session.afterimage").sets.train.count == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "nowhere.pth"),
        ("inspect", str(ROOT / "README.md")),
        ("reconstruct", SAMPLE, "--out", "{}", "--images", "nowhere"),
        ("reconstruct", SAMPLE, "--out", "{}", "--steps", "0"),
        ("reconstruct", SAMPLE, "--out", "{}", "--shape", "3x16x16"),
        ("score", "{}", "--images", str(images_beside(sample_network())[0])),
        ("export", "{}", "--gif", "a.gif"),
    ],
)
def test_unusable_input_is_one_line_and_status_two(capsys, tmp_path, arguments):
    status, out, err = call(capsys, *[a.format(tmp_path / "out") for a in arguments])
    assert status == 2
    assert out == ""
    assert err.startswith("afterimage: ")
    assert err.count("\n") == 1


def test_results_that_cannot_be_written_are_one_line(capsys, tmp_path, model):
    (tmp_path / "file").touch()
    status, _, err = call(capsys, "reconstruct", model, "--out", tmp_path / "file" / "out")
    assert status == 2
    assert err.count("\n") == 1


def test_what_a_code_page_lacks_is_written_as_an_escape():
    ended = subprocess.run(
        [sys.executable, "main.py", "inspect", SAMPLE, "--text"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert ended.returncode == 0, ended.stderr
    assert rb"784\u20131000" in ended.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_summary_that_nobody_can_take_is_no_traceback():
    command = [sys.executable, "main.py", "inspect", SAMPLE]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("afterimage: The summary could not be written")
    assert ended.stderr.count("\n") == 1
    reader, writer = os.pipe()
    os.close(reader)  # As `head` does once it has enough.
    ended = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


class Full(io.StringIO):
    """A terminal, or a log, that takes no more."""

    def write(self, _text):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_complaint_that_cannot_be_written_does_not_end_the_run(
    capsys, monkeypatch, tmp_path, model
):
    """The log lies on the disk that has no room for copies of the run."""
    real, calls = reconstruct.save_session, []

    def save(session, path):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(session, path)

    monkeypatch.setattr(reconstruct, "save_session", save)
    monkeypatch.setattr(reconstruct.Autosave, "is_due", lambda *_: True)
    # Copies are asked for at snapshots, which come by the clock; but one comes after each search.
    options = [
        "--candidates",
        "4",
        "--steps",
        "20",
        "--restarts",
        "3",
        "--device",
        "cpu",
        "--quiet",
    ]
    monkeypatch.setattr(sys, "stderr", Full())
    assert command_line.main(["reconstruct", model, "--out", str(tmp_path), *options]) == 0
    assert len(calls) > 2
    assert json.loads(capsys.readouterr().out)["steps"] == 60


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", 1)])
def test_an_interruption_saves_what_was_computed(tmp_path, kind):
    if signal.getsignal(kind) is signal.SIG_IGN:
        pytest.skip("these tests run under nohup, and so would the program")
    folder = tmp_path / "out"
    program = subprocess.Popen(
        [
            sys.executable, "main.py", "reconstruct", SAMPLE, "--out", str(folder),
            "--candidates", "20", "--steps", "1000000", "--device", "cpu", "--quiet",
        ],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (folder / "session.afterimage").exists() and program.poll() is None:
        time.sleep(0.01)  # The session is saved once before the first step.
    program.send_signal(kind)
    out, err = program.communicate(timeout=600)
    assert program.returncode == 130, err
    assert json.loads(out)["steps"] < 1_000_000
    assert (folder / "drift.gif").exists()
    assert (folder / "report.json").exists()
    assert b"Traceback" not in err


@pytest.fixture
def pictures(tmp_path):
    """An .npz with images of three classes."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 1, 5, 5), dtype=np.uint8)
    np.savez(tmp_path / "pictures.npz", images=images, labels=np.arange(30) % 3)
    return str(tmp_path / "pictures.npz")


TRAIN = ("--classes", "0 vs 2", "--per-class", 4, "--hidden", "30,20", "--device", "cpu", "--quiet")


def test_train_makes_a_network_that_can_be_attacked_at_once(capsys, tmp_path, pictures):
    model = tmp_path / "made" / "net.safetensors"
    status, out, err = call(
        capsys, "train", "--dataset", pictures, *TRAIN, "--until", "1e-12", "--out", model
    )
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["end"] == "The loss is reached."
    assert found["log10_loss"] < -12
    assert found["accuracy"] == 1
    assert found["test_accuracy"] is None
    assert found["classes"] == ["0", "2"]
    assert (found["outputs"], found["images_per_class"]) == (1, [4, 4])
    assert found["recipe"]["until_exponent"] == -12
    assert found["stationarity"]["carrying"] <= 8
    train, control = images_beside(model)
    status, out, _ = call(capsys, "inspect", model, "--images", train, "--text")
    assert status == 0
    assert "outlook" in out
    assert "8 training images" in out
    status, out, _ = call(
        capsys, "reconstruct", model, "--out", tmp_path / "out", "--images", train,
        "--control", control, "--candidates", 8, "--steps", 5, "--device", "cpu", "--quiet",
    )  # fmt: skip
    assert json.loads(out)["evidence"]["train"]["count"] == 8


def test_train_takes_any_number_of_classes_as_people_usually_train_them(capsys, tmp_path, pictures):
    model = tmp_path / "net.safetensors"
    status, out, err = call(
        capsys, "train", "--dataset", pictures, "--classes", "all", "--class-names",
        "cat,dog,horse", "--per-class", 5, "--hidden", "40,20", "--recipe", "usual", "--epochs",
        400, "--batch", 4, "--device", "cpu", "--quiet", "--out", model,
    )  # fmt: skip
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["classes"] == ["cat", "dog", "horse"]
    assert (found["outputs"], found["images_per_class"]) == (3, [5, 5, 5])
    assert found["accuracy"] == 1
    assert found["steps"] == 400 * 4
    assert 0 < found["stationarity"]["relative"] < 1
    assert len(found["stationarity"]["relative_per_layer"]) == 3
    usual = asdict(Recipe.usual()) | {"hidden": [40, 20], "epochs": 400, "batch": 4}
    assert found["recipe"] == usual | {"device": "cpu"}
    network = load_network(model)
    assert network.layer_sizes == (25, 40, 20, 3)
    assert all(bias is not None for bias in network.biases)
    assert json.loads(network.origin.details["label_names"]) == ["cat", "dog", "horse"]


def test_a_rate_that_falls_has_its_last_step_said_once(capsys, tmp_path, pictures):
    first, second, whole = (tmp_path / f"{n}.safetensors" for n in ("first", "second", "whole"))
    train = ("train", "--dataset", pictures, *TRAIN, "--recipe", "usual", "--batch", 3)
    ends = ("--epochs", 12)
    call(capsys, *train, *ends, "--seconds", 1e-6, "--out", first)
    status, _, err = call(capsys, *train, "--epochs", 13, "--out", second, "--go-on", first)
    assert status == 2
    assert "cannot be another now" in err
    call(capsys, *train, "--out", second, "--go-on", first)
    _, out, _ = call(capsys, *train, *ends, "--out", whole)
    assert json.loads(out)["steps"] == 12 * 3
    a, b = load_network(second), load_network(whole)
    assert all(torch.equal(p, q) for p, q in zip(a.weights, b.weights, strict=True))


def test_a_training_is_gone_on_with_from_its_file(capsys, tmp_path, pictures):
    first, second, whole = (tmp_path / f"{n}.safetensors" for n in ("first", "second", "whole"))
    train = ("train", "--dataset", pictures, *TRAIN, "--schedule", "plain", "--rate", 0.5)
    call(capsys, *train, "--most-steps", 7, "--out", first)
    call(capsys, *train, "--most-steps", 20, "--out", second, "--go-on", first)
    call(capsys, *train, "--most-steps", 20, "--out", whole)
    a, b = load_network(second), load_network(whole)
    assert all(torch.equal(p, q) for p, q in zip(a.weights, b.weights, strict=True))


def test_half_stores_the_same_network_at_half_the_size(capsys, tmp_path, pictures):
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    train = ("train", "--dataset", pictures, *TRAIN, "--hidden", "200,200")
    call(capsys, *train, "--out", full)
    call(capsys, *train, "--out", half, "--half")
    assert half.stat().st_size < 0.55 * full.stat().st_size
    for p, q in zip(load_network(full).weights, load_network(half).weights, strict=True):
        assert torch.equal(p.half().float(), q)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--out", "{}.pth"), "is written as .safetensors"),
        (("--out", "{}.safetensors", "--classes", "all", "--outputs", "one"), "there are 3"),
        (("--out", "{}.safetensors", "--class-names", "a,b,c"), "3 names for them"),
        (("--out", "{}.safetensors", "--cosine"), "finds its own step"),
        (("--out", "{}.safetensors", "--per-class", "11"), "10 images of one class"),
        (("--out", "{}.safetensors", "--download"), "--download knows mnist"),
        (("--out", "{}.safetensors", "--batch", "2"), "all images at once"),
        (("--out", "{}.safetensors", "--draw", "-1"), "not below 0"),
        (("--out", "{}.safetensors", "--test", "{}/none"), "holds no images"),
        (("--out", "{}.safetensors", "--dataset", "svhn", "--data-root", "{}"), "--download does"),
        (("--out", "{}.safetensors", "--go-on", SAMPLE), "another network"),
    ],
)
def test_what_train_cannot_do_is_one_line(capsys, tmp_path, pictures, arguments, says):
    given = [a.format(tmp_path / "x") for a in arguments]
    status, out, err = call(capsys, "train", "--dataset", pictures, *TRAIN, *given)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
def test_an_interrupted_training_is_kept(tmp_path, pictures):
    model = tmp_path / "net.safetensors"
    program = subprocess.Popen(
        [
            sys.executable, "main.py", "train", "--dataset", pictures, *map(str, TRAIN),
            "--schedule", "plain", "--rate", "1e-6", "--most-steps", "1000000000",
            "--out", str(model),
        ],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not images_beside(model)[1] and program.poll() is None:
        time.sleep(0.01)  # The images are written just before the first step.
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=600)
    assert program.returncode == 130, err
    assert json.loads(out)["end"] == "It was stopped."
    assert load_network(model).layer_sizes == (25, 30, 20, 1)


# --- several checkpoints --------------------------------------------------------------------------


def test_several_checkpoints_in_turn_as_each_alone(capsys, tmp_path, model, references):
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"PK\x03\x04 nothing")
    settings = ("--steps", 8, "--candidates", 12, "--images", references[0], "--control",
                references[1], "--quiet")  # fmt: skip
    out, alone = tmp_path / "out", tmp_path / "alone"
    status, text, err = call(capsys, "reconstruct", model, broken, model, "--out", out, *settings)
    assert status == 1
    assert "broken.pth: " in err
    assert {each.name for each in out.iterdir()} == {
        "small", "small-2", "summary.json", "summary.csv"
    }  # fmt: skip
    call(capsys, "reconstruct", model, "--out", alone, *settings)
    for folder in ("small", "small-2"):
        assert (out / folder / "drift.gif").read_bytes() == (alone / "drift.gif").read_bytes()
    found = json.loads(text)["runs"]
    assert found == json.loads((out / "summary.json").read_text())
    assert [run["outcome"] for run in found] == ["done", "refused", "done"]
    assert found[0]["training_images"] == 5
    assert found[0]["recovered"] is not None


def test_several_that_all_succeed_end_with_status_0(capsys, tmp_path, model):
    status, _, _ = call(
        capsys, "reconstruct", model, model, "--out", tmp_path / "out", "--steps", 3,
        "--candidates", 12, "--quiet",
    )  # fmt: skip
    assert status == 0


def test_settings_that_cannot_be_used_leave_no_empty_folder(capsys, tmp_path, model):
    status, text, _ = call(
        capsys, "reconstruct", model, model, "--out", tmp_path / "out", "--steps", 0, "--quiet"
    )
    assert status == 1
    assert [run["outcome"] for run in json.loads(text)["runs"]] == ["refused", "refused"]
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"summary.json", "summary.csv"}


def test_sessions_go_on_alone(capsys, tmp_path, model):
    status, _, err = call(capsys, "reconstruct", model, "run.afterimage", "--out", tmp_path / "out")
    assert status == 2
    assert "one at a time" in err
    assert not (tmp_path / "out").exists()
