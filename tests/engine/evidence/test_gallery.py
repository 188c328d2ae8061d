"""The gallery: what is distinct, what is trusted, and that confidences keep their word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import load_images
from engine.evidence import gallery
from engine.evidence.gallery import make_gallery, signs_of_truth
from engine.evidence.scoring import score
from engine.evidence.similarity import ncc_features
from engine.network.checkpoints import load_network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.mosaic import gallery_mosaic


@pytest.fixture
def network(make_network):
    return make_network(64, 30, 20, 1, shape=(1, 8, 8))


def draw(count, seed=0):
    return torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def test_look_alikes_of_one_label_are_one_image(network):
    images = draw(8)
    images[5] = 0.5 * images[1] + 0.02 * draw(1, seed=1)[0]
    images[6] = images[2]
    labels = torch.tensor([-1.0, -1, 1, 1, -1, -1, -1, 1])
    found = make_gallery(network, images, labels, torch.ones(8))
    assert len(set(found.candidate.tolist()) & {1, 5}) == 1
    assert {2, 6} <= set(found.candidate.tolist())
    assert len(found) == 7


def test_the_most_trustworthy_stands_for_its_group_and_all_are_sorted(network):
    images = draw(40)
    images[10:20] = images[:10] + 0.1 * draw(10, seed=2)
    labels = torch.ones(40)
    found = make_gallery(network, images, labels, torch.rand(40), restarts=2)
    assert (found.confidence.diff() <= 0).all()
    assert torch.equal(found.confidence, found.of_each[found.candidate])
    features = ncc_features(images)
    for index in set(range(40)) - set(found.candidate.tolist()):
        like = (features[found.candidate] @ features[index] > gallery.SAME).nonzero()[:, 0]
        assert (found.confidence[like] >= found.of_each[index]).any()


def test_it_says_how_many_restarts_found_an_image(network):
    one, two, three = draw(4), draw(4, seed=1), draw(4, seed=2)
    two[0] = three[3] = one[2]
    labels = torch.tensor([1.0, 1, 1, 1]).repeat(3)
    found = make_gallery(network, torch.cat([one, two, three]), labels, torch.ones(12), restarts=3)
    position = [i for i, c in enumerate(found.candidate.tolist()) if c in (2, 4, 11)]
    assert found.found_by[position].tolist() == [3]
    assert sorted(found.found_by.tolist()) == [1] * 9 + [3]


def test_recurrence_is_what_other_restarts_and_ones_own_came_to(network):
    """Against loops over pairs."""
    images, labels = draw(12), torch.tensor([-1.0, -1, 1, 1]).repeat(3)
    features = ncc_features(images)
    signs = signs_of_truth(network, images, labels, torch.ones(12), features, 3, None)
    for i in range(12):
        per_restart = []
        for restart in range(3):
            others = [
                float(features[i] @ features[j])
                for j in range(4 * restart, 4 * restart + 4)
                if labels[j] == labels[i]
            ]
            per_restart.append([v if abs(v - 1) > 1e-5 else 0.0 for v in others])
        own = i // 4
        across = np.mean([max(per_restart[r]) for r in range(3) if r != own])
        assert signs[i, 0] == pytest.approx(across, abs=1e-5)
        assert signs[i, 1] == pytest.approx(max(per_restart[own]), abs=1e-5)


def test_a_restart_that_was_cut_short_does_not_count(network):
    """Its noise would say that nothing recurs."""
    settings = replace(fast(), candidates=8, steps=100, restarts=3, rank=5, smoothness=2.0)
    alone = Reconstruction(network, replace(settings, restarts=1))
    list(alone.iterate())
    cut = Reconstruction(network, settings)
    for snapshot in cut.iterate():
        if snapshot.finished:
            break
    session = session_of(cut, "cpu")
    assert (len(session.labels), session.restarts) == (16, 1)
    expected = session_of(alone, "cpu").gallery()
    assert torch.equal(session.gallery().candidate, expected.candidate)
    assert expected.has_confidence
    torch.testing.assert_close(session.gallery().of_each[:8], expected.of_each)
    assert session.gallery().of_each[8:].tolist() == [0] * 8


@pytest.mark.parametrize(
    ("planned", "taken", "is_early"),
    [(5000, 1, True), (5000, 101, True), (240, 120, False), (99, 99, True), (100, 100, False)],
)
def test_after_too_few_steps_nothing_has_a_confidence(network, planned, taken, is_early):
    """Something always stands out, in noise as well."""
    run = Reconstruction(network, replace(fast(), candidates=8, steps=planned, rank=5))
    next(snapshot for snapshot in run.iterate() if snapshot.step >= taken)
    session = session_of(run, "cpu")
    gallery, images = session.gallery(), session.images()
    assert session.is_early == is_early
    assert gallery.has_confidence != is_early
    assert (gallery.of_each is not None) != is_early
    assert len(gallery) > 0
    caption = gallery_mosaic(images, gallery, None).caption
    assert ("too few steps" in caption) == is_early


def test_confidence_does_not_depend_on_order_or_on_the_scale_of_the_multipliers(network):
    images, labels, multipliers = draw(20), torch.ones(20), torch.rand(20)
    found = make_gallery(network, images, labels, multipliers)
    again = make_gallery(network, images.flip(0), labels, 7 * multipliers.flip(0))
    assert torch.allclose(found.of_each, again.of_each.flip(0), atol=1e-4)


def test_what_it_is_sure_of_on_the_sample_is_real():
    """A short run on the bundled network; its training images enter only here, to judge."""
    network = load_network(sample_network())
    run = Reconstruction(
        network, replace(fast(), candidates=200, steps=200, restarts=2, device="cpu")
    )
    list(run.iterate())
    session = session_of(run, "cpu")
    found = session.gallery()
    train, control = (load_images(path).images for path in images_beside(sample_network()) if path)
    evidence = score(session.images()[found.candidate], train, control, network.mean)
    is_good = torch.zeros(len(found), dtype=torch.bool)
    is_good[torch.from_numpy(evidence.train.candidate[evidence.train.is_good])] = True
    assert evidence.train.good >= 10
    ranks = torch.arange(len(found)).float()
    pairs = ranks[is_good][:, None] < ranks[~is_good]
    assert pairs.float().mean() > 0.8
    sure = found.confidence > 0.6
    assert sure.sum() >= 5
    assert is_good[sure].float().mean() >= 0.6
