"""Grids, single images, tensors and tables, read again and held against the run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from engine.commands import command_line
from engine.data.pixels import display_pixels, enlarged
from engine.evidence.references import References
from engine.exports import results
from engine.exports.film_encoding import encode
from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from engine.exports.stills import GridOptions, write_pngs
from engine.exports.writing import write_scores
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import save_session


@pytest.fixture
def session(make_network):
    network = make_network(48, 12, 10, 1, shape=(3, 4, 4), mean=torch.rand(3, 4, 4))
    run = Reconstruction(network, replace(fast(), candidates=9, steps=30, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu (test)")


@pytest.fixture
def references(session):
    """Eleven training images, more than candidates, and a control."""
    generator = torch.Generator().manual_seed(1)
    train, control = (torch.rand(11, 3, 4, 4, generator=generator) for _ in range(2))
    shown = display_pixels(session.images()[[7, 2]], session.network.mean)
    train[4:6] = torch.from_numpy(shown).permute(0, 3, 1, 2) / 255
    return References(train, control, session.network.mean)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def gallery_tiles(session):
    chosen = session.gallery().candidate
    return display_pixels(session.images()[chosen], session.network.mean)


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_a_grid_at_any_whole_scale_holds_the_gallery(session, tmp_path, scale):
    results.export_png(session, tmp_path / "grid.png", options=GridOptions(scale))
    with Image.open(tmp_path / "grid.png") as image:
        pixels = np.asarray(image)
    small = pixels[::scale, ::scale]
    np.testing.assert_array_equal(pixels, enlarged(small, scale))
    tiles = gallery_tiles(session)
    columns = int(np.ceil(np.sqrt(len(tiles))))
    for index, tile in enumerate(tiles):
        y, x = (5 * place + 1 for place in divmod(index, columns))
        np.testing.assert_array_equal(small[y : y + 4, x : x + 4], tile)


def test_one_png_an_image(session, tmp_path):
    gallery, tiles = session.gallery(), gallery_tiles(session)
    assert write_pngs(session, tmp_path / "images") == len(gallery)
    files = sorted((tmp_path / "images").iterdir())
    assert len(files) == len(gallery)
    for index, path in enumerate(files):
        assert path.name == (
            f"{index + 1:03}_candidate-{gallery.candidate[index]:04}.png"  # An early run.
        )
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(image), tiles[index])


def test_tensors_open_without_executing_anything(session, tmp_path):
    results.export_pt(session, tmp_path / "a.pt")
    found = torch.load(tmp_path / "a.pt", weights_only=True)
    assert torch.equal(found["images"], session.images())
    assert torch.equal(found["labels"].float(), session.labels)
    assert torch.equal(found["multipliers"], session.multipliers.float())
    assert torch.equal(found["gallery"], session.gallery().candidate)
    assert "confidence" not in found
    assert torch.equal(found["mean"], session.network.mean.float())
    assert found["about"]["steps"] == 30
    assert found["about"]["restarts"] == 1


def test_scores_are_those_of_the_rule(session, references, tmp_path):
    write_scores(tmp_path / "scores.csv", references.score(session.images()))
    rows = rows_of(tmp_path / "scores.csv")
    evidence = references.score(session.images())
    train = [row for row in rows if row["set"] == "train"]
    control = [row for row in rows if row["set"] == "control"]
    assert [int(row["reference"]) for row in train] == list(range(11))
    assert [int(row["reference"]) for row in control] == list(range(11))
    for matches, found in ((evidence.train, train), (evidence.control, control)):
        assert sum(row["candidate"] == "" for row in found) == 2
        for pair, reference in enumerate(matches.reference):
            row = found[reference]
            assert int(row["candidate"]) == matches.candidate[pair]
            assert float(row["ssim"]) == pytest.approx(matches.ssim[pair], abs=1e-6)
            assert float(row["ncc"]) == pytest.approx(matches.ncc[pair], abs=1e-6)
            assert bool(int(row["good"])) == matches.is_good[pair]
    assert sum(int(row["good"]) for row in train) == evidence.train.good
    assert sum(int(row["recovered"]) for row in train) == evidence.recovered > 0
    assert {row["recovered"] for row in control} == {""}


def test_without_a_control_nothing_is_called_recovered(session, references, tmp_path):
    alone = replace(references, control=None)
    write_scores(tmp_path / "scores.csv", alone.score(session.images()))
    assert {row["recovered"] for row in rows_of(tmp_path / "scores.csv")} == {""}


# --- the command line -------------------------------------------------------------------------


@pytest.fixture
def folder(session, references, tmp_path):
    """A folder of results, and beside it training and control images."""
    save_session(session, tmp_path / "out" / results.SESSION)
    for name, images in (("train", references.train), ("control", references.control)):
        np.savez(tmp_path / f"{name}.npz", images=images.numpy(), labels=np.zeros(11, np.uint8))
    return tmp_path


def call(capsys, *arguments):
    status = command_line.main(["export", *map(str, arguments), "--quiet"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_everything_can_be_had_at_once(capsys, session, references, folder):
    files = {
        "gif": "a.gif", "mp4": "a.mp4", "png": "a.png", "pngs": "single", "npz": "a.npz",
        "pt": "a.pt", "losses": "losses.csv", "scores": "scores.csv",
    }  # fmt: skip
    wanted = [x for kind, name in files.items() for x in (f"--{kind}", folder / name)]
    status, out, err = call(
        capsys, folder / "out", *wanted,
        "--images", folder / "train.npz", "--control", folder / "control.npz",
        "--pairs", "--tiles", 4, "--width", 60, "--duration", 2, "--hold", 0.5,
        "--easing", "slow-end", "--scale", 2,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert json.loads(out) == {kind: str(folder / name) for kind, name in files.items()}
    options = FilmOptions(
        what="pairs", tiles=4, width=60, duration=2.0, hold=0.5, easing="slow-end"
    )
    film = make_film(session, options, references)
    with Image.open(folder / "a.gif") as gif:
        assert gif.size == film.size
        total = 0
        for index in range(gif.n_frames):
            gif.seek(index)
            total += gif.info["duration"]
    assert total == 2500
    assert len(rows_of(folder / "losses.csv")) == 30
    assert len(rows_of(folder / "scores.csv")) == 22
    shown = session.gallery(references=references)
    assert len(list((folder / "single").iterdir())) == len(shown)
    with Image.open(next((folder / "single").iterdir())) as image:
        assert image.size == (8, 8)


def test_chosen_candidates_from_the_command_line(capsys, session, folder):
    path = folder / "a.gif"
    status, _, _ = call(capsys, folder / "out", "--gif", path, "--chosen", "5,0-1")
    assert status == 0
    film = make_film(session, FilmOptions(what="chosen", chosen=(5, 0, 1)))
    with Image.open(path) as gif:
        assert gif.size == film.size


def test_presets_from_the_command_line(capsys, session, references, folder):
    path = folder / "a.gif"
    short = ("--duration", 0.4, "--hold", 0.2)
    status, out, _ = call(
        capsys, folder / "out", "--gif", path, "--preset", "pairs", "--images",
        folder / "train.npz", *short, "--no-noise", "--no-strip", "--no-caption",
    )  # fmt: skip
    assert status == 0
    assert json.loads(out) == {"gif": str(path)}
    options = FilmOptions(
        preset="pairs", duration=0.4, hold=0.2, noise=False, strip=False, caption=False
    )
    film = make_film(session, options, references)
    assert path.read_bytes() == encode("gif", film).data
    with Image.open(path) as gif:
        assert gif.size == (800, 600)


def test_chosen_candidates_as_a_grid(capsys, session, folder):
    chosen = ("--chosen", "5,0-1", "--scale", 1)
    status, _, _ = call(capsys, folder / "out", "--png", folder / "a.png", *chosen)
    assert status == 0
    tiles = display_pixels(session.images()[[5, 0, 1]], session.network.mean)
    with Image.open(folder / "a.png") as image:
        pixels = np.asarray(image)
    assert pixels.shape[:2] == (11, 11)
    for tile, (y, x) in zip(tiles, ((1, 1), (1, 6), (6, 1)), strict=True):
        np.testing.assert_array_equal(pixels[y : y + 4, x : x + 4], tile)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--scores", "a.csv"),
        ("--gif", "a.gif", "--pairs"),
        ("--gif", "a.gif", "--control", "control.npz"),
        ("--gif", "a.gif", "--chosen", "first"),
        ("--gif", "a.gif", "--chosen", "9"),
        ("--gif", "a.gif", "--tiles", "401"),
        ("--gif", "a.gif", "--scale", "2"),
        ("--gif", "a.gif", "--preset", "pairs"),
        ("--gif", "a.gif", "--preset", "web", "--width", "100"),
        ("--gif", "a.gif", "--preset", "square", "--easing", "steps"),
        ("--gif", "a.gif", "--preset", "square", "--chosen", "9"),
        ("--gif", "a.gif", "--no-caption"),
        ("--npz", "a.npz", "--chosen", "3"),
        ("--npz", "a.npz", "--no-noise"),
        ("--png", "a.png", "--chosen", "9"),
        ("--png", "a.png", "--width", "100"),
        ("--png", "a.png", "--scale", "99"),
    ],
)
def test_options_that_do_not_fit_are_one_line(capsys, folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    status, out, err = call(capsys, folder / "out", *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert not list(folder.glob("a.*"))
