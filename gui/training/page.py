"""Making a network: choose images, watch it learn, keep it, or attack it at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed, of_logarithm, plain
from engine.data.datasets import TrainingData
from engine.network.network import Network
from engine.training.trained import SUFFIX, check_target
from engine.training.view import Trained, TrainingFrame
from gui.run.activity import Activity
from gui.run.run_bar import RunBar, duration
from gui.state.undo import SettingsHistory
from gui.toolkit import dialogs, theme
from gui.toolkit.background import Background
from gui.toolkit.layout import line, scrolled_column
from gui.training.base import BaseReader
from gui.training.curves import TrainingCurvesView
from gui.training.form import TrainingForm
from gui.training.images import TrainingImages
from gui.training.preview import Found, TrainingPreview
from gui.training.trainer import Trainer

_CURVES_HEIGHT = 220
_LABELS = {
    Activity.IDLE: "&Train",
    Activity.STARTING: "Starting…",
    Activity.RUNNING: "&Pause",
    Activity.PAUSED: "Res&ume",
    Activity.STOPPING: "Stopping…",
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
        where_to_keep: Callable[[], Path],
        open_network: Callable[[], Network | None],
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            devices: names of the devices to choose from.
            background: where files are read and written.
            where_to_keep: says, as a training begins, where a copy of it is kept.
            open_network: the network that is open, which can be fine-tuned; None without one.
            parent: owner.
        """
        super().__init__(parent)
        self.form = TrainingForm(devices)
        self.images = TrainingImages(self.form, background)
        self.base = BaseReader(self.form.base, background, open_network)
        self.trainer = Trainer(self.form, self.images, background, where_to_keep)
        self.controller = self.trainer.controller
        self.history = SettingsHistory(self.form)
        self._build()
        self._connect()
        self._show_availability()

    def _build(self) -> None:
        self.bar = RunBar(_LABELS, "Preparing the images …")
        self.back_button = QPushButton("‹ &Back")
        self.back_button.setToolTip("Back to the network that is open.")
        self.save_button = QPushButton("Save…")
        self.save_button.setToolTip(
            f"<p>Writes the network ({SUFFIX}), and beside it the images that it was trained on "
            "and a control.</p>"
        )
        self.attack_button = QPushButton("Re&construct this network")
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

    def _connect(self) -> None:
        self.form.recipe_edited.connect(self._show_availability)
        self.form.base_missing.connect(self.base.take_open)
        self.base.complained.connect(self.complained)
        self.form.recipe_edited.connect(self._show_names)
        self.history.changed.connect(self.availability_changed)
        self.images.found.connect(self._show_found)
        self.images.changed.connect(self._show_availability)
        self.back_button.clicked.connect(self.back_wanted)
        self.save_button.clicked.connect(self.ask_where_to_save)
        self.attack_button.clicked.connect(self._hand_over)
        self.bar.main_clicked.connect(self.start_or_pause)
        self.bar.stop_clicked.connect(self.controller.stop)
        self.controller.activity_changed.connect(self._on_state_changed)
        self.controller.frame_ready.connect(self._show_frame)
        self.trainer.began_anew.connect(self.curves.clear)
        self.trainer.began_anew.connect(self.bar.clear)
        self.trainer.changed.connect(self._show_availability)
        self.trainer.ended.connect(self.ended)
        self.trainer.examined.connect(self._show_examined)
        self.trainer.complained.connect(self.complained)
        self.trainer.saved.connect(self.saved)
        self.trainer.images_in_the_way.connect(self._ask_to_replace)

    def offer_devices(self, devices: Sequence[str]) -> None:
        """Adds devices that were found after the window was shown."""
        self.form.network.device.offer(devices)

    # --- what can be done -------------------------------------------------------------------

    def open(self) -> None:
        """The page is shown: reads the images that the form means, if none are there yet."""
        self.base.look_again()
        self.images.need()

    def use_images(self, path: Path) -> None:
        """Takes a folder or an `.npz` to train on."""
        if self.controller.is_active:
            self.complained.emit("A training is on; stop it before choosing other images.")
        else:
            self.form.use_own(path)

    @property
    def data(self) -> TrainingData | None:
        """The images that the form means, once they are read."""
        return self.images.data

    @property
    def result(self) -> str:
        """What is said above the preview."""
        return self._result.text()

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: train, go on, pause, or resume."""
        self.trainer.start_or_pause()

    @Slot()
    def ask_where_to_save(self) -> None:
        """Asks where to, then writes."""
        if self.trainer.can_save:
            dialogs.choose_target(
                self, "Save the network", f"network{SUFFIX}", f"Networks (*{SUFFIX})", self.save
            )

    def save(self, path: Path) -> None:
        """Writes network, images and control, also while the training goes on.

        Asks before images of another network that lie beside it are replaced.
        """
        try:
            check_target(path)
        except UnusableInput as error:
            self.complained.emit(str(error))
            return
        self.trainer.save(path)

    @Slot(object, object)
    def _ask_to_replace(self, path: Path, names: Sequence[str]) -> None:
        dialogs.ask(
            self,
            f"Replace {plain(listed(names))}?",
            f"The images of {plain(path.name)} belong there, and other ones are there already.",
            "&Replace",
            partial(self.trainer.save, path, replaces=True),
        )

    @Slot()
    def _hand_over(self) -> None:
        outcome = self.trainer.outcome()
        if outcome is not None:
            self.trained.emit(*outcome)

    # --- showing ----------------------------------------------------------------------------

    @Slot(object)
    def _show_found(self, found: Found) -> None:
        self.preview.show_found(found, self._outputs(found.data))
        self._result.setText(found.sentence if found.data is None else _described(found.data))

    @Slot()
    def _show_names(self) -> None:
        self.preview.show_names(self._outputs(self.images.data))

    def _outputs(self, data: TrainingData | None) -> int:
        """C of the network that the form means, for these images."""
        return 1 if data is None else self.form.outputs(len(data.label_names))

    @Slot(object)
    def _on_state_changed(self, state: Activity) -> None:
        self.bar.show_activity(state)
        self._show_availability()

    @Slot(object)
    def _show_frame(self, frame: TrainingFrame) -> None:
        self.curves.show_frame(frame, hurry=self.controller.activity is not Activity.RUNNING)
        parts = [f"Step {frame.step:,}"]
        if len(frame.curves):
            parts.append(f"loss {of_logarithm(frame.curves.log10_loss[-1])}")
        if not self.controller.is_active:
            parts.append(f"{duration(frame.seconds)} taken")
        elif frame.remaining_seconds is not None:
            parts.append(f"{duration(frame.remaining_seconds)} left")
        self.bar.show_progress(round(1000 * frame.share), 1000, " · ".join(parts))

    @Slot(object)
    def _show_examined(self, found: Trained) -> None:
        carrying = found.stationarity
        many = (
            "" if carrying is None else f" {carrying.carrying} training images carry a multiplier."
        )
        self._result.setText(f"{found.health.outlook}{many}")

    @Slot()
    def _show_availability(self) -> None:
        idle = not self.controller.is_active
        can_start = self.images.data is not None and not self.images.is_downloading
        self.bar.set_can_start(can_start, self.trainer.would_go_on())
        self.form.set_editable(idle)
        self.save_button.setEnabled(self.trainer.can_save)
        self.attack_button.setEnabled(idle and self.trainer.training is not None)
        self.availability_changed.emit()

    def end(self) -> None:
        """Begins nothing more, and leaves no thread behind; the window closes."""
        self.images.end()
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
