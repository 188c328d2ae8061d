"""Rows of a table as evidence: compared feature by feature, beside a control."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data.datasets import LabelledImages
from engine.data.inputs import InputSpec, Preprocessing, vector_shape
from engine.evidence.confidence import case_of
from engine.evidence.diagnostics import check_weights
from engine.evidence.gallery import signs_of_truth
from engine.evidence.preprocessing import find_preprocessing
from engine.evidence.references import References
from engine.evidence.scoring import match, on_one_scale, score
from engine.evidence.similarity import ncc_features

SHAPE = vector_shape(12)


def draw(count, seed):
    return torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def test_the_ncc_is_over_standardised_features():
    rows, candidates = draw(6, 1), draw(4, 2)
    found = score(candidates, rows, mean=torch.zeros(SHAPE))
    x, y = candidates.flatten(1).numpy(), rows.flatten(1).numpy()
    ours, theirs = ((each - y.mean(0)) / y.std(0) for each in (x, y))
    expected = np.corrcoef(ours, theirs)[:4, 4:]
    np.testing.assert_allclose(
        found.train.ncc, expected[found.train.candidate, found.train.reference], atol=1e-5
    )
    assert found.rule == "NCC > 0.8 over standardised features, one-to-one by NCC"
    assert found.train.measure is found.train.ncc


def test_no_feature_decides_by_its_unit_or_its_mean():
    units = torch.logspace(-3, 3, 12)
    means = 20 * units * torch.linspace(-1, 1, 12)
    rows, control, candidates = draw(8, 1), draw(8, 3), draw(5, 2)
    plainly = score(candidates, rows, control, torch.zeros(SHAPE))
    scaled = [each * units + means for each in (candidates, rows, control)]
    in_units = score(*scaled, torch.zeros(SHAPE))
    np.testing.assert_allclose(in_units.train.ncc, plainly.train.ncc, atol=1e-3)
    assert in_units.control is not None
    assert plainly.control is not None
    np.testing.assert_allclose(in_units.control.ncc, plainly.control.ncc, atol=1e-3)
    # Without it every row looks like every other.
    raw = match(scaled[0], scaled[2], torch.zeros(SHAPE))
    assert raw.good == 5


def test_what_never_varies_counts_for_nothing_and_one_row_has_no_std():
    rows = draw(5, 1)
    rows[..., 3] = 7
    there = on_one_scale(draw(2, 2), rows)
    assert there[..., 3].tolist() == [[[0]], [[0]]]
    assert on_one_scale(rows, rows[:1]).equal(rows)
    images = torch.rand(3, 1, 4, 4)
    assert on_one_scale(images, images) is images


def test_rows_in_their_own_units_are_scored_as_the_network_reads_them(make_network):
    network = make_network(12, 6, 5, 1, shape=SHAPE)
    mean, std = 50 * torch.ones(SHAPE), torch.linspace(1, 100, 12).reshape(SHAPE)
    network = network.with_preprocessing(Preprocessing(mean, std, "file"))
    read = draw(9, 4)
    train = LabelledImages(read[:5] * std + mean, torch.tensor([0, 1, 0, 1, 1]), "train")
    control = LabelledImages(read[5:] * std + mean, torch.tensor([0, 1, 0, 1]), "control")
    references = References.of(network, train, control)
    torch.testing.assert_close(references.train, read[:5], atol=1e-4, rtol=0)
    found = references.score(torch.cat([read[:5], draw(3, 5)]))
    assert found.recovered == 5
    assert found.train.candidate.tolist() == [0, 1, 2, 3, 4]
    assert references.outputs is not None
    expected = network.to("cpu", torch.float32).forward(read[:5].flatten(1))
    np.testing.assert_allclose(references.outputs, expected, atol=1e-4)
    assert references.are(References.of(network, train, control))
    assert not references.are(References.of(network, train))


def test_mean_and_std_of_each_feature_are_tried_and_found(make_network):
    network = make_network(12, 40, 1, shape=SHAPE)
    mean, std = torch.linspace(-30, 60, 12).reshape(SHAPE), torch.logspace(-1, 2, 12).reshape(SHAPE)
    read = draw(200, 6)
    read = (read - read.mean(0)) / read.std(0, correction=0)
    labels = (network.forward(read.flatten(1).double())[:, 0] > 0).long()
    found = find_preprocessing(network, LabelledImages(read * std + mean, labels, "rows"))
    assert found is not None
    assert found.best.words == "less each feature’s mean, divided by its std"
    assert found.best.right == 1
    inputs = InputSpec(SHAPE, found.best.way)
    torch.testing.assert_close(inputs.less_mean(read * std + mean), read, atol=1e-3, rtol=0)


@pytest.mark.parametrize("shape", [SHAPE, (1, 12, 1), (1, 1, 1)])
def test_what_candidates_look_like_is_a_number_where_there_are_no_neighbours(make_network, shape):
    network = make_network(shape[1] * shape[2], 6, 5, 1, shape=shape)
    images = torch.randn(8, *shape, generator=torch.Generator().manual_seed(0))
    labels, strengths = torch.tensor([-1.0, 1] * 4), torch.ones(8)
    signs = signs_of_truth(network, images, labels, strengths, ncc_features(images), 1, None)
    assert torch.isfinite(signs).all()
    assert bool((signs[:, -1] == 0).all()) == (shape[1] == 1)


def test_no_confidence_was_fitted_to_rows(make_network):
    network = make_network(12, 6, 5, 1, shape=SHAPE)
    assert case_of(network, "margin") is None
    as_image = replace(network, inputs=InputSpec((1, 3, 4)))
    assert case_of(as_image, "margin") == "binary margin, grey"


def test_the_outlook_speaks_of_rows(make_network):
    network = make_network(12, 6, 5, 1, shape=SHAPE)
    assert "image" not in check_weights(network).outlook
    assert check_weights(network).about_remembered.endswith(("row", "rows"))
