"""`study`: many runs over one question, from a file to a table and a page."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest

from engine.base.errors import UnusableInput
from engine.commands import command_line, study
from engine.study.lock import Lock
from engine.study.store import Store
from tests.conftest import ROOT
from tests.engine.study.studies import TWO_BY_TWO, finished, ready, write_images
from tests.engine.study.test_driving import Here


def call(capsys, *arguments):
    status = command_line.main(["study", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def file(tmp_path):
    write_images(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(f'name = "A small study"\n{TWO_BY_TWO}'.replace("[0, 1]", "[0]"))
    return path


@pytest.fixture
def done(tmp_path):
    """The folder of a study whose runs have all ended."""
    made, store = ready(f'name = "Small"\n{TWO_BY_TWO}', tmp_path, tmp_path / "done")
    finished(made, store, Here())
    return tmp_path / "done"


def test_a_study_leaves_a_table_and_a_page(capsys, tmp_path, file):
    out = tmp_path / "out"
    status, said, err = call(
        capsys, file, "--out", out, "--processes", 1, "--data-root", tmp_path, "--quiet"
    )
    assert (status, err) == (0, "")
    summary = json.loads(said)
    assert summary["states"] == {"done": 2}
    assert summary["files"] == [str(out / "table.csv"), str(out / "study.html")]
    rows = (out / "table.csv").read_text().splitlines()
    assert rows[0].startswith("id,epochs,seed,recovered,good,")
    assert len(rows) == 3
    assert "A small study" in (out / "study.html").read_text(encoding="utf-8")


def test_only_the_table_is_shown_and_nothing_is_computed(capsys, done):
    before = sorted(path.name for path in done.rglob("*"))
    status, said, _ = call(capsys, done, "--only-table", "--json")
    assert status == 0
    rows = json.loads(said)["rows"]
    assert [(row["epochs"], row["seed"], row["state"]) for row in rows] == [
        (2, 0, "done"),
        (2, 1, "done"),
        (5, 0, "done"),
        (5, 1, "done"),
    ]
    assert sorted(path.name for path in done.rglob("*")) == before
    with Lock(Store(done)):  # Who only reads waits for nobody.
        status, said, _ = call(capsys, done, "--only-table", "--text")
    lines = said.splitlines()
    assert status == 0
    assert lines[0] == "4 runs: 4 done."
    assert lines[1].split()[:3] == ["epochs", "seed", "Recovered"]
    assert len(lines) == 6


def test_a_study_that_is_done_is_not_done_again(capsys, done):
    status, said, _ = call(capsys, done, "--quiet", "--text")
    assert status == 0
    assert said.splitlines() == [
        "4 runs: 4 done.",
        "",
        str(done / "table.csv"),
        str(done / "study.html"),
    ]


def test_cells_that_cannot_be_filled_are_told_with_their_reason(capsys, tmp_path):
    (tmp_path / "a.pth").write_bytes(b"no checkpoint")
    path = tmp_path / "given.toml"
    path.write_text('[checkpoints]\nfiles = ["a.pth", "b.pth"]\n')
    out = tmp_path / "out"
    status, said, err = call(capsys, path, "--out", out, "--processes", 1, "--json")
    assert status == 1
    assert json.loads(said)["states"] == {"refused": 2}
    assert "afterimage: checkpoint b.pth, seed 0: b.pth cannot be read" in err
    assert "checkpoint a.pth, seed 0: " in err


def test_a_second_process_at_work_on_a_study_is_refused(capsys, done, file):
    with Lock(Store(done)):
        for arguments in ((done,), (file, "--out", done)):
            status, said, err = call(capsys, *arguments, "--quiet")
            assert (status, said) == (2, "")
            assert f"Process {os.getpid()} on" in err
            assert "is at work on the study in" in err


def test_what_does_not_go_together_is_refused(capsys, done, file, tmp_path):
    for arguments, complaint in (
        ((file, "--processes", 0), "needs one process at least"),
        ((done, "--out", tmp_path / "x"), "goes on in its own folder"),
        ((tmp_path / "x.toml",), "does not exist"),
        ((tmp_path, "--only-table"), "holds no study"),
    ):
        status, _, err = call(capsys, *arguments, "--quiet")
        assert status == 2
        assert complaint in err


def test_a_ready_made_study_is_called_by_its_name(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = call(capsys, "epochs", "--data-root", tmp_path / "nothing", "--quiet")
    assert status == 2
    assert "MNIST" in err


def test_what_is_no_study_leaves_its_folder_alone(capsys, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("widths = 3")
    call(capsys, path, "--out", tmp_path / "out", "--quiet")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise on Windows")
def test_an_interruption_keeps_what_has_ended(tmp_path, file):
    text = file.read_text().replace("steps = 4", "steps = [4, 2000000]")
    file.write_text(text.replace("[2, 5]", "2"))
    out = tmp_path / "out"
    command = [sys.executable, "main.py", "study", str(file), "--out", str(out)]
    program = subprocess.Popen(
        [*command, "--processes", "1", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not list((out / "results").glob("[!.]*.json")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"It ended with {program.wait(0.05)}.")
    os.killpg(program.pid, signal.SIGINT)  # As Ctrl+C does: to all processes of a terminal.
    said, err = program.communicate(timeout=600)
    assert program.returncode == 130
    assert json.loads(said)["states"] == {"done": 1, "missing": 1}
    assert b"Traceback" not in err
    assert (out / "table.csv").exists()


def test_the_folder_is_called_like_the_file(monkeypatch, tmp_path, file):
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    study.add_arguments(parser)
    assert study._folder(parser.parse_args([str(file)])) == "small"
    with pytest.raises(UnusableInput, match="goes on in its own folder"):
        study._folder(parser.parse_args([str(tmp_path), "--out", "x"]))
