"""What shadow networks say of a record, held against what Gaussians are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from engine.base.errors import UnusableInput
from engine.evidence.membership import ask
from engine.evidence.roc import roc_curve
from engine.evidence.shadows import ShadowConfidences, likelihood_ratios
from tests.engine.evidence.test_membership_scores import drawn
from tests.engine.networks import network_of

HALF = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], bool)
PHI = np.array([[4.0, 1], [1, 2], [6, 3], [3, 6]])
"""Of the first record 4, 6 inside and 1, 3 outside; of the second 2, 6 and 1, 3."""


def test_a_log_likelihood_ratio_by_hand():
    """Means 5 and 2, and 4 and 2; squares about them 2 and 8 inside, 2 and 2 outside."""
    own = np.array([5.0, 3.0])
    inside, outside = (2 + 8) / 2, (2 + 2) / 2
    expected = [
        (0 - 0.5 * math.log(inside)) - (-(3**2) / (2 * outside) - 0.5 * math.log(outside)),
        (-1 / (2 * inside) - 0.5 * math.log(inside))
        - (-1 / (2 * outside) - 0.5 * math.log(outside)),
    ]
    np.testing.assert_allclose(likelihood_ratios(own, PHI, HALF), expected)


def test_without_records_inside_it_is_the_tail_of_the_gaussian_outside():
    own = np.array([5.0, 3.0])
    means = PHI.mean(0)
    deviation = math.sqrt(np.square(PHI - means).sum() / 6)  # One for both, of 3 + 3.
    found = likelihood_ratios(own, PHI, np.zeros_like(HALF))
    np.testing.assert_allclose(found, -np.log(norm.sf(own, means, deviation)))
    at_the_mean = likelihood_ratios(means, PHI, np.zeros_like(HALF))
    np.testing.assert_allclose(at_the_mean, math.log(2))


def test_records_far_above_all_others_are_still_told_apart():
    """1 − Pr(Z > φ) is 1 for both."""
    one, other = likelihood_ratios(np.array([90.0, 190]), PHI, np.zeros_like(HALF))
    assert math.isfinite(other)
    assert other > 2 * one > 100


@pytest.mark.parametrize(("count", "is_shared"), [(14, True), (16, False)])
def test_sixteen_networks_give_each_record_variances_of_its_own(count, is_shared):
    random = np.random.default_rng(0)
    values = random.normal(0, [1.0, 5.0], (count, 2))
    inside = np.zeros((count, 2), bool)
    inside[::2] = True
    own = np.array([1.0, 2.0])
    ends = []
    for counted in (values[::2], values[1::2]):
        deviations = counted.std(0, ddof=1)
        if is_shared:
            deviations = np.full(2, math.sqrt(np.square(deviations).mean()))
        ends.append(norm.logpdf(own, counted.mean(0), deviations))
    np.testing.assert_allclose(likelihood_ratios(own, values, inside), ends[0] - ends[1])


def test_the_order_of_networks_and_of_records_does_not_matter():
    random = np.random.default_rng(1)
    own, values = random.normal(size=5), random.normal(size=(6, 5))
    inside = np.tile([[1], [0]], (3, 5)).astype(bool)
    rows, columns = random.permutation(6), random.permutation(5)
    found = likelihood_ratios(own, values, inside)
    again = likelihood_ratios(
        own[columns], values[np.ix_(rows, columns)], inside[np.ix_(rows, columns)]
    )
    np.testing.assert_allclose(again, found[columns])


def test_where_being_inside_changes_nothing_nothing_is_found():
    random = np.random.default_rng(2)
    mean = random.normal(0, 3, 4000)
    own, values = random.normal(mean, 1), random.normal(mean, 1, (8, 4000))
    inside = np.zeros((8, 4000), bool)
    inside[::2] = True
    found = likelihood_ratios(own, values, inside)
    assert roc_curve(found[:2000], found[2000:]).area == pytest.approx(0.5, abs=0.03)


def test_too_few_networks_are_refused():
    with pytest.raises(UnusableInput, match="3 shadow networks are left, and a score needs 4"):
        likelihood_ratios(np.zeros(2), PHI[:3], HALF[:3])


@pytest.mark.parametrize("of_all", [True, False])
def test_a_record_that_all_networks_or_none_were_trained_on_is_refused(of_all):
    inside = HALF.copy()
    inside[:, 1] = of_all
    with pytest.raises(UnusableInput, match="of all shadow networks that are left, or of none"):
        likelihood_ratios(np.zeros(2), PHI, inside)


def test_it_is_a_score_of_membership_measured_as_the_others_are():
    network, train, control = network_of("two outputs"), drawn(60, 0), drawn(50, 1, "control")
    random = np.random.default_rng(3)
    inside = np.zeros((4, 110), bool)
    inside[::2] = True
    shadows = ShadowConfidences(
        random.normal(size=(4, 110)), inside, 1, 2, "a recipe", "images", "a start"
    )
    without = ask(network, train, control)
    assert without.shadows is without.as_dict()["scores"]["shadows"] is None
    assert without.as_dict()["shadow_networks"] is None
    found = ask(network, train, control, shadows=shadows)
    x = network.inputs.of_images(torch.cat([train.images, control.images]).double())
    phi = network.forward(x).diff(dim=1)[:, 0].numpy()
    phi *= np.append(found.labels, found.control_labels) * 2 - 1
    expected = shadows.scores(phi)
    np.testing.assert_allclose(found.shadows.images, expected[:60], rtol=1e-6)
    np.testing.assert_allclose(found.shadows.control, expected[60:], rtol=1e-6)
    told = found.as_dict()
    area = round(roc_curve(expected[:60], expected[60:]).area, 4)
    assert told["scores"]["shadows"]["area"] == pytest.approx(area, abs=2e-4)
    assert told["shadow_networks"] == {
        "networks": 4,
        "diverged": 1,
        "kept_from_before": 2,
        "attack": "online",
        "made_by": "a recipe",
        "made_of": "images",
        "assumed": "a start",
    }
    assert replace(shadows, inside=inside & False).as_dict()["attack"] == "offline"
    np.testing.assert_allclose(found.multiplier.images, without.multiplier.images)
