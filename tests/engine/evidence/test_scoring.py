"""The one scoring rule, with its control."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kornia.metrics import ssim

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.evidence.references import References
from engine.evidence.scoring import match, match_reconstructions, score
from engine.evidence.similarity import stretched
from tests.engine.networks import network_of


def images(count, channels=1, seed=0, size=12):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(seed))


def test_perfect_candidates_are_all_recovered():
    train, control = images(8), images(8, seed=1)
    evidence = score(train - train.mean(0), train, control)
    assert evidence.train.good == evidence.recovered == 8
    assert evidence.control is not None
    assert evidence.control.good == 0
    np.testing.assert_allclose(evidence.train.ncc, 1, rtol=1e-5)
    assert sorted(zip(evidence.train.candidate, evidence.train.reference, strict=True)) == [
        (i, i) for i in range(8)
    ]


def test_ncc_does_not_see_brightness_and_contrast():
    train = images(5)
    evidence = score(0.2 * (train - train.mean(0)) + 3, train)
    np.testing.assert_allclose(evidence.train.ncc, 1, rtol=1e-4)


def test_a_candidate_counts_once():
    """One good candidate for two alike images is one match by the rule, two by the paper's."""
    base = images(1)
    train = torch.cat([base, base + 0.01 * images(1, seed=3), images(2, seed=4)])
    mean = torch.full_like(base[0], 0.5)
    candidates = torch.cat([base - mean, 0.1 * images(6, seed=9)])
    assert match(candidates, train, mean).good == 1
    assert match(candidates, train, mean, one_to_one=False).good == 2


def test_the_assignment_maximises_total_similarity():
    """Greedy choice would give candidate 0 to image 0 and leave candidate 1 with nothing."""
    a, b = images(1), images(1, seed=1)
    train = torch.cat([a, b])
    mean = torch.zeros_like(a[0])
    candidates = torch.cat([0.6 * a + 0.4 * b, a])
    assert dict(
        zip(*(m.tolist() for m in _pairs(match(candidates, train, mean))), strict=True)
    ) == {0: 1, 1: 0}


def _pairs(matches):
    return matches.candidate, matches.reference


def test_colour_is_judged_by_ssim_grey_by_ncc():
    for channels, measure in ((3, "ssim"), (1, "ncc")):
        train = images(4, channels)
        evidence = score(train - train.mean(0), train)
        assert evidence.rule.startswith(measure.upper())
        np.testing.assert_array_equal(evidence.train.measure, getattr(evidence.train, measure))


