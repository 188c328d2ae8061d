"""Making a network: choose images, watch it learn, keep it, or attack it at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine import catalogue
from engine.datasets import TrainingData
from engine.errors import UnusableInput
from engine.lazy import torch
from engine.live_training import Trained, TrainingFrame, look_at
from engine.network import Network, Origin
from engine.progress import Progress
from engine.recipe import Recipe
from engine.trained import SUFFIX, keep, save_data, save_trained
from engine.training import Training
from gui import dialogs, preferences, theme
from gui.background import Background, always
from gui.controller import RunState
from gui.layout import line, scrolled_column
from gui.log import LOGGER
from gui.run_bar import RunBar, duration
from gui.task import Task
from gui.training_curves import TrainingCurvesView
from gui.training_form import TrainingForm
from gui.training_preview import Found, TrainingPreview, find
from gui.training_worker import TrainingController, TrainingEnd, TrainingRequest

_READING_DELAY = 400
_CURVES_HEIGHT = 220
_LABELS = {
    RunState.IDLE: "&Train",
    RunState.STARTING: "Starting…",
    RunState.RUNNING: "&Pause",
    RunState.PAUSED: "&Resume",
    RunState.STOPPING: "Stopping…",
}


class TrainingPage(QWidget):
    """Form on the left; preview above, curves below; the bar at the bottom."""

    back_wanted = Signal()

    trained = Signal(object, object)
    """Emitted with what makes a `Network`, and the `TrainingData` it was made of."""

    complained = Signal(str)
    """Emitted with a sentence when something could not be done."""

    saved = Signal(str)
    """Emitted with the path that was written."""

    availability_changed = Signal()
    """Emitted when other things can be done than before."""

    ended = Signal(object)
    """Emitted with a `TrainingEnd`."""

    def __init__(
        self,
        devices: list[str],
        background: Background,
        autosave: Path,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            devices: names of the devices to choose from.
            background: where files are read and written.
            autosave: where a copy of every training is kept.
            parent: owner.
        """
        super().__init__(parent)
        self.controller = TrainingController(self)
        self._background = background
        self._autosave = autosave
        self._data: TrainingData | None = None
        self._training: Training | None = None
        self._trained_on: TrainingData | None = None
        self._starting_on: TrainingData | None = None
        self._under_way: tuple[Training, TrainingData] | None = None
        self._readings = 0
        self._download: Task | None = None
        self._build(devices)
        self._connect()
        self._show_availability()

    def _build(self, devices: list[str]) -> None:
        self.form = TrainingForm(devices)
        self.bar = RunBar(_LABELS, "Preparing the images …")
        self.back_button = QPushButton("‹ &Back")
        self.back_button.setToolTip("Back to the network that is open.")
        self.save_button = QPushButton("Sa&ve…")
        self.save_button.setToolTip(
            f"<p>Writes the network ({SUFFIX}), and beside it the images that it was trained on "
            "and a control.</p>"
        )
        self.attack_button = QPushButton("Reconstruct this &network")
        self.attack_button.setToolTip("Opens the network with its images, ready to be attacked.")
        header = QHBoxLayout()
        header.addWidget(self.back_button)
        header.addSpacing(theme.SPACING)
        header.addWidget(theme.heading("Train a network"))
        header.addStretch(1)
        header.addWidget(self.save_button)
        header.addSpacing(theme.SPACING)
        header.addWidget(self.attack_button)
        self._result = theme.secondary()
        self.preview = TrainingPreview()
        self.curves = TrainingCurvesView()
        self.curves.setFixedHeight(_CURVES_HEIGHT)
        centre = QVBoxLayout()
        centre.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        centre.setSpacing(theme.SPACING)
        centre.addLayout(header)
        centre.addWidget(self._result)
        centre.addWidget(self.preview, 1)
        centre.addWidget(self.curves)
        columns = QHBoxLayout()
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(scrolled_column(self.form))
        columns.addLayout(centre, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(columns, 1)
        rows.addWidget(line())
        rows.addWidget(self.bar)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_READING_DELAY)

    def _connect(self) -> None:
        self._delay.timeout.connect(self._read)
        self.form.data_edited.connect(self._on_data_edited)
        self.form.recipe_edited.connect(self._show_availability)
        self.form.download_wanted.connect(self._on_download_wanted)
        self.back_button.clicked.connect(self.back_wanted)
        self.save_button.clicked.connect(self.ask_where_to_save)
        self.attack_button.clicked.connect(self._hand_over)
        self.bar.main_clicked.connect(self.start_or_pause)
        self.bar.stop_clicked.connect(self.controller.stop)
        self.controller.state_changed.connect(self._on_state_changed)
        self.controller.prepared.connect(self._on_prepared)
        self.controller.frame_ready.connect(self._show_frame)
        self.controller.ended.connect(self._on_ended)
        self.controller.complained.connect(self.complained)

    def offer_devices(self, devices: Sequence[str]) -> None:
        """Adds devices that were found after the window was shown."""
        self.form.device.offer(devices)

    # --- the images -------------------------------------------------------------------------

    def open(self) -> None:
        """The page is shown: reads the images that the form means, if none are there yet."""
        if self._data is None:
            self._on_data_edited()

    def use_images(self, path: Path) -> None:
        """Takes a folder or an `.npz` to train on."""
        if self.controller.is_active:
            self.complained.emit("A training is on; stop it before choosing other images.")
        else:
            self.form.use_own(path)

    @property
    def data(self) -> TrainingData | None:
        """The images that the form means, once they are read."""
        return self._data

    @property
    def result(self) -> str:
        """What is said above the preview."""
        return self._result.text()

    @Slot()
    def _on_data_edited(self) -> None:
        """Waits a moment, for another key may be pressed; what was read no longer counts."""
        self._readings += 1
        self._data = None
        self._delay.start()
        self._show_availability()

    @Slot()
    def _read(self) -> None:
        source, known = self.form.source, self.form.known
        if source is None:
            self._show_found(Found(sentence="Choose a file or a folder with images."))
            return
        selection, root, reading = self.form.selection(), self.form.root, self._readings

        name = catalogue.KNOWN[known].title if known else Path(source).name
        self._background.start(
            f"Reading {name} …",
            lambda _: find(source, selection, root),
            self._show_found,
            lambda: reading == self._readings,
        )

    def _show_found(self, found: Found) -> None:
        self._data = found.data
        known = self.form.known
        self.preview.show_found(found)
        self._result.setText(found.sentence if found.data is None else _described(found.data))
        if known is not None and self._download is None:
            self.form.show_presence(
                "not here yet" if found.is_missing else f"in {self.form.root}", found.is_missing
            )
        self._show_availability()

    # --- downloading ------------------------------------------------------------------------

    @Slot()
    def _on_download_wanted(self) -> None:
        if self._download is not None:
            self._download.cancel()
            return
        name = self.form.known
        if name is None:
            return
        known = catalogue.KNOWN[name]
        dialogs.ask(
            self,
            f"Download {known.title}?",
            f"{known.megabytes} MB come from where torchvision gets them, are checked, and are "
            f"kept in {self.form.root}. Nothing is sent.",
            "&Download",
            lambda: self.download(name),
        )

    def download(self, name: str) -> None:
        """Fetches a known data set in the background; a second click on the button cancels."""
        root, title = self.form.root, catalogue.KNOWN[name].title
        self._download = self._background.start(
            f"Downloading {title} …",
            lambda progress: catalogue.download(name, root, progress),
            lambda _: None,
            always,
        )
        self.form.download.setText("Cancel")
        self._show_availability()
        started = time.monotonic()

        def show(share: float) -> None:
            taken = time.monotonic() - started
            left = f", {duration(taken * (1 - share) / share)} left" if share > 0.01 else ""
            self.form.show_presence(f"downloading {title}: {share:.0%}{left}", True)

        self._download.progressed.connect(show)
        self._download.finished.connect(self._on_download_finished)

    @Slot()
    def _on_download_finished(self) -> None:
        """Done, failed or cancelled: looks at what is there now."""
        self._download = None
        self.form.download.setText("Download…")
        self.form.show_presence("", False)
        self._on_data_edited()

    # --- training ---------------------------------------------------------------------------

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: train, go on, pause, or resume."""
        state = self.controller.state
        if state is RunState.RUNNING:
            self.controller.pause()
        elif state is RunState.PAUSED:
            self.controller.go_on()
        elif state is RunState.IDLE and self._data is not None:
            self._start(self._data)

    def _start(self, data: TrainingData) -> None:
        try:
            recipe = self.form.recipe()
        except UnusableInput as error:
            self.complained.emit(str(error))
            return
        training = self._training if self._can_go_on(recipe) else None
        if training is None:
            self.curves.clear()
            self.bar.clear()
        elif self._trained_on is not None:
            data = self._trained_on
        self._starting_on = data
        preferred = preferences.load()
        kept_at = self._autosave if preferred.keeps_copies else None
        self.controller.start(
            TrainingRequest(data, recipe, training, kept_at, preferred.copy_seconds)
        )

    def _can_go_on(self, recipe: Recipe) -> bool:
        """Whether the training at rest would go on, rather than another start."""
        training, data, of = self._training, self._data, self._trained_on
        if training is None or data is None or of is None:
            return False
        if data is not of and not torch.equal(data.train.images, of.train.images):
            return False
        same = training.recipe.leads_the_way_of(recipe)
        return same and (not training.is_over or training.recipe != recipe)

    @Slot(object)
    def _on_state_changed(self, state: RunState) -> None:
        self.bar.show_state(state)
        self._show_availability()

    @Slot(object)
    def _on_prepared(self, training: Training) -> None:
        assert self._starting_on is not None
        said = ", ".join(f"{name} {value}" for name, value in asdict(training.recipe).items())
        LOGGER.info(f"A training began on {self._starting_on.description}: {said}")
        self._under_way = (training, self._starting_on)
        self._show_availability()

    @Slot(object)
    def _show_frame(self, frame: TrainingFrame) -> None:
        self.curves.show_frame(frame, hurry=self.controller.state is not RunState.RUNNING)
        parts = [f"Step {frame.step:,}"]
        if len(frame.curves):
            parts.append(f"loss 1e{frame.curves.log10_loss[-1]:.1f}")
        if not self.controller.is_active:
            parts.append(f"{duration(frame.seconds)} taken")
        elif frame.remaining_seconds is not None:
            parts.append(f"{duration(frame.remaining_seconds)} left")
        self.bar.show_progress(round(1000 * frame.share), 1000, " · ".join(parts))

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
                self._on_examined,
                lambda: self._training is training and not self.controller.is_active,
            )
        if end.error:
            self.complained.emit(end.error)
        self._show_availability()
        self.ended.emit(end)

    def _on_examined(self, found: Trained) -> None:
        carrying = found.stationarity
        many = "" if carrying is None else f" {carrying.carrying} images carry a multiplier."
        self._result.setText(f"{found.health.outlook}{many}")

    # --- what comes of it -------------------------------------------------------------------

    @Slot()
    def ask_where_to_save(self) -> None:
        """Asks where to, then writes."""
        if self._training is None and self._under_way is None:
            return
        dialogs.choose_target(
            self, "Save the network", f"network{SUFFIX}", f"Networks (*{SUFFIX})", self.save
        )

    def save(self, path: Path) -> None:
        """Writes network, images and control, also while the training goes on."""
        training, data = self._under_way or (self._training, self._trained_on)
        if training is None or data is None:
            return
        if self.controller.is_active:
            kept = self.controller.hold(lambda: keep(training, data))
        else:
            at_rest = keep(training, data)
            kept = lambda: at_rest  # noqa: E731

        def write(_progress: Progress) -> None:
            save_trained(kept(), path)
            save_data(data, path)

        self._background.start(
            f"Writing {path.name} …", write, lambda _: self.saved.emit(str(path)), always
        )

    @Slot()
    def _hand_over(self) -> None:
        training, data = self._training, self._trained_on
        if training is not None and data is not None and not self.controller.is_active:
            self.trained.emit(partial(_named, training, data), data)

    # --- showing ----------------------------------------------------------------------------

    def _show_availability(self) -> None:
        idle = not self.controller.is_active
        try:
            recipe = self.form.recipe()
        except UnusableInput:
            recipe = None
        can_start = self._data is not None and self._download is None
        self.bar.set_can_start(can_start, recipe is not None and self._can_go_on(recipe))
        self.form.set_editable(idle)
        self.save_button.setEnabled(self._training is not None or self._under_way is not None)
        self.attack_button.setEnabled(idle and self._training is not None)
        self.availability_changed.emit()

    def end(self) -> None:
        """Begins nothing more, and leaves no thread behind; the window closes."""
        self._delay.stop()
        self.controller.shut_down()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.curves.restyle()
        self.preview.restyle()


def _described(data: TrainingData) -> str:
    control = "no others for a control"
    if data.control is not None:
        control = f"{len(data.control)} others as control"
    return f"{data.description}; {control}."


def _named(training: Training, data: TrainingData) -> Network:
    """The network with a name and what made it."""
    details = training.details(data.label_names, data.description)
    first, second = data.label_names
    origin = Origin(f"{first} against {second} (trained here)", "", MappingProxyType(details))
    return replace(training.network, origin=origin)
