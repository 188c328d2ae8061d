"""The images that a network would be trained on, the two classes side by side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.base.errors import UnusableInput
from engine.data import catalogue
from engine.data.datasets import Selection, TrainingData, training_data
from engine.runtime.lazy import torch
from engine.viewing.mosaic import Mosaic, make_mosaic
from gui.toolkit import theme
from gui.views.mosaic import MosaicView

_MOST_SHOWN = 400


@dataclass(frozen=True)
class Found:
    """What came of reading images.

    Attributes:
        data: the images; None if they cannot be had.
        mosaics: those of each class, as many as can be told apart.
        sentence: why they cannot be had.
        is_missing: whether a download would help.
    """

    data: TrainingData | None = None
    mosaics: tuple[Mosaic, Mosaic] | None = None
    sentence: str = ""
    is_missing: bool = False


def find(source: str, selection: Selection, root: Path) -> Found:
    """Reads images to train on, or finds out why not; called on a thread."""
    try:
        data = training_data(source, selection, root)
    except catalogue.NotThere as error:
        return Found(sentence=str(error), is_missing=True)
    except (UnusableInput, OSError) as error:
        return Found(sentence=str(error))
    except Exception as error:  # Whatever odd files make a reader raise.
        return Found(sentence=f"The images cannot be read ({type(error).__name__}: {error}).")
    return Found(data, _mosaics(data))


class TrainingPreview(QWidget):
    """Both classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sides = (_Side("first class"), _Side("second class"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACING)
        for side in self.sides:
            layout.addWidget(side, 1)

    def show_found(self, found: Found) -> None:
        """Shows the images, or nothing where there are none."""
        if found.data is None or found.mosaics is None:
            for side in self.sides:
                side.clear()
            return
        names = found.data.label_names
        for side, mosaic, name, sign in zip(self.sides, found.mosaics, names, "−+", strict=True):
            side.show_side(f"{name} ({sign}1)", mosaic)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for side in self.sides:
            side.mosaic.restyle()


class _Side(QWidget):
    """One of the two classes: its name, and its images."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = QLabel(name)
        self.mosaic = MosaicView("The images appear here.")
        self.mosaic.setAccessibleName(f"Images of the {name}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._name)
        layout.addWidget(self.mosaic, 1)

    def show_side(self, name: str, mosaic: Mosaic) -> None:
        """Shows a class."""
        self._name.setText(name)
        self.mosaic.show_mosaic(mosaic)

    def clear(self) -> None:
        """Shows nothing."""
        self._name.setText("")
        self.mosaic.clear()


def _mosaics(data: TrainingData) -> tuple[Mosaic, Mosaic]:
    """The images of each class, as many as can be told apart."""
    found = []
    for label in (0, 1):
        images = data.train.images[data.train.labels == label][:_MOST_SHOWN]
        found.append(make_mosaic(images, torch.arange(len(images)), None))
    return found[0], found[1]
