"""How many directions, candidates and steps a run takes: as the oracle states it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.engine import oracle, under_test
from tests.engine.oracle import Theta


def noisy(shape: tuple[int, int], rank: int, signal: float, seed: int) -> np.ndarray:
    """A matrix of a rank, in noise of standard deviation 1; its signal begins at some size."""
    random = np.random.default_rng(seed)
    left, _ = np.linalg.qr(random.normal(size=(shape[0], rank)))
    right, _ = np.linalg.qr(random.normal(size=(shape[1], rank)))
    sizes = signal * sum(shape) ** 0.5 * (1 + np.arange(rank)[::-1])
    return left * sizes @ right.T + random.normal(size=shape)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.tuples(st.integers(12, 50), st.integers(12, 80)),
    st.integers(0, 9),
    st.floats(1.0, 6.0),
    st.integers(0, 2**31),
)
def test_the_rank_is_what_stands_above_the_law_of_marchenko_and_pastur(shape, rank, signal, seed):
    values = np.linalg.svd(noisy(shape, rank, signal, seed), compute_uv=False)
    floor, stated = oracle.noise_floor(values, shape)
    found_floor, found_rank, found_clear = under_test.spectrum(values, shape)
    # The law's quantiles, by 2,000 points in the one and 20,000 in the other.
    assume(all(np.abs(values / each - 1).min() > 2e-3 for each in (floor, found_floor)))
    assert found_floor == pytest.approx(floor, rel=2e-3)
    assert found_rank == stated
    assert found_clear == oracle.directions(values, found_floor)


@pytest.mark.parametrize(
    ("multiples", "clear"),
    [
        ((9, 8, 3.2, 2.2, 1.5), 5),
        ((1, 0.9, 1.2 * oracle.FAINTEST, 0.8 * oracle.FAINTEST, 0.1 * oracle.FAINTEST), 3),
    ],
    ids=["all above the floor, where the start is still there", "none that is faint"],
)
def test_directions_are_those_above_the_floor_that_are_not_faint(multiples, clear):
    noise = np.linalg.svd(np.random.default_rng(1).normal(size=(60, 90)), compute_uv=False)
    floor = 60**0.5 + 90**0.5
    is_faint = multiples[0] == 1
    shape = (60 + len(multiples), 90 + len(multiples))
    # Once in multiples of the floor, and once far above it.
    unit = 1e4 * floor if is_faint else floor
    values = np.array([*(unit * m for m in multiples), *noise])
    found_floor, rank, found = under_test.spectrum(values, shape)
    assert (rank, found) == (len(multiples), clear)
    assert found == oracle.directions(values, found_floor)


@pytest.mark.parametrize("asked", [0, 2, 500])
@pytest.mark.parametrize("leading", [1.0, 30.0])
def test_candidates_are_made_of_that_many(asked, leading):
    """Of a signal whose parts are like, and of one whose first part makes others faint."""
    matrix = noisy((20, 30), 6, 2.0, seed=3)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values[0] *= leading
    theta = Theta(
        (torch.from_numpy(left * values @ right), torch.ones(1, 20, dtype=torch.float64)),
        (None, None),
    )
    floor, rank = oracle.noise_floor(values, (20, 30))
    stated = oracle.directions(values, floor)
    assert 1 < stated < 20
    assert (stated < rank) == (leading > 1)
    assert under_test.directions_taken(theta, asked) == min(asked or stated, 20)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 900), st.integers(1, 5), st.floats(0.1, 100), st.floats(1e-4, 1))
def test_how_many_candidates(count, restarts, largest, share):
    """Of values that fall from the largest to a thousandth of it."""
    floor = share * largest
    values = largest * np.geomspace(1, 1e-3, count)
    traces = oracle.remembered(values, floor)
    stated = oracle.candidates(traces, restarts, oracle.hides_images(largest, floor))
    assert under_test.candidates(values, restarts, floor) == stated


@pytest.mark.parametrize("restarts", [1, 3])
@pytest.mark.parametrize("leading", [1.0, 30.0])
def test_a_run_takes_so_many_unless_it_is_told(leading, restarts):
    """Where the start of W_1 hides images, and where the largest of them makes it faint."""
    left, values, right = np.linalg.svd(noisy((40, 48), 13, 3.0, seed=3), full_matrices=False)
    values[0] *= leading
    first = torch.from_numpy(left * values @ right)
    theta = Theta((first, torch.ones(1, 40, dtype=torch.float64)), (None, None))
    floor, rank = oracle.noise_floor(values, (40, 48))
    hides = oracle.hides_images(values[0], floor)
    assert (rank, hides) == (14, leading == 1)
    stated = oracle.candidates(oracle.remembered(values, floor), restarts, hides)[1]
    assert under_test.candidates_taken(theta, (1, 6, 8), restarts) == stated


@pytest.mark.parametrize("restarts", [1, 2, 7])
def test_the_smoothness_that_is_taken(restarts):
    theta = Theta((torch.eye(4), torch.ones(1, 4)), (None, None))
    assert under_test.smoothness(theta, (1, 2, 2), restarts) == oracle.smoothness(restarts)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(100, 1000),
    st.integers(1, 2000),
    st.floats(0.1, 1e4),
    st.integers(1, 9),
    st.floats(1e-4, 10),
)
def test_what_a_limit_in_seconds_pays_for(fewest, steps, seconds, restarts, each):
    limits = (steps, seconds, restarts, each)
    assert under_test.affordable_steps(*limits) == oracle.affordable_steps(*limits)
    most = 3 * fewest
    found = under_test.affordable_candidates(fewest, most, *limits)
    assert found == oracle.affordable_candidates(fewest, most, *limits)
