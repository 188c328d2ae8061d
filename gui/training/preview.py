"""The images that a network would be trained on, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted
from engine.data import catalogue
from engine.data.datasets import Selection, TrainingData, training_data
from engine.data.pixels import Pixels, real_pixels
from engine.evidence.scoring import on_one_scale
from engine.network.classes import Classes
from engine.runtime.lazy import torch
from engine.viewing.mosaic import Mosaic, make_mosaic
from gui.toolkit import theme
from gui.toolkit.images import image_of
from gui.toolkit.layout import scrolled
from gui.toolkit.widgets import verbatim
from gui.views.mosaic import MosaicView

_MOST_SHOWN, _MOST_IN_A_ROW = 400, 40
_MOST_ROWS = 50
_TILE, _GAP = 48, 2
_NAME_WIDTH = 130


@dataclass(frozen=True)
class Found:
    """What came of reading images.

    Attributes:
        data: the images; None if they cannot be had.
        mosaics: those of each of two classes, as many as can be told apart; else empty.
        rows: the first images of each of more classes, uint8, shape (k, h, w) or (k, h, w, 3).
        sentence: why they cannot be had.
        is_missing: whether a download would help.
    """

    data: TrainingData | None = None
    mosaics: tuple[Mosaic, ...] = ()
    rows: tuple[Pixels, ...] = ()
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
    if len(data.label_names) == 2:
        return Found(data, mosaics=_mosaics(data))
    return Found(data, rows=_rows(data))


class TrainingPreview(QStackedWidget):
    """Two classes side by side, or more of them one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sides = (_Side("first class"), _Side("second class"))
        two = QWidget()
        columns = QHBoxLayout(two)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(theme.SPACING)
        for side in self.sides:
            columns.addWidget(side, 1)
        self.rows = _Rows()
        scroll = scrolled(self.rows)
        scroll.setAccessibleName("Images of each class")
        self.addWidget(two)
        self.addWidget(scroll)
        self._data: TrainingData | None = None

    def show_found(self, found: Found, outputs: int) -> None:
        """Shows the images, or nothing where there are none.

        Args:
            found: what came of reading them.
            outputs: C of the network that they would train, which decides their labels.
        """
        self._data = found.data
        self.setCurrentIndex(1 if found.rows else 0)
        self.rows.show_rows(found.rows)
        for place, side in enumerate(self.sides):
            if found.mosaics:
                side.mosaic.show_mosaic(found.mosaics[place])
            else:
                side.clear()
        self.show_names(outputs)

    def show_names(self, outputs: int) -> None:
        """Says what the classes are called by a network of so many outputs."""
        if self._data is None:
            return
        names, counts = self._data.label_names, self._data.counts
        classes = Classes(outputs, names)
        if len(names) == 2:
            for side, label, count in zip(self.sides, classes.labels, counts, strict=True):
                name, number = classes.name(label), Classes(outputs).name(label)
                as_label = f" · label {number}" if number != name else ""
                side.show_name(f"Class {name} · {counted(count, 'images')}{as_label}")
        else:
            self.rows.show_names([classes.numbered(label) for label in classes.labels], counts)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for side in self.sides:
            side.mosaic.restyle()


class _Side(QWidget):
    """One of two classes: its name, and its images."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = QLabel(name)
        self.mosaic = MosaicView("The images appear here.")
        self.mosaic.setAccessibleName(f"Images of the {name}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._name)
        layout.addWidget(self.mosaic, 1)

    @property
    def name(self) -> str:
        """What is said above the images."""
        return self._name.text()

    def show_name(self, name: str) -> None:
        """Says what the class is called."""
        self._name.setText(name)

    def clear(self) -> None:
        """Shows nothing."""
        self._name.setText("")
        self.mosaic.clear()


class _Rows(QWidget):
    """Many classes: a row each, with its name on the left and its first images."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.SPACING)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(_MOST_ROWS + 1, 1)
        self._names: list[QLabel] = []
        self.strips: list[_Strip] = []
        self._more = theme.secondary()
        self._grid.addWidget(self._more, _MOST_ROWS, 0, 1, 2)

    @property
    def names(self) -> list[str]:
        """What is said beside each row that is shown."""
        return [label.text() for label in self._names]

    @property
    def more(self) -> str:
        """What is said below of classes that have no row."""
        return self._more.text()

    def show_rows(self, rows: tuple[Pixels, ...]) -> None:
        """Shows other images, as many rows as there are."""
        for label, strip in zip(self._names, self.strips, strict=True):
            for part in (label, strip):
                self._grid.removeWidget(part)
                part.deleteLater()
        self._names, self.strips = [], []
        for place, images in enumerate(rows):
            label, strip = theme.secondary(), _Strip([image_of(image) for image in images])
            label.setFixedWidth(_NAME_WIDTH)
            self._grid.addWidget(label, place, 0)
            self._grid.addWidget(strip, place, 1)
            self._names.append(label)
            self.strips.append(strip)

    def show_names(self, names: list[str], counts: tuple[int, ...]) -> None:
        """Says what the classes are called, and how many images each has."""
        said = zip(self._names, self.strips, names, counts, strict=False)
        for label, strip, name, count in said:
            label.setText(f"{name}\n{counted(count, 'images')}")
            label.setToolTip(verbatim(name))
            strip.setAccessibleName(f"Images of {name}")
        left = len(names) - len(self._names)
        self._more.setText(f"and {left:,} more" if left else "")


class _Strip(QWidget):
    """Images in a row, as many whole ones as there is room for."""

    def __init__(self, images: list[QImage]) -> None:
        super().__init__()
        self._images = images
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """All of them."""
        return QSize(len(self._images) * (_TILE + _GAP), _TILE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws those that fit."""
        painter = QPainter(self)
        room = max(1, (self.width() + _GAP) // (_TILE + _GAP))
        for place, image in enumerate(self._images[:room]):
            size = image.size().scaled(_TILE, _TILE, Qt.AspectRatioMode.KeepAspectRatio)
            area = QRect(QPoint(place * (_TILE + _GAP), 0), size)
            painter.drawImage(area, image)
        painter.end()


def _mosaics(data: TrainingData) -> tuple[Mosaic, ...]:
    """The images of each class, as many as can be told apart."""
    found, every = [], on_one_scale(data.train.images, data.train.images)
    for label in range(len(data.label_names)):
        images = every[data.train.labels == label][:_MOST_SHOWN]
        found.append(make_mosaic(images, torch.arange(len(images)), None))
    return tuple(found)


def _rows(data: TrainingData) -> tuple[Pixels, ...]:
    """The first images of each of the first classes."""
    classes = range(min(len(data.label_names), _MOST_ROWS))
    every = on_one_scale(data.train.images, data.train.images)
    return tuple(
        real_pixels(every[data.train.labels == label][:_MOST_IN_A_ROW]) for label in classes
    )
