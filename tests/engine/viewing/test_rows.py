"""Rows of a table on the stage, in the inspector and in films: bars from zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.data.bars import tile_size
from engine.data.datasets import LabelledImages
from engine.data.inputs import InputSpec, Preprocessing, vector_shape
from engine.data.pixels import display_pixels, unit_pixels
from engine.evidence.references import References
from engine.exports.film_options import FilmOptions
from engine.exports.films import make_film
from engine.exports.reels import make_reel
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.outside import Outside
from engine.viewing.portrait import portray
from engine.viewing.tiles import TileMaker
from engine.viewing.watched import WatchedDrift

SHAPE = vector_shape(12)
SIZE = tile_size(SHAPE)


def run_on(make_network):
    """A short run on a network that reads standardised rows of twelve features."""
    mean, std = 100 * torch.ones(SHAPE), torch.linspace(1, 50, 12).reshape(SHAPE)
    network = make_network(12, 8, 6, 1, shape=SHAPE)
    network = network.with_preprocessing(Preprocessing(mean, std, "file"))
    run = Reconstruction(network, replace(fast(), candidates=5, steps=12, rank=6, device="cpu"))
    list(run.iterate())
    return session_of(run, "cpu")


def references_of(session, rows):
    """Training rows in their own units that are, as the network reads them, some vectors."""
    inputs = session.network.inputs
    images = LabelledImages(inputs.in_own_units(rows), torch.arange(len(rows)) % 2, "rows")
    return References.of(session.network, images)


def test_no_box_and_no_smoothness_hold_features(make_network):
    session = run_on(make_network)
    assert session.settings.smoothness == 0
    problem = Reconstruction(session.network, session.settings).problem
    step = problem.evaluate(
        1e3 * torch.ones(2, 6), torch.ones(2), torch.tensor([-1.0, 1.0]), 10.0, 0
    )
    assert set(step.penalties) == {"multiplier floor"}


def test_a_row_beside_its_match_and_their_difference(make_network):
    session = run_on(make_network)
    mine = session.images()
    others = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(1))
    portrait = portray(session, 2, references_of(session, torch.cat([others, mine[2:3]])))
    assert portrait.match is not None
    assert portrait.match.reference == 3
    assert portrait.match.ncc > 0.999
    assert portrait.mean is None
    np.testing.assert_array_equal(
        portrait.pixels(-1, "stretched", with_mean=True), display_pixels(mine[2:3], None)[0]
    )
    np.testing.assert_array_equal(portrait.match_pixels(), display_pixels(mine[2:3], None)[0])
    nothing = unit_pixels(torch.full((1, *SHAPE), 0.5))[0]
    difference = portrait.difference(-1)
    assert difference is not None
    assert np.abs(difference.astype(int) - nothing).max() == 0
    fixed = portrait.pixels(-1, "fixed", with_mean=False)
    np.testing.assert_array_equal(fixed, unit_pixels((mine[2:3] / 6 + 0.5).clamp(0, 1))[0])


def test_tiles_on_the_stage_keep_zero_in_the_middle():
    maker = TileMaker(Outside(None, InputSpec(SHAPE), 0), torch.ones(SHAPE))
    rows = torch.rand(2, *SHAPE, generator=torch.Generator().manual_seed(0)) + 0.2
    tiles = maker.tiles(torch.arange(2), rows, 0.0, True)
    np.testing.assert_array_equal(tiles, display_pixels(rows, None))
    below = tiles[:, SIZE[0] // 2 + 1 :]
    assert len(np.unique(below)) == 1  # Nothing is below zero.


def test_films_are_of_bars(make_network):
    session = run_on(make_network)
    reel = make_reel(WatchedDrift(session, torch.tensor([0, 3])), session.network.mean)
    assert reel.tiles.shape[1:] == (2, *SIZE)
    last = session.images()[[0, 3]]
    room = 1.1 * last.abs().amax(3, keepdim=True)  # Head room above the last frame.
    np.testing.assert_array_equal(reel.tiles[-1], unit_pixels((last / room + 1) / 2))
    film = make_film(session, FilmOptions())
    height, width = film.frames[-1].shape
    assert (height - 1) % (SIZE[0] + 1) == 0
    assert (width - 1) % (SIZE[1] + 1) == 0
