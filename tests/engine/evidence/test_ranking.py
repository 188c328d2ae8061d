"""The order for the eye: what recurs comes first, its repetitions last."""

from __future__ import annotations

import torch

from engine.evidence.ranking import settled_order


def test_what_recurs_comes_first_and_its_repetitions_last():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(9, 1, 8, 8, generator=generator)
    for index in (6, 8):  # Candidates 4, 6 and 8 have found the same image.
        images[index] = images[4] + 0.1 * torch.randn(1, 8, 8, generator=generator)
    order = settled_order(images, torch.ones(9)).tolist()
    assert sorted(order) == list(range(9))
    assert order[0] in (4, 6, 8)
    assert set(order[-2:]) < {4, 6, 8}


def test_only_candidates_of_one_label_count_as_recurring():
    """What the only candidate of its label looks like changes nothing for the others."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(6, 1, 8, 8, generator=generator)
    labels = torch.tensor([1.0, -1, 1, 1, 1, 1])
    before = [i for i in settled_order(images, labels).tolist() if i != 1]
    images[1] = images[0]
    after = [i for i in settled_order(images, labels).tolist() if i != 1]
    assert before == after


def test_the_order_does_not_depend_on_brightness_or_contrast():
    images = torch.randn(12, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = torch.ones(12)
    assert torch.equal(settled_order(images, labels), settled_order(0.1 * images + 3, labels))
