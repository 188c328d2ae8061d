"""The ROC curve: counted by hand, with ties; and what small controls can say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from engine.evidence.roc import proportion_interval, roc_curve


def test_a_curve_with_ties_is_the_one_counted_by_hand():
    """Members 3, 2, 2, 0; others 2, 1, 0, 0. At 2 two members and one other fall together."""
    curve = roc_curve(np.array([3.0, 2, 2, 0]), np.array([2.0, 1, 0, 0]))
    assert curve.thresholds.tolist() == [math.inf, 3, 2, 1, 0]
    assert curve.true_positive_rate.tolist() == [0, 0.25, 0.75, 0.75, 1]
    assert curve.false_positive_rate.tolist() == [0, 0, 0.25, 0.5, 1]
    # Of 16 pairs the member is ahead in 4 + 3 + 3 and level in 1 + 1 + 2.
    assert curve.area == (10 + 4 / 2) / 16


def test_the_area_is_the_chance_of_a_pair_in_the_right_order():
    random = np.random.default_rng(0)
    members, others = random.integers(0, 9, 70) + 1.0, random.integers(0, 9, 50) * 1.0
    ahead = (members[:, None] > others).mean() + (members[:, None] == others).mean() / 2
    assert roc_curve(members, others).area == pytest.approx(ahead)
    assert roc_curve(others, members).area == pytest.approx(1 - ahead)


def test_a_hundred_others_allow_one_false_positive_and_ninety_nine_none():
    members = np.arange(100.0) + 0.5
    hundred = roc_curve(members, np.arange(100.0)).at(0.01)
    assert (hundred.rate, hundred.false_positives, hundred.threshold) == (0.02, 1, 98.5)
    assert hundred.resolution == 0.01
    fewer = roc_curve(members, np.arange(1.0, 100)).at(0.01)
    assert (fewer.rate, fewer.false_positives, fewer.threshold) == (0.01, 0, 99.5)
    assert fewer.resolution == pytest.approx(1 / 99)


def test_rates_that_floats_round_are_counted():
    """0.07 · 100 is a little more than 7, and 0.29 · 100 a little less than 29."""
    scores = np.arange(100.0)
    for rate in (0.07, 0.29):
        assert roc_curve(scores, scores).at(rate).false_positives == round(100 * rate)


def test_a_score_that_is_the_same_for_all_accuses_nobody():
    point = roc_curve(np.zeros(5), np.zeros(200)).at()
    assert (point.rate, point.false_positives, point.threshold) == (0, 0, math.inf)
    assert point.interval[0] == 0
    assert roc_curve(np.zeros(5), np.zeros(200)).area == 0.5


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (3, 7), (7, 7), (49, 100)])
def test_the_interval_is_that_of_clopper_and_pearson(hits, count):
    expected = binomtest(hits, count).proportion_ci(0.95, "exact")
    assert proportion_interval(hits, count) == pytest.approx((expected.low, expected.high))
