"""Gradients in factors are those of autograd, and directions are those of the loss."""

from __future__ import annotations

import pytest
import torch

from engine.evidence.gradients import (
    Gradients,
    loss_cotangents,
    own_directions,
    wrong_class_directions,
)
from tests.engine.networks import CASES, by_autograd, labels_for, network_of, theta


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


@pytest.mark.parametrize("case", CASES)
def test_all_sums_over_weights_are_those_of_the_whole_array(case):
    network = network_of(case)
    x, cotangents, multipliers = draw(6, 64), draw(6, network.output_count), draw(6)
    found, columns = Gradients.of(network, x, cotangents), by_autograd(network, x, cotangents)
    torch.testing.assert_close(found.gram(), columns.T @ columns)
    torch.testing.assert_close(found.squared_norms(), columns.square().sum(0))
    torch.testing.assert_close(found.along_parameters(), columns.T @ theta(network))
    combined = torch.cat([p.flatten() for p in found.combined(multipliers).tensors])
    torch.testing.assert_close(combined, columns @ multipliers)


@pytest.mark.parametrize("case", CASES)
def test_parts_are_the_whole(case, monkeypatch):
    network = network_of(case)
    x, cotangents, multipliers = draw(7, 64), draw(7, network.output_count), draw(7)
    whole, beats = Gradients.of(network, x, cotangents), []
    expected = whole.gram(), whole.squared_norms(), whole.combined(multipliers).tensors
    monkeypatch.setattr("engine.evidence.gradients._ROWS", 3)
    parts = Gradients.in_parts(network, x, cotangents, lambda: beats.append(1))
    assert len(beats) == 3
    found = parts.gram(), parts.squared_norms(), parts.combined(multipliers).tensors
    torch.testing.assert_close(found, expected)
    few = Gradients.of(network, x[:2], cotangents[:2])
    torch.testing.assert_close(few.products(whole), expected[0][:2])


@pytest.mark.parametrize("case", CASES)
def test_what_the_loss_leaves_is_its_derivative(case):
    network = network_of(case)
    labels = labels_for(network, 12)
    outputs = (5 * draw(12, network.output_count)).requires_grad_()
    if network.output_count == 1:
        loss = torch.nn.functional.softplus(-labels * outputs[:, 0]).sum()
    else:
        loss = torch.nn.functional.cross_entropy(outputs, labels.long(), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, outputs)
    found = loss_cotangents(network.classes, outputs.detach(), labels)
    torch.testing.assert_close(found, -gradient)


@pytest.mark.parametrize("case", CASES)
def test_what_little_is_left_of_a_loss_keeps_its_direction(case):
    """Where 1 − softmax is nothing but rounding."""
    network = network_of(case)
    labels = labels_for(network, 12)
    outputs = draw(12, network.output_count)
    if network.output_count == 1:
        outputs = 60 * labels[:, None]
    else:
        outputs = outputs.scatter(1, labels.long()[:, None], 60.0)
    left = loss_cotangents(network.classes, outputs, labels)
    assert 0 < float(left.abs().max()) < 1e-20
    own = own_directions(network.classes, outputs, labels)
    torch.testing.assert_close(
        left / left.norm(dim=1, keepdim=True), own / own.norm(dim=1)[:, None]
    )


def test_an_images_own_direction_is_its_label_or_away_from_the_wrong_classes():
    one, two = network_of("one output").classes, network_of("two outputs").classes
    outputs = torch.tensor([[0.3], [-2.0]])
    labels = torch.tensor([-1.0, 1.0])
    assert own_directions(one, outputs, labels).tolist() == [[-1], [1]]
    pairs = torch.tensor([[0.3, 4.0], [1.0, -2.0]])
    assert own_directions(two, pairs, torch.tensor([0.0, 1])).tolist() == [[1, -1], [-1, 1]]


def test_every_wrong_class_has_a_direction():
    ten = network_of("ten outputs, biases everywhere").classes
    found = wrong_class_directions(ten, torch.tensor([2.0, 9.0]))
    assert found.shape == (18, 10)
    assert (found[:9, 2] == 1).all()
    assert (found[9:, 9] == 1).all()
    assert (found.sum(1) == 0).all()
    assert (found[:9] == -1).nonzero()[:, 1].tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9]
