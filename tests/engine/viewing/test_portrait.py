"""One candidate, looked at closely, agrees with what the rest of the engine says of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data.pixels import display_pixels
from engine.evidence.references import References
from engine.evidence.scoring import score
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.viewing.pairs import best_pairs, with_confidence
from engine.viewing.portrait import portray
from tests.engine.networks import CASES, learnt, network_of, session_of_case


def session_of_shape(make_network, *shape):
    network = learnt(make_network(48, 30, 20, 1, shape=shape, mean=torch.rand(shape)))
    settings = replace(fast(), candidates=9, steps=100, restarts=2, rank=6, device="cpu")
    run = Reconstruction(network, settings)
    list(run.iterate())
    return session_of(run, "cpu")


@pytest.fixture
def session(make_network):
    return session_of_shape(make_network, 3, 4, 4)


def test_its_numbers_are_those_of_the_session(make_network):
    session = session_of_shape(make_network, 1, 6, 8)
    gallery = session.gallery()
    for candidate in (0, 8, 12):
        found = portray(session, candidate)
        image = session.images()[candidate]
        torch.testing.assert_close(session.image(candidate), image)  # Products of other sizes.
        assert (found.restart, found.label) == (candidate // 9 + 1, int(session.labels[candidate]))
        assert found.strength == float(session.multipliers[candidate])
        assert found.parts is None
        assert found.confidence == float(gallery.of_each[candidate])
        assert found.p_value == gallery.nulls.p_value(candidate)
        network = session.network.to("cpu", torch.float32)
        output = float(network.forward(image.reshape(1, -1))[0])
        assert float(found.outputs[0]) == pytest.approx(output)
        assert found.margin == pytest.approx(found.label * output)
        assert torch.equal(found.frames[-1], session.image(candidate))
        assert found.steps[0] == 0
        assert found.steps[-1] == 100
        assert len(found.frames) == len(found.steps) == len(session.drift)


def test_the_confidence_is_not_known_before_the_gallery_is(session):
    assert portray(session, 0).confidence is None
    assert portray(session, 0).p_value is None


def test_the_output_is_what_the_neurons_it_fires_add_up_to(session):
    found = portray(session, 3)
    last = session.network.weights[-1].float()
    assert [len(h) for h in found.fired] == [30, 20]
    assert float(last[0] @ found.fired[-1]) == pytest.approx(float(found.outputs[0]), rel=1e-5)
    assert found.share_fired(0) == pytest.approx(float((found.fired[0] > 0).sum()) / 30)
    squares = found.neuron_map(0).reshape(-1)[:30]
    assert ((squares > 0) <= (found.fired[0].numpy() > 0)).all()
    assert squares.max() == 255


def test_its_match_is_the_one_of_the_rule_or_the_most_similar_image(session):
    references = References(torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4), session.network.mean)
    evidence = references.score(session.images())
    assigned = evidence.train.candidate.tolist()
    for pair, candidate in enumerate(assigned):
        match = portray(session, candidate, references, evidence).match
        assert match.is_assigned
        assert match.reference == evidence.train.reference[pair]
        assert match.ssim == pytest.approx(evidence.train.ssim[pair], abs=1e-6)
        assert match.is_recovered is bool(evidence.is_recovered[pair])
    other = next(i for i in range(18) if i not in assigned)
    match = portray(session, other, references, evidence).match
    alone = score(session.image(other)[None], references.train, None, references.mean, False)
    assert not match.is_assigned
    assert match.is_recovered is None
    assert match.ncc <= alone.train.ncc.max() + 1e-6


def test_contrast_is_stretched_or_as_it_is_with_and_without_the_mean(session):
    found = portray(session, 0)
    image, mean = found.frames[-1], session.network.mean
    expected = display_pixels(image[None], mean)[0]
    assert np.array_equal(found.pixels(-1, "stretched", with_mean=True), expected)
    fixed = (image + mean).clamp(0, 1).mul(255).round().permute(1, 2, 0).numpy()
    assert np.array_equal(found.pixels(-1, "fixed", with_mean=True), fixed.astype(np.uint8))
    centred = ((image + 1) / 2).clamp(0, 1).mul(255).round().permute(1, 2, 0).numpy()
    assert np.array_equal(found.pixels(-1, "fixed", with_mean=False), centred.astype(np.uint8))


def test_the_difference_is_grey_where_reconstruction_and_image_agree(session):
    shown = torch.from_numpy(display_pixels(session.image(2)[None], session.network.mean)[0])
    same = shown.permute(2, 0, 1).float() / 255
    found = portray(session, 2, References(same[None], None, session.network.mean))
    assert (np.abs(found.difference(-1).astype(int) - 128) <= 1).all()
    assert portray(session, 2).difference(-1) is None


@pytest.mark.parametrize("case", CASES)
def test_a_portrait_tells_all_outputs_and_who_leads(case):
    session = session_of_case(case)
    network = session.network.to("cpu", torch.float32)
    for candidate in (0, 19):
        found = portray(session, candidate)
        outputs = network.forward(session.image(candidate).flatten()[None] / 0.5)[0]
        torch.testing.assert_close(found.outputs, outputs, rtol=1e-3, atol=1e-4)
        label = int(session.labels[candidate])
        if network.output_count == 1:
            lead = label * float(outputs[0])
        else:
            others = outputs.clone()
            others[label] = -torch.inf
            lead = float(outputs[label] - others.max())
        assert found.label == label
        assert found.margin == pytest.approx(lead, rel=1e-3, abs=1e-4)
        assert found.classes == network.classes


def test_multipliers_of_each_wrong_class_are_parts_of_the_whole():
    session = session_of_case("ten outputs, biases everywhere", training="pairwise")
    assert session.multipliers.shape == (20, 10)
    found = portray(session, 4)
    assert found.parts.shape == (10,)
    assert found.parts[found.label] == 0
    assert found.strength == pytest.approx(float(found.parts.sum()))
    assert found.strength == pytest.approx(float(session.strengths[4]))
    free = session_of_case("ten outputs, biases everywhere", training="free")
    found = portray(free, 4)
    assert torch.equal(found.parts, free.multipliers[4])
    assert found.strength == pytest.approx(float(found.parts.norm()))


def test_where_no_confidence_was_fitted_a_portrait_says_so():
    session = session_of_case("two outputs")
    assert portray(session, 0).why_unknown == ""
    session.gallery()
    found = portray(session, 0)
    assert found.confidence is None
    assert "was fitted" in found.why_unknown


def test_pairs_know_the_classes_and_leads_of_their_training_images():
    network = network_of("ten outputs, biases everywhere")
    train = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    numbers = torch.arange(20) % 10
    references = References(train, None, network.mean, numbers, network)
    pairs = best_pairs(train.flip(0) - network.mean, references)
    order = pairs.evidence.train.reference[np.argsort(-pairs.evidence.train.measure)]
    np.testing.assert_array_equal(pairs.labels, numbers[order])
    np.testing.assert_array_equal(pairs.margins, references.margins[order])
    np.testing.assert_array_equal(pairs.outputs, references.outputs[order])
    assert pairs.class_name(7) == "7 (class 7)"
    assert pairs.class_name(12) == "12"
    assert with_confidence(pairs, None).confidence is None
    confidence = torch.rand(20)
    expected = confidence[torch.from_numpy(pairs.candidate)].double().numpy()
    np.testing.assert_array_equal(with_confidence(pairs, confidence).confidence, expected)
