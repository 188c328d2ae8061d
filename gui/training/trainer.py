"""The window's trainings: begun, gone on with, ended, looked at, and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.base.progress import Progress
from engine.data.datasets import TrainingData
from engine.network.network import Network, Origin
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe
from engine.training.trained import details_of, images_in_the_way, keep, save_with_data
from engine.training.training import Training
from engine.training.view import look_at
from gui.run.activity import Activity
from gui.state import preferences
from gui.toolkit.background import Background, always
from gui.toolkit.log import LOGGER
from gui.training.form import TrainingForm
from gui.training.images import TrainingImages
from gui.training.worker import TrainingController, TrainingEnd, TrainingRequest


class Trainer(QObject):
    """Trains by the form, on the images that were read."""

    began_anew = Signal()
    """Emitted when nothing that is shown of a training counts any more."""

    changed = Signal()
    """Emitted when other things can be done than before."""

    ended = Signal(object)
    """Emitted with a `TrainingEnd`."""

    examined = Signal(object)
    """Emitted with a `Trained`, some time after a training has ended."""

    complained = Signal(str)
    """Emitted with a sentence when something could not be done."""

    saved = Signal(str)
    """Emitted with the path that was written."""

    images_in_the_way = Signal(object, object)
    """Emitted with a path, and the names of images beside it that saving there would replace."""

    def __init__(
        self,
        form: TrainingForm,
        images: TrainingImages,
        background: Background,
        where_to_keep: Callable[[], Path],
    ) -> None:
        """
        Args:
            form: what says how.
            images: what to train on.
            background: where files are written.
            where_to_keep: says, as a training begins, where a copy of it is kept.
        """
        super().__init__(form)
        self._form, self._images = form, images
        self._background, self._where_to_keep = background, where_to_keep
        self._training: Training | None = None
        self._trained_on: TrainingData | None = None
        self._starting_on: TrainingData | None = None
        self._under_way: tuple[Training, TrainingData] | None = None
        self._written: tuple[Path, TrainingData] | None = None
        self.controller = TrainingController(self)
        self.controller.prepared.connect(self._on_prepared)
        self.controller.ended.connect(self._on_ended)
        self.controller.complained.connect(self.complained)

    @property
    def training(self) -> Training | None:
        """The training at rest that has come to something, last."""
        return self._training

    @property
    def can_save(self) -> bool:
        """Whether there is a network, at rest or under way."""
        return self._training is not None or self._under_way is not None

    # --- training ---------------------------------------------------------------------------

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: train, go on, pause, or resume."""
        state, data = self.controller.activity, self._images.data
        if state is Activity.RUNNING:
            self.controller.pause()
        elif state is Activity.PAUSED:
            self.controller.go_on()
        elif state is Activity.IDLE and data is not None:
            self._start(data)

    def _start(self, data: TrainingData) -> None:
        try:
            recipe = self._form.recipe()
        except UnusableInput as error:
            self.complained.emit(str(error))
            return
        training = self._training if self._goes_on(recipe) else None
        if training is None:
            self.began_anew.emit()
        elif self._trained_on is not None:
            data = self._trained_on
        self._starting_on = data
        preferred = preferences.load()
        kept_at = self._where_to_keep() if preferred.keeps_copies else None
        base = self._form.base_network
        self.controller.start(
            TrainingRequest(data, recipe, training, kept_at, preferred.copy_seconds, base)
        )

    def would_go_on(self) -> bool:
        """Whether the training at rest would go on, rather than another start."""
        try:
            return self._goes_on(self._form.recipe())
        except UnusableInput:
            return False

    def _goes_on(self, recipe: Recipe) -> bool:
        training, data, of = self._training, self._images.data, self._trained_on
        if training is None or data is None or of is None:
            return False
        if training.base is not self._form.base_network:
            return False
        if data is not of and not torch.equal(data.train.images, of.train.images):
            return False
        same = training.recipe.leads_the_way_of(recipe)
        return same and (not training.is_over or training.recipe != recipe)

    @Slot(object)
    def _on_prepared(self, training: Training) -> None:
        assert self._starting_on is not None
        said = ", ".join(f"{name} {value}" for name, value in asdict(training.recipe).items())
        LOGGER.info(f"A training began on {self._starting_on.description}: {said}")
        self._under_way = (training, self._starting_on)
        self.changed.emit()

    @Slot(object)
    def _on_ended(self, end: TrainingEnd) -> None:
        under_way, self._under_way = self._under_way, None
        if end.training is not None and under_way is not None:
            # Only now does an earlier training make room: this one has come to something.
            self._training, self._trained_on = under_way
            training = end.training
            self._background.start(
                "Looking at the network …",
                lambda _: look_at(training),
                self.examined.emit,
                lambda: self._training is training and not self.controller.is_active,
            )
        if end.error:
            self.complained.emit(end.error)
        self.changed.emit()
        self.ended.emit(end)

    # --- what comes of it -------------------------------------------------------------------

    def save(self, path: Path, replaces: bool = False) -> None:
        """Writes network, images and control, also while the training goes on.

        Args:
            path: of the network; a file dialog has asked before that is replaced.
            replaces: whether images of another network, beside it, may be replaced.
        """
        training, data = self._under_way or (self._training, self._trained_on)
        if training is None or data is None:
            return
        if self.controller.is_active:
            kept = self.controller.hold(lambda: keep(training, data))
        else:
            at_rest = keep(training, data)
            kept = lambda: at_rest  # noqa: E731

        written = self._written
        is_own = written is not None and written[0] == path and written[1] is data

        def write(_progress: Progress) -> tuple[str, ...]:
            there = () if replaces or is_own else images_in_the_way(path)
            if not there:
                save_with_data(kept(), data, path)
            return there

        def done(there: tuple[str, ...]) -> None:
            if there:
                self.images_in_the_way.emit(path, there)
                return
            self._written = path, data
            self.saved.emit(str(path))

        self._background.start(f"Writing {path.name} …", write, done, always)

    def outcome(self) -> tuple[Callable[[], Network], TrainingData] | None:
        """What makes the network of the training at rest, and its images; None without one."""
        training, data = self._training, self._trained_on
        if training is None or data is None or self.controller.is_active:
            return None
        return partial(_named, training, data), data


def _named(training: Training, data: TrainingData) -> Network:
    """The network with a name, the names of its classes, what made it, and its base."""
    details = MappingProxyType(details_of(training, data))
    origin = Origin(f"{data.classes} (trained here)", "", details)
    return replace(training.tuned, origin=origin, class_names=data.label_names)
