"""Gradients by convolutions are those of autograd, image by image."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given, settings

from engine.evidence.gradients import Gradients
from engine.network.network import Base, Origin
from tests.engine.convolutions import drawn, networks, small
from tests.engine.networks import by_autograd, theta


def g(seed=5):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_all_sums_over_kernels_are_those_of_the_whole_array(network):
    x, cotangents = drawn(g(), 4, network.input_dimension), drawn(g(6), 4, network.output_count)
    multipliers = drawn(g(7), 4)
    found, columns = Gradients.of(network, x, cotangents), by_autograd(network, x, cotangents)
    torch.testing.assert_close(found.gram(), columns.T @ columns)
    torch.testing.assert_close(found.squared_norms(), columns.square().sum(0))
    torch.testing.assert_close(found.along_parameters(), columns.T @ theta(network))
    combined = torch.cat([p.flatten() for p in found.combined(multipliers).tensors])
    torch.testing.assert_close(combined, columns @ multipliers)


def test_some_images_after_others_are_all_of_them(monkeypatch):
    network = small()
    x, cotangents, multipliers = drawn(g(), 7, 128), drawn(g(6), 7, 3), drawn(g(7), 7)
    whole = Gradients.of(network, x, cotangents)
    expected = whole.gram(), whole.combined(multipliers).tensors
    monkeypatch.setattr("engine.evidence.gradients._ROWS", 3)
    parts = Gradients.in_parts(network, x, cotangents, lambda: None)
    torch.testing.assert_close((parts.gram(), parts.combined(multipliers).tensors), expected)


def test_a_frozen_convolution_counts_for_nothing():
    network, other = small(), small(1)
    start = replace(
        other.parameters,
        weights=(network.weights[0], *other.weights[1:]),
        biases=(network.biases[0], *other.biases[1:]),
    )
    x, cotangents = drawn(g(), 4, 128), drawn(g(6), 4, 3)
    tuned = replace(network, base=Base(start, Origin()))
    found, columns = Gradients.of(tuned, x, cotangents), by_autograd(network, x, cotangents)
    sizes = [t.numel() for t in network.parameters.tensors]
    kept = torch.cat([torch.full((n,), i not in (0, 3)) for i, n in enumerate(sizes)])
    torch.testing.assert_close(found.squared_norms(), columns[kept].square().sum(0))
    torch.testing.assert_close(found.gram(), columns[kept].T @ columns[kept])
    combined = found.combined(torch.ones(4, dtype=torch.float64))
    assert not combined.weights[0].any()
