"""Line-ups: who stands with whom, and that nobody is favoured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.evidence.lining_up import deal, line_up
from engine.evidence.other_run import OtherRun
from engine.evidence.references import References
from engine.evidence.similarity import edge_features


def images(count, seed, channels=1):
    """Smooth blots, which look more alike than noise does."""
    noise = torch.rand(count, channels, 12, 12, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.avg_pool2d(noise, 3, 1, 1)


def labels(count, classes=2):
    return torch.arange(count) % classes


def lined_up(candidates, train, control, classes=2):
    named = [(each, labels(len(each), classes)) for each in (train, control)]
    return line_up(candidates, *named, torch.full_like(train[0], 0.5), 3)


# --- what it shows ------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
def test_who_was_memorised_is_always_first_and_the_control_is_not(channels):
    train, control = images(40, 0, channels), images(60, 1, channels)
    found = lined_up(train - 0.5, train, control)
    assert (found.train.count, found.train.both) == (40, 40)
    assert found.control.both < 15
    assert found.is_clear
    assert (found.best_train.count, found.best_train.both) == (3, 3)


@pytest.mark.parametrize("candidates", [8, 300])
def test_where_nothing_was_memorised_both_are_first_equally_often(candidates):
    """Candidates of other images: over draws, no difference beyond what chance leaves of it."""
    found = [
        lined_up(images(candidates, 7) - 0.5, images(50, 2 * seed + 10), images(50, 2 * seed + 11))
        for seed in range(30)
    ]
    chance = found[0].chance
    if candidates == 300:  # Chosen for likeness: far above chance, and so is the control.
        assert np.mean([each.control.share("ncc") for each in found]) > 3 * chance
    for by in ("ncc", "edges", "both"):
        differences = np.array([e.train.share(by) - e.control.share(by) for e in found])
        assert abs(differences.mean()) < 3 * differences.std(ddof=1) / len(found) ** 0.5
    assert sum(each.is_clear for each in found) <= 2


def test_as_many_stand_as_there_are_training_images():
    """Of a large control no more are matched at once than of a few training images."""
    found = deal(labels(6).numpy(), labels(500).numpy())
    assert [len(part) for part in found.train] == [6]
    assert [len(part) for part in found.control] == [6] * 5
    assert found.count == 99


def test_many_training_images_are_matched_in_parts():
    found = deal(labels(90).numpy(), labels(100).numpy())
    assert sorted(len(part) for part in found.train) == [18] * 5
    assert [len(part) for part in found.control] == [20] * 5
    assert sorted(np.concatenate(found.train)) == list(range(90))


# --- who stands with whom -----------------------------------------------------------------------


@pytest.mark.parametrize(("train", "control", "classes"), [(30, 40, 2), (100, 100, 10), (7, 61, 1)])
def test_fillers_are_of_its_class_and_never_matched_with_it(train, control, classes):
    found = deal(labels(train, classes).numpy(), labels(control, classes).numpy())
    assert found.of_class
    stood = np.concatenate(found.control)
    assert len(np.unique(stood)) == len(stood)
    for part, fillers in zip(found.control, found.fillers, strict=True):
        assert set(fillers) == set(range(classes))
        for label, places in fillers.items():
            assert len(np.unique(places)) == found.count
            assert set(labels(control, classes)[places].tolist()) == {label}
            assert not np.isin(places, part).any()


def test_unseen_images_of_other_classes_take_no_part():
    found = deal(labels(20, 2).numpy(), labels(90, 3).numpy())
    everyone = [*found.control, *(places for each in found.fillers for places in each.values())]
    assert (np.concatenate(everyone) % 3 < 2).all()


@pytest.mark.parametrize(
    ("control", "fillers", "of_class"),
    [
        (labels(500), 99, True),
        (labels(100), 40, True),
        (labels(12), 9, False),
        (labels(7), 5, False),
        (torch.zeros(60, dtype=torch.int64), 48, False),
    ],
)
def test_how_many_fill(control, fillers, of_class):
    """As many as every class has; of any class, where one has fewer than five or none at all."""
    found = deal(labels(20).numpy(), control.numpy())
    assert (found.count, found.of_class) == (fillers, of_class)


def test_there_is_none_where_the_control_has_too_few():
    assert deal(labels(20).numpy(), labels(6).numpy()) is None
    assert lined_up(images(5, 0) - 0.5, images(5, 0), images(6, 1)) is None


# --- how it is asked for ------------------------------------------------------------------------


def references(train, control, labelled=True):
    sets = [
        LabelledImages(each, labels(len(each)) if labelled else torch.zeros(len(each)), "some")
        for each in (train, control)
    ]
    return References(train, control, None, sets[0].labels, sets=(sets[0], sets[1]))


def test_a_score_has_it_unless_it_is_in_passing_or_many_to_one():
    train, control = images(20, 0), images(40, 1)
    asked = references(train, control)
    candidates = train - train.mean(0)
    found = asked.score(candidates)
    assert found.recovered == found.lineup.best_train.count
    assert found.as_dict()["lineup"]["train"] == {"count": 20, "ncc": 20, "edges": 20, "both": 20}
    assert asked.score(candidates, in_passing=True).as_dict()["lineup"] is None
    assert asked.score(candidates, one_to_one=False).lineup is None


def test_another_networks_run_is_lined_up_in_the_same_way():
    """Its candidates are centred anew, and no more of them count than of the run in question."""
    train, control, mean = images(40, 0), images(60, 1), torch.full((1, 12, 12), 0.5)
    named = [(each, labels(len(each))) for each in (train, control)]
    own = images(40, 5) - mean
    known = OtherRun("it.pth", torch.cat([train, control]) - 0.2, torch.full((1, 12, 12), 0.2))
    found = line_up(own, *named, mean, 0, other=known)
    assert (found.elsewhere.network, found.elsewhere.candidates) == ("it.pth", 40)
    assert not found.elsewhere.fewer
    alone = line_up(train - mean, *named, mean, 0)
    assert (found.elsewhere.train, found.elsewhere.control) == (alone.train, alone.control)
    assert found.elsewhere.train.both == 40
    assert found.train == line_up(own, *named, mean, 0).train
    assert not found.is_clear
    few = line_up(own, *named, mean, 0, other=OtherRun("it.pth", own[:7])).elsewhere
    assert (few.candidates, few.fewer) == (7, True)


@pytest.mark.parametrize(
    ("shape", "sha256", "why"),
    [((1, 9, 9), "b", "are 1×9×9, but mine.pth reads 1×12×12"), ((1, 12, 12), "a", "itself")],
)
def test_a_run_on_the_very_network_or_on_other_shapes_is_no_control(shape, sha256, why):
    other = OtherRun("it.pth", torch.zeros(3, *shape), sha256=sha256)
    with pytest.raises(UnusableInput, match=why):
        other.check_for((1, 12, 12), "mine.pth", "a")


def test_a_run_beside_it_makes_another_score():
    train, control = images(20, 0), images(40, 1)
    asked = references(train, control)
    beside = replace(asked, other=OtherRun("it.pth", images(20, 5) - 0.5))
    assert asked.has_lineup
    assert not beside.are(asked)
    assert beside.are(replace(beside))
    assert asked.score(train - 0.5).lineup.elsewhere is None
    assert beside.score(train - 0.5).lineup.elsewhere.candidates == 20
    assert not references(images(20, 0), images(6, 1)).has_lineup


def test_rows_of_a_table_have_none():
    train, control = (torch.rand(30, 1, 1, 9) for _ in range(2))
    assert references(train, control).score(train - 0.5).lineup is None


# --- edges --------------------------------------------------------------------------------------


def test_edges_see_neither_brightness_nor_slopes_nor_colour():
    one = images(1, 0, 3)
    slope = torch.linspace(0, 5, 12)[None, None, :, None]
    other = 2 * one + slope + torch.tensor([0.3, -0.2, 0.1])[None, :, None, None]
    inside = torch.zeros(1, 1, 12, 12)
    inside[..., 1:-1, 1:-1] = 1  # A slope ends at the border, which is an edge.
    mine, its = (edge_features(each).reshape(1, 1, 12, 12) * inside for each in (one, other))
    assert torch.cosine_similarity(mine.flatten(), its.flatten(), dim=0) > 0.99
    grey = one.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    torch.testing.assert_close(edge_features(one), edge_features(grey))


def test_an_even_image_has_no_edges():
    assert not edge_features(torch.full((1, 3, 5, 5), 0.7)).any()
