"""Where the weights start."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor


def initial_weights(dimension: int, outputs: int, recipe: Recipe) -> Parameters:
    """θ before the first step.

    Args:
        dimension: D.
        outputs: C.
        recipe: says which start, and which layers have a bias.
    """
    sizes = (dimension, *recipe.hidden, outputs)
    generator = torch.Generator().manual_seed(recipe.seed)
    start = _pytorch_start if recipe.start == "pytorch" else _small_start
    return start(sizes, recipe, generator)


def has_bias(recipe: Recipe, layer: int) -> bool:
    """Whether a layer, counted from 0, has a bias."""
    return recipe.biases == "all" or (recipe.biases == "first" and layer == 0)


def _pytorch_start(
    sizes: tuple[int, ...], recipe: Recipe, generator: torch.Generator
) -> Parameters:
    """As `torch.nn.Linear` draws them, number for number: uniform within ±1/√(fan in)."""
    weights, biases = [], []
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        bound = 1 / math.sqrt(inputs)
        weights.append(torch.empty(outputs, inputs).uniform_(-bound, bound, generator=generator))
        biases.append(
            torch.empty(outputs).uniform_(-bound, bound, generator=generator)
            if has_bias(recipe, layer)
            else None
        )
    return Parameters(tuple(weights), tuple(biases))


def _small_start(sizes: tuple[int, ...], recipe: Recipe, generator: torch.Generator) -> Parameters:
    """W_1 and b_1 normal and small, the others uniform and a multiple of PyTorch's size."""
    small = recipe.first_layer_scale
    weights = [torch.randn(sizes[1], sizes[0], generator=generator) * small]
    biases: list[Tensor | None] = [None]
    if has_bias(recipe, 0):
        biases = [torch.randn(sizes[1], generator=generator) * small]
    for layer, (inputs, outputs) in enumerate(pairwise(sizes[1:]), 1):
        bound = recipe.upper_layer_scale / math.sqrt(inputs)
        weights.append((2 * torch.rand(outputs, inputs, generator=generator) - 1) * bound)
        drawn = has_bias(recipe, layer)
        biases.append((2 * torch.rand(outputs, generator=generator) - 1) * bound if drawn else None)
    return Parameters(tuple(weights), tuple(biases))
