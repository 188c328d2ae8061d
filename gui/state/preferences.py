"""What a person prefers, kept between two starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt

from engine.data import catalogue
from engine.runtime.devices import DEVICES
from gui.toolkit import stored
from gui.toolkit.dialogs import RESULTS_FOLDER
from gui.toolkit.scheme import stored_scheme

NEVER = 0
COPY_SECONDS = (20, 60, 300, NEVER)
"""How far two copies of a run that is on lie apart at most; the first is the default."""


@dataclass(frozen=True)
class Preferences:
    """Everything that the preferences dialog sets.

    Attributes:
        device: what the window starts with, one of `engine.runtime.devices.DEVICES`.
        scheme: light, dark, or like the system.
        results: where save dialogs begin; None is where something was saved last.
        data_sets: folder of the data sets that are known by name.
        copy_seconds: one of `COPY_SECONDS`.
        opens_last_run: whether the window starts with the last run.
        keeps_images: whether sessions hold the images that they were scored against.
    """

    device: str = "auto"
    scheme: Qt.ColorScheme = Qt.ColorScheme.Unknown
    results: Path | None = None
    data_sets: Path | None = None
    copy_seconds: int = COPY_SECONDS[0]
    opens_last_run: bool = False
    keeps_images: bool = False

    @property
    def keeps_copies(self) -> bool:
        """Whether copies of runs and trainings are kept at all."""
        return self.copy_seconds != NEVER


def load() -> Preferences:
    """The preferences as they are stored; what cannot be read is as it was at first."""
    device = stored.text("device", "auto")
    seconds = stored.number("copy_seconds", COPY_SECONDS[0], 0, max(COPY_SECONDS))
    return Preferences(
        device=device if device in DEVICES else "auto",
        scheme=stored_scheme(),
        results=stored.folder(RESULTS_FOLDER),
        data_sets=stored.folder("data_root"),
        copy_seconds=seconds if seconds in COPY_SECONDS else COPY_SECONDS[0],
        opens_last_run=stored.flag("opens_last_run", False),
        keeps_images=stored.flag("keeps_images", False),
    )


def save(preferences: Preferences) -> None:
    """Stores preferences."""
    stored.store("device", preferences.device)
    stored.store("scheme", preferences.scheme.name)
    stored.store("copy_seconds", preferences.copy_seconds)
    stored.store("opens_last_run", preferences.opens_last_run)
    stored.store("keeps_images", preferences.keeps_images)
    for key, path in ((RESULTS_FOLDER, preferences.results), ("data_root", preferences.data_sets)):
        if path is None:
            stored.forget(key)
        else:
            stored.store_folder(key, path)


def data_folder() -> Path:
    """Where the data sets lie that are known by name."""
    return stored.folder("data_root") or catalogue.cache_folder()
