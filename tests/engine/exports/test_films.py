"""The drift as a film: what it shows, how it is paced, and what is left of it in a file."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from io import BytesIO

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.errors import UnusableInput
from engine.base.progress import Cancelled
from engine.base.resources import SAMPLES, sample_network
from engine.data.pixels import display_pixels, enlarged, unit_pixels
from engine.evidence.references import References
from engine.exports import results
from engine.exports.film import Film
from engine.exports.film_files import gif_bytes, video_repeats, write_gif, write_mp4
from engine.exports.film_options import FilmOptions, parse_candidates
from engine.exports.film_pace import schedule
from engine.exports.films import make_film
from engine.network.checkpoints import load_network
from engine.reconstruction.recording import frame_steps
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.verdict import verdict_of

STEPS = tuple(sorted(frame_steps(1000, 1000)))
BRIGHTNESS = np.array([0.299, 0.587, 0.114])
LARGEST_DIFFERENCE = 5.0
"""Of 255, on average, that a palette may cost."""

# The reader of imageio-ffmpeg leaves the pipes of a film that it has read to the collector.
reads_a_film = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module", params=SAMPLES)
def sample_session(request):
    """A short run on a bundled network, grey and colour."""
    network = load_network(sample_network(request.param))
    run = Reconstruction(network, replace(fast(), candidates=80, steps=40, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu")


@pytest.fixture
def session(make_network):
    mean = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0))
    network = make_network(48, 12, 10, 1, shape=(3, 4, 4), mean=mean)
    run = Reconstruction(network, replace(fast(), candidates=9, steps=30, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu (test)")


@pytest.fixture
def references(session):
    """Training images of which two are candidates as they are shown, in the other order."""
    images = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    shown = display_pixels(session.images()[[7, 2]], session.network.mean)
    images[1:3] = torch.from_numpy(shown).permute(0, 3, 1, 2) / 255
    return References(images, None, session.network.mean)


def decoded(path):
    """Frames of a GIF as RGB, and how long each is shown in hundredths of a second."""
    frames, delays = [], []
    with Image.open(path) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            frames.append(np.asarray(gif.convert("RGB")).astype(int))
            delays.append(gif.info["duration"] // 10)
    return frames, delays


def in_colour(frame):
    return (frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, 2)).astype(int)


# --- timing ---------------------------------------------------------------------------------------


def test_without_a_word_sixty_frames_at_most_are_shown_for_eight_hundredths_each():
    shown, delays = schedule(STEPS, FilmOptions())
    assert 40 < len(shown) <= 60 < len(STEPS)
    assert shown[:6] == [0, 1, 2, 3, 4, 5]
    assert shown[-1] == len(STEPS) - 1
    assert delays == [8] * (len(shown) - 1) + [250]
    short = STEPS[:9]
    assert schedule(short, FilmOptions())[0] == list(range(9))


@pytest.mark.parametrize("easing", ["even", "slow-end", "steps"])
@pytest.mark.parametrize("duration", [0.3, 1.0, 3.7, 20.0])
def test_a_film_lasts_as_long_as_asked_and_no_frame_is_too_short(easing, duration):
    shown, delays = schedule(STEPS, FilmOptions(duration=duration, hold=1.3, easing=easing))
    assert sum(delays[:-1]) == round(100 * duration)
    assert delays[-1] == 130
    assert min(delays) >= 2
    assert (shown[0], shown[-1]) == (0, len(STEPS) - 1)
    assert shown == sorted(set(shown))


def test_the_end_can_be_slow():
    _, even = schedule(STEPS, FilmOptions(duration=10))
    _, slow = schedule(STEPS, FilmOptions(duration=10, easing="slow-end"))
    assert max(even[:-1]) - min(even[:-1]) <= 1
    assert slow[-2] > 2 * slow[0]
    assert all(b >= a - 1 for a, b in itertools.pairwise(slow[:-1]))


def test_time_by_steps_is_the_time_of_the_search():
    options = FilmOptions(duration=10, easing="steps")
    shown, delays = schedule(STEPS, options)
    ends = np.cumsum(delays[:-1]) / 1000
    np.testing.assert_allclose(ends, [STEPS[i] / STEPS[-1] for i in shown[1:]], atol=0.0006)


def test_a_run_that_has_not_moved_is_one_frame():
    assert schedule((0,), FilmOptions(hold=0)) == ([0], [2])


def test_a_video_is_as_long_as_its_delays():
    assert video_repeats([8, 8, 8, 250]) == [2, 2, 2, 62]
    assert sum(video_repeats([3] * 100 + [50])) == round((3 * 100 + 50) / 4)
    assert video_repeats([2, 2, 1])[-1] == 1


# --- what is shown --------------------------------------------------------------------------------


def test_candidates_are_named_by_number():
    assert parse_candidates("3, 17,20-22, 3") == (3, 17, 20, 21, 22)
    assert parse_candidates("5–7") == (5, 6, 7)
    for text in ("", "a", "3,,4", "7-3", "-1", "1-", "0-99999999"):
        with pytest.raises(UnusableInput):
            parse_candidates(text)


def test_chosen_candidates_stand_where_they_were_put(session):
    film = make_film(session, FilmOptions(what="chosen", chosen=(5, 0), width=16))
    tiles = display_pixels(session.images()[[5, 0]], session.network.mean)
    assert film.frames[-1].shape == (6, 11, 3)
    # Frames are recorded as float16.
    for column, tile in ((1, tiles[0]), (6, tiles[1])):
        assert abs(film.frames[-1][1:5, column : column + 4].astype(int) - tile).max() <= 2


def test_a_candidate_that_is_not_there_is_named(session):
    with pytest.raises(UnusableInput, match="no candidate 9"):
        make_film(session, FilmOptions(what="chosen", chosen=(3, 9)))
    with pytest.raises(UnusableInput, match="which candidates"):
        FilmOptions(what="chosen")


def test_pairs_are_those_of_the_score_the_best_first(session, references):
    film = make_film(session, FilmOptions(what="pairs", tiles=1), references)
    best = verdict_of(session, references).pairs
    tile = film.frames[-1]
    assert tile.shape == (6, 11, 3)
    np.testing.assert_array_equal(tile[1:5, 6:10], best.real[0])
    assert abs(tile[1:5, 1:5].astype(int) - best.reconstructed[0]).max() <= 2
    assert (film.frames[0][1:5, 6:10] == best.real[0]).all()
    assert best.evidence.train.best > 0.99
    assert session.known_score(references) is not None  # A film scores nothing by itself.
    whole = make_film(session, FilmOptions(what="pairs"), references)
    assert len(whole.frames) == len(film.frames)
    for real in unit_pixels(references.train):
        assert sum(_holds(whole.frames[0], real)) == 1  # One to one: each once.


def _holds(frame, tile):
    height, width = tile.shape[:2]
    for y in range(frame.shape[0] - height + 1):
        for x in range(frame.shape[1] - width + 1):
            yield np.array_equal(frame[y : y + height, x : x + width], tile)


def test_pairs_need_training_images(session):
    with pytest.raises(UnusableInput, match="training images"):
        make_film(session, FilmOptions(what="pairs"))


@pytest.mark.parametrize("width", [16, 100, 333])
def test_a_film_is_at_most_as_wide_as_asked_in_whole_pixels(session, width):
    film = make_film(session, FilmOptions(width=width, tiles=4))
    assert film.scale == max(1, width // 10)
    assert film.size == (11 * film.scale, 11 * film.scale)


def test_every_frame_is_a_recorded_one(session):
    """Whatever the pace, nothing is blended."""
    every = make_film(session, FilmOptions(duration=20)).frames
    few = make_film(session, FilmOptions(duration=0.2, easing="slow-end")).frames
    assert len(few) < len(every)
    assert all(any(np.array_equal(frame, known) for known in every) for frame in few)


# --- files ----------------------------------------------------------------------------------------


def test_a_gif_of_a_real_drift_is_true_to_it(sample_session, tmp_path):
    film = make_film(sample_session, FilmOptions())
    path = tmp_path / "drift.gif"
    results.export_gif(sample_session, path)
    frames, delays = decoded(path)
    assert sum(delays) == sum(film.delays)
    assert len(frames) == len(film.frames)
    assert delays == list(film.delays)
    for index, (frame, source) in enumerate(zip(frames, film.frames, strict=True)):
        difference = np.abs(frame - in_colour(enlarged(source, film.scale))).mean()
        # Noise has more colours than a palette.
        assert difference < (2 if index < 2 * len(frames) / 3 else 1) * LARGEST_DIFFERENCE
    assert path.stat().st_size < 5e6


def test_a_gif_keeps_the_pace_that_was_asked_for(sample_session, tmp_path):
    options = FilmOptions(duration=3.0, hold=0.5, easing="slow-end", width=300, tiles=9)
    film = make_film(sample_session, options)
    write_gif(tmp_path / "a.gif", film.frames, film.delays, film.scale)
    frames, delays = decoded(tmp_path / "a.gif")
    ends, written = np.cumsum(film.delays), np.cumsum(delays)
    assert ends[-1] == written[-1] == 350
    is_joined = ~np.isin(ends, written)
    assert len(delays) == len(ends) - is_joined.sum()
    # A frame is shown on where the next one looks the same: less than one of 64 greys apart.
    for index in np.flatnonzero(is_joined):
        one, next_one = (film.frames[k].astype(int) for k in (index, index + 1))
        assert np.abs(one - next_one).max() < 4
    assert frames[0].shape[:2] == film.size[::-1]


def test_enlarging_a_gif_changes_no_colour(session):
    film = make_film(session, FilmOptions())
    small = Image.open(BytesIO(gif_bytes(film.frames, film.delays)))
    large = Image.open(BytesIO(gif_bytes(film.frames, film.delays, 3)))
    for index in range(0, small.n_frames, 5):
        small.seek(index)
        large.seek(index)
        np.testing.assert_array_equal(
            enlarged(np.asarray(small.convert("RGB")), 3), np.asarray(large.convert("RGB"))
        )


@reads_a_film
def test_an_mp4_of_a_real_drift_is_true_to_it(sample_session, tmp_path):
    options = FilmOptions(duration=4.0, hold=1.0, tiles=16)
    film = make_film(sample_session, options)
    results.export_mp4(sample_session, tmp_path / "drift.mp4", options=options)
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "drift.mp4"))
    about = next(reader)
    width, height = about["size"]
    assert about["fps"] == 25
    frames = [np.frombuffer(data, np.uint8).reshape(height, width, 3) for data in reader]
    assert len(frames) == 125
    at = [index for index, n in enumerate(video_repeats(film.delays)) for _ in range(n)]
    for frame, index in zip(frames, at, strict=True):
        source = in_colour(enlarged(film.frames[index], film.scale))[:height, :width]
        # Colours are halved in H.264, and noise has many.
        assert np.abs((frame.astype(int) - source) @ BRIGHTNESS).mean() < 6


@reads_a_film
def test_an_odd_size_loses_its_last_row_and_column(tmp_path):
    frames = [np.full((9, 11), grey, np.uint8) for grey in (0, 200)]
    write_mp4(tmp_path / "a.mp4", frames, [50, 50], 3)
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "a.mp4"))
    assert next(reader)["size"] == (32, 26)
    reader.close()


def test_frames_that_no_gif_can_hold_are_refused():
    frame = np.zeros((40_000, 1), np.uint8)
    with pytest.raises(UnusableInput, match="65,535 at most"):
        gif_bytes([frame, frame], scale=2)


@pytest.mark.skipif(sys.platform == "win32", reason="quotas of this kind are POSIX's")
def test_a_film_that_the_disk_has_no_room_for_is_none(tmp_path):
    """ffmpeg has taken all frames before it finds that out."""
    import resource

    path = tmp_path / "a.mp4"
    path.write_text("the film before")
    noise = np.random.default_rng(0).integers(0, 256, (3, 24, 24, 3), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="could not be written to its end"):
            write_mp4(path, list(noise))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "the film before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_cancelled_film_leaves_no_file(session, tmp_path):
    film: Film = make_film(session, FilmOptions())

    def cancel(share):
        if share > 0.5:
            raise Cancelled("Cancelled.")

    for write in (write_gif, write_mp4):
        with pytest.raises(Cancelled):
            write(tmp_path / "a.file", film.frames, film.delays, 2, cancel)
    assert list(tmp_path.iterdir()) == []
