"""One piece of a study's work: a training, or a run. What goes in is all that decides it.

It is done by any process on any machine: a pure function of a task and the files that it names.
Training images enter a training, and the score of a run that has ended; never the run.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.base.errors import AfterimageError, RunFailed, UnusableInput
from engine.base.files import sha256_of
from engine.base.json_text import held_to
from engine.base.plain_text import plain
from engine.base.version import VERSION
from engine.data.datasets import LabelledImages, TrainingData, load_images
from engine.evidence.preprocessing import said_preprocessing
from engine.network.checkpoints import load_network, save_network
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, preset
from engine.reconstruction.snapshot import Snapshot
from engine.session.autosave import Autosave
from engine.session.driver import drive
from engine.session.session import Session, session_of
from engine.session.session_file import load_session, save_session
from engine.study.measuring import scored
from engine.study.reading import read_network
from engine.study.study import Run, TrainingRun
from engine.study.table import Result
from engine.training.from_base import recipe_from
from engine.training.trained import keep
from engine.training.training import Training


@dataclass(frozen=True)
class Task:
    """What a worker is given.

    Attributes:
        work: a run, or a training.
        names: what the files that it needs are called, by SHA-256.
        network: SHA-256 of the checkpoint of a run.
        copy: where a run keeps a copy of itself, and goes on from; None where there is no place.
        version: of who gives it.
    """

    work: Run | TrainingRun
    names: Mapping[str, str]
    network: str = ""
    copy: Path | None = None
    version: str = VERSION


@dataclass(frozen=True)
class Trained:
    """What a training came to.

    Attributes:
        id: of the training.
        networks: checkpoints, by the epoch after which each was taken.
        failure: why some are missing, as a result without them; None where none is.
    """

    id: str
    networks: Mapping[int, bytes]
    failure: Result | None = None


Done = Result | Trained
Contents = Mapping[str, Path | bytes]
"""Files by SHA-256: where they lie, or what is in them."""


def perform(task: Task, files: Contents) -> Done:
    """Does a task; what goes wrong is in what it returns.

    Args:
        task: what is to be done.
        files: all that it names.
    """
    done: list[Done] = []

    def work(folder: Path) -> None:
        if task.version != VERSION:
            raise UnusableInput(
                f"The worker is Afterimage {VERSION}, and the study is run by {task.version}.",
                "Install the same version on all machines.",
            )
        there = {key: _at_hand(key, files[key], name, folder) for key, name in task.names.items()}
        if isinstance(task.work, TrainingRun):
            done.append(_train(task.work, there, folder))
        else:
            done.append(_attack(task.work, task, there))

    failure = _failure_of(task.work.id, work)
    if failure is None:
        return done[0]
    return Trained(failure.id, {}, failure) if isinstance(task.work, TrainingRun) else failure


def _failure_of(id_: str, work: Callable[[Path], None]) -> Result | None:
    """Works in a folder that is there meanwhile; how it failed, None where it did not."""
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            work(Path(folder))
    except UnusableInput as error:
        return Result(id=id_, state="refused", reason=str(error))
    except AfterimageError as error:
        return Result(id=id_, state="failed", reason=str(error))
    except OSError as error:
        where = f" ({Path(error.filename).name})" if isinstance(error.filename, str) else ""
        reason = f"{error.strerror or error}{where}."
        return Result(id=id_, state="lost", reason=plain(reason))
    except MemoryError:
        return Result(id=id_, state="lost", reason="There was no memory left.")
    except Exception as error:  # One run's fault must not cost the others.
        reason = f"An error that nobody expected: {type(error).__name__}: {error}"
        return Result(id=id_, state="failed", reason=plain(reason))
    return None


def _at_hand(sha256: str, found: Path | bytes, name: str, folder: Path) -> Path:
    """A file on this machine that is what it was when the study was made ready."""
    if isinstance(found, Path):
        same, path = sha256_of(found) == sha256, found
    else:
        same = hashlib.sha256(found).hexdigest() == sha256
        path = folder / sha256[:8] / Path(name).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found)
    if not same:
        raise UnusableInput(f"{name} has changed since the study began.", "Start the study again.")
    return path


# --- trainings ------------------------------------------------------------------------------


def _train(run: TrainingRun, files: Mapping[str, Path], folder: Path) -> Trained:
    """Trains, and takes the network after each of some epochs."""
    images = load_images(files[run.train])
    base = load_network(files[run.base]) if run.base else None
    recipe = run.recipe if base is None else recipe_from(base, run.recipe)
    training = Training(images, recipe, base=base)
    data = TrainingData(images, None, None, run.classes, run.about)
    each = recipe.batches(len(images))
    places = {epoch * each: epoch for epoch in run.epochs if epoch}
    networks: dict[int, bytes] = {}
    failure: Result | None = None
    end = ""
    try:
        for snapshot in training.iterate():
            epoch = places.pop(snapshot.step, None)
            if epoch is not None:
                networks[epoch] = _checkpoint(training, data, folder)
            end = snapshot.end
    except RunFailed as error:
        return Trained(run.id, networks, Result(id=run.id, state="failed", reason=str(error)))
    if 0 in run.epochs:
        networks[0] = _checkpoint(training, data, folder)
    if places:
        after = training.state.step / each
        reason = f"The training ended after {after:,.4g} epochs: {end}"
        failure = Result(id=run.id, state="refused", reason=reason)
    return Trained(run.id, networks, failure)


def _checkpoint(training: Training, data: TrainingData, folder: Path) -> bytes:
    kept, path = keep(training, data), folder / "network.safetensors"
    save_network(kept.network, path, kept.details)
    return path.read_bytes()


# --- runs -----------------------------------------------------------------------------------


def _attack(run: Run, task: Task, files: Mapping[str, Path]) -> Result:
    """A run to its end, and then its score."""
    network, train = _network_and_images(run, files[task.network], files)
    session = _searched(network, settings_of(run, network), task.copy)
    shape = network.input_shape
    control = load_images(files[run.control], shape, role="control") if run.control else None
    return scored(run.id, session, train, control)


def _network_and_images(
    run: Run, checkpoint: Path, files: Mapping[str, Path]
) -> tuple[Network, LabelledImages | None]:
    """A network as it is to be read, and the images that it was trained on, where they are open."""
    said = run.reading
    network = read_network(checkpoint, said, files.get(said.base))
    train = load_images(files[run.train], network.input_shape, role="train") if run.train else None
    if said.preprocessing:
        way = said_preprocessing(said.preprocessing, network, train)
        network = network.with_preprocessing(way)
    return network, train


def settings_of(run: Run, network: Network) -> Settings:
    """What a run's settings are with its network.

    Raises:
        UnusableInput: they do not go together.
    """
    said: dict[str, Any] = dict(run.settings)
    chosen = preset(
        said.pop("preset", "fast"),
        network.input_shape[0],
        network.output_count,
        said.get("training", "auto"),
    )
    known = held_to({**chosen.as_dict(), **said}, Settings)
    return replace(known, seed=run.seed)


def _searched(network: Network, settings: Settings, copy: Path | None) -> Session:
    """The run, from its copy where there is one, to its end.

    Raises:
        RunFailed: it could not go on.
    """
    reconstruction = _resumed(network, settings, copy)
    watcher = _Watcher(reconstruction, copy)
    driven = drive(
        reconstruction.iterate(),
        watcher,
        Autosave(reconstruction.seconds),
        reconstruction.earlier_notes,
    )
    if driven.failure is not None:
        raise driven.failure
    return session_of(reconstruction, reconstruction.computed_on, driven.last.note)


def _resumed(network: Network, settings: Settings, copy: Path | None) -> Reconstruction:
    """A run goes on as if nothing had been: its images are those that it would have had."""
    if copy is not None and copy.exists():
        with suppress(UnusableInput, OSError):  # Damaged; the run begins anew.
            earlier = load_session(copy)
            return Reconstruction(network, earlier.settings, earlier.state)
    return Reconstruction(network, settings)


@dataclass(frozen=True)
class _Watcher:
    """Keeps a copy of a run, where there is a place for one."""

    run: Reconstruction
    copy: Path | None

    def show(self, snapshot: Snapshot, news: str) -> None:
        """Nobody looks at it."""

    def begin(self) -> None:
        """What has just begun is not worth a copy."""

    def save(self) -> None:
        """Keeps a copy; a full disk costs no run."""
        if self.copy is not None:
            with suppress(OSError):
                save_session(session_of(self.run, self.run.computed_on), self.copy)

    def goes_on(self, snapshot: Snapshot) -> bool:
        """Nobody interrupts it; who ends the study ends this process."""
        return True
