"""By which recipe shadow networks are made: that of the network which they are compared with."""

from __future__ import annotations

from dataclasses import replace

from engine.base.errors import UnusableInput
from engine.network.network import Network
from engine.training.from_base import recipe_from
from engine.training.recipe import Recipe
from engine.training.trained import recipe_of, steps_of


def with_layers_of(network: Network, recipe: Recipe) -> Recipe:
    """A recipe that makes networks like one that is there.

    Raises:
        UnusableInput: such layers cannot be trained here.
    """
    try:
        recipe = recipe_from(network, recipe)
    except UnusableInput as error:
        raise UnusableInput(error.why, "Leave shadow networks out.") from error
    return replace(recipe, outputs="one" if network.output_count == 1 else "classes")


def recipe_in_file(network: Network) -> tuple[Recipe, list[str]]:
    """By which recipe a network says that it was made, and what is assumed with it, in words.

    Where a limit of time ended it, it is taken with as many steps as there were until then.

    Raises:
        UnusableInput: its file does not say.
    """
    recipe = replace(recipe_of(network), device="auto")
    if not recipe.seconds:
        return recipe, []
    steps = max(steps_of(network), 1)
    recipe = replace(recipe, seconds=0.0, most_steps=min(steps, recipe.most_steps))
    return recipe, [f"{steps:,} steps, which is how many it took within its limit of time"]


def in_words(recipe: Recipe) -> str:
    """How networks are made, for people, without their layers: `SGD at 0.1, 300 epochs`."""
    if recipe.schedule == "fast":
        how = ["descent on log(loss)"]
    else:
        falling = " falling to nothing" if recipe.cosine else ""
        how = [f"{recipe.optimizer} at {recipe.rate:g}{falling}"]
        how += [f"momentum {recipe.momentum:g}"] if recipe.optimizer == "sgd" else []
        how.append(f"mini-batches of {recipe.batch:,}" if recipe.batch else "all images at once")
    how.append(f"weight decay {recipe.weight_decay:g}")
    ends = [f"{recipe.epochs:,} epochs" if recipe.epochs else f"{recipe.most_steps:,} steps"]
    ends += [f"a loss of 1e{recipe.until_exponent:g}"] if recipe.until_exponent else []
    ends += [f"a residual of {recipe.until_residual:g}"] if recipe.until_residual else []
    return ", ".join([*how, f"start {recipe.start}", f"until {' or '.join(ends)}"])
