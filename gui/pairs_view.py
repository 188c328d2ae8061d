"""Reconstructions beside the training images they match, with scores and the control's."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.live import Pairs
from engine.scoring import Evidence
from gui import theme

_TILE = 56
_TEXT_HEIGHT = 18
_SPACE = 10


class PairsView(QWidget):
    """The evidence panel: a headline, what it rests on, and the pairs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline = QLabel()
        font = self._headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setBold(True)
        self._headline.setFont(font)
        self._details = theme.secondary()
        self._grid = _PairGrid()
        scroll = QScrollArea()
        scroll.setWidget(self._grid)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Pairs of reconstruction and training image")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        layout.addWidget(theme.heading("Evidence"))
        layout.addWidget(self._headline)
        layout.addWidget(self._details)
        layout.addWidget(scroll, 1)
        self.setMinimumWidth(2 * (2 * _TILE + _SPACE) + 2 * theme.MARGIN + 22)
        self.clear()

    def clear(self) -> None:
        """References are there, but nothing has been scored yet."""
        self._headline.setText("—")
        self._details.setText("Scores appear here as the candidates drift.")
        self._grid.show_pairs(None)

    def show_pairs(self, pairs: Pairs) -> None:
        """Shows a score."""
        headline, details = describe(pairs.evidence)
        self._headline.setText(headline)
        self._details.setText(details)
        self._grid.show_pairs(pairs)

    @property
    def headline(self) -> str:
        """What the panel says in one phrase."""
        return self._headline.text()


def describe(evidence: Evidence) -> tuple[str, str]:
    """A score in words: the headline, and what it rests on."""
    train, control = evidence.train, evidence.control
    count = train.reference_count
    if control is None:
        return (
            f"{train.good} good of {count}",
            f"{evidence.rule}. Without a control set this is no claim yet: give images that the "
            "network never saw.",
        )
    return (
        f"{evidence.recovered} recovered of {count}",
        f"{train.good} good here, {control.good} of {control.reference_count} on the control, "
        f"whose best is {control.best:.2f} ({evidence.rule}).",
    )


class _PairGrid(QWidget):
    """Pairs in rows, each with its score below; recovered ones stand out."""

    def __init__(self) -> None:
        super().__init__()
        self._pairs: Pairs | None = None
        self._tiles: list[tuple[QImage, QImage]] = []

    def show_pairs(self, pairs: Pairs | None) -> None:
        """Shows other pairs."""
        if pairs is self._pairs and pairs is not None:
            return
        self._pairs = pairs
        self._tiles = []
        if pairs is not None:
            self._tiles = [
                (_image(a), _image(b)) for a, b in zip(pairs.reconstructed, pairs.real, strict=True)
            ]
        self._fit_height()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the pairs anew."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the pairs that are in sight."""
        if self._pairs is None:
            return
        painter = QPainter(self)
        for index, (reconstructed, real) in enumerate(self._tiles):
            cell = self._cell(index)
            if not cell.intersects(event.rect()):
                continue
            left = QRect(cell.x(), cell.y(), _TILE, _TILE)
            painter.drawImage(left, reconstructed)
            painter.drawImage(left.translated(_TILE + 1, 0), real)
            recovered = self._pairs.is_recovered[index]
            font = painter.font()
            font.setBold(recovered)
            painter.setFont(font)
            quiet = self.palette().color(QPalette.ColorRole.PlaceholderText)
            painter.setPen(theme.accent() if recovered else quiet)
            text = QRect(cell.x(), cell.y() + _TILE, 2 * _TILE, _TEXT_HEIGHT)
            mark = "✓ " if recovered else ""
            painter.drawText(
                text, Qt.AlignmentFlag.AlignCenter, f"{mark}{self._pairs.measure[index]:.2f}"
            )
        painter.end()

    def sizeHint(self) -> QSize:
        """Two columns of pairs."""
        return QSize(2 * (2 * _TILE + _SPACE), 200)

    def _columns(self) -> int:
        return max(1, (self.width() + _SPACE) // (2 * _TILE + 1 + _SPACE))

    def _cell(self, index: int) -> QRect:
        row, column = divmod(index, self._columns())
        width, height = 2 * _TILE + 1, _TILE + _TEXT_HEIGHT
        return QRect(column * (width + _SPACE), row * (height + _SPACE // 2), width, height)

    def _fit_height(self) -> None:
        height = self._cell(len(self._tiles) - 1).bottom() + 1 if self._tiles else 0
        self.setMinimumHeight(height)


def _image(tile: np.ndarray) -> QImage:
    """A tile as an image of its own."""
    height, width = tile.shape[:2]
    grey = tile.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    data = np.ascontiguousarray(tile)
    return QImage(data.data, width, height, width * (1 if grey else 3), kind).copy()
