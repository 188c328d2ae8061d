"""A curve that is thinned keeps its peaks, its ends, and what it looks like."""

from __future__ import annotations

import numpy as np
import pytest

from gui.views.thinning import thinned


@pytest.mark.parametrize("count", [401, 997, 50_000])
def test_peaks_and_ends_stay_where_they_are(count):
    x = np.arange(float(count))
    y = np.sin(x / 50)
    y[count // 3], y[2 * count // 3] = 9, -9
    kept_x, kept_y = thinned(x, y, 400)
    assert len(kept_x) <= 404
    assert (np.diff(kept_x) > 0).all()
    np.testing.assert_array_equal(kept_y, y[kept_x.astype(int)])
    assert {0, count // 3, 2 * count // 3, count - 1} <= set(kept_x.astype(int))


def test_a_curve_that_falls_stays_one_that_falls():
    x = np.arange(5000.0)
    _, kept = thinned(x, np.exp(-x / 1000), 400)
    assert (np.diff(kept) < 0).all()


def test_few_points_are_left_alone():
    x = np.arange(400.0)
    assert thinned(x, x, 400)[0] is x


def test_gaps_stay_where_a_stretch_has_nothing_else():
    x = np.arange(4000.0)
    y = np.ones(4000)
    y[1000:2000] = np.nan
    y[3000] = np.nan
    kept_x, kept_y = thinned(x, y, 400)
    holes = kept_x[np.isnan(kept_y)]
    assert holes.min() >= 1000
    assert holes.max() < 2000
