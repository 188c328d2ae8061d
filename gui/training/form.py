"""The training page's left column: which images, which network, how far."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.base.plain_text import plain
from engine.data import catalogue
from engine.data.datasets import Selection
from engine.training.recipe import Recipe, parse_widths
from gui.state import preferences
from gui.state.undo import Entered
from gui.toolkit import dialogs, stored, theme
from gui.toolkit.device_choice import DeviceChoice
from gui.toolkit.menus import plain as without_mnemonic
from gui.toolkit.options_form import Fold, OptionsForm, labels_of
from gui.toolkit.widgets import verbatim

_OWN = "own"
_SCHEDULES = {"fast": "Fast: descent on log(loss)", "plain": "Plain: as published"}
_ROWS = {
    "dataset": "&Images",
    "classes": "C&lasses",
    "per_class": "&Of each",
    "draw": "&Which",
    "hidden": "Hidde&n layers",
    "schedule": "&Schedule",
    "dtype": "&Precision",
    "device": "&Device",
}
_SPECIAL = {
    "seconds": "none",
    "until_residual": "not looked at",
    "batch": "all",
}


class TrainingForm(QWidget):
    """Edits a `Selection` of a source, and a `Recipe`."""

    edited = Signal()
    """Emitted with either of the two below."""

    data_edited = Signal()
    """Emitted when other images are meant."""

    recipe_edited = Signal()

    download_wanted = Signal()

    labels: ClassVar = {
        **{name: without_mnemonic(text) for name, text in _ROWS.items()},
        "own": without_mnemonic(_ROWS["dataset"]),
        **labels_of(Recipe),
    }
    leading = frozenset({"dataset", "own"})

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own: Path | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        self._build_data(layout)
        layout.addSpacing(theme.SPACING)
        self._build_recipe(layout, devices)
        layout.addStretch(1)
        self._on_source_chosen()
        self.data_edited.connect(self.edited)
        self.recipe_edited.connect(self.edited)

    # --- what it says -----------------------------------------------------------------------

    @property
    def source(self) -> str | None:
        """A known data set's name, a path, or None where no file has been chosen yet."""
        if self.known is not None:
            return self.known
        return None if self._own is None else str(self._own)

    @property
    def known(self) -> str | None:
        """Name of the known data set that is chosen, if one is."""
        name = self.dataset.currentData()
        return None if name == _OWN else str(name)

    @property
    def root(self) -> Path:
        """Folder of the known data sets."""
        return preferences.data_folder()

    def selection(self) -> Selection:
        """Which images of the source."""
        seed = int(self.options.editor("seed").value()) if self.draw.currentIndex() else None
        return Selection(self.classes.text().strip(), self.per_class.value(), seed)

    def recipe(self) -> Recipe:
        """How to train.

        Raises:
            UnusableInput: the widths are no numbers, or two settings do not go together.
        """
        return Recipe(
            hidden=parse_widths(self.hidden.text()),
            schedule=self.schedule.currentData(),
            dtype="float64" if self.dtype.currentText() == "float64" else "float32",
            device=self.device.currentData(),
            **self.options.values(),
        )

    def entered(self) -> Entered:
        """What stands in the form."""
        values = {
            "dataset": self.dataset.currentData(),
            "own": self._own,
            "classes": self.classes.text(),
            "per_class": self.per_class.value(),
            "draw": self.draw.currentIndex(),
            "hidden": self.hidden.text(),
            "schedule": self.schedule.currentData(),
            "dtype": self.dtype.currentText(),
            "device": self.device.currentData(),
        }
        return Entered({**values, **self.options.values()})

    def show_entered(self, entered: Entered) -> None:
        """Fills the form with what once stood in it; images are read anew only where others are."""
        values = entered.values
        before = self.source, self.selection()
        was_blocked = self.blockSignals(True)
        self._own = values["own"]
        self.dataset.setCurrentIndex(self.dataset.findData(values["dataset"]))
        self.classes.setText(values["classes"])
        self.per_class.setValue(values["per_class"])
        self.draw.setCurrentIndex(values["draw"])
        self.hidden.setText(values["hidden"])
        self.schedule.setCurrentIndex(self.schedule.findData(values["schedule"]))
        self.dtype.setCurrentText(values["dtype"])
        self.device.choose(values["device"])
        self.options.show_values(values)
        self.blockSignals(was_blocked)
        if (self.source, self.selection()) != before:
            self._show_source()
            self.data_edited.emit()
        self.recipe_edited.emit()

    def choose_device(self, name: str) -> None:
        """Chooses a device as a person would."""
        self.device.choose(name)
        self.recipe_edited.emit()

    def set_editable(self, editable: bool) -> None:
        """While a training is on, everything stays as it is."""
        for child in (self._data, self._recipe):
            child.setEnabled(editable)

    def show_presence(self, text: str, can_download: bool) -> None:
        """Says where the images are, or that they are not there yet."""
        self._presence.setText(plain(text))
        self._presence.setToolTip(verbatim(text))
        self.download.setVisible(can_download)

    def use_own(self, path: Path) -> None:
        """Takes a folder or an `.npz` as the source."""
        self._own = path
        self.dataset.setCurrentIndex(self.dataset.findData(_OWN))
        self.classes.clear()
        self._on_source_chosen()

    # --- building ---------------------------------------------------------------------------

    def _build_data(self, layout: QVBoxLayout) -> None:
        self._data = QWidget()
        self.dataset = QComboBox()
        self.dataset.setToolTip("What the network is trained on.")
        for name, known in catalogue.KNOWN.items():
            self.dataset.addItem(known.title, name)
        self.dataset.addItem("A folder or .npz of my own", _OWN)
        self.dataset.activated.connect(self._on_dataset_activated)
        self._presence = theme.secondary()
        theme.let_wrap(self._presence)
        self.download = QPushButton("Download…")
        self.download.setToolTip("Fetches the images from their publisher, after a question.")
        self.download.clicked.connect(self.download_wanted)
        self.elsewhere = QPushButton("Other folder…")
        self.elsewhere.setToolTip("A folder that holds the data set as torchvision lays it out.")
        self.elsewhere.clicked.connect(self._choose_root)
        self.choose_file = QPushButton("File…")
        self.choose_file.setToolTip("An .npz with “images” and “labels”.")
        self.choose_file.clicked.connect(self._choose_file)
        self.choose_folder = QPushButton("Folder…")
        self.choose_folder.setToolTip("A folder with one subfolder a class.")
        self.choose_folder.clicked.connect(self._choose_folder)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACING)  # A form has none for what is in its rows.
        buttons.addStretch(1)
        for button in (self.download, self.elsewhere, self.choose_file, self.choose_folder):
            buttons.addWidget(button)
        self.classes = QLineEdit()
        self.classes.setToolTip(
            "<p>Two classes out of many: odd/even, vehicles/animals, “0,1 vs 2,3”, “cat vs dog”, "
            "“7 vs rest”. The first becomes −1, the second +1. Leave it empty where there are "
            "two classes only.</p>"
        )
        self.classes.textChanged.connect(self.data_edited)
        self.per_class = QSpinBox()
        self.per_class.setRange(1, 100_000)
        self.per_class.setValue(50)
        self.per_class.setGroupSeparatorShown(True)
        self.per_class.setToolTip("How many images of each of the two classes.")
        self.per_class.valueChanged.connect(self.data_edited)
        self.draw = QComboBox()
        self.draw.addItems(["The first that come", "Drawn with the seed"])
        self.draw.setToolTip("Which images: the first, as the paper does, or a random choice.")
        self.draw.activated.connect(self.data_edited)
        form = _form()
        form.addRow(_ROWS["dataset"], self.dataset)
        form.addRow("", self._presence)
        form.addRow("", buttons)
        form.addRow(_ROWS["classes"], self.classes)
        form.addRow(_ROWS["per_class"], self.per_class)
        form.addRow(_ROWS["draw"], self.draw)
        column = QVBoxLayout(self._data)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(theme.heading("Images"))
        column.addLayout(form)
        layout.addWidget(self._data)

    def _build_recipe(self, layout: QVBoxLayout, devices: list[str]) -> None:
        self._recipe = QWidget()
        defaults = Recipe()
        self.hidden = QLineEdit(", ".join(str(width) for width in defaults.hidden))
        self.hidden.setToolTip("Neurons in each hidden layer, with commas between.")
        self.hidden.textChanged.connect(self.recipe_edited)
        self.schedule = QComboBox()
        for name, text in _SCHEDULES.items():
            self.schedule.addItem(text, name)
        self.schedule.setToolTip(
            "<p>Both lead the same way. Plain gradient descent takes hundreds of times longer, "
            "and can go in mini-batches.</p>"
        )
        self.schedule.activated.connect(self.recipe_edited)
        self.dtype = QComboBox()
        self.dtype.addItems(["float32", "float64"])
        self.dtype.setToolTip("Precision of the weights.")
        self.dtype.activated.connect(self.recipe_edited)
        self.device = DeviceChoice(devices)
        self.device.activated.connect(self.recipe_edited)
        self.options = OptionsForm(Recipe, _SPECIAL)
        self.options.show_values(asdict(defaults))
        self.options.edited.connect(self.recipe_edited)
        self.options.editor("seed").valueChanged.connect(self._on_seed_changed)
        fold = Fold("&Advanced", self.options)
        self.fold = fold.button
        form = _form()
        form.addRow(_ROWS["hidden"], self.hidden)
        form.addRow(_ROWS["schedule"], self.schedule)
        form.addRow(_ROWS["dtype"], self.dtype)
        form.addRow(_ROWS["device"], self.device)
        column = QVBoxLayout(self._recipe)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(theme.heading("Network"))
        column.addLayout(form)
        column.addWidget(fold)
        layout.addWidget(self._recipe)

    # --- reacting ---------------------------------------------------------------------------

    @Slot()
    def _on_dataset_activated(self) -> None:
        known = self.known
        self.classes.setText("" if known is None else catalogue.KNOWN[known].rule)
        self._on_source_chosen()

    def _on_source_chosen(self) -> None:
        known = self.known
        if known is not None and not self.classes.text():
            self.classes.setText(catalogue.KNOWN[known].rule)
        self._show_source()
        self.data_edited.emit()

    def _show_source(self) -> None:
        known = self.known
        self.elsewhere.setVisible(known is not None)
        for button in (self.choose_file, self.choose_folder):
            button.setVisible(known is None)
        self.show_presence("" if self._own is None or known else self._own.name, False)

    @Slot()
    def _on_seed_changed(self) -> None:
        if self.draw.currentIndex():
            self.data_edited.emit()

    @Slot()
    def _choose_root(self) -> None:
        dialogs.choose_folder(self, "Folder with the data set", self.use_root)

    def use_root(self, folder: Path) -> None:
        """Looks for known data sets in another folder, now and later."""
        stored.store_folder("data_root", folder)
        self.look_again()

    def look_again(self) -> None:
        """Known data sets may be elsewhere now."""
        if self.known is not None:
            self._on_source_chosen()

    @Slot()
    def _choose_file(self) -> None:
        dialogs.choose_file(self, "Images to train on", "Images (*.npz)", self.use_own)

    @Slot()
    def _choose_folder(self) -> None:
        dialogs.choose_folder(self, "Folder with one subfolder a class", self.use_own)


def _form() -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(theme.MARGIN)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form
