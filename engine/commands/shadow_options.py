"""The options of `membership` that ask for shadow networks, and what recipe they mean."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.commands.recipe_options import add_recipe_options, said_of_recipe
from engine.commands.sources import load_source
from engine.commands.terminal import bar_of, show_share
from engine.data.datasets import LabelledImages
from engine.evidence.shadows import OWN_VARIANCE, ShadowConfidences
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.training.recipe import FROM_A_BASE, RECIPES, Recipe
from engine.training.shadow_images import halves, parts_of_pool
from engine.training.shadow_recipe import recipe_in_file, with_layers_of
from engine.training.shadows import Shadows, check_count

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
_LAYERS = ("hidden", "biases", "outputs")
_NEEDED = {
    "plain": (("optimizer",), ("rate",), ("batch",), ("weight_decay",), ("epochs", "most_steps")),
    "fast": (("weight_decay",), ("until_exponent", "most_steps")),
}
"""What has to be said of a schedule where no file and no name of a recipe says it."""

_OPTIONS = {"until_exponent": "--until"}
_ASSUMED = {
    "plain": ("start", "momentum", "cosine"),
    "fast": ("start", "momentum", "first_layer_scale", "upper_layer_scale", "largest_change"),
}
"""What is assumed instead."""


def add_shadows(parser: argparse.ArgumentParser) -> None:
    """`--shadows`, what they are trained on, where they are kept, and by which recipe."""
    group = parser.add_argument_group(
        "shadow networks, trained as the network was on other images, to compare it with"
    )
    group.add_argument(
        "--shadows",
        type=int,
        metavar="N",
        help=f"train so many, 4 or more; from {OWN_VARIANCE} on each image has variances of its "
        "own. Each takes as long as the network did",
    )
    group.add_argument(
        "--shadow-images",
        metavar="SOURCE",
        help="other images of the same kind, to train them on; without it each is trained on a "
        "random half of the images in question and of the control",
    )
    group.add_argument(
        "--shadow-dir",
        type=Path,
        metavar="DIR",
        help="keep them there, one by one; those that are there already, by the same recipe and "
        "seed and of the same images, are not trained again",
    )
    how = parser.add_argument_group(
        "how shadow networks are trained, where the network's file does not say how it was"
    )
    how.add_argument(
        "--recipe", choices=tuple(RECIPES), help="one with a name; what follows overrules it"
    )
    add_recipe_options(how, is_of_its_own=False)


def shadows_of(
    options: argparse.Namespace,
    network: Network,
    images: LabelledImages,
    control: LabelledImages | None,
) -> ShadowConfidences | None:
    """Trains the shadow networks that are wanted, and asks them; None where none are.

    Args:
        options: with those of `add_shadows`.
        network: in question.
        images: in question.
        control: images of the same kind that it never saw, without those in question.

    Raises:
        UnusableInput: it is not known how the network was made, such networks cannot be trained
            here, the images do not do for it, or too many of them diverge.
        OSError: one cannot be written.
    """
    if options.shadows is None:
        return None
    if control is None:
        raise UnusableInput(
            "Shadow networks make a score, and without a control nobody knows what it is worth.",
            "Give --control as well.",
        )
    recipe, assumed = recipe_of_shadows(options, network)
    seed = options.seed or 0
    if options.shadow_images is None:
        chosen = halves(network.classes, images, control, options.shadows, seed)
    else:
        pool = load_source(options, options.shadow_images, network.input_shape)
        assert pool is not None
        chosen = parts_of_pool(network.classes, images, control, pool, options.shadows, seed)
    shadows = Shadows(
        network, recipe, chosen, seed, _base(options, network), options.shadow_dir, assumed
    )
    quiet = getattr(options, "quiet", False)
    words = {"desc": "shadow networks", "bar_format": _BAR, "smoothing": 0.0}
    with closing(bar_of(quiet, total=1.0, **words)) as bar:
        return shadows.confidences(partial(show_share, bar))


def check_shadows(options: argparse.Namespace) -> None:
    """What would be passed over in silence is refused.

    Raises:
        UnusableInput: something is said of shadow networks, and none are asked for; or too few are.
    """
    if options.shadows is not None:
        check_count(options.shadows)
        return
    beside = {name: getattr(options, name) for name in ("shadow_images", "shadow_dir", "recipe")}
    said = [name for name, value in (beside | said_of_recipe(options)).items() if value is not None]
    if said:
        raise UnusableInput(
            f"{listed([_option(name) for name in said])} {'say' if len(said) > 1 else 'says'} how "
            "shadow networks are trained, and none are asked for.",
            "Give --shadows N as well.",
        )


def recipe_of_shadows(options: argparse.Namespace, network: Network) -> tuple[Recipe, str]:
    """By what recipe shadow networks are made, and what of it is assumed, in words.

    The recipe is that in the network's file, else what the options say; layers are its own.

    Raises:
        UnusableInput: something is missing, or the options say another architecture.
    """
    said = said_of_recipe(options)
    _check_start(options, network)
    made = with_layers_of(network, Recipe())
    for name in _LAYERS:
        if name in said and said[name] not in (getattr(made, name), "auto"):
            raise UnusableInput(
                f"{_option(name)} says another architecture than {network.origin.name} has, which "
                f"is {network.architecture}; shadow networks have the same.",
                f"Leave {_option(name)} out.",
            )
    usual, assumed = _stated(options, network, said)
    if network.base is None and not network.inputs.is_preprocessing_said:
        assumed.append("images less their mean")
    layers = {name: getattr(made, name) for name in _LAYERS}
    return replace(usual, **{**said, **layers}), ", ".join(assumed)


def _stated(
    options: argparse.Namespace, network: Network, said: dict[str, Any]
) -> tuple[Recipe, list[str]]:
    """The recipe that the file or a name states, else a usual one and what is assumed with it."""
    if options.recipe is not None:
        return RECIPES[options.recipe], []
    if "recipe" in network.origin.details:
        return recipe_in_file(network)
    usual = RECIPES["margin" if said.get("schedule") == "fast" else "usual"]
    schedule = usual.schedule
    needed = _NEEDED[schedule]
    missing = [one for one in needed if not any(name in said for name in one)]
    if missing:
        names = [" or ".join(_option(name) for name in one) for one in missing]
        raise UnusableInput(
            f"{network.origin.name} does not say how it was trained, and shadow networks are to be "
            f"trained as it was: {listed(names)} {'are' if len(names) > 1 else 'is'} missing.",
            "Give what is known of its training, or a --recipe that is near to it.",
        )
    if schedule == "plain" and "epochs" not in said:
        usual = replace(usual, epochs=0)
    begins = ("start", "first_layer_scale", "upper_layer_scale")
    names = [name for name in _ASSUMED[schedule] if name not in said]
    names = [name for name in names if network.base is None or name not in begins]
    if said.get("optimizer", "sgd") != "sgd" and "momentum" in names:
        names.remove("momentum")
    return usual, [f"{name.replace('_', ' ')} {_shown(usual, name)}" for name in names]


def _shown(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value}"


def _check_start(options: argparse.Namespace, network: Network) -> None:
    """Networks that were fine-tuned begin with their base, and nothing else does.

    Raises:
        UnusableInput: one without its base, or the other way round.
    """
    name, of_base = network.origin.name, network.origin.details.get("fine_tuned_from")
    if network.base is not None and _base_file(options) is None:
        raise UnusableInput(
            f"{name} was fine-tuned from {network.base.origin.said}, where shadow networks begin, "
            "too, and a report does not read that.",
            "Ask main.py membership with --base and --shadows.",
        )
    if network.base is not None or (of_base is None and options.recipe not in FROM_A_BASE):
        return
    begins = f"The recipe {options.recipe} needs a network to begin with."
    if of_base is not None:
        begins = f"{name} was fine-tuned from {of_base}, and shadow networks begin there, too."
    raise UnusableInput(begins, "Give it with --base.")


def _base(options: argparse.Namespace, network: Network) -> Network | None:
    """Where shadow networks begin.

    Raises:
        UnusableInput: the network began with a new last layer that the base could have given.
    """
    if network.base is None:
        return None
    if network.base.unused_head is not None:
        raise UnusableInput(
            "Shadow networks begin with the last layer of a base that has as many classes, and "
            f"{network.origin.name} is said to have begun with a new one.",
            "Leave --shadows out, or --base-head.",
        )
    base = _base_file(options)
    assert base is not None  # `_check_start` has seen to that.
    return load_network(base)


def _base_file(options: argparse.Namespace) -> str | None:
    """What `--base` names, of commands that have it."""
    named: str | None = getattr(options, "base", None)
    return named


def _option(name: str) -> str:
    return _OPTIONS.get(name, f"--{name.replace('_', '-')}")
