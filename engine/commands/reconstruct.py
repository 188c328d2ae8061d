"""`main.py reconstruct`: the attack on one network, or on several in turn, written to a folder."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.base.errors import AfterimageError, UnusableInput
from engine.commands.interruption import Interruption
from engine.commands.names import OVERWRITE
from engine.commands.several import lines_of_several, reconstruct_several
from engine.commands.sources import (
    READING,
    add_base,
    add_control,
    add_data_root,
    add_images,
    add_neighbours,
    add_other,
    add_reading,
    check_control,
    load_neighbours_of,
    load_references,
    read_network,
    with_other,
)
from engine.commands.status import FAILED, INTERRUPTED
from engine.commands.targets import add_overwrite, check_run_folder, is_same_file
from engine.commands.terminal import bar_of, tell
from engine.commands.told import lines_of_run
from engine.data.inputs import shape_in_words
from engine.evidence.diagnostics import check_weights, sees_no_chance
from engine.evidence.references import References
from engine.exports import results
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import PRESETS, Settings, preset
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.devices import DEVICES
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.session.finding_images import find_images
from engine.session.image_sets import ImageSets
from engine.session.session import SUFFIX, Session, session_of
from engine.session.session_file import load_session, save_session
from engine.stationarity.cases import NAMES
from engine.stationarity.spectrum import images_spectrum

ABOUT = "run the attack, write everything to a folder"

_GIVEN = ("training", "candidates", "steps", "restarts", "seconds", "seed", "device")
"""Settings that can be given by name."""
_OF_A_RUN = (
    *("preset", "training", "candidates", "steps", "restarts", "seed", "base", "base_head"),
    *READING,
)
"""What decides a run, and cannot be changed in its middle."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `reconstruct`."""
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help=f"a checkpoint, or a {SUFFIX} file to go on; several checkpoints are run in turn",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for the results; of several, one subfolder each and a summary",
    )
    add_images(parser, "training images, to score against")
    add_control(parser)
    add_other(parser)
    add_data_root(parser)
    parser.add_argument(
        "--keep-images",
        action="store_true",
        help="the session holds the training and control images, too, not only where they are",
    )
    add_overwrite(parser, "the run that DIR holds; its files are removed first")
    _add_settings(parser)
    add_base(parser)
    add_neighbours(parser)
    add_reading(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Runs the attack and writes everything about it.

    Raises:
        UnusableInput: network, images or settings cannot be used, or the folder holds a run.
        AfterimageError: the run failed before its first step.
        OSError: the folder cannot be written to.
    """
    folder = Path(options.out)
    check_control(options)
    run_one = partial(_run_one, options)
    if len(options.models) > 1:
        if options.overwrite:
            raise UnusableInput(
                f"{OVERWRITE} is for one checkpoint: several are written to subfolders of their "
                "own, and replace none.",
                "Leave it out.",
            )
        return reconstruct_several(options.models, folder, partial(_read, options), run_one)
    if not _goes_on_in(options.models[0], folder):
        check_run_folder(options, folder)
    return run_one(options.models[0], folder)


def lines(summary: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """What was found, beside the control, and where the files are."""
    if "runs" in summary:
        return lines_of_several(summary)
    return lines_of_run(summary, Path(options.out))


def _goes_on_in(model: str, folder: Path) -> bool:
    """Whether a run goes on in its own folder, where it replaces nothing but itself."""
    return is_same_file(Path(model), folder / results.SESSION)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", choices=PRESETS, help="fast, if not given")
    training = next(each for each in fields(Settings) if each.name == "training")
    parser.add_argument("--training", choices=NAMES, help=training.metadata["tooltip"])
    parser.add_argument("--candidates", type=int, metavar="M")
    parser.add_argument("--steps", type=int, metavar="N")
    parser.add_argument(
        "--restarts",
        type=int,
        metavar="R",
        help="searches from other noise, pooled; 1, if not given",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="of searching, over all restarts"
    )
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", choices=DEVICES)


def _run_one(options: argparse.Namespace, model: str, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    reconstruction, references, sets = _prepared(options, model)
    neighbours = load_neighbours_of(options, reconstruction.network)
    last, status = _drive(
        reconstruction,
        sets,
        folder,
        options,
        makes_room=options.overwrite and not _goes_on_in(model, folder),
    )
    session = session_of(reconstruction, reconstruction.computed_on, last.note).with_sets(sets)
    save_session(session, folder / results.SESSION)  # First of all: the rest can be made of it.
    written = results.write_results(session, folder, references, neighbours)
    gallery = {name: value for name, value in written["gallery"].items() if name != "images"}
    return {**written, "gallery": gallery, "out": str(folder), "status": status}


def _prepared(
    options: argparse.Namespace, model: str
) -> tuple[Reconstruction, References | None, ImageSets]:
    """The run, new or gone on with; what it is scored against, and what a session says of that."""
    if model.endswith(SUFFIX):
        _refuse_changes(options)
        earlier = load_session(Path(model))
        given = {n: getattr(options, n) for n in ("device", "seconds") if getattr(options, n)}
        resumed = Reconstruction(earlier.network, replace(earlier.settings, **given), earlier.state)
        references = _references_of(options, earlier, Path(model).parent)
        return resumed, references, _sets(references, earlier.sets, options.keep_images)
    network = _read(options, model)
    if not network.inputs.is_known and network.inputs.is_vector and not options.quiet:
        tell(
            f"{network.origin.name} does not say what it reads; assumed: "
            f"{shape_in_words(network.input_shape)}. --shape sets it."
        )
    if sees_no_chance(images_spectrum(network)):
        tell(check_weights(network).outlook)
    references = load_references(options, network)
    sets = _sets(references, ImageSets(), options.keep_images)
    return Reconstruction(network, _settings(options, network)), references, sets


def _references_of(
    options: argparse.Namespace, session: Session, folder: Path
) -> References | None:
    """What a session is scored against: what is given, else what it was scored against before."""
    if options.images is not None:
        return load_references(options, session.network)
    found = find_images(session, folder, options.data_root)
    if not options.quiet:
        for each in found.missing:
            tell(each.sentence)
    origin = session.network.origin
    return with_other(options, found.references(session.network), origin.name, origin.sha256)


def _sets(references: References | None, earlier: ImageSets, keeps: bool) -> ImageSets:
    """What the session says of the images; those that cannot be found now are not forgotten."""
    if references is None or references.sets is None:
        return earlier
    sets = ImageSets.of(*references.sets).beside(earlier)
    return sets.kept() if keeps else sets


def _read(options: argparse.Namespace, model: str) -> Network:
    return read_network(options, model, options.images)


def _refuse_changes(options: argparse.Namespace) -> None:
    for name in _OF_A_RUN:
        if getattr(options, name) is not None:
            option = name.replace("_", "-")
            raise UnusableInput(f"A session goes on with its own settings; leave --{option} out.")


def _settings(options: argparse.Namespace, network: Network) -> Settings:
    given = {name: getattr(options, name) for name in _GIVEN if getattr(options, name) is not None}
    chosen = preset(
        options.preset or "fast",
        network.input_shape[0],
        network.output_count,
        options.training or "auto",
    )
    return replace(chosen, **given)


def _drive(
    run: Reconstruction,
    sets: ImageSets,
    folder: Path,
    options: argparse.Namespace,
    makes_room: bool,
) -> tuple[Snapshot, int]:
    """Runs to the end, a failure or an interruption; the last snapshot, and the exit status."""
    interruption, quiet = options.interruption, options.quiet
    with interruption.during_run(), closing(bar_of(quiet, unit="step")) as bar:
        watcher = _Watcher(run, sets, folder, interruption, bar, quiet, makes_room)
        driven = drive(run.iterate(), watcher, Autosave(run.seconds), run.earlier_notes)
        last, failure = driven.last, driven.failure
        if failure is not None and not isinstance(failure, AfterimageError):
            # Whatever it was, it must not cost the run; but where not even the first copy could be
            # written, the last could not be either.
            if driven.has_begun:
                watcher.save()
            raise failure
    if failure is not None:
        tell(str(failure))
        return replace(last, note=str(failure)), FAILED
    watcher.say(last.note)
    return last, INTERRUPTED if interruption.is_asked_for else 0


@dataclass(frozen=True)
class _Watcher:
    """Shows a run as a bar, saves it first and now and then, and looks out for Ctrl-C."""

    run: Reconstruction
    sets: ImageSets
    folder: Path
    interruption: Interruption
    bar: tqdm[Any]
    quiet: bool
    makes_room: bool

    def show(self, snapshot: Snapshot, news: str) -> None:
        """Moves the bar."""
        self.say(news)
        self.bar.total = snapshot.steps
        self.bar.update(snapshot.step - self.bar.n)
        if snapshot.restarts > 1:
            self.bar.set_description_str(snapshot.where, refresh=False)
        if len(snapshot.losses):
            loss = f"loss {snapshot.losses.stationarity[-1]:.4g}"
            self.bar.set_postfix_str(loss, refresh=False)

    def begin(self) -> None:
        """Saves before the first step, to find out at once whether the folder can be written to.

        Only then does another run in it make room, if it is to.
        """
        save_session(self._session(), self.path)
        if self.makes_room:
            results.remove_run(self.folder, but=results.SESSION)

    @property
    def path(self) -> Path:
        """Where the run is saved."""
        return self.folder / results.SESSION

    def save(self) -> None:
        """Saves; a full disk must not end a run that may have hours behind it."""
        try:
            save_session(self._session(), self.path)
        except OSError as error:
            tell(f"the run could not be saved: {error.strerror or error}.")

    def goes_on(self, _snapshot: Snapshot) -> bool:
        """Whether nobody has interrupted it."""
        return not self.interruption.is_asked_for

    def say(self, sentence: str) -> None:
        """Says something, if it is anything, and may be said."""
        if sentence and not self.quiet:
            tell(sentence)

    def _session(self) -> Session:
        return session_of(self.run, self.run.computed_on).with_sets(self.sets)
