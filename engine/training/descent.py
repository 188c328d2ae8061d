"""The way of the weights: the two schedules that they go by.

Gradient descent on log(loss), that is the gradient divided by the loss, follows the same path as
plain gradient descent at a pace that does not fade. The fast schedule does that with momentum: a
step that would raise the objective is not taken, halves the rate and forgets the momentum; any
other lets the rate grow by 5 %; no step is longer than a share of ‖θ‖. The plain schedule goes by
an optimiser of PyTorch's, all images at once or in mini-batches.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.objective import Objective, Value
from engine.training.optimizers import Memory, stepped
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

_GROWTH, _SHRINKAGE = 1.05, 0.5


def norm(theta: Parameters) -> float:
    """‖θ‖."""
    return math.sqrt(sum(float(p.square().sum()) for p in theta.tensors))


class Descent:
    """Weights on their way down, on one device.

    Attributes:
        x: flat, centred images, shape (n, D).
        y: labels (`Classes.labels`), float64, on the CPU, shape (n,).
        theta: θ; replaced as a whole, once a step is through.
        memory: what the schedule remembers; the fast one's is its last change.
        step: steps so far.
        rate: step size of the fast schedule.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        theta: Parameters,
        memory: Memory,
        step: int,
        rate: float,
    ) -> None:
        self.x, self.y = x, y
        self.theta, self.memory = theta, memory
        self.step, self.rate = step, rate

    def steps(self, recipe: Recipe, part: int) -> Generator[Value | None]:
        """Takes steps for ever, or until none lowers the loss any more.

        Yields what is to be recorded after a step; None in the middle of a longer one.

        Args:
            recipe: by which schedule.
            part: images at a time.
        """
        if recipe.schedule == "fast":
            return self._fast(recipe, Objective(recipe.weight_decay, True, part))
        return self._plain(recipe, Objective(0.0, False, part))

    def _fast(self, recipe: Recipe, objective: Objective) -> Generator[Value | None]:
        """Descent on log(loss) with momentum and a step that adapts itself."""
        now = yield from objective.at(self.theta, self.x, self.y)
        stall = _Stall(now.objective)
        while True:
            change = self._change(recipe, now.gradient)
            there = self.theta + change
            then = yield from objective.at(there, self.x, self.y)
            is_refused = not then.objective <= now.objective
            if is_refused:
                self.memory = (change.each(torch.zeros_like),)
                self.rate *= _SHRINKAGE
            else:
                self.theta, self.memory, now = there, (change,), then
                self.rate *= _GROWTH
            self.step += 1
            yield now
            if stall.is_reached(now.objective, is_refused):
                return

    def _change(self, recipe: Recipe, gradient: Parameters) -> Parameters:
        """By how much the weights would change; never by more than a share of themselves."""
        momentum = self.memory[0].each(lambda v: recipe.momentum * v)
        change = momentum - gradient.each(lambda g: self.rate * g)
        size, largest = norm(change), recipe.largest_change * norm(self.theta)
        return change.each(lambda c: c * (largest / size)) if size > largest else change

    def _plain(self, recipe: Recipe, objective: Objective) -> Generator[Value | None]:
        """Steps of an optimiser, all images at once or in mini-batches; it adds the decay."""
        count = len(self.x)
        batches = recipe.batches(count)
        while True:
            epoch, batch = divmod(self.step, batches)
            x, y = self.x, self.y
            if batches > 1:
                order = np.random.default_rng((recipe.seed, epoch)).permutation(count)
                chosen = torch.from_numpy(order[batch * recipe.batch : (batch + 1) * recipe.batch])
                x, y = x[chosen.to(x.device)], y[chosen]
            now = yield from objective.at(self.theta, x, y)
            rate = recipe.rate_at(self.step, count)
            self.theta, self.memory = stepped(
                recipe, rate, self.step, self.theta, now.gradient, self.memory
            )
            self.step += 1
            if batches == 1:
                yield now
            elif batch == batches - 1:
                yield (yield from objective.at(self.theta, self.x, self.y))
            else:
                yield None


class _Stall:
    """Notices that the objective does not fall any more, however small the step.

    On the plateau at the start it hardly falls either, but there no step is refused.
    """

    _window, _refused, _fall = 200, 5, 1e-8

    def __init__(self, objective: float) -> None:
        self._from = objective
        self._steps, self._refusals = 0, 0

    def is_reached(self, objective: float, is_refused: bool) -> bool:
        """Told of every step: where the objective stands, and whether the step was refused."""
        self._steps += 1
        self._refusals += is_refused
        if self._steps < self._window:
            return False
        stalled = self._refusals >= self._refused and self._from - objective < self._fall
        self._from, self._steps, self._refusals = objective, 0, 0
        return stalled
