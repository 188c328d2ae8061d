"""The baseline without shadow networks: Carlini's scaling, and classes apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.evidence.calibration import FEWEST, calibrated, half_of, scaled_confidences
from tests.engine.networks import CASES, labels_for, network_of


@pytest.mark.parametrize("case", CASES)
def test_a_scaled_confidence_is_the_logit_of_the_confidence(case):
    network = network_of(case)
    generator = torch.Generator().manual_seed(1)
    outputs = torch.randn(9, network.output_count, generator=generator, dtype=torch.float64)
    labels = labels_for(network, 9)
    if network.output_count == 1:
        p = torch.sigmoid(labels * outputs[:, 0])
    else:
        p = outputs.softmax(1).gather(1, labels.long()[:, None])[:, 0]
    found = scaled_confidences(network.classes, outputs, labels)
    np.testing.assert_allclose(found, (p / (1 - p)).log(), rtol=1e-9, atol=1e-9)


def test_it_is_exact_where_the_confidence_is_one_but_for_rounding():
    classes = network_of("ten outputs, biases everywhere").classes
    outputs = torch.zeros(1, 10, dtype=torch.float64)
    outputs[0, 4] = 80.0
    found = scaled_confidences(classes, outputs, torch.tensor([4.0]))
    assert found[0] == pytest.approx(80 - np.log(9))


def test_each_class_is_measured_by_its_own_images():
    """A class that is hard for the network accuses none of its images by that alone."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0.0, 1.0], 30)
    confidences = np.where(labels == 0, 2 + rng.normal(size=60), 9 + 3 * rng.normal(size=60))
    reference = np.arange(60) % 2 == 0
    found = calibrated(confidences, labels, reference)
    for label in (0.0, 1.0):
        own = reference & (labels == label)
        assert found[own].mean() == pytest.approx(0, abs=1e-12)
        assert found[own].std(ddof=1) == pytest.approx(1)
    one = ~reference & (labels == 1)
    known = confidences[reference & (labels == 1)]
    expected = (confidences[one] - known.mean()) / known.std(ddof=1)
    np.testing.assert_allclose(found[one], expected)


def test_a_class_with_few_images_is_measured_by_all():
    rng = np.random.default_rng(0)
    labels = np.append(np.zeros(30), np.ones(FEWEST - 1))
    confidences = rng.normal(size=len(labels))
    reference = np.ones(len(labels), bool)
    found = calibrated(confidences, labels, reference)
    whole = (confidences - confidences.mean()) / confidences.std(ddof=1)
    np.testing.assert_allclose(found[labels == 1], whole[labels == 1])
    assert not np.allclose(found[labels == 0], whole[labels == 0])


def test_too_few_or_equal_images_measure_nothing():
    labels, few = np.zeros(20), np.arange(20) < FEWEST - 1
    assert calibrated(np.arange(20.0), labels, few) is None
    assert calibrated(np.ones(20), labels, np.ones(20, bool)) is None


def test_a_half_is_the_same_half_in_any_order():
    images = torch.rand(31, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    order = torch.randperm(31, generator=torch.Generator().manual_seed(1))
    half = half_of(images)
    assert half.sum() == 15
    np.testing.assert_array_equal(half[order], half_of(images[order]))
    assert 0 < half[:15].sum() < 15  # It is neither the first nor the last half.
