"""What it means to open some paths: a network, a session, reference images, in any mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.resources import images_beside
from engine.data.datasets import LabelledImages, holds_images, load_images
from engine.evidence.assumptions import Assumptions, check_assumptions
from engine.evidence.diagnostics import Health, check_weights
from engine.evidence.similarity import warm_up
from engine.evidence.stationarity_check import TrueStationarity, true_stationarity
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.readers import SUFFIXES
from engine.session.finding_images import MissingImages, find_images
from engine.session.session import SUFFIX, Session
from engine.session.session_file import load_session
from engine.stationarity.cases import Choice, choose_training


@dataclass(frozen=True)
class Opened:
    """Everything that some paths held; what they did not hold is None.

    `training` is what the weights look like. `path` is the file that the network or session came
    from, where there is one. `is_beside` says that the images were not given, but lay beside it.
    `missing` are images that the session was scored against, and that were not found.
    """

    network: Network | None = None
    health: Health | None = None
    training: Choice | None = None
    session: Session | None = None
    train: LabelledImages | None = None
    control: LabelledImages | None = None
    stationarity: TrueStationarity | None = None
    assumptions: Assumptions | None = None
    path: Path | None = None
    is_beside: bool = False
    missing: tuple[MissingImages, ...] = ()


def is_model(path: Path) -> bool:
    """Whether a path is a network or a session, by its name and a glance inside."""
    return path.suffix.lower() in (*SUFFIXES, SUFFIX) and not holds_images(path)


def is_checkpoint(path: Path) -> bool:
    """Whether a path is a network, by its name and a glance inside."""
    return is_model(path) and path.suffix.lower() != SUFFIX


def open_paths(
    paths: Sequence[Path], current: Network | None, data_root: Path | None = None
) -> Opened:
    """Reads all the paths, or none: a failure leaves what is open as it was.

    Among images a name with “control” in it is the control set. A network brings the images
    that lie beside it under its name, where no others are given; a session those that it was
    scored against.

    Args:
        paths: at most one network or session; sets of images.
        current: the network that is open, for images that come alone.
        data_root: folder of the data sets that are known by name.

    Raises:
        UnusableInput: something cannot be used; the message says what and why.
    """
    models = [path for path in paths if is_model(path)]
    images = [path for path in paths if path not in models]
    if len(models) > 1:
        raise UnusableInput("Open one network at a time.")
    opened = _open_model(models[0]) if models else Opened()
    network = opened.network or current
    if opened.network is None and not _all_images(images):
        names = ", ".join(path.name for path in images)
        raise UnusableInput(
            f"{names} is neither a network ({', '.join((*SUFFIXES, SUFFIX))}) nor a set of "
            "images (.npz, or a folder with one subfolder a class)."
        )
    if network is None:
        raise UnusableInput("Open a network first; then these images can be compared with it.")
    train, control = _sort_images(images)
    is_beside = bool(models) and not images and opened.session is None
    if is_beside:
        train, control = images_beside(models[0])
    if train is not None:
        warm_up()
    shape = network.input_shape
    opened = replace(
        opened,
        train=None if train is None else load_images(train, shape),
        control=None if control is None else load_images(control, shape),
        is_beside=is_beside,
    )
    if opened.session is not None and not images:
        opened = _with_its_images(opened, opened.session, models[0].parent, data_root)
    return with_what_images_tell(opened, network)


def _with_its_images(
    opened: Opened, session: Session, folder: Path, data_root: Path | None
) -> Opened:
    """Adds what a session was scored against, so far as it is found."""
    found = find_images(session, folder, data_root)
    if found.train is not None:
        warm_up()
    return replace(opened, train=found.train, control=found.control, missing=found.missing)


@dataclass(frozen=True)
class SharedImages:
    """Images that networks are scored against which have none beside them."""

    train: LabelledImages
    control: LabelledImages | None


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be used."""

    sentence: str


def open_with_shared(path: Path, shared: SharedImages | None) -> Opened:
    """Reads a checkpoint with the images beside it, else with shared ones of its input shape.

    Raises:
        UnusableInput: it cannot be used; the message says why.
    """
    opened = open_paths([path], None)
    network = opened.network
    assert network is not None
    fits = shared is not None and shared.train.images.shape[1:] == network.input_shape
    if shared is None or not fits or opened.train is not None:
        return opened
    given = replace(opened, train=shared.train, control=shared.control, is_beside=False)
    return with_what_images_tell(given, network)


def examine(opened: Opened) -> Opened:
    """Adds what the weights tell, alone and with the training images."""
    assert opened.network is not None
    looked_at = _with_health(opened, opened.network)
    return with_what_images_tell(looked_at, opened.network)


def with_what_images_tell(opened: Opened, network: Network) -> Opened:
    """Adds what the training images tell of a network, where there are some that can."""
    if opened.train is None:
        return opened
    train = opened.train
    opened = replace(opened, assumptions=check_assumptions(network, train))
    try:
        return replace(opened, stationarity=true_stationarity(network, train))
    except UnusableInput:
        return opened  # Too many images, or not two classes: the scores need neither.


def _open_model(path: Path) -> Opened:
    if path.suffix.lower() == SUFFIX:
        session = load_session(path)
        return _with_health(Opened(session=session, path=path), session.network)
    return _with_health(Opened(path=path), load_network(path))


def _with_health(opened: Opened, network: Network) -> Opened:
    """Adds a network, and what its weights alone tell."""
    health, training = check_weights(network), choose_training(network)
    return replace(opened, network=network, health=health, training=training)


def _all_images(paths: Sequence[Path]) -> bool:
    return all(path.is_dir() or holds_images(path) for path in paths)


def _sort_images(paths: Sequence[Path]) -> tuple[Path | None, Path | None]:
    controls = [path for path in paths if "control" in path.name.lower()]
    trains = [path for path in paths if path not in controls]
    if len(controls) > 1 or len(trains) > 1:
        raise UnusableInput("Give at most one set of training images and one control set.")
    return (trains[0] if trains else None, controls[0] if controls else None)
