"""The images that the training form means: read, or downloaded where they are not there yet."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.base.errors import UnusableInput
from engine.base.plain_text import percent
from engine.data import catalogue
from engine.data.datasets import TrainingData
from gui.run.run_bar import duration
from gui.toolkit import dialogs
from gui.toolkit.background import Background, always
from gui.toolkit.task import Task
from gui.training.form import TrainingForm
from gui.training.preview import Found, find

_READING_DELAY = 400


class TrainingImages(QObject):
    """Follows the form; files are read, and fetched, in the background."""

    found = Signal(object)
    """Emitted with a `Found`, once reading has come to something."""

    changed = Signal()
    """Emitted when images are there or no longer count, and when a download begins or ends."""

    def __init__(self, form: TrainingForm, background: Background) -> None:
        super().__init__(form)
        self._form, self._background = form, background
        self._data: TrainingData | None = None
        self._readings = 0
        self._download: Task | None = None
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_READING_DELAY)
        self._delay.timeout.connect(self._read)
        form.data_edited.connect(self._on_edited)
        form.download_wanted.connect(self._on_download_wanted)

    @property
    def data(self) -> TrainingData | None:
        """The images that the form means, once they are read."""
        return self._data

    @property
    def is_downloading(self) -> bool:
        """Whether a data set is being fetched."""
        return self._download is not None

    # --- reading ----------------------------------------------------------------------------

    def need(self) -> None:
        """Reads the images, if none are there yet."""
        if self._data is None:
            self._on_edited()

    @Slot()
    def _on_edited(self) -> None:
        """Waits a moment, for another key may be pressed; what was read no longer counts."""
        self._readings += 1
        self._data = None
        self._delay.start()
        self.changed.emit()

    def end(self) -> None:
        """Reads nothing more; the window closes."""
        self._delay.stop()

    @Slot()
    def _read(self) -> None:
        source, known = self._form.source, self._form.known
        if source is None:
            self._take(Found(sentence="Choose a file or a folder with images."))
            return
        try:
            selection = self._form.selection()
        except UnusableInput as error:
            self._take(Found(sentence=str(error)))
            return
        root, reading = self._form.root, self._readings
        name = catalogue.KNOWN[known].title if known else Path(source).name
        self._background.start(
            f"Reading {name} …",
            lambda _: find(source, selection, root),
            self._take,
            lambda: reading == self._readings,
        )

    def _take(self, found: Found) -> None:
        self._data = found.data
        self.found.emit(found)
        if self._form.known is not None and not self.is_downloading:
            self._form.show_presence(
                "not here yet" if found.is_missing else f"in {self._form.root}", found.is_missing
            )
        self.changed.emit()

    # --- downloading ------------------------------------------------------------------------

    @Slot()
    def _on_download_wanted(self) -> None:
        if self._download is not None:
            self._download.cancel()
            return
        name = self._form.known
        if name is None:
            return
        known = catalogue.KNOWN[name]
        dialogs.ask(
            self._form,
            f"Download {known.title}?",
            f"{known.megabytes} MB come from where torchvision gets them, are checked, and are "
            f"kept in {self._form.root}. Nothing is sent.",
            "&Download",
            lambda: self.download(name),
        )

    def download(self, name: str) -> None:
        """Fetches a known data set in the background; a second click on the button cancels."""
        root, title = self._form.root, catalogue.KNOWN[name].title
        self._download = self._background.start(
            f"Downloading {title} …",
            lambda progress: catalogue.download(name, root, progress),
            lambda _: None,
            always,
        )
        self._form.download.setText("Cancel")
        self.changed.emit()
        started = time.monotonic()

        def show(share: float) -> None:
            taken = time.monotonic() - started
            left = f", {duration(taken * (1 - share) / share)} left" if share > 0.01 else ""
            self._form.show_presence(f"downloading {title}: {percent(share)}{left}", True)

        self._download.progressed.connect(show)
        self._download.finished.connect(self._on_download_finished)

    @Slot()
    def _on_download_finished(self) -> None:
        """Done, failed or cancelled: looks at what is there now."""
        self._download = None
        self._form.download.setText("Download…")
        self._form.show_presence("", False)
        self._on_edited()
