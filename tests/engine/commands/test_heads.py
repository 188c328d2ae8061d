"""A head on embeddings, from its file to what its reconstructions are near to."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch

from engine.commands import command_line
from engine.evidence.lineup import lineup_of
from engine.exports.results_read import read_inputs
from engine.network.checkpoints import load_network
from engine.session.session_file import load_session

D, COUNT, CLASSES = 40, 20, 4
RUN = ("--candidates", 100, "--steps", 300, "--device", "cpu", "--quiet")


def call(capsys, *arguments):
    status = command_line.main([str(a) for a in arguments])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out)


def embeddings(count, seed):
    """Unit vectors in a cone, float32, shape (n, D)."""
    drawn = 0.5 + np.random.default_rng(seed).normal(size=(count, D))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def trained_head(rows, labels):
    """D-200-4, as PyTorch starts it, near a stationary point of loss and weight decay."""
    torch.manual_seed(0)
    head = torch.nn.Sequential(torch.nn.Linear(D, 200), torch.nn.ReLU(), torch.nn.Linear(200, 4))
    head = head.double()
    optimizer = torch.optim.SGD(head.parameters(), 1.0, momentum=0.9, weight_decay=1e-3)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, 2500)
    x, y = torch.from_numpy(rows).double(), torch.from_numpy(labels)
    for _ in range(2500):
        loss = torch.nn.functional.cross_entropy(head(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return head.float().state_dict()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A head, the embeddings it was trained on, a control, and neighbours with pictures."""
    folder = tmp_path_factory.mktemp("head")
    rows, labels = embeddings(COUNT, 1), np.arange(COUNT) % CLASSES
    np.savez(folder / "train.npz", rows=rows, labels=labels)
    others = embeddings(60, 2)
    np.savez(folder / "control.npz", rows=others, labels=np.arange(60) % CLASSES)
    near = np.concatenate([embeddings(60, 3), rows[:2]])
    pictures = np.random.default_rng(0).integers(0, 256, (62, 6, 6, 3), dtype=np.uint8)
    np.savez(folder / "near.npz", embeddings=near, images=pictures)
    torch.save(trained_head(rows, labels), folder / "head.pth")
    return folder


@pytest.fixture(scope="module")
def against(folder):
    return ("--images", folder / "train.npz", "--control", folder / "control.npz")


@pytest.fixture(scope="module")
def attacked(folder, against):
    """The folder of a run, and its report."""
    out = folder / "out"
    near = ("--neighbours", folder / "near.npz")
    arguments = ("reconstruct", folder / "head.pth", "--out", out, *against, *near, *RUN)
    assert command_line.main([str(a) for a in arguments]) == 0
    return out, json.loads((out / "report.json").read_text())


def test_neighbours_of_unit_length_say_that_embeddings_were_brought_to_it(attacked):
    model = attacked[1]["model"]
    assert model["input_shape"] == [1, 1, D]
    assert model["preprocessing"]["embedding"] == "unit"
    assert model["preprocessing"]["said_by"] == "references"
    assert model["preprocessing"]["words"] == "embeddings at unit length"


def test_embeddings_come_back_that_unseen_ones_do_not_match(attacked):
    evidence = attacked[1]["evidence"]
    assert evidence["train"]["rule"].startswith("cosine > 0.8 less the mean direction")
    assert evidence["train"]["recovered"] >= 1
    # Chance gives five and more in one of 1,500 such runs.
    assert evidence["train"]["above_control"] >= 5
    assert evidence["control"]["good"] == 0
    lineup = lineup_of(evidence)
    assert lineup.of == "embeddings"
    assert lineup.is_clear
    assert attacked[1]["gallery"]["above_0.9"] is None


def test_each_reconstruction_has_its_neighbours_beside_those_of_the_control(attacked, folder):
    found, gallery = attacked[1]["neighbours"], attacked[1]["gallery"]["images"]
    assert (found["count"], found["training_embeddings_among_them"]) == (62, 2)
    assert len(found["gallery"]) == len(gallery)
    with np.load(folder / "near.npz") as near, np.load(attacked[0] / "reconstructions.npz") as out:
        among, candidates = near["embeddings"].astype(float), out["images"][:, 0, 0].astype(float)
    among /= np.linalg.norm(among, axis=1, keepdims=True)
    for entry, neighbours in zip(gallery[:5], found["gallery"], strict=False):
        candidate = candidates[entry["candidate"]] / np.linalg.norm(candidates[entry["candidate"]])
        cosines = among @ candidate
        assert [each["place"] for each in neighbours] == np.argsort(-cosines)[:5].tolist()
        assert neighbours[0]["cosine"] == pytest.approx(cosines.max(), abs=1e-3)
    pairs = found["same_first_neighbour"]
    assert pairs["train"]["pairs"] == 20
    assert pairs["control"]["pairs"] == 60
    shares = [pairs[role]["same"] / pairs[role]["pairs"] for role in ("train", "control")]
    assert shares[0] > shares[1] + 0.1


