"""The rule that makes a network's classes of a source's, and the choice of images."""

from __future__ import annotations

import numpy as np
import pytest

from engine.base.errors import UnusableInput
from engine.data.catalogue import KNOWN
from engine.data.labels import choose, parse_names, parse_rule

DIGITS = KNOWN["mnist"].classes
CIFAR = KNOWN["cifar10"].classes
FASHION = KNOWN["fashion-mnist"].classes
ODD, EVEN = {1, 3, 5, 7, 9}, {0, 2, 4, 6, 8}


@pytest.mark.parametrize(
    ("rule", "classes", "groups"),
    [
        ("odd/even", DIGITS, [ODD, EVEN]),
        ("vehicles/animals", CIFAR, [{0, 1, 8, 9}, {2, 3, 4, 5, 6, 7}]),
        ("0,1 vs 2,3", DIGITS, [{0, 1}, {2, 3}]),
        ("Cat, dog  VS  ship", CIFAR, [{3, 5}, {8}]),
        ("7 vs rest", DIGITS, [{7}, set(range(10)) - {7}]),
        ("others/frog", CIFAR, [set(range(10)) - {6}, {6}]),
        ("T-shirt/top/bag", FASHION, [{0}, {8}]),
        ("bag/T-shirt/top", FASHION, [{8}, {0}]),
        ("odd/even", ("3", "8"), [{0}, {1}]),
        ("", ("no", "yes"), [{0}, {1}]),
        ("", DIGITS, [{n} for n in range(10)]),
        ("All", CIFAR, [{n} for n in range(10)]),
        ("2,0,1", DIGITS, [{2}, {0}, {1}]),
        ("cat, 5, Horse", CIFAR, [{3}, {5}, {7}]),
        ("bag, T-shirt/top, coat", FASHION, [{8}, {0}, {4}]),
        ("vehicles, bird, frog", CIFAR, [{0, 1, 8, 9}, {2}, {6}]),
        ("0,1 vs 2,3 vs 4", DIGITS, [{0, 1}, {2, 3}, {4}]),
        ("0 vs 1 vs rest", DIGITS, [{0}, {1}, set(range(2, 10))]),
    ],
)
def test_what_rules_mean(rule, classes, groups):
    assert list(parse_rule(rule, classes).groups) == groups


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("odd/even", ("odd", "even")),
        ("3, Dog, 7", ("cat", "dog", "horse")),
        ("cat, dog vs ship vs rest", ("cat, dog", "ship", "rest")),
    ],
)
def test_classes_are_called_by_their_own_name_and_groups_as_they_were_written(rule, names):
    assert parse_rule(rule, CIFAR).names == names


def test_a_class_without_an_image_is_none_where_no_rule_names_it():
    there = np.array([3, 8, 8, 3])
    assert parse_rule("", DIGITS, there).names == ("3", "8")
    assert parse_rule("all", DIGITS, there).groups == ({3}, {8})
    assert parse_rule("3,8,9", DIGITS, there).names == ("3", "8", "9")


def test_the_users_own_names_take_the_place_of_the_rules():
    rule = parse_rule("0,1,2 vs 3,4 vs rest", DIGITS)
    assert rule.called(parse_names("low, middle,high")).names == ("low", "middle", "high")
    assert rule.called(parse_names(" ")) == rule
    for names, says in [("low,high", "3 classes .* 2 names"), ("a,b,a", "one name")]:
        with pytest.raises(UnusableInput, match=says):
            rule.called(parse_names(names))
    with pytest.raises(UnusableInput, match="is empty"):
        parse_names("low,,high")


def test_a_rule_holds_for_a_source_that_has_its_classes_in_another_order():
    rule = parse_rule("cat vs dog, ship vs frog", CIFAR)
    others = ("dog", "frog", "horse", "cat")
    assert rule.among(CIFAR, others).groups == ({3}, {0}, {1})


@pytest.mark.parametrize("name", KNOWN)
def test_the_rule_suggested_for_each_known_data_set_works(name):
    found = parse_rule(KNOWN[name].rule, KNOWN[name].classes)
    assert found.count == 2
    assert all(found.groups)


@pytest.mark.parametrize(
    ("rule", "classes", "says"),
    [
        ("", ("one",), "not 1 .one."),
        ("all", tuple(map(str, range(1001))), "2 to 1,000 classes apart, not 1,001"),
        ("odd vs even vs rest", DIGITS, "does not split"),
        ("0,1,1", DIGITS, "“1” is in two classes"),
        ("0,x", DIGITS, "no class “x”"),
        ("cats/dogs", DIGITS, "no class “cats” here; there are 0, 1"),
        ("0,1 vs 1,2", DIGITS, "“1” is in two classes"),
        ("odd", DIGITS, "does not split"),
        ("rest/others", DIGITS, "does not split"),
        ("vehicles/animals", DIGITS, "no class “vehicles”"),
        ("12 vs 3", DIGITS, "no class “12”"),
    ],
)
def test_rules_that_are_not_understood_are_answered(rule, classes, says):
    with pytest.raises(UnusableInput, match=says):
        parse_rule(rule, classes)


def test_numbers_leave_out_what_no_group_names():
    rule = parse_rule("2 vs 0 vs 5", DIGITS)
    assert rule.numbers(np.array([0, 1, 2, 2, 9, 5])).tolist() == [1, -1, 0, 0, -1, 2]


def test_first_come_takes_the_first_of_each_class():
    numbers = np.array([1, 0, -1, 2, 1, 0, 1, 2, 0])
    assert choose(numbers, 3, 2, None).tolist() == [1, 5, 0, 4, 3, 7]
    assert choose(numbers, 3, 0, None).tolist() == [1, 5, 8, 0, 4, 6, 3, 7]


def test_a_seed_draws_the_same_again_and_a_control_shares_nothing():
    numbers = np.arange(600) % 3
    train, again = choose(numbers, 3, 50, 3), choose(numbers, 3, 50, 3)
    control = choose(numbers, 3, 50, 3, skip=50)
    assert train.tolist() == again.tolist()
    assert train.tolist() != choose(numbers, 3, 50, 4).tolist()
    assert not set(train) & set(control)
    for chosen in (train, control):
        assert np.bincount(numbers[chosen]).tolist() == [50, 50, 50]


def test_two_classes_are_drawn_as_they_always_were():
    """Else a recorded seed would name other images than those that a network was trained on."""
    numbers = np.arange(40) % 2
    generator = np.random.default_rng(7)
    first = generator.permutation(np.flatnonzero(numbers == 0))[:5]
    second = generator.permutation(np.flatnonzero(numbers == 1))[:5]
    assert choose(numbers, 2, 5, 7).tolist() == [*first, *second]


def test_too_few_images_are_refused():
    with pytest.raises(UnusableInput, match="3 images of one class, fewer than 4"):
        choose(np.array([1, 1, 1, 0, 0, 0]), 2, 4, None)
    with pytest.raises(UnusableInput, match="0 images of one class"):
        choose(np.array([1, 1, -1]), 2, 0, None)
