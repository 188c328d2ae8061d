"""`main.py train`: makes a network of given images, and knows how to go on with one."""

from __future__ import annotations

import argparse
import math
from contextlib import closing
from dataclasses import Field, asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from engine.base.errors import AfterimageError, UnusableInput
from engine.base.plain_text import percent
from engine.base.resources import images_beside
from engine.commands.interruption import Interrupted
from engine.commands.sources import add_data_root
from engine.commands.status import FAILED, INTERRUPTED
from engine.commands.terminal import bar_of, show_share, tell
from engine.data import catalogue
from engine.data.datasets import Selection, TrainingData, training_data
from engine.data.labels import parse_names
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.training.recipe import CHOICES, RECIPES, Recipe, parse_widths
from engine.training.state import TrainingSnapshot
from engine.training.trained import (
    check_target,
    keep,
    load_start,
    recipe_of,
    save_trained,
    save_with_data,
)
from engine.training.training import Training
from engine.training.view import look_at

ABOUT = "make a network of given images"

_AUTOSAVE_SECONDS = 30.0
_FORGOTTEN = ("device", "seconds", "most_steps", "until_residual")
_SAID_ANEW = (*_FORGOTTEN, "epochs", "until_exponent")
_BAR = "{percentage:3.0f}%|{bar}| {postfix}"
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`; those of the recipe come from the recipe itself."""
    known = ", ".join(catalogue.KNOWN)
    parser.add_argument(
        "--dataset", required=True, metavar="SOURCE", help=f"an .npz, a folder, or {known}"
    )
    add_data_root(parser)
    parser.add_argument(
        "--download", action="store_true", help="fetch a known data set that is not there"
    )
    parser.add_argument(
        "--classes",
        default="",
        metavar="SPEC",
        help="like odd/even, “0,1 vs 2,3”, 0,1,2 or all; the source's own if not given",
    )
    parser.add_argument(
        "--class-names", type=_names, default=(), metavar="A,B,…", help="what to call them"
    )
    parser.add_argument("--per-class", type=int, default=50, metavar="N", help="0 takes all")
    parser.add_argument(
        "--draw", type=int, metavar="SEED", help="draw images; without it the first that come"
    )
    parser.add_argument("--test", metavar="SOURCE", help="images to measure accuracy on")
    parser.add_argument(
        "--recipe",
        choices=tuple(RECIPES),
        default="margin",
        help="margin goes where the theory asks to; usual is how people train; what follows "
        "overrules it",
    )
    _add_recipe_options(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="MODEL")
    parser.add_argument("--half", action="store_true", help="store the weights with 16 bits")
    parser.add_argument("--go-on", type=Path, metavar="MODEL", help="an interrupted training")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Each is None where nobody gave it, so that the named recipe's holds."""
    parser.add_argument(
        "--hidden", type=_widths, metavar="1000,1000", help=_told("hidden", "hidden layers")
    )
    for name, about in _CHOICES.items():
        parser.add_argument(f"--{name}", choices=CHOICES[name], help=_told(name, about))
    parser.add_argument(
        "--cosine",
        action=argparse.BooleanOptionalAction,
        help=_told("cosine", "whether the plain schedule's rate falls to nothing"),
    )
    parser.add_argument(
        "--until", type=_loss, metavar="LOSS", help="loss to reach; 1e-10, usual: not looked at"
    )
    for each in _numbers():
        kind = int if isinstance(each.default, int) else float
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=kind,
            metavar="N" if kind is int else "X",
            help=_told(each.name, each.metadata["label"].lower()),
        )


def _told(name: str, about: str) -> str:
    """What an option is about, and what it is in the named recipes."""
    values = {recipe: _shown(getattr(RECIPES[recipe], name)) for recipe in RECIPES}
    if len(set(values.values())) == 1:
        return f"{about}; {values['margin']} if not given"
    return f"{about}; {values['margin']}, usual: {values['usual']}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Trains, and writes the network with its images and control beside it.

    Raises:
        UnusableInput: data or options cannot be used.
        RunFailed: the training diverged.
    """
    check_target(options.out)
    recipe = _recipe(options)
    if options.download:
        _download(options)
    data = _data(options)
    start = None if options.go_on is None else load_start(options.go_on)
    if start is not None:
        recipe = _going_on(recipe_of(start.network), options)
    training = Training(data.train, recipe, data.test, start)
    with options.interruption.during_run():
        snapshot, status = _drive(training, data, options)
    written = [options.out, *(path for path in images_beside(options.out) if path is not None)]
    files = {"out": str(options.out), "images": [str(path) for path in written[1:]]}
    return {**_summary(training, data, snapshot), **files, "status": status}


def _going_on(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    """The recipe that a training began with; only where and when it ends may be said anew.

    Raises:
        UnusableInput: another recipe would not lead on from there.
    """
    started_anew = {name: getattr(Recipe(), name) for name in _FORGOTTEN}
    if recipe.cosine:  # The rate has fallen towards the last step.
        del started_anew["most_steps"]
    said = {name: value for name, value in _said(options).items() if name in _SAID_ANEW}
    there = replace(recipe, **{**started_anew, **said})
    if not recipe.leads_the_way_of(replace(there, device=recipe.device)):
        raise UnusableInput("The rate falls towards the last step, which cannot be another now.")
    return there


def _numbers() -> list[Field[Any]]:
    return [e for e in fields(Recipe) if e.metadata and e.name not in _NAMED_ELSEWHERE]


def _recipe(options: argparse.Namespace) -> Recipe:
    return replace(RECIPES[options.recipe], **_said(options))


def _said(options: argparse.Namespace) -> dict[str, Any]:
    """What the user said of the recipe."""
    names = ["hidden", "cosine", *_CHOICES, *(each.name for each in _numbers())]
    given = {name: getattr(options, name) for name in names}
    given["until_exponent"] = options.until
    return {name: value for name, value in given.items() if value is not None}


def _data(options: argparse.Namespace) -> TrainingData:
    selection = Selection(options.classes, options.per_class, options.draw, options.class_names)
    try:
        return training_data(options.dataset, selection, options.data_root, options.test)
    except catalogue.NotThere as error:
        raise UnusableInput(f"{error} --download does that.") from error


def _download(options: argparse.Namespace) -> None:
    if not catalogue.is_known(options.dataset):
        raise UnusableInput(f"--download knows {', '.join(catalogue.KNOWN)} only.")
    name = options.dataset.lower().partition(":")[0]
    root = options.data_root or catalogue.cache_folder()
    if catalogue.is_present(name, root):
        return
    title = catalogue.KNOWN[name].title
    with closing(bar_of(options.quiet, total=1.0, desc=title)) as bar:
        catalogue.download(name, root, partial(show_share, bar))


def _drive(
    training: Training, data: TrainingData, options: argparse.Namespace
) -> tuple[TrainingSnapshot, int]:
    """Trains to the end, a failure or an interruption; the last snapshot, and the exit status."""
    autosave = Autosave(training.state.seconds, _AUTOSAVE_SECONDS, _AUTOSAVE_SECONDS)
    with closing(bar_of(options.quiet, total=1.0, bar_format=_BAR)) as bar:
        watcher = _Watcher(training, data, options, bar)
        driven = drive(training.iterate(), watcher, autosave)
    last, failure = driven.last, driven.failure
    status = INTERRUPTED if options.interruption.is_asked_for else 0
    if failure is not None and not isinstance(failure, AfterimageError):
        raise failure
    if not training.is_sound:
        raise failure or Interrupted
    save_trained(keep(training, data), options.out, options.half)
    if failure is not None:
        tell(str(failure))
        return last, FAILED
    return last, status


@dataclass(frozen=True)
class _Watcher:
    """Shows a training as a bar, saves it first and now and then, and looks out for Ctrl-C."""

    training: Training
    data: TrainingData
    options: argparse.Namespace
    bar: tqdm[Any]

    def show(self, snapshot: TrainingSnapshot, news: str) -> None:
        """Moves the bar."""
        if news:
            tell(news)
        if len(snapshot.curves):
            loss, accuracy = snapshot.curves.log10_loss[-1], snapshot.curves.accuracy[-1]
            self.bar.set_postfix_str(f"loss 1e{loss:.1f}, {percent(accuracy)} right", refresh=False)
        show_share(self.bar, snapshot.share)

    def begin(self) -> None:
        """Saves network and images at once, so that a disk without room is found out early."""
        kept = keep(self.training, self.data)
        save_with_data(kept, self.data, self.options.out, self.options.half)

    def save(self) -> None:
        """Saves; a full disk must not end a training that may have hours behind it."""
        try:
            save_trained(keep(self.training, self.data), self.options.out, self.options.half)
        except OSError as error:
            tell(f"the network could not be saved: {error.strerror or error}.")

    def goes_on(self, _snapshot: TrainingSnapshot) -> bool:
        """Whether nobody has interrupted it."""
        return not self.options.interruption.is_asked_for


def _summary(training: Training, data: TrainingData, snapshot: TrainingSnapshot) -> dict[str, Any]:
    curves = snapshot.curves
    tested = curves.test_accuracy[np.isfinite(curves.test_accuracy)]
    found = {
        "end": snapshot.end or "It was stopped.",
        "steps": snapshot.step,
        "seconds": round(snapshot.seconds, 2),
        "log10_loss": round(float(curves.log10_loss[-1]), 3) if len(curves) else None,
        "accuracy": float(curves.accuracy[-1]) if len(curves) else None,
        "test_accuracy": float(tested[-1]) if len(tested) else None,
        "classes": list(data.label_names),
        "images_per_class": list(data.counts),
        "outputs": training.network.output_count,
        "recipe": asdict(training.recipe),
        "stationarity": None,
    }
    seen = look_at(training)
    found["remembered"] = seen.health.remembered
    if seen.stationarity is not None:
        true = seen.stationarity
        found["stationarity"] = {
            "relative": round(true.relative, 5),
            "relative_per_layer": [round(share, 5) for share in true.relative_per_layer],
            "carrying": true.carrying,
        }
    return found


def _widths(text: str) -> tuple[int, ...]:
    try:
        return parse_widths(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _names(text: str) -> tuple[str, ...]:
    try:
        return parse_names(text)
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
