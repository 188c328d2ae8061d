"""The way of the weights: where they start, and the two schedules that they go by.

Gradient descent on log(loss), that is the gradient divided by the loss, follows the same path as
plain gradient descent at a pace that does not fade. The fast schedule does that with momentum: a
step that would raise the objective is not taken, halves the rate and forgets the momentum; any
other lets the rate grow by 5 %; no step is longer than a share of ‖θ‖.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.objective import Objective, Value
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

_GROWTH, _SHRINKAGE = 1.05, 0.5


def initial_weights(dimension: int, recipe: Recipe) -> Parameters:
    """W_1 … W_L and b_1: W_1 and b_1 normal and small, the others uniform as PyTorch draws them."""
    generator = torch.Generator().manual_seed(recipe.seed)
    sizes = (dimension, *recipe.hidden, 1)
    first = torch.randn(sizes[1], sizes[0], generator=generator) * recipe.first_layer_scale
    bias = torch.randn(sizes[1], generator=generator) * recipe.first_layer_scale
    upper = []
    for inputs, outputs in pairwise(sizes[1:]):
        bound = recipe.upper_layer_scale / math.sqrt(inputs)
        upper.append((2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound)
    return Parameters.of([first, *upper], bias)


def norm(theta: Parameters) -> float:
    """‖θ‖."""
    return math.sqrt(sum(float(p.square().sum()) for p in theta.tensors))


class Descent:
    """Weights on their way down, on one device.

    Attributes:
        x: flat, centred images, shape (n, D).
        y: labels −1 and +1, float64, on the CPU, shape (n,).
        theta: W_1 … W_L, b_1; replaced as a whole, once a step is through.
        velocity: their last change.
        step: steps so far.
        rate: step size of the fast schedule.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        theta: Parameters,
        velocity: Parameters,
        step: int,
        rate: float,
    ) -> None:
        self.x, self.y = x, y
        self.theta, self.velocity = theta, velocity
        self.step, self.rate = step, rate

    def steps(self, recipe: Recipe, part: int) -> Generator[Value | None]:
        """Takes steps for ever, or until none lowers the loss any more.

        Yields what is to be recorded after a step; None in the middle of a longer one.

        Args:
            recipe: by which schedule.
            part: images at a time.
        """
        is_fast = recipe.schedule == "fast"
        objective = Objective(recipe.weight_decay, is_logarithm=is_fast, part=part)
        return self._fast(recipe, objective) if is_fast else self._plain(recipe, objective)

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
                self.velocity = change.each(torch.zeros_like)
                self.rate *= _SHRINKAGE
            else:
                self.theta, self.velocity, now = there, change, then
                self.rate *= _GROWTH
            self.step += 1
            yield now
            if stall.is_reached(now.objective, is_refused):
                return

    def _change(self, recipe: Recipe, gradient: Parameters) -> Parameters:
        """By how much the weights would change; never by more than a share of themselves."""
        momentum = self.velocity.each(lambda v: recipe.momentum * v)
        change = momentum - gradient.each(lambda g: self.rate * g)
        size, largest = norm(change), recipe.largest_change * norm(self.theta)
        return change.each(lambda c: c * (largest / size)) if size > largest else change

    def _plain(self, recipe: Recipe, objective: Objective) -> Generator[Value | None]:
        """Gradient descent with one step size, all images at once or in mini-batches."""
        count, size = len(self.x), min(recipe.batch or len(self.x), len(self.x))
        batches = math.ceil(count / size)
        while True:
            epoch, batch = divmod(self.step, batches)
            x, y = self.x, self.y
            if batches > 1:
                order = np.random.default_rng((recipe.seed, epoch)).permutation(count)
                chosen = torch.from_numpy(order[batch * size : (batch + 1) * size])
                x, y = x[chosen.to(x.device)], y[chosen]
            now = yield from objective.at(self.theta, x, y)
            self.theta = self.theta - now.gradient.each(lambda g: recipe.rate * g)
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
