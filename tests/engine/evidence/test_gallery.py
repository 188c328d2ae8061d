"""The gallery: what is distinct, what is trusted, and that confidences keep their word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import load_images
from engine.evidence import confidence, groups
from engine.evidence.confidence import case_of
from engine.evidence.gallery import (
    CUT_SHORT,
    NOT_FITTED,
    START_LEFT,
    UNEXPLAINED,
    make_gallery,
    signs_of_truth,
)
from engine.evidence.scoring import score
from engine.evidence.similarity import ncc_features
from engine.network.checkpoints import load_network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.stationarity.row_space import row_space
from engine.viewing.mosaic import gallery_mosaic
from tests.engine.networks import (
    CASES,
    by_autograd,
    labels_for,
    learnt,
    network_of,
    session_of_case,
)


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
        like = (features[found.candidate] @ features[index] > groups.SAME).nonzero()[:, 0]
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
    network = learnt(network)
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
    assert session.gallery().of_each[8:].isnan().all()
    assert session.gallery().confidence_of(8) is None
    assert session.gallery().why_unknown_of(8) == CUT_SHORT


@pytest.mark.parametrize(
    ("planned", "taken", "is_early"),
    [(5000, 1, True), (5000, 101, True), (240, 120, False), (99, 99, True), (100, 100, False)],
)
def test_after_too_few_steps_nothing_has_a_confidence(network, planned, taken, is_early):
    """Something always stands out, in noise as well."""
    run = Reconstruction(learnt(network), replace(fast(), candidates=8, steps=planned, rank=5))
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


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("restarts", [1, 2])
def test_candidates_of_any_classes_are_put_in_order(case, restarts):
    session = session_of_case(case, restarts)
    found = session.gallery()
    is_fitted = case == "one output"
    why = {"one output": "", "ten outputs, biases everywhere": UNEXPLAINED}.get(case, NOT_FITTED)
    assert found.why_unknown == why
    assert found.has_confidence == is_fitted
    assert (found.confidence is None) == (found.above(0.9) is None) == (not is_fitted)
    assert len(set(found.candidate.tolist())) == len(found)
    assert set(session.labels[found.candidate].tolist()) <= set(session.network.classes.labels)
    drawn = gallery_mosaic(session.images(), found, None)
    assert drawn.is_gallery
    assert (drawn.confidence is not None) == is_fitted
    assert drawn.caption.endswith(why or " of them above 0.9")


@pytest.mark.parametrize(
    ("case", "training", "expected"),
    [
        ("one output", "margin", "binary margin, grey"),
        ("one output", "free", None),
        ("one output", "decay", None),
        ("one output, biases everywhere", "margin", None),
        ("two outputs", "margin", None),
        ("ten outputs, biases everywhere", "decay", "ten classes decay, grey"),
        ("ten outputs, biases everywhere", "margin", None),
    ],
)
def test_a_confidence_is_known_only_for_what_it_was_fitted_to(case, training, expected):
    assert case_of(network_of(case), training) == expected
    images = draw(12)
    labels = labels_for(network_of(case), 12)
    found = make_gallery(network_of(case), images, labels, torch.ones(12), training=training)
    assert found.has_confidence == (expected is not None)


@pytest.mark.parametrize(
    ("sizes", "between", "shape", "is_given"),
    [
        ((64, 250, 250, 1), 1, (1, 8, 8), True),
        ((64, 250, 249, 1), 1, (1, 8, 8), False),
        ((64, 250, 1), 1, (1, 8, 8), False),
        ((48, 300, 300, 1), 10, (3, 4, 4), True),
        ((48, 300, 300, 1), 5, (3, 4, 4), False),
        ((48, 300, 300, 1), 5, (1, 6, 8), True),
    ],
)
def test_a_confidence_is_known_only_for_layers_for_which_it_held(
    make_network, monkeypatch, narrow_networks_count_as_wide, sizes, between, shape, is_given
):
    monkeypatch.setattr(confidence, "FEWEST_NEURONS", narrow_networks_count_as_wide)
    network = make_network(*sizes, shape=shape)
    first, *others = network.weights
    scaled = [each * between * first.norm() / each.norm() for each in others]
    network = replace(network, parameters=Parameters((first, *scaled), network.biases))
    assert (case_of(network, "margin") is not None) == is_given


@pytest.mark.parametrize("case", CASES)
def test_margin_and_agreement_are_those_of_the_candidates_own_direction(case):
    """By autograd: δ_1 is the gradient by the first bias."""
    network = network_of(case)
    if network.biases[0] is None:
        raise AssertionError("δ_1 is read off the first bias")
    images, labels = draw(8), labels_for(network, 8)
    strengths, space = torch.rand(8), row_space(network, 0.0, 12)
    features = ncc_features(images)
    signs = signs_of_truth(network, images, labels, strengths, features, 1, space)
    x = (images.double() / 0.5).flatten(1)
    outputs = network.forward(x)
    if network.output_count == 1:
        directions = labels[:, None]
        margins = labels * outputs[:, 0]
    else:
        own = torch.nn.functional.one_hot(labels.long(), network.output_count).double()
        wrong = outputs.exp() * (1 - own)
        directions = own - wrong / wrong.sum(1, keepdim=True)
        margins = (outputs * own).sum(1) - outputs.masked_fill(own == 1, -torch.inf).max(1).values
    common = (strengths * margins.clamp_min(0)).sum() / strengths.sum()
    expected = (margins / common).clamp(-1, 4)
    np.testing.assert_allclose(signs[:, 2], expected, rtol=1e-3, atol=1e-4)
    first = sum(weight.numel() for weight in network.weights)
    deltas = by_autograd(network, x, directions)[first : first + 30].T
    values = torch.from_numpy(space.spectrum.values[:12].copy())
    inverse = 1 / (values**2 + (0.01 * values[0]) ** 2)
    traced = (x @ space.basis.T * inverse) @ (network.weights[0] @ space.basis.T).T
    cosines = torch.nn.functional.cosine_similarity(traced, deltas)
    np.testing.assert_allclose(signs[:, 3], cosines, rtol=1e-3, atol=1e-4)


def test_recurrence_counts_within_each_of_ten_classes():
    network = network_of("ten outputs, biases everywhere")
    images, labels = draw(20), labels_for(network, 20)
    images[10] = images[0]  # Of one class.
    images[11] = images[2]  # Of another.
    features = ncc_features(images)
    signs = signs_of_truth(network, images, labels, torch.ones(20), features, 1, None)
    assert signs[[0, 10], 1].tolist() == pytest.approx([1, 1])
    assert (signs[[2, 11], 1] < 0.9).all()
    kept = make_gallery(network, images, labels, torch.ones(20)).candidate.tolist()
    assert len({0, 10} & set(kept)) == 1
    assert {2, 11} <= set(kept)


@pytest.mark.parametrize(
    ("case", "share", "why"),
    [
        ("ten outputs, biases everywhere", 0.1, START_LEFT),
        ("ten outputs, biases everywhere", 0.01, START_LEFT),
        ("ten outputs, biases everywhere", 0.008, ""),
        ("one output", 0.1, ""),
    ],
)
def test_where_a_start_hides_images_of_several_classes_no_confidence_is_given(
    monkeypatch, case, share, why
):
    """Of decay that has not worn it off a third of what was above 0.9 was found (decision 35)."""
    monkeypatch.setattr("engine.session.session._UNEXPLAINED", float("inf"))
    session = session_of_case(case)
    spectrum = session.state.space.spectrum
    assert spectrum.rank > 0
    spectrum = replace(spectrum, floor=share * float(spectrum.values[0]))
    space = replace(session.state.space, spectrum=spectrum)
    session = replace(session, state=replace(session.state, space=space))
    found = session.gallery()
    assert (session.why_no_confidence, found.why_unknown) == (why, why)
    assert found.has_confidence == (not why)
