"""A plan becomes a study: its images are read, its files found, and every run has its id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, unheard
from engine.base.resources import images_beside
from engine.data.datasets import Selection, load_images, training_data
from engine.data.inputs import InputShape
from engine.data.roles import Role
from engine.network.checkpoints import load_network
from engine.study import places
from engine.study.gathering import ID_DIGITS, Gathering
from engine.study.plan import Cell, Given, Made, Plan
from engine.study.store import IMAGES, NETWORKS, Store
from engine.study.study import File, Run, Study, TrainingRun, network_key
from engine.training.recipe import Recipe

_WILD = "*?["


def prepare(plan: Plan, store: Store, progress: Progress = unheard) -> Study:
    """Reads what a plan names, and writes what its runs need into the study's folder.

    Whoever prepares a plan again finds the same ids: of what has been computed, nothing is
    computed twice.

    Args:
        plan: of the study.
        store: where it is to lie, or lies already.
        progress: told the share that is done.

    Raises:
        UnusableInput: the images of a training cannot be used, or no checkpoint is there.
        OSError: the folder cannot be written to.
        Cancelled: `progress` said so.
    """
    made = _Making(plan, Gathering(plan.folder, store))
    seen: dict[str, int] = {}
    runs = []
    cells = _named([one for cell in plan.cells for one in made.each(cell)])
    for number, cell in enumerate(cells):
        runs.append(_with_own_id(made.run(cell), seen))
        progress((number + 1) / len(cells))
    study = Study(
        plan.name, plan.about, tuple(runs), tuple(made.trainings.values()), made.unique_files
    )
    store.write(study, plan.text)
    return study


def _named(cells: list[Cell]) -> list[Cell]:
    """Checkpoints by their names alone, where those are enough to tell them apart."""
    addresses = {cell.network.address for cell in cells if isinstance(cell.network, Given)}
    short = {address: address.replace("\\", "/").rpartition("/")[2] for address in addresses}
    if len(set(short.values())) < len(addresses):
        return cells
    return [
        cell
        if isinstance(cell.network, Made)
        else Cell(
            cell.network,
            cell.settings,
            cell.seed,
            {**cell.variables, "checkpoint": short[cell.network.address]},
        )
        for cell in cells
    ]


def _with_own_id(run: Run, seen: dict[str, int]) -> Run:
    """Runs that are alike in all, as of a file that is there twice, are told apart by a number."""
    before = seen.get(run.id, 0)
    seen[run.id] = before + 1
    if not before:
        return run
    values = {name: getattr(run, name) for name in run.__struct_fields__}
    return Run(**{**values, "id": _id([run.id, before])})


def _id(of: Any) -> str:
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True)
class _Data:
    """Images of a training, as they lie in the study's folder."""

    train: File
    control: File | None
    classes: tuple[str, ...]
    about: str


