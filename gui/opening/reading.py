"""What it means to open some paths: a network, a session, reference images, in any mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.base.errors import DamagedSession, UnusableInput
from engine.base.plain_text import counted
from engine.base.resources import images_beside
from engine.data.datasets import LabelledImages, holds_images, load_images
from engine.data.nouns import ROWS, nouns_of
from engine.data.roles import Role
from engine.evidence.assumptions import check_assumptions
from engine.evidence.diagnostics import check_weights
from engine.evidence.duplicates import kept_apart, with_copies
from engine.evidence.similarity import warm_up
from engine.evidence.stationarity_check import true_stationarity
from engine.network.checkpoints import load_base, load_network
from engine.network.fine_tuned import with_base
from engine.network.kinds import READ, is_network_file, is_network_folder, kind_of
from engine.network.network import Network
from engine.network.readers import SUFFIXES
from engine.session.finding_images import find_images
from engine.session.image_sets import ROLES
from engine.session.session import SUFFIX, Session
from engine.session.session_file import load_session
from engine.stationarity.cases import choose_training
from engine.study.plan import PLAN_SUFFIX
from engine.study.store import STUDY
from gui.opening.opened import Displaced, Opened, SharedImages, Told


def is_model(path: Path) -> bool:
    """Whether a path is a network or a session, by its name and a glance inside."""
    if is_network_folder(path):
        return True
    if holds_images(path):
        return False
    return path.suffix.lower() in (*SUFFIXES, SUFFIX) or is_network_file(path)


def is_study(path: Path) -> bool:
    """Whether a path is the plan of a study, by its name, or the folder of one."""
    return path.suffix.lower() == PLAN_SUFFIX or (path / STUDY).is_file()


def is_checkpoint(path: Path) -> bool:
    """Whether a path is the file of a network, by its name and a glance inside."""
    return is_model(path) and path.suffix.lower() != SUFFIX and not is_network_folder(path)


def open_paths(
    paths: Sequence[Path],
    current: Network | None,
    data_root: Path | None = None,
    architecture: str | None = None,
) -> Opened:
    """Reads what can be read of some paths, and says of the others why they cannot.

    Among images a name with “control” in it is the control set. A network brings the images
    that lie beside it under its name, where no others are given; a session those that it was
    scored against. Images that came with a network
    are left out where that is refused: they are not meant for another.

    Args:
        paths: at most one network or session; sets of images.
        current: the network that is open, for images that come alone.
        data_root: folder of the data sets that are known by name.
        architecture: of the network, where a person says it.

    Raises:
        UnusableInput: there is one path, and it cannot be used.
        DamagedSession: one of them is a session that is damaged.
    """
    paths = tuple(dict.fromkeys(paths))
    models = [path for path in paths if is_model(path)]
    images = [path for path in paths if path not in models and holds_images(path)]
    told = {path: _of_no_use(path) for path in paths if path not in (*models, *images)}
    opened = Opened()
    if len(models) > 1:
        one = UnusableInput("Open one network at a time.")
        told |= {path: Told(path, error=one) for path in models}
    elif models:
        opened, told[models[0]] = _told_of_model(models[0], architecture)
    if models and opened.network is None:
        left = UnusableInput("The network that it came with was not opened.")
        told |= {path: Told(path, error=left) for path in images}
    elif images or models:
        opened, of_images = _with_images(opened, images, current, data_root)
        told |= of_images
    error = told[paths[0]].error if len(paths) == 1 else None
    if error is not None:
        raise error
    beside = [each for path, each in told.items() if path not in paths and each.error is not None]
    return replace(opened, told=(*(told[path] for path in paths), *beside, *opened.told))


def _of_no_use(path: Path) -> Told:
    if is_study(path):
        return Told(path, error=UnusableInput("A study is opened by itself.", "Drop it alone."))
    try:
        kind_of(path)
    except UnusableInput as error:
        return Told(path, error=error)
    return Told(path, error=UnusableInput(f"{path.name} is no network.", READ))


def _told_of_model(path: Path, architecture: str | None) -> tuple[Opened, Told]:
    try:
        opened = _open_model(path, architecture)
    except DamagedSession:
        raise
    except UnusableInput as error:
        return Opened(), Told(path, error=error)
    assert opened.network is not None
    kind = "the network" if opened.session is None else "the run"
    return opened, Told(path, f"{kind} that is open now ({opened.network.architecture})")


def _with_images(
    opened: Opened, paths: Sequence[Path], current: Network | None, data_root: Path | None
) -> tuple[Opened, dict[Path, Told]]:
    """Adds images: given, beside the network, or a session's; and says what became of each."""
    network = opened.network or current
    given = _by_role(paths)
    is_beside = not paths and opened.session is None and opened.path is not None
    if is_beside and opened.path is not None:
        beside = zip(ROLES, images_beside(opened.path), strict=True)
        given = {role: [path] for role, path in beside if path is not None}
    told: dict[Path, Told] = {}
    found: dict[str, LabelledImages] = {}
    for role, of_role in given.items():
        for path in of_role:
            images, told[path] = _read_images(path, role, of_role, network)
            if images is not None:
                found[role] = images
    train, control = found.get("train"), found.get("control")
    opened = replace(opened, train=train, control=control, is_beside=is_beside)
    if opened.session is not None and opened.path is not None and not paths:
        opened = _with_its_images(opened, opened.session, opened.path.parent, data_root)
    if network is None:
        return opened, told
    opened = with_what_images_tell(opened, network)
    for path, each in zip(given.get("control", ()), opened.told, strict=False):
        told[path] = replace(each, path=path)
    shown = () if given.get("control") else opened.told
    return replace(opened, told=shown), told


