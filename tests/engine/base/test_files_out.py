"""What a run leaves behind: GIF, MP4, PNG, NPZ, CSV, session and report."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch
from PIL import Image

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path, save_tensors
from engine.base.progress import Cancelled
from engine.data import pixels as data_pixels
from engine.exports import film_files, results, results_read
from engine.reconstruction.recording import frame_steps
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session


@pytest.fixture
def session(make_network):
    network = make_network(48, 12, 10, 1, shape=(3, 4, 4), mean=torch.rand(3, 4, 4))
    run = Reconstruction(network, replace(fast(), candidates=9, steps=30, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu (test)")


def test_the_gif_loops_for_ever_and_holds_its_last_frame(session, tmp_path):
    path = tmp_path / "drift.gif"
    results.export_gif(session, path)
    with Image.open(path) as gif:
        # Pillow joins frames that look alike, and adds up their times.
        assert 10 < gif.n_frames <= len(session.state.recording)
        assert gif.info["loop"] == 0
        durations = []
        for index in range(gif.n_frames):
            gif.seek(index)
            durations.append(gif.info["duration"])
    assert min(durations) >= 20
    assert sum(durations) == 80 * (len(session.state.recording) - 1) + 2500
    assert durations[-1] > 5 * durations[0]


def test_all_frames_of_a_gif_share_one_palette(tmp_path):
    """A colour that stands still must not flicker while the others change."""
    rng = np.random.default_rng(0)
    still = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
    frames = [
        np.concatenate([still, rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)]) for _ in range(6)
    ]
    film_files.write_gif(tmp_path / "a.gif", frames)
    with Image.open(tmp_path / "a.gif") as gif:
        shown = []
        for index in range(gif.n_frames):
            gif.seek(index)
            shown.append(np.asarray(gif.convert("RGB"))[:16])
    for frame in shown[1:]:
        np.testing.assert_array_equal(frame, shown[0])


def test_identical_frames_are_kept_apart(tmp_path):
    frame = np.zeros((8, 8), np.uint8)
    film_files.write_gif(tmp_path / "a.gif", [frame, frame + 9, frame + 9])
    with Image.open(tmp_path / "a.gif") as gif:
        total = 0
        for index in range(gif.n_frames):
            gif.seek(index)
            total += gif.info["duration"]
    assert total >= 2500


def test_enlargement_repeats_pixels_and_invents_none():
    tile = np.arange(6, dtype=np.uint8).reshape(2, 3)
    large = data_pixels.enlarged(tile, 3)
    assert large.shape == (6, 9)
    np.testing.assert_array_equal(large[::3, ::3], tile)
    np.testing.assert_array_equal(large[2::3, 1::3], tile)


def test_a_mosaic_puts_every_tile_in_its_place():
    tiles = np.arange(1, 6, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), np.uint8)
    joined = data_pixels.mosaic(tiles, 2)
    assert joined.shape == (3 * 3 + 1, 2 * 4 + 1)
    for index in range(5):
        row, column = divmod(index, 2)
        assert (
            joined[row * 3 + 1 : row * 3 + 3, column * 4 + 1 : column * 4 + 4] == index + 1
        ).all()
    assert (joined[7:, 5:] == 0).all()


def test_the_film_plays(session, tmp_path):
    import imageio_ffmpeg

    path = tmp_path / "drift.mp4"
    results.export_mp4(session, path)
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert frames > len(session.state.recording)
    assert seconds > 2.5


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_session_in_a_folder_whose_name_is_no_text_is_read_back(session, tmp_path):
    path = Path(os.fsdecode(bytes(tmp_path / "caf") + b"\xe9")) / "run.afterimage"
    save_session(session, path)
    torch.testing.assert_close(load_session(path).images(), session.images(), rtol=0, atol=0)


def test_a_folder_of_results_holds_what_the_contract_says(session, tmp_path):
    report = results.write_results(session, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "reconstructions.npz",
        "drift.gif",
        "grid.png",
        "losses.csv",
        "report.json",
        "report.html",
        "session.afterimage",
    }
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads(json.dumps(report))
    assert report["evidence"] is None
    assert report["row_space"]["directions"] == 6
    assert report["row_space"]["rank"] == session.state.space.spectrum.rank
    assert report["steps"] == 30
    assert len(report["loss"]["relative_per_layer"]) == 3
    with np.load(tmp_path / "reconstructions.npz") as file:
        assert file["images"].shape == (9, 3, 4, 4)
        assert file["images"].dtype == np.float32
        assert file["labels"].tolist() == [-1] * 4 + [1] * 5
        assert file["multipliers"].shape == (9,)
        assert file["mean"].shape == (3, 4, 4)
    with (tmp_path / "losses.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert list(rows[0]) == [
        "step", "seconds", "stationarity", "constraint", "alpha",
        "relative_1", "relative_2", "relative_3",
    ]  # fmt: skip
    candidates, mean = results_read.read_reconstructions(tmp_path)
    torch.testing.assert_close(candidates, session.images())
    assert mean is not None


def test_a_session_comes_back_whole(session, tmp_path):
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    again = load_session(path)
    assert again.settings == session.settings
    assert again.network.origin == session.network.origin
    assert torch.equal(again.images(), session.images())
    assert torch.equal(again.labels, session.labels)
    assert (again.state.losses.rows == session.state.losses.rows).all()
    assert again.state.recording.steps == session.state.recording.steps


@pytest.mark.parametrize(
    "lie",
    [
        {"step": 29},
        {"step": "30"},
        {"frame_steps": ["a"] * 30},
        {"restart_frame_steps": [[0, 1]]},
        {"input_shape": [1, 4, 5]},
        {"input_shape": [1, 2**31, 4]},
    ],
)
def test_a_session_whose_numbers_do_not_fit_is_refused(session, tmp_path, lie):
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    with safetensors.safe_open(path, "pt") as file:
        header = json.loads(file.metadata()["session"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_tensors(tensors, path, {"session": json.dumps({**header, **lie})})
    with pytest.raises(UnusableInput, match="damaged"):
        load_session(path)


def test_a_damaged_session_is_one_sentence(session, tmp_path):
    path = tmp_path / "run.afterimage"
    save_session(session, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UnusableInput, match="cut short"):
        load_session(path)
    with pytest.raises(UnusableInput):
        load_session(tmp_path / "none.afterimage")


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("before")

    def half_a_write():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space") as told:
        half_a_write()
    assert told.value.filename == str(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_cancelled_export_writes_nothing(session, tmp_path):
    def cancel(share):
        if share > 0.5:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        results.export_gif(session, tmp_path / "drift.gif", cancel)
    assert list(tmp_path.iterdir()) == []


def test_frames_are_spaced_logarithmically_and_bounded_in_memory():
    steps = sorted(frame_steps(10_000, 1000))
    assert steps[0] == 0
    assert steps[-1] == 10_000
    late = [b - a for a, b in zip(steps[-6:-1], steps[-5:], strict=True)]
    assert late == sorted(late)
    assert late[-1] > 400
    assert len(steps) > 100
    assert len(frame_steps(50_000, 128 << 20)) <= 3