@dataclass
class _Making:
    """Makes the runs of a plan, and reads each thing once."""

    plan: Plan
    _gathered: Gathering
    trainings: dict[str, TrainingRun] = field(default_factory=dict)
    _data: dict[tuple[str, Selection], _Data] = field(default_factory=dict)
    _images: dict[tuple[str, InputShape | None, Role], File] = field(default_factory=dict)
    _networks: dict[str, File | str] = field(default_factory=dict)
    _found: dict[str, list[str]] = field(default_factory=dict)

    @property
    def unique_files(self) -> tuple[File, ...]:
        """All that are needed, each once."""
        return tuple({file.sha256: file for file in self._gathered.files.values()}.values())

    def each(self, cell: Cell) -> Iterator[Cell]:
        """One cell for each checkpoint that it names."""
        network = cell.network
        if isinstance(network, Made):
            yield cell
            return
        for address in self._matching(network.address):
            one = Given(address, network.images, network.control)
            variables = {**cell.variables, "checkpoint": address}
            yield Cell(one, cell.settings, cell.seed, variables)

    def run(self, cell: Cell) -> Run:
        """A cell as a run."""
        if isinstance(cell.network, Made):
            return self._run_of_made(cell, cell.network)
        return self._run_of_given(cell, cell.network)

    # --- networks that are trained ----------------------------------------------------------

    def _run_of_made(self, cell: Cell, made: Made) -> Run:
        data = self._data_of(made.dataset, made.selection)
        training = self._training(made, data)
        network = network_key(training, made.at_epoch)
        control = data.control
        return Run(
            id=_id([network, _pixels(data.train), _pixels(control), *_search(cell)]),
            variables=dict(cell.variables),
            network=network,
            settings=dict(cell.settings),
            seed=cell.seed,
            train=data.train.sha256,
            control="" if control is None else control.sha256,
        )

    def _training(self, made: Made, data: _Data) -> str:
        """The id of the training that makes a network; notes after how many epochs, too."""
        usual = asdict(Recipe())
        said = {k: v for k, v in asdict(made.recipe).items() if v != usual[k] and k != "device"}
        id_ = _id([_pixels(data.train), said])
        before = self.trainings.get(id_)
        epochs = {made.at_epoch, *(() if before is None else before.epochs)}
        self.trainings[id_] = TrainingRun(
            id_,
            made.recipe,
            data.train.sha256,
            data.classes,
            data.about,
            tuple(sorted(epochs)),
        )
        return id_

    def _data_of(self, dataset: str, selection: Selection) -> _Data:
        key = (dataset, selection)
        if key not in self._data:
            source = self._gathered.source(dataset)
            found = training_data(source, selection, self.plan.data_root)
            control = None if found.control is None else self._gathered.kept(found.control)
            self._data[key] = _Data(
                self._gathered.kept(found.train), control, found.label_names, found.description
            )
        return self._data[key]

    # --- networks that are there ------------------------------------------------------------

    def _run_of_given(self, cell: Cell, given: Given) -> Run:
        file, refused = self._checkpoint(given.address), ""
        train = control = None
        if isinstance(file, str):
            refused, key = file, given.address
        else:
            key = file.sha256
            try:
                train, control = self._pair(given, file)
            except UnusableInput as error:
                refused = str(error)
        return Run(
            id=_id([key, _pixels(train), _pixels(control), *_search(cell)]),
            variables=dict(cell.variables),
            network=key,
            settings=dict(cell.settings),
            seed=cell.seed,
            train="" if train is None else train.sha256,
            control="" if control is None else control.sha256,
            refused=refused,
        )

    def _matching(self, address: str) -> list[str]:
        """The checkpoints of an address; those that images lie in are none."""
        if address not in self._found:
            found = self._all_matching(address)
            if not found:
                raise UnusableInput(
                    f"There is no checkpoint {address}.", "Name files that are there."
                )
            self._found[address] = found
        return self._found[address]

    def _all_matching(self, address: str) -> list[str]:
        if places.is_address(address):
            return [each for each in places.matching(address) if not _is_of_images(each)]
        path = str(self.plan.folder / address)
        if not any(each in address for each in _WILD):
            return [path]
        return [each for each in _in_order(path) if not _is_of_images(each)]

    def _checkpoint(self, address: str) -> File | str:
        """A checkpoint; or why it cannot be read."""
        if address not in self._networks:
            try:
                self._networks[address] = self._gathered.file(address, NETWORKS)
            except (UnusableInput, OSError, ValueError) as error:  # A null in a name is the last.
                why = getattr(error, "strerror", None) or str(error)
                self._networks[address] = (
                    why
                    if isinstance(error, UnusableInput)
                    else (f"{Path(address).name} cannot be read: {why}.")
                )
        return self._networks[address]

    def _pair(self, given: Given, file: File) -> tuple[File | None, File | None]:
        """Training and control images: those that are named, or those beside the checkpoint."""
        images, control = given.images, given.control
        if images is None and places.is_address(given.address):
            stem = given.address.rpartition(".")[0]
            images, control = (
                next(iter(places.matching(f"{stem}{end}[.]npz")), None)
                for end in ("_images", "_control_images")
            )
        elif images is None:
            beside = images_beside(Path(given.address))
            images, control = (None if path is None else str(path) for path in beside)
        if images is None:
            return None, None
        train = self._images_of(images, file, "train")
        return train, None if control is None else self._images_of(control, file, "control")

    def _images_of(self, source: str, checkpoint: File, role: Role) -> File:
        where = self._gathered.source(source)
        if where.endswith(".npz"):
            try:
                return self._gathered.file(where, IMAGES)
            except OSError as error:
                raise UnusableInput(
                    f"{Path(where).name} cannot be read: {error.strerror or error}."
                ) from error
        shape = load_network(self._gathered.path(checkpoint)).input_shape
        key = (where, shape, role)
        if key not in self._images:
            self._images[key] = self._gathered.kept(
                load_images(where, shape, self.plan.data_root, role)
            )
        return self._images[key]


def _search(cell: Cell) -> tuple[dict[str, Any], int]:
    """What of a search makes a run; where it is computed does not."""
    return {k: v for k, v in cell.settings.items() if k != "device"}, cell.seed


def _pixels(file: File | None) -> str:
    return "" if file is None else file.pixels or file.sha256


def _in_order(pattern: str) -> list[str]:
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207  (patterns may be absolute)


def _is_of_images(address: str) -> bool:
    return address.endswith("_images.npz")
