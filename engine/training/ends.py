"""When a training is at its end, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable

from engine.training.curves import TrainingCurves
from engine.training.recipe import Recipe
from engine.training.state import TrainingState

OUT_OF_TIME = "The time is over."
_RESIDUAL_EVERY, _LARGEST_NORM = 50, 1e12


class Ends:
    """Looks whether a training has come to one of its recipe's ends."""

    def __init__(self, images: int, residual: Callable[[], float]) -> None:
        """
        Args:
            images: how many there are.
            residual: the stationarity residual as it stands, relative; takes a while.
        """
        self._images, self._residual = images, residual
        self._looked_at = 0

    def why(self, recipe: Recipe, state: TrainingState, curves: TrainingCurves, norm: float) -> str:
        """Why a training ends now, in a sentence; empty where it goes on.

        Args:
            recipe: how it is made, and how far.
            state: where it stands.
            curves: every step so far.
            norm: ‖θ‖.
        """
        if recipe.until_exponent and len(curves) and curves.log10_loss[-1] < recipe.until_exponent:
            return "The loss is reached."
        if recipe.until_residual and state.step >= self._looked_at + _RESIDUAL_EVERY:
            self._looked_at = state.step
            if self._residual() < recipe.until_residual:
                return "The residual is reached."
        if recipe.schedule == "fast" and norm > _LARGEST_NORM:
            return "The weights cannot grow any further."
        if recipe.seconds and state.seconds >= recipe.seconds:
            return OUT_OF_TIME
        if state.step >= recipe.steps(self._images):
            return "All steps are taken."
        return ""

    def share(self, recipe: Recipe, state: TrainingState, curves: TrainingCurves) -> float:
        """How far a training has come towards the end that is next, from 0 to 1."""
        shares = [0.0, state.step / recipe.steps(self._images)]
        if recipe.until_exponent and len(curves):
            shares.append(float(curves.log10_loss[-1]) / recipe.until_exponent)
        if recipe.seconds:
            shares.append(state.seconds / recipe.seconds)
        return min(max(shares), 1.0)
