"""Training a network the way the theory wants: full batch, towards a stationary direction.

The attack rests on convergence in direction (Lyu and Li 2019; Ji and Telgarsky 2020), which
plain gradient descent approaches only logarithmically. Gradient descent on log(loss), that is
the gradient divided by the loss, follows the same path at a pace that does not fade.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as functional
from torch import Tensor

from engine.network import InputShape, Network

_FIRST_RATE = 0.01
_GROWTH, _SHRINKAGE = 1.05, 0.5


@dataclass(frozen=True)
class Recipe:
    """How to make a network.

    Attributes:
        hidden: widths of the hidden layers.
        first_layer_scale: standard deviation of W_1 and b_1 at the start (the paper: 1e-4).
        upper_layer_factor: the layers above start at PyTorch's usual size times this.
        until_log_loss: training ends once the natural logarithm of the loss is below this.
        largest_change: cap on ‖Δθ‖ / ‖θ‖ of one step.
        most_steps: training ends after so many steps at the latest.
        seed: of the initialisation.
    """

    hidden: tuple[int, ...] = (1000, 1000)
    first_layer_scale: float = 1e-4
    upper_layer_factor: float = 1.0
    until_log_loss: float = math.log(1e-40)
    largest_change: float = 0.02
    most_steps: int = 5000
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """One step of training: its number and log(loss); a loss itself would underflow."""

    step: int
    log_loss: float


class Training:
    """Trains one network; ask `iterate` for progress and `network` for what came out."""

    def __init__(self, images: Tensor, labels: Tensor, recipe: Recipe) -> None:
        """Draws the initial weights.

        Args:
            images: in [0, 1], shape (n, c, h, w); their mean is subtracted.
            labels: −1 or +1, shape (n,).
            recipe: widths, initialisation and when to stop.
        """
        channels, height, width = images.shape[1:]
        self._shape: InputShape = (channels, height, width)
        self._mean = images.mean(0)
        self._x = (images - self._mean).flatten(1)
        self._y = labels.double()
        self._recipe = recipe
        self._theta = _initial_weights(self._x.shape[1], recipe)

    @property
    def network(self) -> Network:
        """The network as it stands."""
        *weights, bias = [p.detach().clone() for p in self._theta]
        return Network(tuple(weights), bias, self._shape, mean=self._mean)

    def iterate(self) -> Iterator[Progress]:
        """Takes steps until the recipe says to stop; yields after each."""
        rate = _FIRST_RATE
        log_loss, gradient = self._log_loss_and_gradient()
        for step in range(1, self._recipe.most_steps + 1):
            change = self._capped([rate * g for g in gradient])
            self._shift(change, -1)
            new_log_loss, new_gradient = self._log_loss_and_gradient()
            if new_log_loss <= log_loss:
                log_loss, gradient = new_log_loss, new_gradient
                rate *= _GROWTH
            else:
                self._shift(change, +1)
                rate *= _SHRINKAGE
            yield Progress(step, log_loss)
            if log_loss < self._recipe.until_log_loss:
                return

    def _log_loss_and_gradient(self) -> tuple[float, list[Tensor]]:
        """Log of the mean logistic loss, in float64 and without underflow, and its gradient."""
        *weights, bias = self._theta
        margins = self._y * Network(tuple(weights), bias, self._shape).forward(self._x).double()
        # log softplus(−m), which is −m to double precision once m > 36.
        each = torch.where(
            margins > 36, -margins, functional.softplus(-margins.clamp_max(36)).log()
        )
        log_loss = torch.logsumexp(each, 0) - math.log(len(each))
        gradient = torch.autograd.grad(log_loss, self._theta)
        return float(log_loss.detach()), list(gradient)

    def _capped(self, change: list[Tensor]) -> list[Tensor]:
        largest = self._recipe.largest_change * _norm(self._theta)
        size = _norm(change)
        return change if size <= largest else [c * (largest / size) for c in change]

    def _shift(self, change: list[Tensor], sign: int) -> None:
        with torch.no_grad():
            for parameter, delta in zip(self._theta, change, strict=True):
                parameter.add_(delta, alpha=sign)


def _initial_weights(dimension: int, recipe: Recipe) -> list[Tensor]:
    """W_1 … W_L and b_1: W_1 and b_1 normal and small, the others uniform as PyTorch draws them."""
    generator = torch.Generator().manual_seed(recipe.seed)
    sizes = (dimension, *recipe.hidden, 1)
    first = torch.randn(sizes[1], sizes[0], generator=generator) * recipe.first_layer_scale
    bias = torch.randn(sizes[1], generator=generator) * recipe.first_layer_scale
    upper = []
    for inputs, outputs in pairwise(sizes[1:]):
        bound = recipe.upper_layer_factor / math.sqrt(inputs)
        upper.append((2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound)
    return [p.requires_grad_() for p in (first, *upper, bias)]


def _norm(tensors: list[Tensor]) -> float:
    return math.sqrt(sum(float(t.detach().square().sum()) for t in tensors))
