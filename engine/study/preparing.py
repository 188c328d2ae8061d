"""A plan becomes a study: its images are read, its files found, and every run has its id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from glob import glob
from pathlib import Path

from msgspec import structs

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, unheard
from engine.base.resources import images_beside
from engine.data.datasets import Selection, load_images, training_data
from engine.data.inputs import InputShape
from engine.data.roles import Role
from engine.study import places
from engine.study.gathering import Gathering
from engine.study.identity import id_of, named, pixels_of, search_of, with_own_id
from engine.study.plan import Cell, Given, Made, Plan
from engine.study.reading import AS_FILED, Reading, read_network
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
    cells = named([one for cell in plan.cells for one in made.each(cell)])
    for number, cell in enumerate(cells):
        runs.append(with_own_id(made.run(cell), seen))
        progress((number + 1) / len(cells))
    study = Study(
        plan.name, plan.about, tuple(runs), tuple(made.trainings.values()), made.unique_files
    )
    store.write(study, plan.text)
    return study


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
            one = replace(network, address=address)
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
        base = "" if made.base is None else self._base(made.base)
        training = self._training(made, data, base)
        network = network_key(training, made.at_epoch)
        control = data.control
        return Run(
            id=id_of([network, pixels_of(data.train), pixels_of(control), *search_of(cell)]),
            variables=dict(cell.variables),
            network=network,
            settings=dict(cell.settings),
            seed=cell.seed,
            train=data.train.sha256,
            control="" if control is None else control.sha256,
            reading=Reading(base=base),
        )

    def _training(self, made: Made, data: _Data, base: str) -> str:
        """The id of the training that makes a network; notes after how many epochs, too."""
        usual = asdict(Recipe())
        said = {k: v for k, v in asdict(made.recipe).items() if v != usual[k] and k != "device"}
        id_ = id_of([pixels_of(data.train), said, *([base] if base else [])])
        before = self.trainings.get(id_)
        epochs = {made.at_epoch, *(() if before is None else before.epochs)}
        self.trainings[id_] = TrainingRun(
            id_,
            made.recipe,
            data.train.sha256,
            data.classes,
            data.about,
            tuple(sorted(epochs)),
            base,
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
        reading = given.reading
        if isinstance(file, str):
            refused, key = file, given.address
        else:
            key = file.sha256
            try:
                if reading.base:
                    reading = structs.replace(reading, base=self._base(reading.base, key))
                train, control = self._pair(given, file, reading)
            except UnusableInput as error:
                refused = str(error)
        said = [structs.asdict(reading)] if reading != AS_FILED else []
        return Run(
            id=id_of([key, pixels_of(train), pixels_of(control), *search_of(cell), *said]),
            variables=dict(cell.variables),
            network=key,
            settings=dict(cell.settings),
            seed=cell.seed,
            train="" if train is None else train.sha256,
            control="" if control is None else control.sha256,
            refused=refused,
            reading=reading,
        )

    def _base(self, address: str, tuned: str = "") -> str:
        """The SHA-256 of what a network is fine-tuned from.

        Args:
            address: of its checkpoint.
            tuned: SHA-256 of the network; empty where it is not made yet.

        Raises:
            UnusableInput: it cannot be read, or is the network itself.
        """
        file = self._checkpoint(self._gathered.source(address))
        if isinstance(file, str):
            raise UnusableInput(file)
        if file.sha256 == tuned:
            raise UnusableInput(
                f"{file.name} was given twice, as the network and as its base.",
                "Give the network that it was fine-tuned from as the base.",
            )
        return file.sha256

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

    def _pair(self, given: Given, file: File, reading: Reading) -> tuple[File | None, File | None]:
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
        train = self._images_of(images, file, reading, "train")
        if control is None:
            return train, None
        return train, self._images_of(control, file, reading, "control")

    def _images_of(self, source: str, checkpoint: File, reading: Reading, role: Role) -> File:
        where = self._gathered.source(source)
        if where.endswith(".npz"):
            try:
                return self._gathered.file(where, IMAGES)
            except OSError as error:
                raise UnusableInput(
                    f"{Path(where).name} cannot be read: {error.strerror or error}."
                ) from error
        shape = read_network(
            self._gathered.path(checkpoint), structs.replace(reading, base="", base_head=""), None
        ).input_shape
        key = (where, shape, role)
        if key not in self._images:
            self._images[key] = self._gathered.kept(
                load_images(where, shape, self.plan.data_root, role)
            )
        return self._images[key]


def _in_order(pattern: str) -> list[str]:
    return sorted(glob(pattern, recursive=True))  # noqa: PTH207  (patterns may be absolute)


def _is_of_images(address: str) -> bool:
    return address.endswith("_images.npz")
