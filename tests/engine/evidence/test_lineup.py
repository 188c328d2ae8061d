"""What line-ups came to, in numbers and in words."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from engine.evidence.lineup import Elsewhere, Firsts, LineUp, Trials, counted_up, lineup_of

NONE = Firsts(0, 0, 0, 0)


def lineup(train, control, fillers=99):
    """Of so many firsts by both out of a hundred."""
    return LineUp(
        fillers,
        True,
        Firsts(100, train, train, train),
        Firsts(100, control, 100, control),
        NONE,
        NONE,
    )


def test_the_headline_is_the_difference():
    found = lineup(65, 16)
    assert found.difference == pytest.approx(0.49)
    assert found.chance == pytest.approx(0.01)
    assert found.is_clear


@pytest.mark.parametrize(
    ("train", "control", "clear"),
    [
        (30, 16, True),
        (26, 16, False),
        (16, 30, False),
        (100, 100, False),
        (4, 0, False),
        (5, 0, True),
    ],
)
def test_a_difference_is_clear_from_twice_its_standard_error(train, control, clear):
    """Of 30 and 16 in a hundred 2 · 0.0587; of none it is that of one."""
    assert lineup(train, control).is_clear is clear


def test_words_name_the_control_and_chance():
    assert lineup(65, 16, fillers=9).words == (
        "In a line-up with 9 unseen images of its class the training image is the most like its "
        "reconstruction, by NCC and by edges, in 65 of 100 (65 %); images of the control that "
        "stand in for training images are in 16 of 100 (16 %), and chance alone gives 10.0 %."
    )
    assert lineup(20, 16).words.endswith(
        "That is no clear difference, so the line-up shows nothing."
    )


def beside(train, control, there, candidates=300, fewer=False):
    """The same, with another network's run whose reconstructions pick so many training images."""
    found = lineup(train, control)
    few = Firsts(100, there, there, there)
    return msgspec.structs.replace(
        found, elsewhere=Elsewhere("other.pth", candidates, fewer, few, Firsts(80, 12, 12, 12))
    )


@pytest.mark.parametrize(
    ("there", "clear"),
    [(16, True), (51, True), (52, False), (65, False), (90, False)],
)
def test_another_networks_run_must_pick_clearly_fewer(there, clear):
    """Of 65 and 51 in a hundred 2 · 0.0691 = 0.138; with 52 the difference is below that."""
    assert beside(65, 16, there).is_clear is clear


def test_another_networks_run_stands_in_words_and_in_the_table():
    found = beside(65, 16, 20)
    assert (
        " With the reconstructions of another network (other.pth) it is in 20 of 100 (20 %), and "
        "images of the control are in 12 of 80 (15 %)."
    ) in found.words
    assert found.rows[-1] == ("by both, with another network's run", "20 of 100", "12 of 80")
    assert "(only 40) of another network" in beside(65, 16, 20, 40, fewer=True).words
    assert beside(65, 16, 60).words.endswith("so the line-up shows nothing.")
    assert lineup_of({"lineup": msgspec.to_builtins(found)}) == found


def trials(*each):
    """Of (first by NCC, first by edges, measure)."""
    ncc, edges, measure = zip(*each, strict=True)
    return Trials(np.array(ncc), np.array(edges), np.array(measure))


def test_the_best_pairs_are_beside_the_same_share_of_the_controls_best():
    train = trials((True, True, 0.9), (True, False, 0.5), (False, True, 0.95), (False, False, 0.1))
    control = trials(*[(place == 3, True, place / 8) for place in range(8)])
    found = counted_up(train, control, 7, True, recovered=2)
    assert found.train == Firsts(4, 2, 2, 1)
    assert found.control == Firsts(8, 1, 8, 1)
    assert found.best_train == Firsts(2, 1, 2, 1)
    assert found.best_control == Firsts(4, 0, 4, 0)
    assert found.rows == [
        ("first of 8 by NCC", "2 of 4", "1 of 8"),
        ("first of 8 by edges", "2 of 4", "8 of 8"),
        ("first of 8 by both", "1 of 4", "1 of 8"),
        ("by both, of the best pairs", "1 of 2", "0 of 4"),
    ]
    none = counted_up(train, control, 7, True, recovered=0)
    assert (none.best_train, none.best_control) == (NONE, NONE)
    assert len(none.rows) == 3


def test_it_is_read_back_as_it_was_written():
    written = {
        "fillers": 9,
        "of_class": False,
        "train": {"count": 100, "ncc": 70, "edges": 80, "both": 65},
        "control": {"count": 100, "ncc": 20, "edges": 50, "both": 16},
        "best_train": {"count": 0, "ncc": 0, "edges": 0, "both": 0},
        "best_control": {"count": 0, "ncc": 0, "edges": 0, "both": 0},
    }
    found = lineup_of({"lineup": written})
    assert found.train == Firsts(100, 70, 80, 65)
    assert "unseen images of any class" in found.words
    assert lineup_of({"train": {}}) is None
    assert lineup_of(None) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"fillers": 0},
        {"train": {"count": 0, "ncc": 0, "edges": 0, "both": 0}},
        {"train": {"count": 5, "ncc": 6, "edges": 0, "both": 0}},
        {"control": {"count": 5, "ncc": 4, "edges": 3, "both": 4}},
    ],
)
def test_a_line_up_that_cannot_be_is_none(wrong):
    right = {
        "fillers": 9,
        "of_class": True,
        **{
            name: {"count": 5, "ncc": 4, "edges": 3, "both": 2}
            for name in ("train", "control", "best_train", "best_control")
        },
    }
    assert lineup_of({"lineup": right}).fillers == 9
    with pytest.raises(ValueError, match="line-up"):
        lineup_of({"lineup": {**right, **wrong}})
