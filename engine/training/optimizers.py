"""One step of the plain schedule, by PyTorch's own optimisers.

These are the functions that `torch.optim.SGD`, `Adam` and `AdamW` call. They keep nothing between
two steps, so that a training can go on from any of them bit for bit, and they load nothing: the
classes load torch's compiler at their first step, which takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

_DECAY_RATES, _EPSILON = (0.9, 0.999), 1e-8

Memory = tuple[Parameters, ...]
"""What a schedule remembers of earlier steps, each like θ: the last change, or Adam's moments."""


def memories(recipe: Recipe) -> int:
    """How many parts the memory of a recipe's schedule has."""
    if recipe.schedule == "fast":
        return 1
    return {"gd": 0, "sgd": 1, "adam": 2, "adamw": 2}[recipe.optimizer]


def stepped(
    recipe: Recipe, rate: float, step: int, theta: Parameters, gradient: Parameters, memory: Memory
) -> tuple[Parameters, Memory]:
    """θ and the memory after a step; what is given stays as it is.

    Args:
        recipe: by which optimiser.
        rate: how far.
        step: how many steps were taken before.
        theta: θ.
        gradient: of the loss without weight decay.
        memory: of the steps before; zeros at first.
    """
    there = [p.clone() for p in theta.tensors]
    gradients = list(gradient.tensors)
    kept = [[p.clone() for p in part.tensors] for part in memory]
    if recipe.optimizer in ("gd", "sgd"):
        _sgd(recipe, rate, there, gradients, kept)
    else:
        _adam(recipe, rate, step, there, gradients, kept)
    return theta.with_tensors(there), tuple(theta.with_tensors(part) for part in kept)


def _sgd(
    recipe: Recipe,
    rate: float,
    there: list[Tensor],
    gradients: list[Tensor],
    kept: list[list[Tensor]],
) -> None:
    from torch.optim.sgd import sgd

    momentum = kept[0] if kept else [None] * len(there)
    sgd(
        there,
        gradients,
        list(momentum),
        weight_decay=recipe.weight_decay,
        momentum=recipe.momentum if kept else 0.0,
        lr=rate,
        dampening=0.0,
        nesterov=False,
        maximize=False,
    )


def _adam(
    recipe: Recipe,
    rate: float,
    step: int,
    there: list[Tensor],
    gradients: list[Tensor],
    kept: list[list[Tensor]],
) -> None:
    from torch.optim.adam import adam

    first, second = kept
    adam(
        there,
        gradients,
        first,
        second,
        [],
        [torch.tensor(float(step)) for _ in there],
        decoupled_weight_decay=recipe.optimizer == "adamw",
        amsgrad=False,
        beta1=_DECAY_RATES[0],
        beta2=_DECAY_RATES[1],
        lr=rate,
        weight_decay=recipe.weight_decay,
        eps=_EPSILON,
        maximize=False,
    )
