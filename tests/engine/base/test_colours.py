"""Every colour of the table can be read, and those of one plot can be told apart by everybody."""

from __future__ import annotations

import itertools

import pytest

from engine.base.colours import CANVAS, COLOURS, LAYERS, RUNS, WINDOW, is_dashed, layer
from tests.eyes import apart, contrast

TOGETHER = (
    ("training", "control"),
    ("training", "accent"),
    ("training", "cursor"),
    RUNS,
    (*LAYERS, "cursor"),
    ("curve", "cursor"),
)
"""What is seen on one plot."""


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("meaning", COLOURS)
def test_a_colour_can_be_read_as_text(meaning, scheme):
    colour = getattr(COLOURS[meaning], scheme)
    grounds = [getattr(CANVAS, scheme), getattr(WINDOW, scheme)]
    assert min(contrast(colour, ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("meaning", COLOURS)
def test_the_dark_scheme_can_be_shown_on_black(meaning):
    assert contrast(COLOURS[meaning].dark, "#000000") >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("seen", TOGETHER, ids=" ".join)
def test_colours_of_one_plot_are_told_apart_without_red_green_or_blue(seen, scheme):
    colours = [getattr(COLOURS[meaning], scheme) for meaning in seen]
    assert min(apart(one, other) for one, other in itertools.combinations(colours, 2)) > 16


def test_no_two_meanings_share_a_colour():
    for scheme in ("light", "dark"):
        colours = [getattr(shades, scheme) for shades in COLOURS.values()]
        assert len(set(colours)) == len(colours)


def test_a_deep_layer_differs_from_the_one_that_it_shares_its_colour_with():
    looks = [(layer(index), is_dashed(index)) for index in range(2 * len(LAYERS))]
    assert len(set(looks)) == len(looks)
