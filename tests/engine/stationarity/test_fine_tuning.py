"""θ − θ_0 is a sum of gradients: exactly after one step, and where it balances after more."""

from __future__ import annotations

import pytest
import torch

from engine.network.fine_tuned import with_base
from engine.stationarity.cases import choose_training
from engine.stationarity.closed_form import ClosedForm
from engine.stationarity.fine_tuning import LONG_STEPS, SMALL_STEPS, way_of
from engine.stationarity.multipliers import TiedToOutputs
from engine.stationarity.target import Target
from tests.engine.networks import network_of
from tests.engine.tuned import descended, images_of, tuned_network

TEN = "ten outputs, biases everywhere"
SHARP = 1e12
"""With gates this sharp, σ(αz) is the ReLU's own derivative."""


@pytest.mark.parametrize("frozen", [(), (1,), (2, 5), (3,)])
def test_one_step_is_explained_to_the_last_digit_at_the_base(frozen):
    """−η∇L = η/n Σ J_0(x_i)ᵀ (e_y − p), which is tied to the outputs with λ = η (1 − p_y)."""
    rate, base = 0.1, network_of(TEN)
    network = tuned_network(base, steps=1, rate=rate, frozen=frozen)
    x, labels = images_of(base)
    own = base.forward(x).softmax(1)[torch.arange(len(x)), labels]
    multipliers = rate * (1 - own)  # Both are divided by the number of candidates, here n.
    for taken_at, is_exact in ((0.0, True), (1.0, False)):
        target = Target.of(network, taken_at)
        way = ClosedForm(target, TiedToOutputs(10))
        found = way.evaluate(x, multipliers, labels.double(), SHARP)
        share = float(found.per_layer.sum() / target.squared_norms().sum())
        assert (share < 1e-20) == is_exact
    assert target.untrained == (
        frozenset(i for i in frozen if i < 3),
        frozenset(i - 3 for i in frozen if i >= 3),
    )


def test_where_gradients_are_taken_lies_on_the_straight_way():
    network = tuned_network(network_of(TEN))
    start, end = network.base.parameters, network.parameters
    for at in (0.0, 0.25, 1.0):
        target = Target.of(network, at)
        assert target.network.base is None
        assert not target.is_whole
        for found, a, b in zip(
            target.network.parameters.tensors, start.tensors, end.tensors, strict=True
        ):
            torch.testing.assert_close(found, (1 - at) * a + at * b)
        assert all(map(torch.equal, target.explained.tensors, network.explained.tensors))


def test_small_steps_of_descent_balance_midway():
    way = way_of(tuned_network(network_of(TEN), steps=400, rate=0.005))
    assert way.midway < 0.05 < way.at_base
    assert way.taken_at == SMALL_STEPS
    assert way.is_descent


def test_one_long_step_balances_at_the_base():
    way = way_of(tuned_network(network_of(TEN), steps=1, rate=1.0))
    assert way.at_base < 1e-9 < way.midway
    assert way.taken_at == LONG_STEPS
    assert way.is_descent


def test_steps_that_are_no_gradients_balance_nowhere():
    base = network_of(TEN)
    tuned = descended(base, *images_of(base), 20, lambda g: 1e-3 * g.sign())
    assert not way_of(with_base(tuned, base)).is_descent


def test_nothing_is_told_where_no_two_neighbours_were_trained():
    assert way_of(tuned_network(network_of(TEN), frozen=(1,))) is None
    assert way_of(network_of(TEN)) is None


def test_a_frozen_pair_does_not_count():
    network = tuned_network(network_of(TEN), steps=400, rate=0.005, frozen=(2, 5))
    assert way_of(network).midway < 0.05


def test_a_base_says_what_the_training_was():
    found = choose_training(tuned_network(network_of(TEN)))
    assert found.training == "tuned"
    assert found.why.startswith("What fine-tuning changed of base.pth is explained")
