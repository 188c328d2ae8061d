"""A table from its file to the rows that a network gives away, through every command."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch

from engine.commands import command_line, score
from engine.commands.told import lines_of_run
from engine.data.datasets import load_images
from engine.network.checkpoints import load_network
from engine.session.session_file import load_session
from tests.engine.patients import FEATURES, write_patients

TRAIN = ("--hidden", "200,200", "--until", "1e-10", "--seed", 0, "--device", "cpu", "--quiet")
RUN = ("--candidates", 150, "--steps", 250, "--device", "cpu", "--quiet")


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("patients")


@pytest.fixture(scope="module")
def trained(folder):
    """A network that has learnt thirty patients, with them and thirty others beside it."""
    table, model = write_patients(folder / "patients.csv", 200, seed=1), folder / "net.safetensors"
    arguments = ("train", "--dataset", table, "--per-class", 15, "--out", model, *TRAIN)
    assert command_line.main([str(a) for a in arguments]) == 0
    return model


@pytest.fixture(scope="module")
def against(trained):
    return (
        *("--images", trained.with_name("net_images.npz")),
        *("--control", trained.with_name("net_control_images.npz")),
    )


@pytest.fixture(scope="module")
def attacked(folder, trained, against):
    """The folder of a run, and its report."""
    out = folder / "out"
    arguments = ("reconstruct", trained, "--out", out, *against, *RUN)
    assert command_line.main([str(a) for a in arguments]) == 0
    return out, json.loads((out / "report.json").read_text())


def test_the_network_says_that_it_reads_standardised_features(capsys, trained):
    network = load_network(trained)
    assert network.input_shape == (1, 1, 30)
    assert network.inputs.is_known
    assert network.class_names == ("ill", "well")
    rows = load_images(trained.with_name("net_images.npz"), network.input_shape)
    assert rows.features == FEATURES
    read = network.inputs.of_images(rows.images)
    torch.testing.assert_close(read.mean(0), torch.zeros(30), atol=1e-4, rtol=0)
    torch.testing.assert_close(read.std(0, correction=0), torch.ones(30), atol=1e-4, rtol=0)
    found = call(capsys, "inspect", trained, "--json")
    assert found["preprocessing"]["words"] == "less each feature’s mean, divided by its std"


def test_rows_come_back_that_unseen_ones_do_not_match(attacked):
    evidence = attacked[1]["evidence"]
    assert evidence["train"]["rule"] == "NCC > 0.8 over standardised features, one-to-one by NCC"
    assert evidence["train"]["count"] == evidence["control"]["count"] == 30
    assert evidence["train"]["recovered"] >= 10
    assert evidence["control"]["good"] <= 1


def test_neither_box_nor_smoothness_acts_on_features(attacked):
    report = attacked[1]
    assert report["settings"]["smoothness"] == 0
    session = load_session(attacked[0] / "session.afterimage")
    assert float(session.images().abs().max()) > 1.5
    assert report["gallery"]["above_0.9"] is None


def test_the_table_of_the_gallery_is_in_the_units_of_the_patients(attacked, trained):
    out, report = attacked
    with (out / "reconstructions.csv").open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["candidate", "label", *FEATURES]
    assert [int(line[0]) for line in lines] == [
        each["candidate"] for each in report["gallery"]["images"]
    ]
    assert {line[1] for line in lines} == {"ill", "well"}
    rows = load_images(trained.with_name("net_images.npz")).images.flatten(1).numpy()
    is_recovered = [each["recovered"] for each in report["gallery"]["images"]]
    back = np.array([line[2:] for line in lines], float)[is_recovered]
    assert len(back) == report["evidence"]["train"]["recovered"]
    back, there = ((each - rows.mean(0)) / rows.std(0) for each in (back, rows))
    alike = np.corrcoef(back, there)[: len(back), len(back) :]
    assert alike.max(1).min() > 0.8
    assert len(set(alike.argmax(1).tolist())) == len(back)


def test_arrays_times_std_plus_mean_are_the_table(attacked):
    with np.load(attacked[0] / "reconstructions.npz") as found:
        own = found["images"][found["gallery"]] * found["std"] + found["mean"]
    with (attacked[0] / "reconstructions.csv").open(encoding="utf-8", newline="") as file:
        rows = np.array([line[2:] for line in list(csv.reader(file))[1:]], float)
    np.testing.assert_allclose(own[:, 0, 0], rows, rtol=1e-4, atol=1e-4)


def test_scored_again_it_is_the_same(capsys, attacked, against):
    scored = call(capsys, "score", attacked[0], *against)["evidence"]
    for part in ("train", "control"):
        np.testing.assert_allclose(
            scored[part]["ncc"], attacked[1]["evidence"][part]["ncc"], atol=2e-4
        )


def test_a_control_of_others_may_be_given_as_their_table(capsys, folder, attacked, against):
    others = write_patients(folder / "others.csv", 60, seed=9)
    control = ("--control", others, "--overwrite")
    scored = call(capsys, "score", attacked[0], *against[:2], *control)["evidence"]
    assert scored["control"]["count"] == 60
    assert scored["train"]["good"] == attacked[1]["evidence"]["train"]["good"]


def test_the_last_lines_of_a_run_and_of_a_score_speak_of_rows(capsys, attacked, against):
    folder, report = attacked
    train, gallery = report["evidence"]["train"], report["gallery"]
    said = "\n".join(lines_of_run(report, folder)[:3])
    assert f"{train['good']} of 30 training rows have a good match (NCC > 0.8" in said
    assert "of 30 rows of the control;" in said
    assert f"; {gallery['distinct']} distinct rows." in said
    assert "image" not in said
    scored = call(capsys, "score", folder, *against, "--overwrite")
    assert "of 30 training rows have a good match" in score.lines(scored, None)[0]


def test_reports_and_films_speak_of_rows(capsys, folder, attacked, against):
    out = attacked[0]
    page = folder / "report.html"
    call(capsys, "report", out, "--html", page, *against)
    text = page.read_text(encoding="utf-8")
    assert "training rows recovered" in text
    assert "30 features" in text
    assert "each row with its match" in text or "each row is to its match" in text
    assert "training image" not in text
    call(capsys, "export", out, "--csv", folder / "a.csv", "--quiet")
    header = (folder / "a.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert header.strip() == ",".join(["candidate", "label", *(f"x{n}" for n in range(1, 31))])


def test_two_runs_on_rows_are_compared_as_rows(capsys, folder, trained, attacked, against):
    again = folder / "again"
    short = ("--candidates", 20, "--steps", 20, "--seed", 5, "--device", "cpu", "--quiet")
    call(capsys, "reconstruct", trained, "--out", again, *against, *short)
    status = command_line.main(
        ["compare", str(attacked[0]), str(again), "--text", *map(str, against)]
    )
    text = capsys.readouterr().out
    assert status == 0
    assert "among the distinct rows" in text
    assert "image" not in text


def test_a_session_keeps_rows_and_their_preprocessing(capsys, folder, trained, attacked, against):
    kept = folder / "kept"
    call(
        capsys,
        *("reconstruct", trained, "--out", kept, *against, "--keep-images"),
        *("--candidates", 4, "--steps", 2, "--device", "cpu", "--quiet"),
    )
    session = load_session(kept / "session.afterimage")
    network = load_network(trained)
    assert session.network.inputs.preprocessing.words == network.inputs.preprocessing.words
    rows = load_images(trained.with_name("net_images.npz"), network.input_shape)
    torch.testing.assert_close(
        session.network.inputs.less_mean(rows.images), network.inputs.less_mean(rows.images)
    )
    assert session.sets.train is not None
    assert session.sets.train.images is not None
    assert session.sets.train.images.images.equal(rows.images)


def test_a_network_that_does_not_say_what_it_reads_is_said_to_be_assumed(capsys, folder, trained):
    network = load_network(trained)
    state = {f"{i}.weight": w for i, w in enumerate(network.weights)}
    torch.save({**state, "0.bias": network.biases[0]}, folder / "bare.pth")
    out = ("--out", folder / "bare", "--candidates", 4, "--steps", 2, "--device", "cpu")
    status = command_line.main([str(a) for a in ("reconstruct", folder / "bare.pth", *out)])
    captured = capsys.readouterr()
    assert status == 0
    assert "bare.pth does not say what it reads; assumed: 30 features." in captured.err
    as_images = call(capsys, "inspect", folder / "bare.pth", "--shape", "1x5x6", "--json")
    assert as_images["input_shape"] == [1, 5, 6]
    of_table = ("--preprocessing", "mean/std", "--mean-of", trained.with_name("net_images.npz"))
    found = call(capsys, "inspect", folder / "bare.pth", "--shape", "vector", *of_table, "--json")
    assert found["preprocessing"]["words"] == "less each feature’s mean, divided by its std"
    assert found["preprocessing"]["said_by"] == "user"
