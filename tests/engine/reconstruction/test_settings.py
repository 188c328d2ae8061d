"""A setting does what it says, or is refused with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.base.errors import UnusableInput
from engine.reconstruction.planning import filled_in
from engine.reconstruction.problem import Problem
from engine.reconstruction.settings import (
    Settings,
    fast,
    paper,
    preset,
    settings_from_dict,
)
from engine.stationarity.cases import NAMES


@pytest.mark.parametrize(
    ("name", "value"),
    [("rank", 7), ("scale_power", 0.8), ("whitening", 0.8), ("neuron_weighing", 0.5)],
)
def test_what_acts_on_the_row_space_is_refused_where_pixels_are_searched(name, value):
    assert name in paper(1).without_effect
    assert name not in fast().without_effect
    with pytest.raises(UnusableInput, match="acts on the row space"):
        replace(paper(1), **{name: value})


def test_a_session_of_before_that_carries_such_a_setting_still_opens():
    saved = {**paper(1).as_dict(), "whitening": 0.8, "scale_power": 0.8, "rank": 12}
    assert settings_from_dict(saved) == paper(1)


def test_what_keeps_multipliers_above_zero_is_refused_where_any_sign_will_do():
    assert "minimum_multiplier" in fast("free").without_effect
    for training in ("auto", "margin", "pairwise", "runner-up", "decay"):
        assert "minimum_multiplier" not in fast(training).without_effect
    with pytest.raises(UnusableInput, match="any sign"):
        replace(fast(), training="free")
    with pytest.raises(UnusableInput, match=r"Smallest multiplier cannot be 0\.3"):
        replace(fast("free"), minimum_multiplier=0.3)


def test_how_a_network_was_trained_is_one_of_the_words_that_have_a_name():
    for training in NAMES:
        for name in ("fast", "paper"):
            found = preset(name, 1, 3, training)
            assert found.training == training or (name, training) == ("paper", "auto")
            assert settings_from_dict(found.as_dict()) == found
    with pytest.raises(UnusableInput, match="training cannot be “luck”"):
        Settings(training="luck")


def test_the_fast_preset_is_the_same_however_a_network_was_trained():
    for training in ("margin", "pairwise", "runner-up", "decay"):
        assert fast(training) == replace(fast(), training=training)
    assert fast("free") == Settings(training="free", minimum_multiplier=0.0)


@pytest.mark.parametrize("training", ["margin", "pairwise", "runner-up", "decay", "free"])
def test_what_was_set_is_not_found_out(make_network, training):
    network = make_network(6, 5, 4, 3)
    assert filled_in(fast(training), network).training == training
    assert filled_in(fast(), network).training == "margin"


@pytest.mark.parametrize("start", [fast(), paper(1)], ids=["fast", "paper"])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"margin_weight": 0.3},
        {"whitening": 0.5},
        {"hidden_whitening": 0.4},
        {"neuron_weighing": 0.9},
        {"scale_power": 0.3},
        {"smoothness": 2.0},
        {"minimum_multiplier": 0.9},
        {"rank": 6},
    ],
    ids=lambda changed: ", ".join(changed) or "as it is",
)
def test_both_ways_to_the_gradient_honour_every_setting_alike(make_network, start, changed):
    """Before, double backward passed over the margin and the whitening in silence."""
    if changed.keys() & start.without_effect.keys():
        with pytest.raises(UnusableInput):
            replace(start, **changed)
        return
    network = make_network(12, 9, 7, 1, shape=(1, 3, 4))
    generator = torch.Generator().manual_seed(0)
    multipliers = torch.rand(6, generator=generator, dtype=torch.float64)
    labels = torch.tensor([-1.0, -1, -1, 1, 1, 1], dtype=torch.float64)
    directions = 5 if start.space == "row" else 0
    final = filled_in(replace(start, rank=directions), network)
    plain = replace(final, dtype="float64", smoothness=0.0)

    def step(settings):
        problem = Problem(network, settings, torch.device("cpu"))
        draw = torch.Generator().manual_seed(1)
        unknowns = torch.randn(
            6, problem.coordinates.per_candidate, generator=draw, dtype=torch.float64
        )
        return problem.evaluate(unknowns, multipliers, labels, 30.0, 0)

    settings = replace(plain, **changed)
    closed, double = (
        step(replace(settings, gradient=way)) for way in ("closed form", "double backward")
    )
    close = {"rtol": 1e-9, "atol": 1e-10}
    torch.testing.assert_close(closed.unknowns_gradient, double.unknowns_gradient, **close)
    torch.testing.assert_close(closed.multiplier_gradient, double.multiplier_gradient, **close)
    if changed and "rank" not in changed:
        before, after = step(plain), step(settings)
        assert not torch.equal(before.unknowns_gradient, after.unknowns_gradient) or (
            not torch.equal(before.multiplier_gradient, after.multiplier_gradient)
        )


def test_a_number_that_no_float_can_hold_is_refused():
    with pytest.raises(UnusableInput, match="more than a number can be"):
        settings_from_dict({**fast().as_dict(), "steps": 10**400})
