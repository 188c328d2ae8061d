"""Shadow networks get the images that they are said to get, and both sets are drawn alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.network.classes import Classes
from engine.training.shadow_images import (
    halves,
    parts_of_pool,
    random_halves,
    random_subsets,
    together,
)
from tests.engine.training.test_training import points

TWO, THREE = Classes(1), Classes(3)


def joined(*sets) -> LabelledImages:
    images = torch.cat([each.images for each in sets])
    return LabelledImages(images, torch.cat([each.labels for each in sets]), "pool")


def test_halves_are_balanced_in_classes_and_of_each_record_half_the_networks():
    classes = np.repeat([0, 1, 2], [10, 6, 4])
    chosen = random_halves(classes, 8, seed=0)
    assert (chosen.sum(0) == 4).all()
    for number, half in ((0, 5), (1, 3), (2, 2)):
        assert (chosen[:, classes == number].sum(1) == half).all()
    assert len({each.tobytes() for each in chosen}) == 8


def test_of_an_odd_number_of_records_no_half_has_two_more_than_the_other():
    classes = np.zeros(7, int)
    sizes = random_halves(classes, 40, seed=1).sum(1)
    assert set(sizes.tolist()) == {3, 4}
    assert {int(size) for size in sizes[::2]} == {3, 4}  # The first of a pair is not favoured.


def test_more_networks_leave_the_first_ones_as_they_are():
    classes = np.arange(30) % 3
    np.testing.assert_array_equal(random_halves(classes, 9, 5)[:4], random_halves(classes, 4, 5))
    assert (random_halves(classes, 4, 5) != random_halves(classes, 4, 6)).any()
    wanted = np.array([2, 3, 4])
    np.testing.assert_array_equal(
        random_subsets(classes, wanted, 9, 5)[:4], random_subsets(classes, wanted, 4, 5)
    )


def test_parts_of_a_pool_have_as_many_of_each_class_as_are_wanted():
    classes = np.arange(40) % 3
    chosen = random_subsets(classes, np.array([3, 0, 10]), 6, seed=0)
    for number, wanted in enumerate((3, 0, 10)):
        assert (chosen[:, classes == number].sum(1) == wanted).all()
    assert len({each.tobytes() for each in chosen}) == 6
    with pytest.raises(UnusableInput, match=r"Of class 1 there are 13 images .* and 14 are"):
        random_subsets(classes, np.array([3, 14, 10]), 6, seed=0)


def test_a_copy_is_wherever_the_record_is():
    inside = np.array([[1, 0, 0, 1], [0, 1, 1, 0]], bool)
    found = together(inside, np.array([[2, 0], [3, 2]]))
    np.testing.assert_array_equal(found, [[1, 0, 1, 1], [0, 1, 0, 0]])


def test_online_each_network_has_a_half_of_both_sets():
    train, control = points(12, classes=3), points(24, seed=1, classes=3)
    found = halves(THREE, train, control, 4, seed=0)
    assert found.is_online
    assert found.inside is found.chosen
    assert (found.chosen.sum(1) == 18).all()
    torch.testing.assert_close(found.asked, torch.cat([train.images, control.images]))
    for index in range(4):
        mine = found.of(index)
        assert torch.bincount(mine.labels).tolist() == [6, 6, 6]
        torch.testing.assert_close(mine.images, found.asked[found.chosen[index]])


def test_copies_within_the_sets_go_together():
    train, control = points(12), points(12, seed=1)
    train = replace(train, images=torch.cat([train.images[:10], train.images[:2]]))
    chosen = halves(TWO, train, control, 6, seed=0).chosen
    np.testing.assert_array_equal(chosen[:, 10:12], chosen[:, :2])


def test_images_in_question_are_left_out_of_the_control_as_they_are_of_its_score():
    train, control = points(12), points(12, seed=1)
    mixed = joined(train, control)
    assert len(halves(TWO, train, mixed, 4, seed=0).asked) == 24


def test_a_pool_loses_what_is_in_question_or_in_the_control_and_copies_and_they_are_counted():
    train, control = points(8), points(8, seed=1)
    other = points(30, seed=2)
    pool = joined(train, control, control, other, other)
    found = parts_of_pool(TWO, train, control, pool, 5, seed=0)
    torch.testing.assert_close(found.pool, other.images)
    assert found.said == (
        "8 of 30 other images (pool); left out of them: 8 in question, 16 in the control and "
        "30 copies of others there"
    )
    assert not found.is_online
    assert found.inside.shape == (5, 16)
    assert not found.inside.any()
    assert [torch.bincount(found.of(index).labels).tolist() for index in range(5)] == [[4, 4]] * 5
    with pytest.raises(UnusableInput, match="Of class 0 there are 3 images"):
        parts_of_pool(TWO, train, control, joined(train, points(6, seed=3)), 5, seed=0)


def test_a_pool_of_another_size_is_refused():
    train, control, small = points(8), points(8, seed=1), points(30, size=7)
    with pytest.raises(UnusableInput, match="are 1×7×7, and those in question 1×8×8"):
        parts_of_pool(TWO, train, control, small, 4, seed=0)


@pytest.mark.parametrize("classes", [TWO, THREE])
def test_labels_that_are_not_the_networks_classes_are_refused(classes):
    train, control = (points(12, seed=seed, classes=classes.count) for seed in (0, 1))
    for shift in (1, 90):
        shifted = replace(control, labels=control.labels + shift)
        with pytest.raises(UnusableInput, match="trained on the labels of images in question"):
            halves(classes, train, shifted, 4, seed=0)
    one = replace(train, labels=train.labels * 0)
    with pytest.raises(UnusableInput, match="trained on the labels"):
        halves(classes, one, replace(control, labels=control.labels * 0), 4, seed=0)
