"""Films of a fixed size, decoded again: size, rate, no jumps, steady tiles, and small enough."""

from __future__ import annotations

import itertools
from dataclasses import replace
from io import BytesIO

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image

from engine.base.errors import UnusableInput
from engine.base.resources import SAMPLES, sample_network
from engine.data.pixels import unit_pixels
from engine.evidence.references import References
from engine.exports.film_encoding import encode
from engine.exports.film_options import PRESETS, FilmOptions
from engine.exports.film_page import BACKGROUND, Page, arrange
from engine.exports.films import make_film
from engine.exports.reels import Reel, make_reel
from engine.network.checkpoints import load_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.watched import WatchedDrift
from tests.engine.exports.test_films import reads_a_film

PAGES = [name for name, preset in PRESETS.items() if preset.size is not None]
LARGEST_JUMP = 3
"""Times the median of the mean differences of neighbouring frames."""


@pytest.fixture(scope="module", params=SAMPLES)
def sample_session(request):
    """A short run on a bundled network, grey and colour."""
    network = load_network(sample_network(request.param))
    run = Reconstruction(network, replace(fast(), candidates=80, steps=60, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu")


@pytest.fixture(scope="module")
def session(make_network):
    """Two short restarts on a small network of colour images."""
    generator = torch.Generator().manual_seed(0)
    network = make_network(
        192, 20, 10, 1, shape=(3, 8, 8), mean=torch.rand(3, 8, 8, generator=generator)
    )
    settings = replace(fast(), candidates=9, steps=40, restarts=2, rank=6, device="cpu")
    run = Reconstruction(network, settings)
    list(run.iterate())
    return session_of(run, "cpu")


@pytest.fixture(scope="module")
def references(session):
    images = torch.rand(14, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return References(images, None, session.network.mean)


def some_references(session, count=20):
    images = torch.rand(count, *session.network.input_shape)
    return References(images, None, session.network.mean)


def decoded_mp4(data, path):
    path.write_bytes(data)
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    width, height = about["size"]
    frames = [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]
    return about, frames


def decoded_gif(data):
    frames, delays = [], []
    with Image.open(BytesIO(data)) as gif:
        for index in range(gif.n_frames):
            gif.seek(index)
            frames.append(np.asarray(gif.convert("RGB")))
            delays.append(gif.info["duration"] // 10)
    return frames, delays


def differences(frames):
    return np.array([np.abs(a.astype(np.int16) - b).mean() for a, b in itertools.pairwise(frames)])


def brightness(frame):
    return frame @ np.array([0.299, 0.587, 0.114]) if frame.ndim == 3 else frame.astype(float)


# --- files, decoded again -------------------------------------------------------------------------


@reads_a_film
@pytest.mark.parametrize("preset", PAGES)
def test_an_mp4_has_its_size_and_rate_and_no_jumps(sample_session, preset, tmp_path):
    options = FilmOptions(preset=preset, duration=1.6, hold=0.2)
    film = make_film(sample_session, options, some_references(sample_session))
    file = encode("mp4", film)
    about, frames = decoded_mp4(file.data, tmp_path / "a.mp4")
    assert about["size"] == PRESETS[preset].size == film.size
    assert about["fps"] == 25
    assert len(frames) == 40 + 5
    seen = differences(frames)
    assert seen.max() <= LARGEST_JUMP * np.median(seen)
    for index in (0, 20, -1):
        # Colours are halved in H.264, and noise has many.
        assert (
            np.abs(brightness(frames[index]) - brightness(film.frames[min(index, 40)])).mean() < 6
        )


@pytest.mark.parametrize("preset", PAGES)
def test_a_gif_has_its_size_and_rate_and_no_jumps(sample_session, preset):
    options = FilmOptions(preset=preset, duration=1.2, hold=0.8)
    film = make_film(sample_session, options, some_references(sample_session))
    frames, delays = decoded_gif(encode("gif", film).data)
    assert frames[0].shape[1::-1] == PRESETS[preset].size
    assert delays == [4] * 30 + [80]
    seen = differences(frames)
    assert seen.max() <= LARGEST_JUMP * np.median(seen)
    for index, bound in ((0, 9), (20, 6), (-1, 4)):  # Noise has more colours than a palette.
        source = film.frames[index]
        source = source if source.ndim == 3 else source[..., None].repeat(3, 2)
        assert np.abs(frames[index].astype(int) - source).mean() < bound


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_whole_film_for_the_web_is_small_enough(sample_session, kind):
    film = make_film(sample_session, FilmOptions(preset="web"))
    assert film.seconds == pytest.approx(6 + 2.48)
    file = encode(kind, film)
    assert 10_000 < len(file.data) < 5_000_000


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_a_film_that_is_too_large_is_made_to_fit_the_same_way_each_time(session, kind):
    whole = make_film(session, FilmOptions(preset="web", duration=0.4, hold=0.2))
    free = encode(kind, replace(whole, most_bytes=None))
    assert free.note == ""
    for share, word in ((0.9, "compressed harder" if kind == "mp4" else "colours"), (0.35, " s, ")):
        limit = int(share * len(free.data))
        first, again = (encode(kind, replace(whole, most_bytes=limit)) for _ in range(2))
        assert len(first.data) <= limit
        assert first.data == again.data
        assert word in first.note
        assert first.note.endswith("to fit")
    if kind == "gif":
        frames, delays = decoded_gif(first.data)
        assert len(frames) < 11
        assert set(delays[:-1]) == {4}
        assert f"{4 * (len(frames) - 1) / 100:.1f} s" in first.note
    with pytest.raises(UnusableInput, match="does not fit"):
        encode(kind, replace(whole, most_bytes=500))


def test_a_film_that_stands_still_keeps_its_rate(session):
    """A GIF would join frames that look the same."""
    film = make_film(session, FilmOptions(preset="web", duration=0.4, strip=False, step=False))
    still = replace(film, frames=[film.frames[0]] * len(film.frames))
    frames, delays = decoded_gif(encode("gif", still).data)
    assert delays == list(film.delays)
    assert not differences(frames).any()


# --- what is shown --------------------------------------------------------------------------------


def test_a_tile_keeps_its_contrast_and_ends_as_its_candidate(session):
    drift = WatchedDrift(session, torch.arange(18))
    reel = make_reel(drift, session.network.mean)
    images = session.drift.images(len(drift) - 1, torch.arange(18)) + session.network.mean
    flat = images.permute(0, 2, 3, 1).flatten(1).numpy()
    ends = reel.tiles[-1].reshape(18, -1).astype(float)
    for values, pixels in zip(flat, ends, strict=True):
        # One line from values to pixels, with room above and below.
        slope, start = np.polyfit(values, pixels, 1)
        assert np.abs(slope * values + start - pixels).max() < 1.5
        assert 8 < pixels.min() < 40
        assert 215 < pixels.max() < 247
    # The same line in every frame, but for what goes beyond black and white.
    index = len(drift) // 2
    then = (drift.images(index) + session.network.mean).permute(0, 2, 3, 1).flatten(1).numpy()
    for number in (0, 17):
        slope, start = np.polyfit(flat[number], ends[number], 1)
        expected = (slope * then[number] + start).clip(0, 255)
        pixels = reel.tiles[index][number].reshape(-1).astype(float)
        assert np.abs(expected - pixels).max() < 2


def test_an_outlier_does_not_decide_the_contrast(make_network):
    network = make_network(256, 12, 10, 1, shape=(1, 16, 16))
    run = Reconstruction(network, replace(fast(), candidates=6, steps=20, rank=6, device="cpu"))
    list(run.iterate())
    drift = WatchedDrift(session_of(run, "cpu"), torch.arange(6))
    outlier = torch.zeros(1, 16, 16)
    outlier[0, 0, 0] = 1000.0
    plain, spoilt = (make_reel(drift, mean).tiles[-1].astype(int) for mean in (None, outlier))
    assert (spoilt[:, 0, 0] == 255).all()
    assert np.abs(spoilt - plain).reshape(6, -1)[:, 1:].mean() < 15


def test_frames_between_two_recorded_ones_are_blends_and_the_recorded_ones_are_there(session):
    reel = make_reel(WatchedDrift(session, torch.arange(4)), session.network.mean)
    assert reel.steps == session.drift.recordings[0].steps
    np.testing.assert_array_equal(reel.at(3.0), reel.tiles[3])
    half = (reel.tiles[3].astype(float) + reel.tiles[4]) / 2
    assert np.abs(reel.at(3.5) - half).max() <= 0.5
    assert reel.between(3.5) == (reel.steps[3], reel.steps[4])
    assert reel.between(3.0) == (reel.steps[3], reel.steps[3])
    last = len(reel.steps) - 1
    np.testing.assert_array_equal(reel.at(last), reel.tiles[-1])


def test_the_pace_is_even_however_uneven_the_drift_is():
    generator = np.random.default_rng(0)
    sizes = generator.exponential(size=60) ** 3
    moves = sizes[:, None] * generator.standard_normal((60, 512))
    tiles = (128 + np.cumsum(moves, 0)).clip(0, 255).astype(np.uint8).reshape(60, 2, 16, 16)
    reel = Reel(tiles, tuple(range(60)))
    places = reel.even_positions(100)
    assert (places[0], places[-1]) == (0, 59)
    assert (np.diff(places) >= 0).all()
    seen = differences([reel.at(place) for place in places])
    assert seen.max() <= LARGEST_JUMP * np.median(seen)
    uneven = differences(tiles)
    assert uneven.max() > LARGEST_JUMP * np.median(uneven)


def test_a_drift_that_does_not_move_is_shown_all_the_same():
    reel = Reel(np.full((5, 2, 4, 4), 9, np.uint8), (0, 1, 2, 3, 4))
    np.testing.assert_array_equal(reel.even_positions(5), np.arange(5.0))


def test_the_last_frame_is_the_same_without_noise_and_the_first_is_not(session):
    noisy, plain = (
        make_film(session, FilmOptions(preset="web", duration=1, noise=noise)).frames
        for noise in (True, False)
    )
    np.testing.assert_array_equal(noisy[-1], plain[-1])
    assert (noisy[0] != plain[0]).mean() > 0.1
    recorded = [make_film(session, FilmOptions(noise=noise)).frames for noise in (True, False)]
    np.testing.assert_array_equal(recorded[0][-1], recorded[1][-1])
    assert (recorded[0][0] != recorded[1][0]).mean() > 0.1


def test_pairs_keep_their_training_images_beside_them(session, references):
    film = make_film(session, FilmOptions(preset="pairs", duration=0.4), references)
    first, last = film.frames[0].astype(int), film.frames[-1]
    real = unit_pixels(references.train)
    evidence = replace(references, control=None).score(session.images())
    best = int(evidence.train.reference[np.argsort(-evidence.train.measure)[0]])
    is_still = (first == last).all(2)
    page = Page((800, 600), "a", "b", [[(0, 0), (1, 1)]], is_of_pairs=True)
    layout = arrange(12, (8, 16), page.room, page.gap)
    large = real[best].repeat(layout.scale, 0).repeat(layout.scale, 1)
    places = [
        (y, x)
        for y in range(600 - large.shape[0])
        for x in range(800 - large.shape[1])
        if (last[y, x] == large[0, 0]).all()
        and np.array_equal(last[y : y + large.shape[0], x : x + large.shape[1]], large)
    ]
    assert len(places) == 1
    (y, x) = places[0]
    assert is_still[y : y + large.shape[0], x : x + large.shape[1]].all()
    assert not is_still[y : y + large.shape[0], x - large.shape[1] : x - 2].all()
    with pytest.raises(UnusableInput, match="training images"):
        make_film(session, FilmOptions(preset="pairs"))


def test_words_step_and_losses_can_be_left_out(session):
    """What is above and below the tiles, of a film with all of it, and without each."""

    def bands(**without):
        options = FilmOptions(preset="wide", duration=0.4, tiles=1, **without)
        frame = make_film(session, options).frames[5]
        is_drawn = (frame != BACKGROUND).any(2)
        return is_drawn[:60, :400].any(), is_drawn[-100:, :300].any(), is_drawn[-100:, 1600:].any()

    assert bands() == (True, True, True)
    assert bands(caption=False) == (False, True, True)
    assert bands(strip=False) == (True, True, False)
    assert bands(step=False, strip=False) == (True, False, False)


def test_tiles_fill_the_page_in_whole_pixels():
    page = Page((1920, 1080), "words", "step 1", [[(0, 0), (1, 1)]])
    for tile in ((28, 28), (32, 32), (32, 64), (13, 7)):
        count = page.fitting(tile, 500, 64)
        layout = arrange(count, tile, page.room, page.gap)
        assert layout.scale * tile[0] >= 96
        assert count % layout.columns == 0
        rows = count // layout.columns
        assert rows * (layout.scale * tile[0] + page.gap) - page.gap <= page.room[0]
        assert layout.columns * (layout.scale * tile[1] + page.gap) - page.gap <= page.room[1]
        assert count >= 24
    assert page.fitting((28, 28), 7, 64) == 7


def test_more_images_than_fit_are_refused(session):
    tiles = np.zeros((400, 100, 100), np.uint8)
    with pytest.raises(UnusableInput, match="400 images of 100 × 100 pixels do not fit"):
        Page((800, 600)).drawn(tiles, None, "", 0.0)


def test_a_run_that_has_not_moved_is_one_frame(make_network):
    network = make_network(16, 12, 10, 1, shape=(1, 4, 4))
    run = Reconstruction(network, replace(fast(), candidates=4, steps=9, rank=3, device="cpu"))
    next(run.iterate())
    film = make_film(session_of(run, "cpu"), FilmOptions(preset="web"))
    assert len(film.frames) == 1
    frames, delays = decoded_gif(encode("gif", film).data)
    assert delays == [248]
    assert frames[0].shape == (600, 800, 3)


def test_a_preview_is_smaller_and_as_long(session):
    film = make_film(session, FilmOptions(preset="wide", duration=1))
    frames, delays = film.preview()
    assert frames[0].shape == (270, 480, 3)
    assert sum(delays) == sum(film.delays)
    assert len(frames) == len(delays) < len(film.frames)
    assert delays[-1] == film.delays[-1]
