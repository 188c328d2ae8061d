"""Which constraint losses were worked out can be told from those that were written down."""

from __future__ import annotations

import numpy as np
import pytest

from engine.reconstruction.losses import Losses, LossHistory


def history(every, lengths, values):
    """Searches one after the other, each of which looks at every so-manieth of its own steps."""
    kept = LossHistory(1)
    step = 0
    values = iter(values)
    for length in lengths:
        column = np.full(length, np.nan)
        column[::every] = [next(values) for _ in range(0, length, every)]
        step += length
        kept.add(
            step,
            np.arange(float(length)),
            np.column_stack([np.ones(length), column]),
            np.ones(length),
            np.ones(1),
        )
    return kept.view()


@pytest.mark.parametrize("every", [1, 10, 12])
def test_each_look_is_told_from_what_repeats_it(every):
    losses = history(every, [95], np.geomspace(1, 0.01, 95))
    np.testing.assert_array_equal(losses.constraint_seen, np.arange(0, 95, every))


def test_the_first_step_of_each_search_is_looked_at():
    every = 10
    losses = history(every, [95, 95], np.geomspace(1, 0.01, 20))
    expected = [*range(0, 95, every), *range(95, 190, every)]
    np.testing.assert_array_equal(losses.constraint_seen, expected)


def test_a_look_that_finds_what_the_one_before_found_counts():
    losses = history(10, [60], [3.0, 2.0, 0.0, 0.0, 0.0, 1.0])
    np.testing.assert_array_equal(losses.constraint_seen, np.arange(0, 60, 10))


def test_what_was_never_looked_at_or_ended_in_infinity_does_no_harm():
    assert len(Losses.none(2).constraint_seen) == 0
    losses = history(10, [40], [1.0, 2.0, np.inf, np.inf])
    np.testing.assert_array_equal(losses.constraint_seen[:3], [0, 10, 20])
