"""The rule that makes two classes of many, and the choice of images."""

from __future__ import annotations

import numpy as np
import pytest

from engine.base.errors import UnusableInput
from engine.data.catalogue import KNOWN
from engine.data.labels import choose, parse_rule

DIGITS = KNOWN["mnist"].classes
CIFAR = KNOWN["cifar10"].classes
FASHION = KNOWN["fashion-mnist"].classes


@pytest.mark.parametrize(
    ("rule", "classes", "negative", "positive"),
    [
        ("odd/even", DIGITS, {1, 3, 5, 7, 9}, {0, 2, 4, 6, 8}),
        ("vehicles/animals", CIFAR, {0, 1, 8, 9}, {2, 3, 4, 5, 6, 7}),
        ("0,1 vs 2,3", DIGITS, {0, 1}, {2, 3}),
        ("Cat, dog  VS  ship", CIFAR, {3, 5}, {8}),
        ("7 vs rest", DIGITS, {7}, set(range(10)) - {7}),
        ("others/frog", CIFAR, set(range(10)) - {6}, {6}),
        ("T-shirt/top/bag", FASHION, {0}, {8}),
        ("bag/T-shirt/top", FASHION, {8}, {0}),
        ("odd/even", ("3", "8"), {0}, {1}),
        ("", ("no", "yes"), {0}, {1}),
    ],
)
def test_what_rules_mean(rule, classes, negative, positive):
    found = parse_rule(rule, classes)
    assert (found.negative, found.positive) == (negative, positive)


@pytest.mark.parametrize("name", KNOWN)
def test_the_rule_suggested_for_each_known_data_set_works(name):
    found = parse_rule(KNOWN[name].rule, KNOWN[name].classes)
    assert found.negative
    assert found.positive


@pytest.mark.parametrize(
    ("rule", "classes", "says"),
    [
        ("", DIGITS, "10 classes .* say how to make two"),
        ("cats/dogs", DIGITS, "no class “cats” here; there are 0, 1"),
        ("0,1 vs 1,2", DIGITS, "“1” is on both sides"),
        ("odd", DIGITS, "does not split"),
        ("rest/others", DIGITS, "does not split"),
        ("vehicles/animals", DIGITS, "no class “vehicles”"),
        ("12 vs 3", DIGITS, "no class “12”"),
    ],
)
def test_rules_that_are_not_understood_are_answered(rule, classes, says):
    with pytest.raises(UnusableInput, match=says):
        parse_rule(rule, classes)


def test_labels_leave_out_what_no_side_names():
    rule = parse_rule("0 vs 2", DIGITS)
    assert rule.labels(np.array([0, 1, 2, 2, 9])).tolist() == [-1, 0, 1, 1, 0]


def test_first_come_takes_the_first_of_each_side():
    labels = np.array([1, -1, 0, 1, -1, 1, -1])
    assert choose(labels, 2, None).tolist() == [1, 4, 0, 3]
    assert choose(labels, 0, None).tolist() == [1, 4, 6, 0, 3, 5]


def test_a_seed_draws_the_same_again_and_a_control_shares_nothing():
    labels = np.where(np.arange(400) % 2, 1, -1)
    train, again = choose(labels, 50, 3), choose(labels, 50, 3)
    control = choose(labels, 50, 3, skip=50)
    assert train.tolist() == again.tolist()
    assert train.tolist() != choose(labels, 50, 4).tolist()
    assert not set(train) & set(control)
    assert (labels[train] == -1).sum() == (labels[control] == 1).sum() == 50


def test_too_few_images_are_refused():
    with pytest.raises(UnusableInput, match="3 images of one class, fewer than 4"):
        choose(np.array([1, 1, 1, -1, -1, -1]), 4, None)
    with pytest.raises(UnusableInput, match="0 images of one class"):
        choose(np.array([1, 1, 0]), 0, None)
