"""When a training ends: the first of its recipe's ends that it comes to."""

from __future__ import annotations

import math

import pytest

from engine.training.curves import TrainingCurves
from engine.training.ends import OUT_OF_TIME, Ends
from engine.training.recipe import Recipe
from engine.training.state import TrainingState


def curves_to(log10_loss: float) -> TrainingCurves:
    return TrainingCurves.of(
        step=10,
        seconds=1.0,
        log10_loss=log10_loss,
        accuracy=1.0,
        margin=0.1,
        test_accuracy=math.nan,
    )


@pytest.mark.parametrize(
    ("recipe", "state", "loss", "norm", "why"),
    [
        (Recipe(), TrainingState(10), -9.9, 1.0, ""),
        (Recipe(), TrainingState(10), -10.1, 1.0, "The loss is reached."),
        (Recipe(until_exponent=0), TrainingState(10), -90.0, 1.0, ""),
        (Recipe(), TrainingState(10), -1.0, 2e12, "The weights cannot grow any further."),
        (Recipe(schedule="plain"), TrainingState(10), -1.0, 2e12, ""),
        (Recipe(seconds=2), TrainingState(10, 2.0), -1.0, 1.0, OUT_OF_TIME),
        (Recipe(most_steps=10), TrainingState(10), -1.0, 1.0, "All steps are taken."),
        (
            Recipe(schedule="plain", batch=5, epochs=2),
            TrainingState(6),
            -1.0,
            1.0,
            "All steps are taken.",
        ),
    ],
)
def test_the_first_end_is_said(recipe, state, loss, norm, why):
    assert Ends(12, lambda: 1.0).why(recipe, state, curves_to(loss), norm) == why


def test_the_residual_is_looked_at_every_fifty_steps():
    asked = []
    ends = Ends(12, lambda: asked.append(1) or 0.5)
    recipe = Recipe(until_exponent=0, until_residual=0.4)
    for step in range(1, 151):
        assert ends.why(recipe, TrainingState(step), curves_to(-1.0), 1.0) == ""
    assert len(asked) == 3
    reached = Ends(12, lambda: 0.3).why(recipe, TrainingState(50), curves_to(-1.0), 1.0)
    assert reached == "The residual is reached."


def test_how_far_it_is_is_told_by_the_end_that_is_next():
    ends = Ends(12, lambda: 1.0)
    recipe = Recipe(most_steps=100, seconds=10)
    assert ends.share(recipe, TrainingState(20, 1.0), curves_to(-1.0)) == pytest.approx(0.2)
    assert ends.share(recipe, TrainingState(20, 5.0), curves_to(-1.0)) == pytest.approx(0.5)
    assert ends.share(recipe, TrainingState(20, 5.0), curves_to(-8.0)) == pytest.approx(0.8)
    assert ends.share(recipe, TrainingState(20, 5.0), curves_to(-80.0)) == 1.0
