"""Who sits where: seats are kept, nobody is seated twice, and the best come first in time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.viewing.seats import MOST_SEATS, Seats, first_seats, seated
from engine.viewing.standing import Standing


def standing(candidates, trusted=(), doubt="why", heirs=None):
    return Standing(7, tuple(candidates), frozenset(trusted), doubt, heirs=heirs or {})


def test_who_is_still_wanted_keeps_its_seat_and_newcomers_fill_what_is_left():
    before = Seats(below=(5, 3, 9, 1))
    assert seated(before, standing([1, 3, 7, 8])).below == (7, 3, 8, 1)


def test_who_looks_like_one_that_had_a_seat_inherits_it():
    before = Seats(below=(5, 3, 9))
    after = seated(before, standing([3, 4, 6], heirs={5: 6, 9: 4}))
    assert after.below == (6, 3, 4)


def test_who_is_trusted_crosses_the_line():
    before = Seats(below=(1, 2, 3))
    after = seated(before, standing([2, 1, 3], trusted=[2]))
    assert after.above == (2,)
    assert set(after.below) == {1, 3}
    assert after.doubt == "why"


def test_who_has_overtaken_many_moves_up_and_who_a_few_does_not():
    twenty = tuple(range(20))
    far = [19, *range(19)]
    assert seated(Seats(below=twenty), standing(far)).below[0] == 19
    near = [3, 0, 1, 2, *range(4, 20)]
    assert seated(Seats(below=twenty), standing(near)).below == twenty


lists = st.lists(st.integers(0, 300), unique=True, max_size=260)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(lists, st.lists(lists, min_size=1, max_size=5), st.integers(0, 2**31))
def test_seats_hold_those_who_are_best_each_once(first, later, seed):
    """Whatever comes: as many as there are seats for, those of the ranking, none twice."""
    seats = first_seats(first)
    for wanted in later:
        trusted = {c for c in wanted if (c * 7919 + seed) % 3 == 0}
        ranked = sorted(wanted, key=lambda c: c not in trusted)
        seats = seated(seats, standing(ranked, trusted))
        assert len(set(seats.candidates)) == len(seats.candidates)
        assert set(seats.candidates) == set(ranked[:MOST_SEATS])
        assert set(seats.above) == trusted & set(ranked[:MOST_SEATS])


def test_many_small_changes_move_few():
    """Of a ranking in which neighbours change places all the time nobody moves."""
    seats = seated(Seats(), standing(range(40)))
    for turn in range(30):
        ranked = list(range(40))
        for index in range(turn % 3, 38, 3):
            ranked[index], ranked[index + 1] = ranked[index + 1], ranked[index]
        assert seated(seats, standing(ranked)) == seats


def test_the_first_are_those_above_the_line_and_then_those_below():
    seats = Seats((1, 2, 3), (4, 5), frozenset({2}), "why")
    assert seats.first(2) == Seats((1, 2), (), frozenset({2}), "why")
    assert seats.first(4) == Seats((1, 2, 3), (4,), frozenset({2}), "why")
    assert seats.first(9) == seats
