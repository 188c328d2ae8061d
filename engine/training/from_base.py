"""Fine-tuning: a training that starts from a network that is there already."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from engine.base.errors import UnusableInput
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.training.recipe import Recipe

_Biases = Literal["first", "all", "none"]


def recipe_from(base: Network, recipe: Recipe) -> Recipe:
    """The recipe with the layers of a base in place of its own.

    Two classes keep the two outputs of a base that has them.

    Raises:
        UnusableInput: such layers cannot be trained here.
    """
    if base.structure is not None:
        raise UnusableInput(
            f"{base.origin.name} has convolutions, and a network that is trained here has fully "
            "connected layers alone.",
            "Give a base of such layers.",
        )
    if base.activation.slope:
        raise UnusableInput(
            f"{base.origin.name} has {base.activation.name} between its layers, and a network that "
            "is trained here has ReLUs.",
            "Give a base with ReLUs.",
        )
    outputs = recipe.outputs
    if outputs == "auto" and base.output_count == 2:
        outputs = "classes"
    return replace(recipe, hidden=base.layer_sizes[1:-1], biases=_biases_of(base), outputs=outputs)


def _biases_of(base: Network) -> _Biases:
    has = [bias is not None for bias in base.biases]
    if not any(has):
        return "none"
    if all(has):
        return "all"
    if has[0] and not any(has[1:]):
        return "first"
    raise UnusableInput(
        f"{base.origin.name} has {base.architecture.split(', ', 1)[1]}; a network that is trained "
        "here has them on its first layer, on all, or on none.",
        "Give another base.",
    )


def with_head_of(base: Network, drawn: Parameters) -> Parameters:
    """θ before the first step: the base's, with a head that was drawn where its own does not fit.

    Args:
        base: where it starts from.
        drawn: initial weights of the same architecture.

    Raises:
        UnusableInput: the base reads other images.
    """
    theta = base.parameters
    if theta.weights[0].shape[1] != drawn.weights[0].shape[1]:
        raise UnusableInput(
            f"{base.origin.name} reads {base.input_dimension:,} numbers, and the images have "
            f"{drawn.weights[0].shape[1]:,}.",
            "Give images of the shape that it reads.",
        )
    if theta.weights[-1].shape == drawn.weights[-1].shape:
        return theta
    return Parameters(
        (*theta.weights[:-1], drawn.weights[-1]), (*theta.biases[:-1], drawn.biases[-1])
    )