def test_the_page_says_what_a_neighbour_is_not(attacked):
    page = (attacked[0] / "report.html").read_text(encoding="utf-8")
    assert "A neighbour is no reconstruction" in page
    assert "2 of them are training embeddings" in page
    assert "embeddings of the control" in page
    assert page.count("number 60, cosine") + page.count("number 61, cosine") >= 1
    assert "by cosine and by NCC of standardised features" in page


def test_a_report_is_made_again_with_other_neighbours_and_without_pictures(
    capsys, folder, attacked, against
):
    near = folder / "named.npz"
    np.savez(near, embeddings=embeddings(20, 8), names=[f"photo {n}" for n in range(20)])
    page = folder / "again.html"
    call(capsys, "report", attacked[0], *against, "--neighbours", near, "--html", page)
    text = page.read_text(encoding="utf-8")
    assert "20 embeddings in named.npz" in text
    assert "photo 1" in text
    assert "training embeddings, because that file holds them" not in text


def test_scored_again_it_is_the_same(capsys, attacked, against):
    scored = call(capsys, "score", attacked[0], *against)["evidence"]
    assert read_inputs(attacked[0]).preprocessing.embedding == "unit"
    for part in ("train", "control"):
        np.testing.assert_allclose(
            scored[part]["cosine"], attacked[1]["evidence"][part]["cosine"], atol=2e-4
        )


def test_the_session_knows_that_they_are_embeddings_and_its_score(attacked):
    session = load_session(attacked[0] / "session.afterimage")
    assert session.network.inputs.preprocessing.embedding == "unit"
    assert session.network.inputs.preprocessing.said_by == "references"
    assert session.evidence == attacked[1]["evidence"]
    train = session.kept_score.train
    assert train.measure_name == "cosine"
    assert sorted(train.measure, reverse=True)[0] == pytest.approx(train.best)
    assert session.kept_score.as_dict() == session.evidence


def test_the_command_that_repeats_the_run_says_it_too(attacked):
    page = (attacked[0] / "report.html").read_text(encoding="utf-8")
    assert "--preprocessing unit" in page


def test_what_a_person_says_goes_before_what_neighbours_look_like(capsys, folder):
    short = ("--candidates", 4, "--steps", 2, "--device", "cpu", "--quiet")
    near = ("--neighbours", folder / "near.npz", "--preprocessing", "none")
    found = call(
        capsys, "reconstruct", folder / "head.pth", "--out", folder / "none", *near, *short
    )
    assert found["model"]["preprocessing"]["embedding"] is None
    assert found["neighbours"]["count"] == 62


def test_who_gives_neighbours_says_that_the_network_reads_no_image(capsys, folder):
    """768 numbers would be taken for an image of 3×16×16."""
    sizes = (768, 8, 2)
    layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    torch.save(torch.nn.Sequential(*layers).state_dict(), folder / "clip.pth")
    assert load_network(folder / "clip.pth").input_shape == (3, 16, 16)
    np.save(folder / "clip.npy", np.random.default_rng(0).normal(size=(6, 768)))
    short = ("--candidates", 4, "--steps", 2, "--device", "cpu", "--quiet")
    near = ("--neighbours", folder / "clip.npy")
    found = call(
        capsys, "reconstruct", folder / "clip.pth", "--out", folder / "clip", *near, *short
    )
    assert found["model"]["input_shape"] == [1, 1, 768]
    assert found["model"]["preprocessing"]["embedding"] == "raw"


def test_neighbours_of_another_backbone_are_refused_in_one_line(capsys, folder):
    np.save(folder / "other.npy", np.ones((3, 9)))
    arguments = ("reconstruct", folder / "head.pth", "--out", folder / "no")
    near = ("--neighbours", folder / "other.npy", "--preprocessing", "unit")
    assert command_line.main([str(a) for a in (*arguments, *near)]) == 2
    told = capsys.readouterr().err.strip()
    assert "have 9 numbers, but the network reads 40" in told
    assert "\n" not in told
    assert not (folder / "no" / "session.afterimage").exists()


def test_a_network_on_images_has_no_neighbours(capsys, folder):
    arguments = ("reconstruct", folder / "head.pth", "--shape", "1x5x8", "--out", folder / "no")
    near = ("--neighbours", folder / "near.npz")
    assert command_line.main([str(a) for a in (*arguments, *near)]) == 2
    assert "reads images of 1×5×8" in capsys.readouterr().err
