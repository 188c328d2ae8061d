"""The training page's left column: which images, which network, how far."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data import catalogue
from engine.data.datasets import Selection
from engine.data.labels import parse_names
from engine.network.network import Network
from engine.training.recipe import Recipe
from gui.state import preferences
from gui.state.undo import Entered
from gui.toolkit import dialogs, stored, theme
from gui.toolkit.menus import plain as without_mnemonic
from gui.toolkit.widgets import verbatim
from gui.training.base import BaseField
from gui.training.recipe_form import RecipeChoice, RecipeForm, field_form

_OWN = "own"
_ROWS = {
    "dataset": "&Images",
    "classes": "C&lasses",
    "class_names": "Na&mes",
    "per_class": "&Of each",
    "draw": "&Which",
}


class TrainingForm(QWidget):
    """Edits a `Selection` of a source, and a `Recipe`."""

    edited = Signal()
    """Emitted with either of the two below."""

    data_edited = Signal()
    """Emitted when other images are meant."""

    recipe_edited = Signal()

    download_wanted = Signal()

    base_missing = Signal()
    """Emitted when a recipe is chosen that begins with a network, and none is there yet."""

    labels: ClassVar = {
        **{name: without_mnemonic(text) for name, text in _ROWS.items()},
        "base": "Base",
        "own": without_mnemonic(_ROWS["dataset"]),
        "recipe": "Recipe",
        **RecipeForm.labels,
    }
    leading = frozenset({"dataset", "own", "recipe", "base"})

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own: Path | None = None
        self.recipe_choice = RecipeChoice()
        self.base = BaseField()
        self.network = RecipeForm(devices)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        layout.addWidget(self.recipe_choice)
        layout.addWidget(self.base)
        layout.addSpacing(theme.SPACING)
        self._build_data(layout)
        layout.addSpacing(theme.SPACING)
        layout.addWidget(self.network)
        layout.addStretch(1)
        self._on_source_chosen()
        self._on_recipe_edited()
        self.network.options.editor("seed").valueChanged.connect(self._on_seed_changed)
        self.network.edited.connect(self._on_recipe_edited)
        self.base.edited.connect(self._on_recipe_edited)
        self.recipe_choice.chosen.connect(self._on_recipe_chosen)
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
        """Which images of the source.

        Raises:
            UnusableInput: a name of a class is empty.
        """
        return Selection(
            self.classes.text().strip(),
            self.per_class.value(),
            self.network.seed if self.draw.currentIndex() else None,
            parse_names(self.class_names.text()),
        )

    def recipe(self) -> Recipe:
        """How to train.

        Raises:
            UnusableInput: the widths are no numbers, two settings do not go together, or there is
                nothing to fine-tune.
        """
        if self.recipe_choice.needs_base and self.base_network is None:
            raise UnusableInput(
                "Fine-tuning begins with a network that is there already, and none was chosen.",
                "Choose the base below the recipe.",
            )
        return self.network.recipe(self.base_network)

    @property
    def base_network(self) -> Network | None:
        """What is fine-tuned; None of a recipe that begins anew."""
        chosen = self.base.chosen
        return chosen.network if self.recipe_choice.needs_base and chosen is not None else None

    def outputs(self, classes: int) -> int:
        """C of the network that is meant, for so many classes."""
        return self.network.outputs(classes, self.base_network)

    def entered(self) -> Entered:
        """What stands in the form."""
        return Entered(
            {
                **self._images_entered(),
                "recipe": self.recipe_choice.name,
                "base": self.base.chosen,
                **self.network.values(),
            }
        )

    def _images_entered(self) -> dict[str, Any]:
        return {
            "dataset": self.dataset.currentData(),
            "own": self._own,
            "classes": self.classes.text(),
            "class_names": self.class_names.text(),
            "per_class": self.per_class.value(),
            "draw": self.draw.currentIndex(),
        }

    def show_entered(self, entered: Entered) -> None:
        """Fills the form with what once stood in it; images are read anew only where others are."""
        values = entered.values
        before = self._images_entered(), self.network.seed
        was_blocked = self.blockSignals(True)
        self._own = values["own"]
        self.dataset.setCurrentIndex(self.dataset.findData(values["dataset"]))
        self.classes.setText(values["classes"])
        self.class_names.setText(values["class_names"])
        self.per_class.setValue(values["per_class"])
        self.draw.setCurrentIndex(values["draw"])
        self.recipe_choice.choose(values["recipe"])
        self.base.show_chosen(values["base"])
        self.network.show_values(values)
        self.blockSignals(was_blocked)
        images, seed = self._images_entered(), self.network.seed
        if images != before[0] or (images["draw"] and seed != before[1]):
            self._show_source()
            self.data_edited.emit()
        self.recipe_edited.emit()

    def choose_device(self, name: str) -> None:
        """Chooses a device as a person would."""
        self.network.device.choose(name)
        self.recipe_edited.emit()

    def set_editable(self, editable: bool) -> None:
        """While a training is on, everything stays as it is."""
        for child in (self.recipe_choice, self.base, self._data, self.network):
            child.setEnabled(editable)

    def show_presence(self, text: str, can_download: bool) -> None:
        """Says where the images are, or that they are not there yet."""
        self._presence.setText(plain(text))
        self._presence.setToolTip(verbatim(text))
        self.download.setVisible(can_download)

    def use_own(self, path: Path) -> None:
        """Takes a folder or a file as the source."""
        self._own = path
        self.dataset.setCurrentIndex(self.dataset.findData(_OWN))
        self.classes.clear()
        self.class_names.clear()
        self._on_source_chosen()

    # --- building ---------------------------------------------------------------------------

    def _build_data(self, layout: QVBoxLayout) -> None:
        self._data = QWidget()
        self.dataset = QComboBox()
        self.dataset.setToolTip("What the network is trained on.")
        for name, known in catalogue.KNOWN.items():
            self.dataset.addItem(known.title, name)
        self.dataset.addItem("A folder, .npz or .csv of my own", _OWN)
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
        self.choose_file.setToolTip(
            "An .npz with “images” and “labels”, or a .csv with one row an example."
        )
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
        self.classes.setPlaceholderText("all, each by itself")
        self.classes.setToolTip(
            "<p>Which classes the network tells apart: odd/even, vehicles/animals, “0,1 vs 2,3”, "
            "“7 vs rest”, “0,1 vs 2,3 vs 4” make groups; “0,1,2” or “cat, dog, horse” takes these, "
            "each by itself. Leave it empty for all that there are.</p>"
        )
        self.classes.textChanged.connect(self.data_edited)
        self.class_names = QLineEdit()
        self.class_names.setPlaceholderText("as they are called")
        self.class_names.setToolTip(
            "<p>Names of your own for the classes, in their order, with commas between: “low, "
            "high”.</p>"
        )
        self.class_names.textChanged.connect(self.data_edited)
        self.per_class = QSpinBox()
        self.per_class.setRange(1, 100_000)
        self.per_class.setValue(50)
        self.per_class.setGroupSeparatorShown(True)
        self.per_class.setToolTip("How many images of each class.")
        self.per_class.valueChanged.connect(self.data_edited)
        self.draw = QComboBox()
        self.draw.addItems(["The first that come", "Drawn with the seed"])
        self.draw.setToolTip("Which images: the first, as the paper does, or a random choice.")
        self.draw.activated.connect(self.data_edited)
        form = field_form()
        form.addRow(_ROWS["dataset"], self.dataset)
        form.addRow("", self._presence)
        form.addRow("", buttons)
        form.addRow(_ROWS["classes"], self.classes)
        form.addRow(_ROWS["class_names"], self.class_names)
        form.addRow(_ROWS["per_class"], self.per_class)
        form.addRow(_ROWS["draw"], self.draw)
        column = QVBoxLayout(self._data)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(theme.heading("Images"))
        column.addLayout(form)
        layout.addWidget(self._data)

    # --- reacting ---------------------------------------------------------------------------

    @Slot()
    def _on_dataset_activated(self) -> None:
        known = self.known
        self.classes.setText("" if known is None else catalogue.KNOWN[known].rule)
        self.class_names.clear()
        self._on_source_chosen()

    @Slot()
    def _on_recipe_chosen(self) -> None:
        if self.recipe_choice.needs_base and self.base.chosen is None:
            self.base_missing.emit()
        self.network.take(self.recipe_choice.name)

    @Slot()
    def _on_recipe_edited(self) -> None:
        needs_base = self.recipe_choice.needs_base
        self.base.setVisible(needs_base)
        self.network.leave_layers_to_base(needs_base)
        self.recipe_choice.show_words(not self.network.holds(self.recipe_choice.name))
        self.recipe_edited.emit()

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
        dialogs.choose_file(self, "Images to train on", dialogs.IMAGES, self.use_own)

    @Slot()
    def _choose_folder(self) -> None:
        dialogs.choose_folder(self, "Folder with one subfolder a class", self.use_own)
