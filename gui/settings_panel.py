"""The left column's lower part: preset, device, and the advanced settings, folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QVBoxLayout, QWidget

from engine.settings import PRESETS, Settings, preset
from gui import theme
from gui.options_form import Editor, Fold, OptionsForm, make_editor

_DESCRIPTIONS = {
    "fast": "Nothing to set: a minute or two on a laptop, for each restart.",
    "paper": "The published procedure with its published numbers: a baseline that takes hours.",
}
_AUTOMATIC = {
    "candidates": "automatic",
    "rank": "automatic",
    "smoothness": "automatic",
    "seconds": "none",
}
_DEVICE_NAMES = {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}


class DeviceChoice(QComboBox):
    """Which of this machine's devices computes."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wish = ""
        self.setToolTip("Automatic takes a GPU where there is one.")
        self.activated.connect(self._forget_wish)
        self.offer(devices)

    def choose(self, name: str) -> None:
        """Chooses a device; automatic, if there is no such one here, or not yet."""
        self._wish = name
        self.setCurrentIndex(max(self.findData(name), 0))

    def offer(self, devices: Sequence[str]) -> None:
        """Adds devices that were found since; one that was wished for before is chosen."""
        for name in devices:
            if self.findData(name) < 0:
                self.addItem(_DEVICE_NAMES[name], name)
        if self._wish in devices:
            self.choose(self._wish)

    @Slot()
    def _forget_wish(self) -> None:
        """The user has chosen another."""
        self._wish = ""


class SettingsPanel(QWidget):
    """Edits a `Settings`; names and tooltips come from the settings themselves."""

    edited = Signal()

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._channels = 1
        self._base = preset("fast", 1)
        self.preset = QComboBox()
        for name in PRESETS:
            self.preset.addItem(name.capitalize(), name)
        self.preset.activated.connect(self._on_preset_chosen)
        self.device = DeviceChoice(devices)
        restarts = next(each for each in fields(Settings) if each.name == "restarts")
        self.restarts = make_editor(restarts)
        self.restarts.valueChanged.connect(self.edited)
        self._description = theme.secondary()
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.addRow("P&reset", self.preset)
        form.addRow("", self._description)
        form.addRow("R&estarts", self.restarts)
        form.addRow("&Device", self.device)
        self.form = OptionsForm(Settings, _AUTOMATIC, left_out=("restarts",))
        self.form.edited.connect(self.edited)
        fold = Fold("&Advanced", self.form)
        self.fold = fold.button
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(theme.heading("Settings"))
        layout.addLayout(form)
        layout.addWidget(fold)
        self.show_settings(self._base)

    def settings(self) -> Settings:
        """The settings as they stand."""
        return replace(
            self._base,
            device=self.device.currentData(),
            restarts=self.restarts.value(),
            **self.form.values(),
        )

    def show_settings(self, settings: Settings) -> None:
        """Fills the panel."""
        self._base = settings
        self.preset.setCurrentIndex(self.preset.findData(settings.preset))
        self._description.setText(_DESCRIPTIONS[settings.preset])
        self.device.choose(settings.device)
        self.restarts.setValue(settings.restarts)
        self.form.show_values(settings)
        self.edited.emit()

    def set_channels(self, channels: int) -> None:
        """Grey or colour: the `paper` preset has published numbers for each."""
        if channels != self._channels:
            self._channels = channels
            if self._base.preset == "paper":
                self._on_preset_chosen()

    def editor(self, name: str) -> Editor:
        """The editor of one advanced setting."""
        return self.form.editor(name)

    @Slot()
    def _on_preset_chosen(self) -> None:
        chosen = preset(self.preset.currentData(), self._channels)
        self.show_settings(
            replace(
                chosen,
                device=self.device.currentData(),
                restarts=self.restarts.value(),
                seed=self.editor("seed").value(),
            )
        )
