"""No command replaces a file, or mixes two runs in one folder, unless it is told to."""

# ruff: noqa: F811 - arguments are called like the fixtures that they take
from __future__ import annotations

import json

import numpy as np
import pytest

from engine.exports import results, results_read
from engine.exports.endings import ENDINGS
from engine.network.checkpoints import load_network
from engine.session.session_file import load_session
from tests.engine.commands.test_command_line import (  # noqa: F401 - fixtures
    TRAIN,
    call,
    model,
    pictures,
    references,
    saved,
)
from tests.engine.networks import learnt

OF_IMAGES = set(results.FILES) - {results.TABLE}
"""What a run leaves that is not on rows of a table."""

QUICK = ("--candidates", 8, "--steps", 12, "--device", "cpu", "--quiet")


def held(folder):
    """All files of a folder, with what they hold."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


@pytest.fixture
def out(capsys, tmp_path, model, references):
    """A folder of results, scored against training images alone."""
    folder = tmp_path / "out"
    status, _, _ = call(
        capsys, "reconstruct", model, "--out", folder, "--images", references[0], *QUICK
    )
    assert status == 0
    return folder


@pytest.fixture
def other(tmp_path, make_network):
    return saved(learnt(make_network(16, 9, 8, 1), 6), tmp_path / "other.pth")


def refused(capsys, *arguments):
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "--overwrite" in err
    return err


def test_a_run_leaves_the_files_that_it_says_it_leaves(out):
    assert set(held(out)) == OF_IMAGES == set(results.run_files(out))


def test_another_run_is_not_written_over_one(capsys, out, other):
    (out / "notes.txt").write_text("mine")
    before = held(out)
    err = refused(capsys, "reconstruct", other, "--out", out, *QUICK)
    assert str(out / results.SESSION) in err
    assert held(out) == before


@pytest.mark.parametrize("name", results.FILES)
def test_one_file_of_a_run_is_enough(capsys, tmp_path, other, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("of a run")
    assert name in refused(capsys, "reconstruct", other, "--out", tmp_path / "out", *QUICK)
    assert held(tmp_path / "out") == {name: b"of a run"}


def test_with_overwrite_the_other_run_goes_first_and_nothing_else_does(
    capsys, monkeypatch, out, other
):
    (out / "notes.txt").write_text("mine")
    there = []
    begin = results.remove_run

    def remove(folder, but):
        begin(folder, but)
        there.append(sorted(held(folder)))

    monkeypatch.setattr(results, "remove_run", remove)
    status, _, _ = call(capsys, "reconstruct", other, "--out", out, *QUICK, "--overwrite")
    assert status == 0
    assert there == [["notes.txt", results.SESSION]]
    assert set(held(out)) == {*OF_IMAGES, "notes.txt"}
    assert load_session(out / results.SESSION).network.origin.name == "other.pth"
    assert results_read.read_report(out)["evidence"] is None


def test_a_run_that_cannot_begin_costs_the_other_nothing(capsys, out, tmp_path):
    before = held(out)
    status, _, _ = call(
        capsys, "reconstruct", tmp_path / "none.pth", "--out", out, *QUICK, "--overwrite"
    )
    assert status == 2
    assert held(out) == before


def test_a_session_goes_on_in_its_own_folder(capsys, out):
    status, text, _ = call(
        capsys, "reconstruct", out / results.SESSION, "--out", out, "--quiet", "--device", "cpu"
    )
    assert status == 0
    assert json.loads(text)["steps"] == 12
    assert set(held(out)) == OF_IMAGES


def test_a_session_does_not_go_on_in_the_folder_of_another(capsys, tmp_path, out, other):
    second = tmp_path / "second"
    assert call(capsys, "reconstruct", other, "--out", second, *QUICK)[0] == 0
    refused(capsys, "reconstruct", second / results.SESSION, "--out", out, "--quiet")


def test_several_take_no_overwrite_as_they_replace_nothing(capsys, tmp_path, model, other):
    refused(capsys, "reconstruct", model, other, "--out", tmp_path / "o", *QUICK, "--overwrite")
    assert not (tmp_path / "o").exists()


# --- train ----------------------------------------------------------------------------------------


@pytest.fixture
def made(capsys, tmp_path, pictures):
    path = tmp_path / "net.safetensors"
    assert call(capsys, "train", "--dataset", pictures, *TRAIN, "--out", path)[0] == 0
    return path


def test_a_trained_network_is_not_replaced(capsys, made, pictures):
    before = held(made.parent)
    again = ("train", "--dataset", pictures, *TRAIN, "--hidden", "12,9", "--out", made)
    assert str(made) in refused(capsys, *again)
    assert held(made.parent) == before
    assert call(capsys, *again, "--overwrite")[0] == 0
    assert load_network(made).layer_sizes == (25, 12, 9, 1)


@pytest.mark.parametrize("which", ["images", "control_images"])
def test_nor_are_images_beside_it(capsys, tmp_path, pictures, which):
    beside = tmp_path / f"net_{which}.npz"
    beside.write_text("of somebody")
    given = ("train", "--dataset", pictures, *TRAIN, "--out", tmp_path / "net.safetensors")
    assert beside.name in refused(capsys, *given)
    assert beside.read_text() == "of somebody"


def test_images_are_not_replaced_by_those_of_the_network_that_is_made_of_them(
    capsys,
    tmp_path,
    pictures,
):
    source = tmp_path / "net_images.npz"
    source.write_bytes((tmp_path / "pictures.npz").read_bytes())
    given = ("train", "--dataset", source, *TRAIN, "--out", tmp_path / "net.safetensors")
    status, _, err = call(capsys, *given, "--overwrite")
    assert status == 2
    assert "another name" in err
    assert source.read_bytes() == (tmp_path / "pictures.npz").read_bytes()


def test_a_training_goes_on_in_its_own_file(capsys, tmp_path, pictures):
    path = tmp_path / "net.safetensors"
    train = ("train", *TRAIN, "--schedule", "plain", "--rate", 0.5, "--out", path)
    assert call(capsys, *train, "--dataset", pictures, "--most-steps", 7)[0] == 0
    beside = {name: data for name, data in held(tmp_path).items() if name.startswith("net_")}
    assert set(beside) == {"net_images.npz", "net_control_images.npz"}
    status, out, _ = call(
        capsys, "train", "--dataset", tmp_path / "net_images.npz", "--per-class", 0, "--device",
        "cpu", "--quiet", "--most-steps", 20, "--out", path, "--go-on", path,
    )  # fmt: skip
    assert status == 0
    assert json.loads(out)["steps"] == 20
    assert {name: held(tmp_path)[name] for name in beside} == beside


# --- what is made of a run ------------------------------------------------------------------------

EXPORTS = [kind for kind in ENDINGS if kind not in ("csv", "html", "pdf")]


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_replaces_no_file(capsys, tmp_path, out, references, kind):
    path = tmp_path / f"mine{ENDINGS[kind][1][0]}"
    path.write_text("mine")
    given = ("export", out, f"--{kind}", path, "--images", references[0], "--quiet")
    assert str(path) in refused(capsys, *given)
    assert path.read_text() == "mine"
    assert call(capsys, *given, "--overwrite")[0] == 0
    assert path.read_bytes() != b"mine"


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_ends_as_its_format_asks(capsys, tmp_path, out, references, kind):
    endings = {ending for _, known in ENDINGS.values() for ending in known}
    for ending in {*endings, ""} - set(ENDINGS[kind][1]):
        path = tmp_path / f"film{ending}"
        status, _, err = call(
            capsys, "export", out, f"--{kind}", path, "--images", references[0], "--quiet"
        )
        assert status == 2
        assert f"call it film{ENDINGS[kind][1][0]}" in err
        assert not path.exists()


def test_two_exports_have_two_names(capsys, tmp_path, out, references):
    path = tmp_path / "a.csv"
    status, _, err = call(
        capsys, "export", out, "--losses", path, "--scores", tmp_path / "x" / ".." / "a.csv",
        "--images", references[0], "--overwrite",
    )  # fmt: skip
    assert status == 2
    assert "--losses and --scores name one file" in err


def test_single_images_of_two_runs_are_not_mixed(capsys, tmp_path, out):
    folder = tmp_path / "single"
    folder.mkdir()
    (folder / "me.png").write_text("mine")
    (folder / "999_candidate-0001_confidence-0.50.png").write_text("of another run")
    given = ("export", out, "--pngs", folder, "--quiet")
    refused(capsys, *given)
    assert len(list(folder.iterdir())) == 2
    assert call(capsys, *given, "--overwrite")[0] == 0
    names = set(held(folder))
    assert "me.png" in names
    assert "999_candidate-0001_confidence-0.50.png" not in names
    assert len(names) == 1 + len(load_session(out / results.SESSION).gallery())
    status, _, err = call(capsys, "export", out, "--pngs", tmp_path / "x.png")
    assert status == 2
    assert "takes a folder" in err


def test_a_report_replaces_no_page(capsys, tmp_path, out):
    page = (out / results.PAGE).read_bytes()
    assert results.PAGE in refused(capsys, "report", out)
    assert (out / results.PAGE).read_bytes() == page
    assert call(capsys, "report", out, "--html", tmp_path / "new.html")[0] == 0
    assert call(capsys, "report", out, "--overwrite")[0] == 0
    status, _, err = call(capsys, "report", out, "--html", tmp_path / "a.pdf")
    assert status == 2
    assert "call it a.html" in err


def test_a_score_replaces_no_other_score(capsys, out, references):
    train, control = references
    before = (out / results.REPORT).read_text()
    assert call(capsys, "score", out, "--images", train)[0] == 0  # The same once more.
    for given in (("--control", control), ("--many-to-one",)):
        err = refused(capsys, "score", out, "--images", train, *given)
        assert "5 good, no control" in err
        assert (out / results.REPORT).read_text() == before
    assert (
        call(capsys, "score", out, "--images", train, "--control", control, "--overwrite")[0] == 0
    )
    assert results_read.read_report(out)["evidence"]["control"]["count"] == 5


def test_a_score_is_put_where_there_is_none(capsys, tmp_path, model, references):
    folder = tmp_path / "unscored"
    call(capsys, "reconstruct", model, "--out", folder, *QUICK)
    status, text, _ = call(capsys, "score", folder, "--images", references[0])
    assert status == 0
    assert json.loads(text)["report"] == str(folder / results.REPORT)
    assert results_read.read_report(folder)["evidence"] == json.loads(text)["evidence"]


def test_a_table_of_membership_replaces_no_file(capsys, tmp_path, model, references):
    table = tmp_path / "table.csv"
    np.savez(tmp_path / "both.npz", images=np.random.default_rng(1).random((6, 1, 4, 4)),
             labels=np.arange(6) % 2)  # fmt: skip
    given = ("membership", model, "--images", tmp_path / "both.npz", "--csv", table)
    assert call(capsys, *given)[0] == 0
    made = table.read_bytes()
    refused(capsys, *given)
    assert table.read_bytes() == made
    assert call(capsys, *given, "--overwrite")[0] == 0
