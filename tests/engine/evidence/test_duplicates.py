"""Images that are in a training set and in its control, or twice in a training set."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages, load_images
from engine.evidence.duplicates import copies_within, kept_apart, shared_images, with_copies
from engine.evidence.references import References
from engine.evidence.scoring import score


def images(count, channels=1, seed=0, size=12):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(seed))


def labelled(pixels, name, names=()):
    return LabelledImages(pixels, torch.arange(len(pixels)) % 2, name, names=names)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_that_both_sets_hold_are_found_and_no_others(channels):
    train, control = images(20, channels), images(20, channels, seed=1)
    control[[3, 8, 19]] = train[[5, 0, 19]]
    control[11] = (0.9 * train[7] + 0.05).clamp(0, 1)  # Darker and flatter, the same picture.
    found = shared_images(train, control)
    assert found.tolist() == [[3, 5], [8, 0], [11, 7], [19, 19]]


def test_the_threshold_is_that_of_the_correlation():
    """Noise at right angles to an image gives any NCC: both sides of 0.98."""
    train = images(40)
    mean = train.mean(0)
    base, noise = (train[0] - mean).flatten(), images(1, seed=5).flatten()
    base, noise = base - base.mean(), noise - noise.mean()
    noise -= noise @ base / (base @ base) * base
    noise *= base.norm() / noise.norm()
    for ncc, is_copy in ((0.975, False), (0.985, True)):
        other = mean + (ncc * base + (1 - ncc**2) ** 0.5 * noise).view(1, 12, 12)
        assert bool(len(shared_images(train, other[None]))) == is_copy


def test_sets_larger_than_a_block_and_of_more_images_than_directions():
    train, control = images(2500, size=5), images(2100, seed=1, size=5)
    places = torch.tensor([0, 2047, 2048, 2099])
    control[places] = train[places + 400]
    assert shared_images(train, control).tolist() == [[p, p + 400] for p in places.tolist()]


def test_empty_images_and_a_single_one_are_compared_pixel_by_pixel():
    flat = torch.full((3, 1, 8, 8), 0.5)
    flat[1] = 0.7
    assert shared_images(flat[:1], flat).tolist() == [[0, 0], [2, 0]]
    assert copies_within(flat).tolist() == [[2, 0]]


def test_a_few_numbers_are_alike_by_chance_and_only_the_same_ones_are_copies():
    train = torch.tensor([[0.1, 0.5, 0.9], [0.2, 0.4, 0.5]])[:, None, None]
    control = torch.tensor([[0.2, 0.5, 0.8], [0.2, 0.4, 0.5]])[:, None, None]
    assert shared_images(train, control).tolist() == [[1, 1]]


def test_copies_within_a_set_are_those_of_an_earlier_image():
    train = images(10)
    train[[4, 9]] = train[2].clone()
    train[7] = train[6] * 0.8
    assert copies_within(train).tolist() == [[4, 2], [7, 6], [9, 2]]
    found = with_copies(labelled(train, "a.npz"))
    assert found.copies == ((4, 2), (7, 6), (9, 2))
    assert with_copies(found) is found


def test_a_control_goes_on_without_training_images_which_are_named():
    train, pixels = labelled(images(20), "train"), images(20, seed=1)
    pixels[[2, 5]] = train.images[[0, 9]]
    names = tuple(f"cat/{place}.png" for place in range(20))
    control = kept_apart(train, labelled(pixels, "control", names))
    assert len(control) == 18
    assert control.apart.left_out == ((2, 0), (5, 9))
    assert control.names == tuple(name for name in names if name[4:-4] not in ("2", "5"))
    assert torch.equal(control.images, pixels[[n for n in range(20) if n not in (2, 5)]])
    assert control.apart.sentence == (
        "2 images of the 20 in the control control are training images and left out of it: "
        "cat/2.png, cat/5.png."
    )
    assert kept_apart(train, control) is control
    others = labelled(images(5, seed=3), "others")
    assert torch.equal(kept_apart(others, control).images, pixels)  # Nothing is lost by it.


def test_many_are_not_all_named():
    train = labelled(images(12), "train")
    control = labelled(torch.cat([train.images, images(1, seed=1)]), "control")
    sentence = kept_apart(train, control).apart.sentence
    assert sentence.endswith("number 0, number 1, number 2, number 3, number 4, number 5, "
                             "number 6, number 7 and 4 more.")  # fmt: skip


def test_a_control_of_training_images_alone_is_refused():
    train = labelled(images(6), "digits.npz")
    with pytest.raises(UnusableInput, match=r"All 3 control images of c\.npz .*digits\.npz") as why:
        kept_apart(train, labelled(train.images[[1, 4, 2]], "c.npz"))
    assert "never saw" in why.value.instead


def test_a_score_is_that_of_the_control_without_training_images(make_network):
    """With them in the control, its best match is that of the training image: none recovered."""
    network = make_network(144, 9, 1, shape=(1, 12, 12), mean=torch.full((1, 12, 12), 0.5))
    train, unseen = images(20), images(15, seed=1)
    control = torch.cat([train[:5], unseen])
    candidates = train - network.mean
    assert score(candidates, train, control, network.mean).recovered == 0
    references = References.of(network, labelled(train, "t"), labelled(control, "c"))
    found = references.score(candidates, in_passing=True)
    by_hand = replace(score(candidates, train, unseen, network.mean), left_out=5)
    assert (found.recovered, found.control.reference_count) == (20, 15)
    assert found.as_dict() == by_hand.as_dict()
    assert found.as_dict()["control"]["left_out"] == 5
    assert np.array_equal(references.control, unseen)


def test_a_control_that_lacks_a_class_is_numbered_as_the_training_images_are(tmp_path):
    for name, words in (("train", ["ape", "bee", "cow"]), ("control", ["bee", "cow", "cow"])):
        images = np.random.default_rng(len(name)).integers(0, 256, (3, 1, 6, 6), dtype=np.uint8)
        np.savez(tmp_path / f"{name}.npz", images=images, labels=np.array(words))
    train, control = (load_images(tmp_path / f"{name}.npz") for name in ("train", "control"))
    assert control.labels.tolist() == [0, 1, 1]
    assert kept_apart(train, control).labels.tolist() == [1, 2, 2]
