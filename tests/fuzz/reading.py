"""What it means to read a file: all that the application does with it when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch

from engine.base.errors import UnusableInput
from engine.data.datasets import load_images
from engine.data.neighbours import load_neighbours
from engine.evidence.adapters import certificate_of
from engine.exports.results import make_report
from engine.exports.results_read import read_reconstructions, read_report
from engine.network.adapter import load_adapter
from engine.reconstruction import run as reconstruction
from engine.reconstruction.run import Reconstruction
from engine.session.run_cards import read_cards
from engine.session.session import Session
from engine.session.waiting_list import read_waiting_list
from engine.study.plan import read_plan
from engine.study.store import Store
from engine.training.trained import load_start, recipe_of
from gui.opening.reading import open_paths

Reader = Callable[[Path], object]

reconstruction.SNAPSHOT_INTERVAL = 0.0  # Every step is one, so that a session goes on for one.


def _read_model(path: Path) -> None:
    """A network is examined, and a session looked at and gone on with for a step."""
    opened = open_paths([path], None)
    assert opened.network is not None
    assert opened.health is not None
    assert opened.health.outlook
    if opened.session is not None:
        _use(opened.session)
        return
    for tell in (lambda network: recipe_of(network), lambda _: load_start(path)):
        with suppress(UnusableInput):  # Few networks say how they were trained.
            tell(opened.network)


def _use(session: Session) -> None:
    drift = session.drift
    drift.images(len(drift) - 1, torch.tensor([0, len(session.labels) - 1]))
    session.image(len(session.labels) - 1)
    make_report(session, None)
    if session.state.step < session.state.steps:
        snapshots = Reconstruction(session.network, session.settings, session.state).iterate()
        next(snapshots)
        next(snapshots)


def _read_folder(path: Path) -> None:
    load_images(path.parents[1])


def _read_mnist(path: Path) -> None:
    load_images("mnist", root=path.parents[2])


def _read_neighbours(path: Path) -> None:
    found = load_neighbours(path, 6)
    for place in range(len(found)):
        found.picture(place)


def _read_adapter(path: Path) -> None:
    for module in load_adapter(path):
        certificate_of(module)


def _read_report(path: Path) -> None:
    read_report(path.parent)


def _read_reconstructions(path: Path) -> None:
    read_reconstructions(path.parent)


def _read_study(path: Path) -> None:
    store = Store(path.parent)
    store.table(store.read())


READERS: dict[str, Reader] = {
    "model": _read_model,
    "images": load_images,
    "folder": _read_folder,
    "mnist": _read_mnist,
    "report": _read_report,
    "reconstructions": _read_reconstructions,
    "neighbours": _read_neighbours,
    "adapter": _read_adapter,
    "waiting": read_waiting_list,
    "cards": read_cards,
    "plan": read_plan,
    "study": _read_study,
}
