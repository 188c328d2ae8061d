"""The options of `train` that say how: they come from the recipe itself."""

from __future__ import annotations

import argparse
import math
from dataclasses import Field, fields, replace
from typing import Any

from engine.base.errors import UnusableInput
from engine.training.recipe import CHOICES, RECIPES, Recipe, parse_widths

_FORGOTTEN = ("device", "seconds", "most_steps", "until_residual")
_SAID_ANEW = (*_FORGOTTEN, "epochs", "until_exponent")
_NAMED_ELSEWHERE = ("until_exponent",)
_CHOICES = {
    "outputs": "auto is one for two classes and one a class for more",
    "biases": "which layers have one",
    "start": "small as the paper's, or PyTorch's own",
    "schedule": "fast is descent on log(loss), plain goes by an optimiser",
    "optimizer": "of the plain schedule",
    "dtype": "precision of the weights",
    "device": "where to compute",
}
"""What the recipe's choices are about; the numbers say so themselves."""


def add_recipe_options(parser: argparse._ActionsContainer, is_of_its_own: bool = True) -> None:
    """Each is None where nobody gave it, so that the named recipe's holds.

    Args:
        parser: where to.
        is_of_its_own: whether a network is made that no other has to be like: then there are values
            where nobody gives one, and a limit of time.
    """

    def told(name: str, about: str) -> str:
        return _told(name, about) if is_of_its_own else about

    parser.add_argument(
        "--hidden", type=_widths, metavar="1000,1000", help=told("hidden", "hidden layers")
    )
    for name, about in _CHOICES.items():
        parser.add_argument(f"--{name}", choices=CHOICES[name], help=told(name, about))
    parser.add_argument(
        "--cosine",
        action=argparse.BooleanOptionalAction,
        help=told("cosine", "whether the plain schedule's rate falls to nothing"),
    )
    parser.add_argument(
        "--until", type=_loss, metavar="LOSS", help="loss to reach; 1e-10, usual: not looked at"
    )
    for each in _numbers():
        if each.name == "seconds" and not is_of_its_own:
            continue
        kind = int if isinstance(each.default, int) else float
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=kind,
            metavar="N" if kind is int else "X",
            help=told(each.name, each.metadata["label"].lower()),
        )


def _told(name: str, about: str) -> str:
    """What an option is about, and what it is in the named recipes."""
    values = {recipe: _shown(getattr(RECIPES[recipe], name)) for recipe in RECIPES}
    if len(set(values.values())) == 1:
        return f"{about}; {values['margin']} if not given"
    margin = values.pop("margin")
    return "; ".join([about, ", ".join([margin, *(f"{k}: {v}" for k, v in values.items())])])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def going_on(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    """The recipe that a training began with; only where and when it ends may be said anew.

    Raises:
        UnusableInput: another recipe would not lead on from there.
    """
    started_anew = {name: getattr(Recipe(), name) for name in _FORGOTTEN}
    if recipe.cosine:  # The rate has fallen towards the last step.
        del started_anew["most_steps"]
    said = {name: value for name, value in said_of_recipe(options).items() if name in _SAID_ANEW}
    there = replace(recipe, **{**started_anew, **said})
    if not recipe.leads_the_way_of(replace(there, device=recipe.device)):
        raise UnusableInput(
            "The rate falls towards the last step, which cannot be another now.",
            "Go on without a new end, or train anew.",
        )
    return there


def _numbers() -> list[Field[Any]]:
    return [e for e in fields(Recipe) if e.metadata and e.name not in _NAMED_ELSEWHERE]


def recipe_of_options(options: argparse.Namespace) -> Recipe:
    """The recipe that is named, with what the user said of it.

    Raises:
        UnusableInput: two of its settings do not go together.
    """
    usual = "margin" if options.start_from is None else "fine-tune"
    return replace(RECIPES[options.recipe or usual], **said_of_recipe(options))


def said_of_recipe(options: argparse.Namespace) -> dict[str, Any]:
    """What the user said of the recipe."""
    names = ["hidden", "cosine", *_CHOICES, *(each.name for each in _numbers())]
    given = {name: getattr(options, name, None) for name in names}
    given["until_exponent"] = options.until
    return {name: value for name, value in given.items() if value is not None}


def _widths(text: str) -> tuple[int, ...]:
    try:
        return parse_widths(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _loss(text: str) -> float:
    """`1e-40` → −40; a logarithm, since 1e-400 is no float."""
    try:
        mantissa, _, exponent = text.lower().partition("e")
        found = math.log10(float(mantissa)) + (int(exponent) if exponent else 0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no loss; write it like 1e-40") from error
    return found
