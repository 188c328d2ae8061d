"""The command line: files, one JSON summary, exit status, and what an interruption leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from engine import command_line
from engine.samples import images_beside, sample_network
from tests.conftest import ROOT

SAMPLE = str(sample_network())


@pytest.fixture
def model(tmp_path, make_network):
    network = make_network(16, 12, 10, 1)
    state = {f"layers.{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "layers.0.bias": network.bias}, tmp_path / "small.pth")
    return str(tmp_path / "small.pth")


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
    status, out, _ = call(capsys, "inspect", SAMPLE)
    assert status == 0
    assert "784–1000–1000–1" in out
    status, out, _ = call(capsys, "inspect", SAMPLE, "--json")
    found = json.loads(out)
    assert found["input_shape"] == [1, 28, 28]
    assert 50 < found["row_space"]["rank"] < 120
    assert found["mean_image"] is True


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

    status, out, _ = call(capsys, "score", folder, "--images", train)
    assert status == 0
    assert json.loads(out)["evidence"]["control"] is None
    assert json.loads((folder / "report.json").read_text())["evidence"]["control"] is None
    status, out, _ = call(capsys, "score", folder, "--images", train, "--many-to-one")
    assert "many-to-one" in json.loads(out)["evidence"]["train"]["rule"]

    wanted = {kind: tmp_path / f"export.{kind}" for kind in ("gif", "mp4", "png", "npz")}
    options = [x for kind, path in wanted.items() for x in (f"--{kind}", path)]
    status, out, _ = call(capsys, "export", folder, *options)
    assert status == 0
    assert all(path.stat().st_size > 100 for path in wanted.values())
    with Image.open(wanted["gif"]) as gif:
        assert gif.is_animated


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


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_saves_what_was_computed(tmp_path, kind):
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
    out, err = program.communicate(timeout=60)
    assert program.returncode == 130, err
    assert json.loads(out)["steps"] < 1_000_000
    assert (folder / "drift.gif").exists()
    assert (folder / "report.json").exists()
    assert b"Traceback" not in err
