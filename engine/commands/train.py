"""`main.py train`: makes a network of given images, and knows how to go on with one."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from engine.base.errors import AfterimageError, UnusableInput
from engine.base.plain_text import percent
from engine.base.resources import images_beside, images_path
from engine.commands.interruption import Interrupted
from engine.commands.recipe_options import add_recipe_options, going_on, recipe_of_options
from engine.commands.sources import add_data_root
from engine.commands.status import FAILED, INTERRUPTED
from engine.commands.targets import add_overwrite, check_free, is_same_file
from engine.commands.terminal import bar_of, show_share, tell
from engine.data import catalogue
from engine.data.datasets import Selection, TrainingData, training_data
from engine.data.labels import parse_names
from engine.evidence.outlook import about_images
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.training.from_base import recipe_from
from engine.training.recipe import FROM_A_BASE, RECIPES
from engine.training.state import TrainingSnapshot
from engine.training.trained import (
    check_target,
    keep,
    load_start,
    recipe_of,
    save_trained,
    save_with_data,
    training_files,
)
from engine.training.training import Training
from engine.training.view import look_at

ABOUT = "make a network of given images"

_AUTOSAVE_SECONDS = 30.0
_BAR = "{percentage:3.0f}%|{bar}| {postfix}"


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
        help="margin, if not given, goes where the theory asks to; usual is how people train; "
        "fine-tune takes a few steps of gradient descent from the network of --from, "
        "fine-tune-batches as many with momentum and mini-batches; what follows overrules it",
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        type=Path,
        metavar="MODEL0",
        help="fine-tune this network, with its layers and its preprocessing; a head of its own is "
        "drawn for other classes",
    )
    add_recipe_options(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="MODEL")
    parser.add_argument("--half", action="store_true", help="store the weights with 16 bits")
    parser.add_argument("--go-on", type=Path, metavar="MODEL", help="an interrupted training")
    add_overwrite(parser, "a network of that name, and the images beside it")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Trains, and writes the network with its images and control beside it.

    Raises:
        UnusableInput: data or options cannot be used, or another network would be replaced.
        RunFailed: the training diverged.
    """
    check_target(options.out)
    _check_free(options)
    recipe = recipe_of_options(options)
    base = _base(options)
    if base is not None:
        recipe = recipe_from(base, recipe)
    if options.download:
        _download(options)
    data = _data(options)
    start = None if options.go_on is None else load_start(options.go_on)
    if start is not None:
        recipe = going_on(recipe_of(start.network), options)
    training = Training(data.train, recipe, data.test, start, base)
    with options.interruption.during_run():
        snapshot, status = _drive(training, data, options)
    written = [options.out, *(path for path in images_beside(options.out) if path is not None)]
    files = {"out": str(options.out), "images": [str(path) for path in written[1:]]}
    return {**_summary(training, data, snapshot, base), **files, "status": status}


def lines(summary: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """How it ended, on what images, and where network and images are."""
    loss, right, tested = (summary[name] for name in ("log10_loss", "accuracy", "test_accuracy"))
    reached = [] if loss is None else [f"loss 1e{loss:.1f}", f"{percent(right)} right"]
    if tested is not None:
        reached.append(f"{percent(tested)} of the test images")
    counts = zip(summary["classes"], summary["images_per_class"], strict=True)
    return [
        f"{summary['end']} {summary['steps']:,} steps in {summary['seconds']:,.1f} s"
        f"{''.join(f', {each}' for each in reached)}.",
        f"Images: {', '.join(f'{count:,} of {name}' for name, count in counts)}; "
        f"{about_images(summary['remembered'])} left a trace.",
        "",
        str(options.out),
        *summary["images"],
    ]


def _check_free(options: argparse.Namespace) -> None:
    """A training that goes on in its own file replaces nothing but itself."""
    targets = training_files(options.out)
    if is_same_file(Path(options.dataset), targets[1]) and not _goes_on_in_place(options):
        raise UnusableInput(
            f"{targets[1]} is what the network is to be made of, and would be replaced: the images "
            f"of {options.out.name} are written there.",
            "Give the network another name.",
        )
    if not _goes_on_in_place(options):
        check_free(options, targets, "Name another file")


def _goes_on_in_place(options: argparse.Namespace) -> bool:
    return options.go_on is not None and is_same_file(options.go_on, options.out)


def _base(options: argparse.Namespace) -> Network | None:
    """What is to be fine-tuned, where something is.

    Raises:
        UnusableInput: it cannot be used, or the options do not go together.
    """
    if options.start_from is None:
        if options.recipe in FROM_A_BASE:
            raise UnusableInput(
                f"The recipe {options.recipe} needs a network to begin with.",
                "Name it with --from.",
            )
        return None
    for name in ("hidden", "biases", "start"):
        if getattr(options, name) is not None:
            raise UnusableInput(
                f"--{name} and --from were given, and the network of --from says what the layers "
                "are and where they start.",
                f"Leave --{name} out.",
            )
    return load_network(options.start_from)


def _data(options: argparse.Namespace) -> TrainingData:
    selection = Selection(options.classes, options.per_class, options.draw, options.class_names)
    try:
        return training_data(options.dataset, selection, options.data_root, options.test)
    except catalogue.NotThere as error:
        raise UnusableInput(f"{error} --download does that.") from error


def _download(options: argparse.Namespace) -> None:
    if not catalogue.is_known(options.dataset):
        raise UnusableInput(
            f"--download knows {', '.join(catalogue.KNOWN)} only, and not {options.dataset}.",
            "Leave it out for files of your own.",
        )
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
        if _goes_on_in_place(self.options) and is_same_file(
            Path(self.options.dataset), images_path(self.options.out)
        ):  # It goes on with the images beside it, and its control is there, too.
            save_trained(kept, self.options.out, self.options.half)
            return
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


def _summary(
    training: Training, data: TrainingData, snapshot: TrainingSnapshot, base: Network | None
) -> dict[str, Any]:
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
        "remembered": 0,
        "base": None,
    }
    if base is not None:
        found["base"] = base.origin.said
        if training.tuned.base is None:  # Nothing was changed yet.
            return found
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


def _names(text: str) -> tuple[str, ...]:
    try:
        return parse_names(text)
    except UnusableInput as error:
        raise argparse.ArgumentTypeError(str(error)) from error