def test_ssim_is_kornias_with_window_three_on_stretched_images():
    train = images(3, 3)
    candidates = images(3, 3, seed=5) - 0.5
    mean = train.mean(0)
    matches = match(candidates, train, mean)
    shown = stretched(candidates[torch.from_numpy(matches.candidate)] + mean)
    real = train[torch.from_numpy(matches.reference)]
    expected = ssim(shown, real, 3).flatten(1).mean(1)
    np.testing.assert_allclose(matches.ssim, expected, rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_reconstructions_of_two_runs_are_matched_by_the_rule_for_real_images(channels):
    """Where one side spans [0, 1], as a real image does, both say the same."""
    real = stretched(images(9, channels))
    mean = real.mean(0)
    candidates = 0.3 * (real[:7] - mean) + 0.1 * images(7, channels, seed=1)
    by_rule = match(candidates, real, mean)
    found = match_reconstructions(candidates, real - mean, (mean, mean))
    np.testing.assert_array_equal(_pairs(found), _pairs(by_rule))
    np.testing.assert_allclose(found.ssim, by_rule.ssim, atol=1e-5)
    np.testing.assert_allclose(found.ncc, by_rule.ncc, atol=1e-5)
    without = match_reconstructions(candidates, real - mean, None)
    np.testing.assert_array_equal(_pairs(without), _pairs(found))
    assert not np.allclose(without.ssim, found.ssim, atol=1e-3)


def test_stretching_spans_zero_to_one_per_image():
    shown = stretched(torch.stack([images(1)[0] * 5 - 2, images(1, seed=1)[0] * 0.1]))
    flat = shown.flatten(1)
    assert flat.amin(1).tolist() == [0, 0]
    assert flat.amax(1).tolist() == [1, 1]


def test_without_a_control_nothing_is_called_recovered():
    train = images(4)
    evidence = score(train - train.mean(0), train)
    assert evidence.recovered is None
    report = evidence.as_dict()
    assert report["control"] is None
    assert report["train"]["recovered"] is None
    assert report["train"]["above_control"] is None


def test_recovered_needs_good_and_above_the_controls_best():
    train = images(6)
    candidates = train - train.mean(0)
    # The control holds one of the candidates itself: nothing can be above that.
    control = torch.cat([train[:1], images(5, seed=2)])
    evidence = score(candidates + 1e-3 * images(6, seed=7), train, control)
    assert evidence.train.good == 6
    assert evidence.control is not None
    assert evidence.control.best > 0.99
    assert evidence.recovered is not None
    assert evidence.recovered < 6


def test_the_report_lists_are_sorted_best_first():
    train, control = images(7), images(7, seed=1)
    noisy = train - train.mean(0) + 0.3 * images(7, seed=2)
    report = score(noisy, train, control).as_dict()["train"]
    assert report["count"] == 7
    assert report["ncc"] == sorted(report["ncc"], reverse=True)
    assert report["ssim"] == sorted(report["ssim"], reverse=True)


def test_the_checkpoints_mean_is_used_where_it_is_known():
    """With a part of the training images, their own mean is not the one that was subtracted."""
    everything = images(40)
    mean = everything.mean(0)
    part = everything[:4]
    candidates = everything - mean
    assert score(candidates, part, mean=mean).train.ncc.min() > 0.999
    assert score(candidates, part).train.ncc.min() < 0.99


def test_fewer_candidates_than_images_still_score():
    train = images(9)
    assert len(score(train[:3] - train.mean(0), train).train.reference) == 3


def test_flat_images_score_nothing_and_divide_by_nothing():
    train = torch.full((2, 1, 8, 8), 0.5)
    evidence = score(torch.zeros(3, 1, 8, 8), train)
    assert np.isfinite(evidence.train.ncc).all()
    assert evidence.train.good == 0


def test_sizes_that_differ_are_named():
    with pytest.raises(UnusableInput, match="control images are 1×10×10"):
        score(images(2), images(2), images(2, size=10))


def test_references_of_a_network_hold_all_that_a_score_or_a_pair_asks_for(make_network):
    network = make_network(64, 9, 1, shape=(1, 8, 8), mean=images(1, size=8)[0])
    train = LabelledImages(images(6, size=8), torch.tensor([0, 1, 0, 1, 1, 0]), "train")
    control = LabelledImages(
        images(4, seed=1, size=8), torch.zeros(4, dtype=torch.int64), "control"
    )
    references = References.of(network, train, control)
    candidates = train.images - network.mean
    outputs = network.forward(candidates.flatten(1).double())
    assert references.outputs == pytest.approx(outputs.numpy(), rel=1e-5)
    signs = train.labels * 2 - 1
    signs = signs if (signs * outputs[:, 0]).sign().sum() >= 0 else -signs
    assert references.margins == pytest.approx((signs * outputs[:, 0]).numpy(), rel=1e-5)
    assert (references.labels == train.labels).all()
    by_hand = score(candidates, train.images, control.images, network.mean)
    assert references.score(candidates).as_dict() == by_hand.as_dict()
    assert References.of(network, train).score(candidates).control is None


@pytest.mark.parametrize("case", ["two outputs", "ten outputs, biases everywhere"])
def test_references_of_several_classes_hold_all_outputs_and_who_leads_by_how_much(case):
    network = network_of(case)
    train = images(20, size=8)
    numbers = torch.arange(20) % network.output_count
    references = References.of(network, LabelledImages(train, numbers, "train"))
    outputs = network.forward((train.double() - network.mean).flatten(1) / 0.5)
    assert references.outputs == pytest.approx(outputs.numpy(), rel=1e-4, abs=1e-5)
    others = outputs.scatter(1, numbers[:, None], -torch.inf)
    leads = outputs.gather(1, numbers[:, None])[:, 0] - others.max(1).values
    assert references.margins == pytest.approx(leads.numpy(), rel=1e-4, abs=1e-5)
    unlabelled = References.of(network, LabelledImages(train, numbers + 90, "train"))
    top = outputs.topk(2).values
    expected = (top[:, 0] - top[:, 1]).numpy()
    assert unlabelled.margins == pytest.approx(expected, rel=1e-4, abs=1e-5)
