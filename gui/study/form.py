"""A study is planned by choosing: where it starts from, what is varied, how much of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.base.plain_text import plain
from engine.base.resources import STUDIES
from engine.data.catalogue import KNOWN
from engine.reconstruction.settings import Settings
from engine.study.pool import processors
from gui.state.preferences import data_folder
from gui.study.draft import MOST_SEEDS, Draft, of_checkpoints, ready_made
from gui.study.reading_dialog import ReadingDialog
from gui.study.values import ValuesEditor
from gui.toolkit import dialogs, theme
from gui.toolkit.folder_choice import FolderChoice

_MOST_STEPS, _MOST_SECONDS = 1_000_000, 100_000
_STEPS = Settings.steps


class StudyForm(QWidget):
    """Shows a `Draft`, and makes others of it."""

    edited = Signal()
    """Emitted when something else has been chosen."""

    open_wanted = Signal()
    """Emitted when a study's file is to be opened."""

    save_wanted = Signal()
    """Emitted when what is chosen is to be written to a file."""

    complained = Signal(str)
    """Emitted with a sentence where something was no value."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = ready_made(STUDIES[0]).with_data_root(data_folder())
        self._make_choices()
        self._make_numbers()
        self.outlook = theme.value_label()
        self.outlook.setAccessibleName("What the study comes to")
        self._lay_out()
        self.values.edited.connect(self._take_values)
        self.values.complained.connect(self.complained)
        self.show_draft(self.draft)

    def _make_choices(self) -> None:
        self.start = QComboBox()
        self.start.setAccessibleName("Starts from")
        self.start.setToolTip("A ready-made question, or networks that are there.")
        for name in STUDIES:
            self.start.addItem(ready_made(name).name, name)
        self.start.addItem("These checkpoints", "")
        self.start.activated.connect(self._begin_anew)
        self.open_button, self.save_button = QPushButton("&Open…"), QPushButton("Save &As…")
        self.open_button.setToolTip("Opens the plan of a study (.toml); dropping it does so, too.")
        self.save_button.setToolTip("Writes the plan to a file (.toml), for the command line, too.")
        self.open_button.clicked.connect(self.open_wanted)
        self.save_button.clicked.connect(self.save_wanted)
        self.values = ValuesEditor()
        self.images, self.images_button = QComboBox(), QPushButton("F&ile…")
        self.images.setAccessibleName("Training images")
        self.images.setToolTip("What the networks of the study are trained on.")
        self.images.activated.connect(self._take_images)
        self.images_button.setToolTip("Trains on images from a file.")
        self.images_button.clicked.connect(self._choose_images)
        self.reading_button = QPushButton("&How They Are Read…")
        self.reading_button.setToolTip(
            "The base of fine-tuned checkpoints, and what their files do not say: shape, "
            "preprocessing, activation, architecture."
        )
        self.reading_button.clicked.connect(self._ask_for_reading)
        for button in (
            self.open_button,
            self.save_button,
            self.images_button,
            self.reading_button,
        ):
            button.setAutoDefault(False)
        self.data = FolderChoice("Folder for data sets", "the usual one", "images")
        self.data.setToolTip("Where MNIST and its like are looked for.")
        self.data.edited.connect(self._take_data)
        self.results = FolderChoice("Folder for the study", "asked for at the start", "results")
        self.results.setToolTip("Where the study lies; one that lies there already goes on.")
        self.results.edited.connect(self.edited)

    def _make_numbers(self) -> None:
        self.seeds = _spin("Seeds", 1, MOST_SEEDS, "Each run is made once for each seed.")
        self.steps = _spin("Steps a run", 1, _MOST_STEPS, "How many steps a search takes.")
        self.seconds = _spin(
            "Seconds a run",
            0,
            _MOST_SECONDS,
            "The longest that a run may take, with fewer steps if need be. Runs with a limit are "
            "not the same on two machines.",
        )
        self.seconds.setSpecialValueText("no limit")
        self.processes = _spin(
            "Processes", 0, 4 * processors(), "How many runs are made at a time, each on its own."
        )
        self.processes.setSpecialValueText("as many as fit")
        self.seeds.valueChanged.connect(lambda n: self._take(self.draft.with_seeds(n)))
        self.steps.valueChanged.connect(lambda n: self._take(self.draft.with_setting("steps", n)))
        self.seconds.valueChanged.connect(
            lambda n: self._take(self.draft.with_setting("seconds", n))
        )
        self.processes.valueChanged.connect(self.edited)

    def _lay_out(self) -> None:
        files = QHBoxLayout()
        for button in (self.open_button, self.save_button):
            files.addWidget(button)
        self._images_row = QWidget()
        images = QHBoxLayout(self._images_row)
        images.setContentsMargins(0, 0, 0, 0)
        images.addWidget(self.images, 1)
        images.addWidget(self.images_button)
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(theme.MARGIN)
        form.addRow("Images", self._images_row)
        for spin in (self.seeds, self.steps, self.seconds, self.processes):
            form.addRow(spin.accessibleName(), spin)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        rows.setSpacing(theme.SPACING)
        rows.addWidget(theme.heading("Plan"))
        rows.addWidget(self.start)
        rows.addLayout(files)
        rows.addWidget(theme.heading("Varied"))
        rows.addWidget(self.values)
        rows.addWidget(self.reading_button)
        rows.addLayout(form)
        for words, folder in (("Data sets", self.data), ("Folder of the study", self.results)):
            rows.addWidget(theme.secondary(words))
            rows.addWidget(folder)
        rows.addWidget(self.outlook)
        rows.addStretch(1)

    # --- showing ----------------------------------------------------------------------------

    def open_draft(self, draft: Draft, name: str) -> None:
        """Shows the plan of a file.

        Args:
            draft: what it says.
            name: what it is called among the studies to start from.
        """
        place = len(STUDIES) + 1  # After the ready-made ones, and the checkpoints.
        if self.start.count() == place:
            self.start.addItem("")
        self.start.setItemText(place, plain(name))
        self.start.setCurrentIndex(place)
        self.show_draft(draft)

    def show_draft(self, draft: Draft, anew: bool = True) -> None:
        """Shows a study; `anew` where it is another one, and not the same otherwise."""
        self.draft = draft
        self.values.show_draft(draft, anew)
        self._form.setRowVisible(self._images_row, draft.is_of_training)
        self.reading_button.setVisible(not draft.is_of_training)
        self._show_images()
        self.data.show_folder(draft.data_root)
        numbers = {
            self.seeds: draft.seeds,
            self.steps: draft.setting("steps", _STEPS),
            self.seconds: draft.setting("seconds", 0),
        }
        self.seeds.setMaximum(max(MOST_SEEDS, draft.seeds))
        for spin, value in numbers.items():
            spin.blockSignals(True)
            spin.setEnabled(value is not None)  # What the file varies has no single value.
            spin.setValue(int(float(value or 0)))
            spin.blockSignals(False)
        self.edited.emit()

    def _show_images(self) -> None:
        said = self.draft.said.get("training", {}).get("dataset", "")
        self.images.clear()
        for name, known in KNOWN.items():
            self.images.addItem(known.title, name)
        if isinstance(said, list):
            self.images.addItem(f"{len(said)} varied", said)
        elif said not in KNOWN:
            self.images.addItem(plain(Path(said).name or said), said)
        place = self.images.findData(said)
        self.images.setCurrentIndex(self.images.count() - 1 if place < 0 else place)

    # --- choosing ---------------------------------------------------------------------------

    def _take(self, draft: Draft) -> None:
        self.show_draft(draft, anew=False)

    @Slot(object)
    def _take_values(self, draft: Draft) -> None:
        self._take(draft)

    @Slot(int)
    def _begin_anew(self, place: int) -> None:
        name = self.start.itemData(place)
        if name is None:
            return
        draft = ready_made(name) if name else of_checkpoints([])
        self.show_draft(draft.with_data_root(self.data.folder))

    @Slot()
    def _take_images(self) -> None:
        self.use_images(self.images.currentData())

    @Slot()
    def _choose_images(self) -> None:
        dialogs.choose_file(
            self, "Images to train on", dialogs.IMAGES, lambda path: self.use_images(str(path))
        )

    def use_images(self, source: str) -> None:
        """Trains on these: the name of a known data set, or a path."""
        training = {**self.draft.said["training"], "dataset": source}
        self._take(Draft({**self.draft.said, "training": training}))

    @Slot()
    def _ask_for_reading(self) -> None:
        dialog = ReadingDialog(self.draft, self)
        dialog.chosen.connect(self._take_values)
        dialog.open()

    @Slot()
    def _take_data(self) -> None:
        self._take(self.draft.with_data_root(self.data.folder))


def _spin(name: str, low: int, high: int, tooltip: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setGroupSeparatorShown(True)
    spin.setAccessibleName(name)
    spin.setToolTip(f"<p>{tooltip}</p>")
    return spin
