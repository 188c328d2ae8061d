"""Embeddings as evidence: compared by direction in their cone, shown by their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.datasets import LabelledImages
from engine.data.inputs import vector_shape
from engine.data.neighbours import Neighbours
from engine.data.normalisation import of_embeddings
from engine.data.origin import ImageOrigin
from engine.evidence.neighbourhood import nearest, neighbourhood
from engine.evidence.references import References
from engine.evidence.scoring import is_evidence

SHAPE = vector_shape(40)


def cone(count, seed):
    """Embeddings around one axis, of any length: any two have a cosine of about 0.96."""
    generator = torch.Generator().manual_seed(seed)
    lengths = 1 + 9 * torch.rand(count, 1, 1, 1, generator=generator)
    return lengths * (5 / 40**0.5 + torch.randn(count, *SHAPE, generator=generator) / 40**0.5)


def labelled(rows, classes=2):
    return LabelledImages(rows, torch.arange(len(rows)) % classes, "rows")


@pytest.fixture
def network(make_network):
    made = make_network(40, 12, 2, shape=SHAPE)
    return made.with_preprocessing(of_embeddings("unit", SHAPE, "user"))


@pytest.fixture
def references(network):
    return References.of(network, labelled(cone(30, 1)), labelled(cone(60, 2)))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_measure_is_the_cosine_less_the_mean_direction(references):
    candidates = cone(8, 3)
    found = references.score(candidates)
    rows = unit(references.train.flatten(1).numpy())
    ours, theirs = unit(candidates.flatten(1).numpy()) - rows.mean(0), rows - rows.mean(0)
    expected = unit(ours) @ unit(theirs).T
    np.testing.assert_allclose(
        found.train.measure, expected[found.train.candidate, found.train.reference], atol=1e-5
    )
    assert found.rule == "cosine > 0.8 less the mean direction, one-to-one by cosine"
    assert found.train.measure_name == "cosine"
    assert is_evidence(found.as_dict())
    assert found.as_dict()["train"]["cosine"][0] == round(found.train.best, 4)


def test_strangers_in_a_narrow_cone_are_not_alike(references):
    plain_cosine = unit(references.train.flatten(1).numpy()) @ unit(cone(8, 3).flatten(1).numpy()).T
    assert plain_cosine.min() > 0.9
    found = references.score(cone(8, 3))
    assert found.train.best < 0.6
    assert found.train.good == 0


def test_the_length_of_a_candidate_changes_nothing(references):
    candidates = cone(8, 3)
    scales = torch.logspace(-2, 2, 8).reshape(8, 1, 1, 1)
    ones, others = references.score(candidates), references.score(candidates * scales)
    np.testing.assert_allclose(ones.train.measure, others.train.measure, atol=1e-4)


def test_training_embeddings_among_candidates_are_recovered_and_no_others(references):
    noise = 0.005 * torch.randn(10, *SHAPE, generator=torch.Generator().manual_seed(5))
    found = references.score(torch.cat([cone(50, 4), 3 * (references.train[:10] + noise)]))
    assert found.recovered == 10
    recovered = found.is_recovered
    assert sorted(found.train.reference[recovered].tolist()) == list(range(10))
    assert sorted(found.train.candidate[recovered].tolist()) == list(range(50, 60))
    assert found.control.good == 0


def test_the_line_up_is_by_cosine_and_by_standardised_features(references):
    noise = 0.01 * torch.randn(30, *SHAPE, generator=torch.Generator().manual_seed(5))
    found = references.score(torch.cat([references.train + noise, cone(100, 6)])).lineup
    assert found.of == "embeddings"
    assert found.train.share() == 1
    assert found.train.share() - found.control.share() > 0.2
    assert found.is_clear
    assert found.rows[0][0] == f"first of {found.fillers + 1} by cosine"
    assert "by cosine and by NCC of standardised features" in found.words
    assert "image" not in found.words


def test_where_nothing_was_memorised_the_line_up_shows_nothing(references):
    found = references.score(cone(100, 7)).lineup
    assert not found.is_clear


def catalogue(rows):
    return Neighbours(rows, (), "near.npz", ImageOrigin())


def test_the_nearest_are_those_of_largest_cosine():
    ours, among = cone(700, 1).flatten(1), cone(50, 2).flatten(1)
    found = nearest(ours, among, 4)
    cosines = unit(ours.numpy()) @ unit(among.numpy()).T
    np.testing.assert_array_equal(found.place, np.argsort(-cosines, axis=1)[:, :4])
    np.testing.assert_allclose(found.cosine, -np.sort(-cosines, axis=1)[:, :4], atol=1e-5)
    assert nearest(ours, among[:2], 4).place.shape == (700, 2)
    assert nearest(ours[:0], among).median is None


def test_an_embedding_is_not_its_own_neighbour_where_real_ones_are_compared():
    among = cone(9, 1).flatten(1)
    assert nearest(among, among).place[:, 0].tolist() == list(range(9))
    others = nearest(2 * among, among, but_copies=True)
    assert all(place not in row for place, row in enumerate(others.place[:, :4].tolist()))


def test_agreement_is_counted_for_training_embeddings_and_for_the_control(network, references):
    noise = 1e-5 * torch.randn(30, *SHAPE, generator=torch.Generator().manual_seed(5))
    candidates = torch.cat([references.train + noise, cone(60, 6)])
    near = catalogue(torch.cat([cone(80, 8).flatten(1), references.train[:3].flatten(1)]))
    evidence = references.score(candidates)
    gallery = torch.tensor([4, 2])
    found = neighbourhood(near, network, candidates, gallery, references, evidence)
    assert found.given == 3
    # A reconstruction may lead to a training embedding that was given.
    assert found.gallery.place[1, 0] == 82
    assert found.gallery.place.shape == (2, 5)
    assert (found.train_pairs.pairs, found.train_pairs.same) == (30, 30)
    assert found.control_pairs.pairs == 60
    assert found.control_pairs.same < 20
    told = found.as_dict()
    assert told["same_first_neighbour"]["train"] == {"pairs": 30, "same": 30}
    assert told["gallery"][1][0]["name"] == "number 82"
    assert told["median_cosine"]["control"] == round(found.control.median, 4)


def test_real_embeddings_among_the_neighbours_do_not_agree_with_themselves(network, references):
    """Candidates that are matched with the control for being like it would lead to it."""
    candidates, evidence = cone(100, 6), references.score(cone(100, 6))
    real = [references.train.flatten(1), references.control.flatten(1)]
    alone = catalogue(cone(80, 8).flatten(1))
    joined = catalogue(torch.cat([cone(80, 8).flatten(1), *real]))
    gallery = torch.arange(3)
    one, other = (
        neighbourhood(near, network, candidates, gallery, references, evidence)
        for near in (alone, joined)
    )
    assert (one.train_pairs, one.control_pairs) == (other.train_pairs, other.control_pairs)
    nothing = neighbourhood(catalogue(real[1]), network, candidates, gallery, references, evidence)
    assert nothing.train_pairs is None
    assert nothing.as_dict()["same_first_neighbour"]["control"] is None


def test_without_references_nothing_is_said_of_real_embeddings(network):
    near = catalogue(cone(80, 8).flatten(1))
    found = neighbourhood(near, network, cone(4, 9), torch.arange(4))
    assert found.as_dict()["median_cosine"]["control"] is None
    assert found.as_dict()["same_first_neighbour"] == {"train": None, "control": None}
