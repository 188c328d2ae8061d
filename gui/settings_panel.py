"""The left column's lower part: preset, device, and the advanced settings, folded away."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.settings import PRESETS, Settings, preset
from gui import theme

_DESCRIPTIONS = {
    "fast": "Nothing to set: about a minute on a laptop.",
    "paper": "The published procedure with its published numbers: a baseline that takes hours.",
}
_AUTOMATIC = {"candidates": "automatic", "rank": "automatic", "seconds": "none"}
_DEVICE_NAMES = {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}


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
        self.device = QComboBox()
        for name in devices:
            self.device.addItem(_DEVICE_NAMES[name], name)
        self.device.setToolTip("Automatic takes a GPU where there is one.")
        self._description = theme.secondary()
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.addRow("P&reset", self.preset)
        form.addRow("", self._description)
        form.addRow("&Device", self.device)
        self.fold = QToolButton()
        self.fold.setText("&Advanced")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setAutoRaise(True)
        self.fold.toggled.connect(self._on_folded)
        self._advanced = QWidget()
        advanced = QFormLayout(self._advanced)
        advanced.setContentsMargins(0, 0, 0, 0)
        advanced.setHorizontalSpacing(theme.MARGIN)
        self._editors: dict[str, QSpinBox | QDoubleSpinBox] = {}
        for each in fields(Settings):
            if each.metadata:
                editor = _editor(each)
                label = QLabel(each.metadata["label"])
                label.setToolTip(editor.toolTip())
                label.setBuddy(editor)
                advanced.addRow(label, editor)
                editor.valueChanged.connect(self.edited)
                self._editors[each.name] = editor
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(theme.heading("Settings"))
        layout.addLayout(form)
        layout.addWidget(self.fold)
        layout.addWidget(self._advanced)
        self._on_folded(False)
        self.show_settings(self._base)

    def settings(self) -> Settings:
        """The settings as they stand."""
        values: dict[str, Any] = {name: editor.value() for name, editor in self._editors.items()}
        return replace(self._base, device=self.device.currentData(), **values)

    def show_settings(self, settings: Settings) -> None:
        """Fills the panel."""
        self._base = settings
        self.preset.setCurrentIndex(self.preset.findData(settings.preset))
        self._description.setText(_DESCRIPTIONS[settings.preset])
        index = self.device.findData(settings.device)
        self.device.setCurrentIndex(max(index, 0))
        for name, editor in self._editors.items():
            editor.setValue(getattr(settings, name))
        self.edited.emit()

    def set_channels(self, channels: int) -> None:
        """Grey or colour: the `paper` preset has published numbers for each."""
        if channels != self._channels:
            self._channels = channels
            if self._base.preset == "paper":
                self._on_preset_chosen()

    def editor(self, name: str) -> QSpinBox | QDoubleSpinBox:
        """The editor of one advanced setting."""
        return self._editors[name]

    @Slot()
    def _on_preset_chosen(self) -> None:
        chosen = preset(self.preset.currentData(), self._channels)
        self.show_settings(
            replace(chosen, device=self.device.currentData(), seed=self._editors["seed"].value())
        )

    @Slot(bool)
    def _on_folded(self, unfolded: bool) -> None:
        self._advanced.setVisible(unfolded)
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.fold.setArrowType(arrow)


class _PlainSpinBox(QDoubleSpinBox):
    """Shows 0.3 as 0.3, not as 0.300000."""

    def textFromValue(self, value: float) -> str:
        """The shortest text for a value."""
        return self.locale().toString(value, "g", 6)


def _editor(each: Field[Any]) -> QSpinBox | QDoubleSpinBox:
    editor: QSpinBox | QDoubleSpinBox
    if isinstance(each.default, int):
        editor = QSpinBox()
        editor.setGroupSeparatorShown(each.name != "seed")
        editor.setRange(int(each.metadata["low"]), int(each.metadata["high"]))
        editor.setSingleStep(1 if each.name == "seed" else 50)
    else:
        editor = _PlainSpinBox()
        editor.setDecimals(6)
        editor.setRange(each.metadata["low"], each.metadata["high"])
        editor.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    if each.name in _AUTOMATIC:
        editor.setSpecialValueText(_AUTOMATIC[each.name])
    editor.setToolTip(f"<p>{each.metadata['tooltip']}</p>")
    return editor
