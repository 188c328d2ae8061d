"""Who reads the end of a command decides its form: lines on a terminal, JSON in a pipe."""

# ruff: noqa: F811 - arguments are called like the fixtures that they take
from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.base.resources import images_beside, sample_network
from engine.commands import command_line
from engine.evidence.lineup import lineup_of
from engine.exports import results, results_read
from tests.conftest import ROOT
from tests.engine.commands.test_command_line import (  # noqa: F401 - fixtures
    TRAIN,
    call,
    model,
    pictures,
    references,
)

pty = pytest.importorskip("pty", reason="there are no pseudo terminals here")

QUICK = ("--candidates", 8, "--steps", 12, "--device", "cpu", "--quiet")


def on_a_terminal(monkeypatch, *arguments):
    """Runs a command whose standard output is a terminal; its status, and what it wrote there."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal, monkeypatch.context() as here:
        here.setattr(sys, "stdout", terminal)
        status = command_line.main([str(each) for each in arguments])
    written = b""
    with contextlib.suppress(OSError):  # So ends a terminal that nobody writes to any more.
        while part := os.read(master, 1 << 16):
            written += part
    os.close(master)
    return status, written.decode().replace("\r\n", "\n").splitlines()


@pytest.fixture
def out(capsys, tmp_path, model, references):
    folder = tmp_path / "out"
    status, _, _ = call(
        capsys, "reconstruct", model, "--out", folder, "--images", references[0],
        "--control", references[1], *QUICK,
    )  # fmt: skip
    assert status == 0
    return folder


def test_a_run_ends_in_what_was_found_beside_the_control_and_its_files(
    monkeypatch,
    tmp_path,
    model,
    references,
):
    folder = tmp_path / "out"
    status, lines = on_a_terminal(
        monkeypatch, "reconstruct", model, "--out", folder, "--images", references[0],
        "--control", references[1], *QUICK,
    )  # fmt: skip
    assert status == 0
    report = results_read.read_report(folder)
    train, control = (report["evidence"][name] for name in ("train", "control"))
    assert f"{train['recovered']} of 5 training images recovered" in lines[0]
    assert f"{train['good']} of 5 training images have a good match" in lines[1]
    assert f"{control['good']} of 5 images of the control" in lines[1]
    assert lines[2].startswith("12 of 12 steps in ")
    assert f"{report['gallery']['distinct']} distinct image" in lines[2]
    assert lines[3:] == ["", *(str(folder / name) for name in results.run_files(folder))]


def test_a_run_without_images_claims_nothing(monkeypatch, tmp_path, model):
    _, lines = on_a_terminal(monkeypatch, "reconstruct", model, "--out", tmp_path / "o", *QUICK)
    assert lines[:2] == [
        "Nothing can be said: no reference images.",
        "There were no training images to compare with: nothing here is evidence.",
    ]


def test_several_end_in_a_line_each(monkeypatch, tmp_path, model, references):
    broken, out = tmp_path / "broken.pth", tmp_path / "several"
    broken.write_bytes(b"no network")
    status, lines = on_a_terminal(
        monkeypatch, "reconstruct", model, broken, "--out", out, "--images", references[0],
        "--control", references[1], *QUICK,
    )  # fmt: skip
    assert status == 1
    found = json.loads((out / "summary.json").read_text())
    assert lines == [
        f"small.pth: done, {found[0]['recovered']} of 5 from training recovered beside a control "
        "of 5; in small",
        f"broken.pth: refused. {found[1]['sentence']}",
        "",
        str(out / "summary.csv"),
        str(out / "summary.json"),
    ]


def test_a_training_ends_in_how_it_ended_and_its_files(monkeypatch, tmp_path, pictures):
    path = tmp_path / "net.safetensors"
    status, lines = on_a_terminal(
        monkeypatch, "train", "--dataset", pictures, *TRAIN, "--until", "1e-12", "--out", path
    )
    assert status == 0
    assert re.fullmatch(
        r"The loss is reached\. \d+ steps in [\d.]+ s, loss 1e-1\d\.\d, 100 % right\.", lines[0]
    )
    assert lines[1].startswith("Images: 4 of 0, 4 of 2; about ")
    train, control = images_beside(path)
    assert lines[2:] == ["", str(path), str(train), str(control)]


def test_all_others_end_in_lines_too(monkeypatch, tmp_path, out, model, references):
    scored = ("--images", references[0], "--control", references[1])
    evidence = results_read.read_report(out)["evidence"]
    good, unseen = (evidence[name]["good"] for name in ("train", "control"))
    _, lines = on_a_terminal(monkeypatch, "score", out, *scored)
    assert lines[0].startswith(f"{good} of 5 training images have a good match")
    assert f"{unseen} of 5 images of the control" in lines[0]
    assert lines[1:] == [f"Written into {out / results.REPORT}"]

    more = tmp_path / "more.npz"
    images = np.random.default_rng(3).integers(0, 256, (12, 1, 4, 4), dtype=np.uint8)
    np.savez(more, images=images, labels=np.zeros(12, np.uint8))
    wider = ("--images", references[0], "--control", more, "--overwrite")
    _, lines = on_a_terminal(monkeypatch, "score", out, *wider)
    found = lineup_of(results_read.read_report(out)["evidence"])
    assert (found.fillers, found.train.count, found.control.count) == (9, 5, 10)
    assert lines[0].endswith(f"they are recovered. {found.words}")

    film, table, page = tmp_path / "a.gif", tmp_path / "a.csv", tmp_path / "a.html"
    _, lines = on_a_terminal(
        monkeypatch, "export", out, "--gif", film, "--losses", table, "--quiet"
    )
    assert [line.split() for line in lines] == [["gif", str(film)], ["losses", str(table)]]

    _, lines = on_a_terminal(monkeypatch, "report", out, *scored, "--html", page)
    assert "of 5 training images recovered" in lines[0]
    assert lines[1:] == [f"Report: {page}"]

    asked = tmp_path / "asked.csv"
    _, lines = on_a_terminal(monkeypatch, "membership", model, *scored, "--csv", asked)
    assert lines[0] == "small.pth: 5 images, 5 images as control"
    assert re.match(
        r"margin +[\d.]+ % found at 1 % false positives \([\d.]+ % to [\d.]+ %\), area", lines[1]
    )
    assert lines[2] == "calibrated  –, it needs a control of sixteen images or more"
    assert lines[4] == "similarity  –, it needs a run of this network"
    exposed = lines.index("Most exposed, by multiplier:")
    rows = [line.split() for line in lines[exposed + 2 : -1]]
    with asked.open(encoding="utf-8") as file:
        by_rank = {row["rank"]: row for row in csv.DictReader(file) if row["rank"]}
    assert len(rows) == len([row for row in by_rank.values() if float(row["multiplier"]) > 0])
    for rank, (number, label, multiplier, above) in enumerate(rows, 1):
        row = by_rank[str(rank)]
        assert int(number) == int(row["index"]) + 1
        assert int(label) == int(row["label"])
        assert float(multiplier) == pytest.approx(float(row["multiplier"]), rel=1e-2)
        assert above == row["control_above"]
    assert lines[-1] == f"Table: {asked}"

    _, lines = on_a_terminal(monkeypatch, "inspect", model)
    assert lines[0].startswith("small.pth: 16–12–10–1, ")

    _, lines = on_a_terminal(monkeypatch, "compare", out, out)
    assert any(line.startswith("Recovered") for line in lines)


def test_the_form_can_be_asked_for(capsys, monkeypatch, model):
    _, lines = on_a_terminal(monkeypatch, "inspect", model, "--json")
    assert json.loads(lines[0])["layers"] == [16, 12, 10, 1]
    _, out, _ = call(capsys, "inspect", model)
    assert json.loads(out)["layers"] == [16, 12, 10, 1]
    _, out, _ = call(capsys, "inspect", model, "--text")
    assert out.startswith("small.pth: 16–12–10–1")
    with pytest.raises(SystemExit):
        command_line.main(["inspect", model, "--text", "--json"])


def test_names_of_files_steer_no_terminal(monkeypatch, tmp_path, model):
    path = tmp_path / "\x1b[31mred.pth"
    shutil.copy(model, path)
    _, lines = on_a_terminal(monkeypatch, "inspect", path)
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[31mred.pth" in lines[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has no display")
def test_without_a_display_a_run_ends_in_lines_also_in_a_pipe(tmp_path):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    short = tmp_path / "short.py"
    short.write_text(
        "import sys; from gui.app import application;"
        "application._HEADLESS_SECONDS = '0.5';"
        "sys.exit(application.main(sys.argv[1:]))"
    )
    for folder in ("mnist_odd_even", "mnist_odd_even-2"):  # Nothing is replaced the second time.
        ended = subprocess.run(
            [sys.executable, short, sample_network()],
            cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True,
            text=True, timeout=300,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        lines = ended.stdout.splitlines()
        assert lines[0].endswith(f"{Path('output', folder)}.")
        assert "of 100 training images" in lines[1]
        assert "images of the control" in lines[2]
        assert lines[-1] == str(Path("output", folder, "drift.gif"))
        assert len(lines) == 5 + len(results.FILES) - 1
