"""A first look in the stage's place: when it is there, and when it goes."""

from __future__ import annotations

import numpy as np

from engine.base.resources import sample_network
from engine.evidence.first_look import first_look
from engine.network.checkpoints import load_network
from gui.stage.first_look import FirstLookView
from tests.gui.app.test_main_window import start
from tests.gui.conftest import settle, until


def ten_digits():
    return sample_network().with_name("mnist_ten_digits.safetensors")


def test_a_network_that_is_opened_shows_it_until_a_run_begins(qtbot, window):
    window.files.open([ten_digits()])
    until(qtbot, lambda: window.views.drawn.shows_look)
    expected = first_look(load_network(ten_digits())).tiles
    np.testing.assert_array_equal(window.views.drawn.look.grid.tiles, expected)
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: not window.views.drawn.shows_look)
    window.pages.stop()
    settle(qtbot, window)
    assert not window.views.drawn.shows_look
    assert window.workspace.session is not None


def test_where_nothing_stands_out_the_stage_stays_as_it_is(qtbot, window, checkpoint):
    window.files.open([checkpoint("plain.pth", 16, 12, 10, 1)])
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    assert len(first_look(window.workspace.network)) == 0
    assert not window.views.drawn.shows_look


def test_a_look_at_a_network_that_is_gone_is_not_shown(qtbot, window, checkpoint):
    window.files.open([ten_digits()])
    until(qtbot, lambda: window.workspace.network is not None)
    window.files.open([checkpoint("plain.pth", 16, 12, 10, 1)])
    until(qtbot, lambda: window.workspace.network.input_dimension == 16)
    settle(qtbot, window)
    assert not window.views.drawn.shows_look


def test_tiles_are_as_large_as_fits_and_none_is_cut(qtbot):
    view = FirstLookView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show_tiles(np.zeros((24, 28, 28), np.uint8))
    view.show()
    qtbot.waitExposed(view)
    places = view.grid.places
    assert len(places) == 24
    assert all(view.grid.rect().contains(place) for place in places)
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])
    columns = len({place.x() for place in places})
    rows = len({place.y() for place in places})
    room = view.grid.size()
    free = min(room.width() / columns, room.height() / rows)
    assert places[0].width() > 0.8 * free


def test_colour_is_drawn_in_colour(qtbot):
    view = FirstLookView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    tiles = np.zeros((1, 4, 4, 3), np.uint8)
    tiles[..., 0] = 200
    view.show_tiles(tiles)
    view.show()
    qtbot.waitExposed(view)
    colour = view.grid.grab().toImage().pixelColor(view.grid.places[0].center())
    assert (colour.red(), colour.green(), colour.blue()) == (200, 0, 0)
