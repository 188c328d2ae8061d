"""What a score is worth, and no more than its control can show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.evidence.calibration import half_of, scaled_confidences
from engine.evidence.membership import ask
from engine.evidence.membership_scores import Score, resolution_note
from engine.evidence.roc import proportion_interval
from tests.engine.networks import network_of


def drawn(count: int, seed: int, name: str = "drawn") -> LabelledImages:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 8, 8, generator=generator)
    return LabelledImages(images, torch.arange(count) % 2, name)


@pytest.fixture(scope="module")
def asked():
    network = network_of("two outputs")
    train, control = drawn(60, 0), drawn(50, 1, "control")
    return network, train, control, ask(network, train, control)


def test_a_control_of_a_thousand_shows_one_in_a_thousand_and_no_smaller_one_does():
    members = np.arange(100.0)
    for others, shown in ((1000, True), (999, False)):
        control = np.linspace(-1, 89.5, others)
        score = Score.of(np.append(members, control), 100)
        assert (score.fewest is not None) is shown
        told = score.as_dict()
        if shown:  # One of the control, 89.5, is allowed: all members above 89.4 are found.
            assert score.fewest.false_positives == 1
            assert told["tpr_at_0.1_percent_fpr"] == 0.1
            assert told["interval_at_0.1_percent"] == [
                round(end, 4) for end in proportion_interval(10, 100)
            ]
        else:
            assert told["tpr_at_0.1_percent_fpr"] is told["interval_at_0.1_percent"] is None


def test_what_a_control_cannot_show_is_said():
    assert resolution_note(np.zeros(500)).endswith("What is found at 0.1 % it cannot show.")
    assert "0.1 %" not in resolution_note(np.zeros(1000))


def test_images_that_a_score_was_fitted_to_measure_nothing():
    values = np.array([3.0, 1, 0, np.nan, 2, np.nan])
    score = Score.of(values, 2)
    assert score.curve.others == 2
    assert score.curve.area == pytest.approx(3 / 4)
    _, images, control = score.histograms()
    assert images.sum() == pytest.approx(1)
    assert control.sum() == pytest.approx(1)


def test_the_calibrated_score_is_fitted_to_one_half_of_the_control(asked):
    network, train, control, found = asked
    half = half_of(control.images)
    np.testing.assert_array_equal(np.isnan(found.calibrated.control), half)
    x = network.inputs.of_images(torch.cat([train.images, control.images]), None).double()
    labels = np.append(found.labels, found.control_labels)
    phi = scaled_confidences(network.classes, network.forward(x), torch.from_numpy(labels))
    for label in (0, 1):
        known = phi[60:][half & (found.control_labels == label)]
        own = found.labels == label
        expected = (phi[:60][own] - known.mean()) / known.std(ddof=1)
        np.testing.assert_allclose(found.calibrated.images[own], expected, rtol=1e-5)


def test_a_control_too_small_to_be_halved_calibrates_nothing(asked):
    network, train, _, _ = asked
    found = ask(network, train, drawn(14, 1))
    assert found.calibrated is None
    assert found.as_dict()["scores"]["calibrated"] is None
    assert ask(network, train).calibrated is None


def test_the_most_exposed_have_the_largest_multipliers_first(asked):
    found = asked[3]
    multipliers, control = found.multiplier.images, found.multiplier.control
    exposed = found.most_exposed()
    assert len(exposed) == (multipliers > 0).sum() > 0
    assert [each.multiplier for each in exposed] == sorted(multipliers[multipliers > 0])[::-1]
    for each in exposed:
        assert each.multiplier == multipliers[each.image]
        assert each.label == found.labels[each.image]
        assert each.control_above == (control >= each.multiplier).sum()
    assert found.most_exposed(3) == exposed[:3]
    told = found.as_dict()["most_exposed"]
    assert [each["index"] for each in told] == [each.image for each in exposed[:10]]


def test_equal_multipliers_share_a_rank(asked):
    found = asked[3]
    multipliers = found.multiplier.images
    for image, rank in enumerate(found.ranks):
        assert rank == 1 + (multipliers > multipliers[image]).sum()
    alike = replace(found, multiplier=Score.of(np.zeros(60), 60))
    assert alike.ranks.tolist() == [1] * 60
    assert alike.most_exposed() == []
    assert alike.control_above is None


def test_images_of_the_control_that_are_in_question_are_left_out(asked):
    network, train, control, found = asked
    mixed = replace(
        control,
        images=torch.cat([train.images[:5], control.images]),
        labels=torch.cat([train.labels[:5], control.labels]),
    )
    again = ask(network, train, mixed)
    assert again.left_out == 5
    np.testing.assert_array_equal(again.control_places, np.arange(5, 55))
    np.testing.assert_allclose(again.multiplier.images, found.multiplier.images, atol=1e-9)
    np.testing.assert_array_equal(again.control_above, found.control_above)
    with pytest.raises(UnusableInput, match="are training images"):
        ask(network, train, replace(train, name="control"))


def test_thousands_are_asked_as_a_few_are(asked, monkeypatch):
    """The same answer in blocks, of images without labels, too."""
    network, train, control, _ = asked
    unlabelled = [replace(each, labels=each.labels + 90) for each in (train, control)]
    found = ask(network, *unlabelled)
    monkeypatch.setattr("engine.evidence.exposure.MOST_IMAGES", 20)
    many = ask(network, *unlabelled)
    assert not many.has_labels
    assert (found.solved, many.solved) == ("exactly", "closely")
    slack = 0.01 * found.multiplier.images.max()
    np.testing.assert_allclose(many.multiplier.images, found.multiplier.images, atol=slack)
    assert many.relative == pytest.approx(found.relative, abs=1e-4)
    assert many.as_dict()["unexplained"] == round(many.relative, 4)
