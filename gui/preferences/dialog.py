"""The preferences: each counts as soon as it is chosen."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.data import catalogue
from gui.state.preferences import COPY_SECONDS, Preferences
from gui.toolkit import theme
from gui.toolkit.device_choice import DeviceChoice
from gui.toolkit.folder_choice import FolderChoice
from gui.toolkit.scheme import SCHEMES

_COPIES = ("Every 20 seconds", "Every minute", "Every 5 minutes", "Not at all")


class PreferencesDialog(QDialog):
    """Shows preferences, and says what was chosen instead."""

    chosen = Signal(object)
    """Emitted with other `Preferences` than before."""

    def __init__(self, devices: list[str], preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preferences")
        self._preferences = preferences
        self.device = DeviceChoice(devices)
        self.device.setToolTip("What the settings start with.")
        self.scheme, self.copies = QComboBox(), QComboBox()
        for words, scheme in SCHEMES.items():
            self.scheme.addItem(words.replace("&", ""), scheme)
        self.scheme.setToolTip("Also under View → Colours.")
        for words, seconds in zip(_COPIES, COPY_SECONDS, strict=True):
            self.copies.addItem(words, seconds)
        self.copies.setToolTip(
            "<p>How much of a run or a training a crash may cost at most. Without copies there "
            "is no last run to reopen or to go on with.</p>"
        )
        self.last_run = QCheckBox("Open the last &run at the start")
        self.keep_images = QCheckBox("Sessions hold the training and control &images")
        self.keep_images.setToolTip(
            "<p>Saved sessions then show their matches on any machine. Without this they hold "
            "where the images are, and find them again there.</p>"
        )
        self.results = FolderChoice(
            "Folder for results", "where something was saved last", "results"
        )
        self.results.setToolTip("Where dialogs for saving and exporting begin.")
        self.data_sets = FolderChoice(
            "Folder for data sets", str(catalogue.cache_folder()), "images"
        )
        self.data_sets.setToolTip("Where MNIST and its like are looked for, and downloaded to.")
        self._lay_out()
        self._show()
        for choice in (self.device, self.scheme, self.copies):
            choice.activated.connect(self._on_edited)
        for box in (self.last_run, self.keep_images):
            box.clicked.connect(self._on_edited)
        for folder in (self.results, self.data_sets):
            folder.edited.connect(self._on_edited)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.setVerticalSpacing(theme.SPACING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("C&olours", self.scheme)
        form.addRow("D&evice", self.device)
        form.addRow("&Keep a copy of runs", self.copies)
        form.addRow("", self.last_run)
        form.addRow("", self.keep_images)
        form.addRow("Re&sults", self.results)
        form.addRow("&Data sets", self.data_sets)
        for folder in (self.results, self.data_sets):
            label = form.labelForField(folder)
            assert isinstance(label, QLabel)
            label.setBuddy(folder.choose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.restore = QPushButton("Restore De&faults")
        self.restore.setToolTip("Everything here as it was at the very first start.")
        buttons.addButton(self.restore, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        self.restore.clicked.connect(self._restore)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.addLayout(form)
        rows.addSpacing(theme.SPACING)
        rows.addWidget(buttons)
        self.setMinimumWidth(600)

    def _show(self) -> None:
        preferences = self._preferences
        self.device.choose(preferences.device)
        self.scheme.setCurrentIndex(self.scheme.findData(preferences.scheme))
        self.copies.setCurrentIndex(self.copies.findData(preferences.copy_seconds))
        self.last_run.setChecked(preferences.opens_last_run)
        self.keep_images.setChecked(preferences.keeps_images)
        self.results.show_folder(preferences.results)
        self.data_sets.show_folder(preferences.data_sets)

    @Slot()
    def _on_edited(self) -> None:
        self._take(
            replace(
                self._preferences,
                device=self.device.currentData(),
                scheme=self.scheme.currentData(),
                copy_seconds=self.copies.currentData(),
                opens_last_run=self.last_run.isChecked(),
                keeps_images=self.keep_images.isChecked(),
                results=self.results.folder,
                data_sets=self.data_sets.folder,
            )
        )

    @Slot()
    def _restore(self) -> None:
        self._take(Preferences())
        self._show()

    def _take(self, preferences: Preferences) -> None:
        if preferences != self._preferences:
            self._preferences = preferences
            self.chosen.emit(preferences)
