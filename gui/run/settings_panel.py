"""The left column's lower part: preset, training, device, and all other settings, folded away."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import ClassVar

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from engine.network.network import Network
from engine.reconstruction.settings import PRESETS, Settings, preset
from engine.stationarity.cases import NAMES, Choice, TrainingKind
from gui.state.undo import Entered
from gui.toolkit import theme
from gui.toolkit.device_choice import DeviceChoice
from gui.toolkit.options_form import Editor, Fold, OptionsForm, labels_of, make_editor

_DESCRIPTIONS = {
    "fast": "Nothing to set: about a minute on a laptop, for each restart.",
    "paper": "The published procedure with its published numbers: a baseline that takes hours.",
}
_AUTOMATIC = {
    "candidates": "automatic",
    "rank": "automatic",
    "hidden_whitening": "automatic",
    "smoothness": "automatic",
    "margin_weight": "automatic",
    "gradients_at": "automatic",
    "alpha_start": "automatic",
    "alpha_end": "automatic",
    "seconds": "none",
}


_SHORTEST = 16
"""Letters that a choice shows at least, however narrow the column is."""


class SettingsPanel(QWidget):
    """Edits a `Settings`; names and tooltips come from the settings themselves."""

    edited = Signal()

    labels: ClassVar = {"preset": "Preset", "device": "Device", **labels_of(Settings)}
    leading = frozenset({"preset", "training"})

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channels, self._outputs = 1, 1
        self._base = preset("fast", 1)
        self.preset = QComboBox()
        for name in PRESETS:
            self.preset.addItem(name.capitalize(), name)
        self.preset.setToolTip("Fills the training, and everything under Advanced.")
        self.preset.activated.connect(self._on_preset_chosen)
        self.training = _training_choice()
        self.training.activated.connect(self._on_training_chosen)
        self.found = theme.secondary()
        self.found.hide()
        self.device = DeviceChoice(devices)
        self.device.activated.connect(self.edited)
        restarts = next(each for each in fields(Settings) if each.name == "restarts")
        self.restarts = make_editor(restarts)
        self.restarts.valueChanged.connect(self.edited)
        self._description = theme.secondary()
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.addRow("&Preset", self.preset)
        form.addRow("", self._description)
        form.addRow("Trainin&g", self.training)
        form.addRow("", self.found)
        form.addRow("Res&tarts", self.restarts)
        form.addRow("&Device", self.device)
        self.form = OptionsForm(Settings, _AUTOMATIC, left_out=("restarts",))
        self.form.edited.connect(self.edited)
        self.restore = QPushButton("Restore the Preset")
        self.restore.setToolTip("Sets everything under Advanced to what the preset says.")
        self.restore.clicked.connect(self._restore)
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.form)
        rows.addWidget(self.restore)
        fold = Fold("&Advanced", body)
        self.fold = fold.button
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(theme.heading("Settings"))
        layout.addLayout(form)
        layout.addWidget(fold)
        self.show_settings(self._base)

    def settings(self) -> Settings:
        """The settings as they stand.

        Raises:
            UnusableInput: two of them do not go together.
        """
        return replace(self._base, **self.entered().values)

    def entered(self) -> Entered:
        """What stands in the panel."""
        values = {
            "preset": self._base.preset,
            "training": self._base.training,
            "device": self.device.currentData(),
            "restarts": self.restarts.value(),
        }
        return Entered({**values, **self.form.values()}, self._base)

    def show_settings(self, settings: Settings) -> None:
        """Fills the panel."""
        names = ("preset", "training", "device", "restarts", *self.form.editors())
        self.show_entered(Entered({name: getattr(settings, name) for name in names}, settings))

    def show_entered(self, entered: Entered) -> None:
        """Fills the panel with what once stood in it; one edit, however much of it changes."""
        assert entered.base is not None
        values = entered.values
        was_blocked = self.blockSignals(True)
        self._base = entered.base
        self.preset.setCurrentIndex(self.preset.findData(values["preset"]))
        self._description.setText(_DESCRIPTIONS[values["preset"]])
        self.training.setCurrentIndex(self.training.findData(values["training"]))
        self.device.choose(values["device"])
        self.restarts.setValue(values["restarts"])
        self.form.show_values(values)
        self.form.show_without_effect(self._base.without_effect)
        self.blockSignals(was_blocked)
        self.edited.emit()

    def choose_device(self, name: str) -> None:
        """Chooses a device as a person would."""
        self.device.choose(name)
        self.edited.emit()

    def show_network(self, network: Network) -> None:
        """Follows the open network: the `paper` preset has published numbers for each kind."""
        kind = network.input_shape[0], network.output_count
        if kind != (self._channels, self._outputs):
            self._channels, self._outputs = kind
            if self._base.preset == "paper":
                self._on_preset_chosen()

    def show_found(self, found: Choice | None) -> None:
        """Says what training the weights of the open network look like, and why."""
        if found is not None:
            self.found.setText(f"Found: {NAMES[found.training].lower()}. {found.why}")
        self.found.setVisible(found is not None)

    def editor(self, name: str) -> Editor:
        """The editor of one advanced setting."""
        return self.form.editor(name)

    @Slot()
    def _restore(self) -> None:
        chosen = self._preset_for(self._base.training)
        device, restarts = self.device.currentData(), int(self.restarts.value())
        self.show_settings(replace(chosen, device=device, restarts=restarts))

    @Slot()
    def _on_preset_chosen(self) -> None:
        chosen = preset(self.preset.currentData(), self._channels, self._outputs)
        self.show_settings(
            replace(
                chosen,
                device=self.device.currentData(),
                restarts=int(self.restarts.value()),
                seed=int(self.editor("seed").value()),
            )
        )

    @Slot()
    def _on_training_chosen(self) -> None:
        """Changes what the preset takes for this training alone; other edits that count stay."""
        training = self.training.currentData()
        before, after = (self._preset_for(each) for each in (self._base.training, training))
        changed = {
            name: getattr(after, name)
            for name in ("training", *self.form.editors())
            if getattr(before, name) != getattr(after, name) or name in after.without_effect
        }
        values = {**self.entered().values, **changed}
        self.show_entered(Entered(values, replace(self._base, **changed)))

    def _preset_for(self, training: TrainingKind) -> Settings:
        """The preset that is chosen, for a network that was trained so."""
        chosen = preset(self._base.preset, self._channels, self._outputs, training)
        return replace(chosen, training=training)


def _training_choice() -> QComboBox:
    """All kinds of training by name; no wider than the column that it stands in."""
    chosen = QComboBox()
    for training, name in NAMES.items():
        chosen.addItem(name, training)
    setting = next(each for each in fields(Settings) if each.name == "training")
    chosen.setToolTip(f"<p>{setting.metadata['tooltip']}</p>")
    chosen.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    chosen.setMinimumContentsLength(_SHORTEST)
    return chosen