def _by_role(paths: Sequence[Path]) -> dict[Role, list[Path]]:
    """Which images are those of the training, and which the control."""
    controls = [path for path in paths if "control" in path.name.lower()]
    return {"train": [path for path in paths if path not in controls], "control": controls}


def _read_images(
    path: Path, role: Role, of_role: Sequence[Path], network: Network | None
) -> tuple[LabelledImages | None, Told]:
    name = "training" if role == "train" else "control"
    try:
        if network is None:
            raise UnusableInput("Open a network first; then these images can be compared with it.")
        if len(of_role) > 1:
            raise UnusableInput(f"Give at most one set of {name} images.")
        warm_up()
        images = load_images(path, network.input_shape, role=role)
    except UnusableInput as error:
        return None, Told(path, error=error)
    several = nouns_of(network.input_shape).several
    notes = [images.name] if several == ROWS.several else []
    said = "; ".join([*notes, *([images.said] if images.said else [])])
    return images, Told(path, f"{counted(len(images), f'{name} {several}')}{said and f' ({said})'}")


def _with_its_images(
    opened: Opened, session: Session, folder: Path, data_root: Path | None
) -> Opened:
    """Adds what a session was scored against, so far as it is found."""
    found = find_images(session, folder, data_root)
    if found.train is not None:
        warm_up()
    return replace(opened, train=found.train, control=found.control, missing=found.missing)


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


def open_fine_tuned(
    path: Path, base: Path, images: Sequence[Path], data_root: Path | None = None
) -> Opened:
    """Reads a network with the base that it was fine-tuned from, and images.

    Raises:
        UnusableInput: either cannot be used, or the base is none of that network.
    """
    opened = open_paths([path, *images], None, data_root)
    if opened.network is None:
        raise next(each.error for each in opened.told if each.error is not None)
    tuned = with_base(opened.network, load_base(base, opened.network))
    return examine(replace(opened, network=tuned))


def examine(opened: Opened) -> Opened:
    """Adds what the weights tell, alone and with the training images."""
    assert opened.network is not None
    looked_at = _with_health(opened, opened.network)
    return with_what_images_tell(looked_at, opened.network)


def with_what_images_tell(opened: Opened, network: Network) -> Opened:
    """Adds what the training images tell of a network, where there are some that can."""
    if opened.train is None:
        return opened
    train = with_copies(opened.train)
    opened = _compared(replace(opened, train=train), train)
    opened = replace(opened, assumptions=check_assumptions(network, train))
    try:
        return replace(opened, stationarity=true_stationarity(network, train))
    except UnusableInput:
        return opened  # Too many images, or not two classes: the scores need neither.


def beside_open(
    opened: Opened, train: LabelledImages | None, control: LabelledImages | None
) -> Opened:
    """Images that were read, beside those that are open: no control holds a training image.

    What a person gave stays. An open control gives way where training images hold all of it.

    Raises:
        UnusableInput: a control that was read holds nothing else.
    """
    is_read = opened.control is not None
    train, control = opened.train or train, opened.control or control
    if train is None or control is None:
        return opened
    try:
        return replace(opened, control=kept_apart(train, control))
    except UnusableInput as error:
        if is_read:
            raise
        sentence = f"{error.why} The control is not open any more. {error.instead}".rstrip()
        return replace(opened, displaced=Displaced(control, sentence))


def _compared(opened: Opened, train: LabelledImages) -> Opened:
    """The same, whose control holds no training image; without one where it holds no other."""
    if opened.control is None:
        return opened
    try:
        return replace(opened, control=kept_apart(train, opened.control))
    except UnusableInput as error:
        told = Told(Path(opened.control.name), error=error)
        return replace(opened, control=None, told=(*opened.told, told))


def _open_model(path: Path, architecture: str | None) -> Opened:
    if path.suffix.lower() == SUFFIX:
        session = load_session(path)
        return _with_health(Opened(session=session, path=path), session.network)
    return _with_health(Opened(path=path), load_network(path, architecture=architecture))


def _with_health(opened: Opened, network: Network) -> Opened:
    """Adds a network, and what its weights alone tell."""
    health, training = check_weights(network), choose_training(network)
    return replace(opened, network=network, health=health, training=training)
