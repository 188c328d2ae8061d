"""Many images in rows that scroll, each with its number and its class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from engine.data.pixels import Pixels
from gui.toolkit import theme
from gui.toolkit.elided import elided
from gui.toolkit.focus import FocusFrame
from gui.toolkit.images import image_of
from gui.toolkit.widgets import verbatim

_TILE = 72
_CELL = QSize(_TILE + 24, _TILE + 44)


class ImageGrid(QAbstractScrollArea):
    """Draws the images that are in sight, and looks at no others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: Pixels = np.zeros((0, 1, 1), np.uint8)
        self._classes: Sequence[str] = ()
        self._wrapped_at = 1
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip("Images as they are in their file, with number (from 0) and class.")
        self.verticalScrollBar().setSingleStep(_CELL.height() // 2)
        FocusFrame(self)

    def show_images(self, pixels: Pixels, classes: Sequence[str]) -> None:
        """Shows images from the first on.

        Args:
            pixels: uint8, shape (n, h, w) or (n, h, w, 3).
            classes: what the class of each is called.
        """
        self._pixels, self._classes = pixels, classes
        self.verticalScrollBar().setValue(0)
        self._fit()
        self.viewport().update()

    @property
    def in_sight(self) -> range:
        """Which images can be seen now, those that are cut by an edge included."""
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        first = top // _CELL.height() * self._columns
        end = ((top + height - 1) // _CELL.height() + 1) * self._columns
        return range(min(first, len(self._pixels)), min(end, len(self._pixels)))

    def described(self, place: QPoint) -> str:
        """What is at a place of the viewport: `12 · 7 (horse)`; empty where nothing is."""
        column = place.x() // _CELL.width()
        row = (place.y() + self.verticalScrollBar().value()) // _CELL.height()
        index = row * self._columns + column
        if column >= self._columns or not 0 <= index < len(self._pixels):
            return ""
        return f"{index} · {self._classes[index]}"

    @property
    def _columns(self) -> int:
        return max(1, self.viewport().width() // _CELL.width())

    def _fit(self) -> None:
        self._wrapped_at = self._columns
        rows = -(-len(self._pixels) // self._columns)
        page = self.viewport().height()
        self.verticalScrollBar().setPageStep(page)
        self.verticalScrollBar().setRange(0, max(0, rows * _CELL.height() - page))

    # --- what Qt asks for ---------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the images anew; the first that is in sight stays so."""
        first = self.verticalScrollBar().value() // _CELL.height() * self._wrapped_at
        super().resizeEvent(event)
        self._fit()
        self.verticalScrollBar().setValue(first // self._columns * _CELL.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the ends, as the other keys go by lines and pages."""
        bar = self.verticalScrollBar()
        if event.key() == Qt.Key.Key_Home:
            bar.setValue(0)
        elif event.key() == Qt.Key.Key_End:
            bar.setValue(bar.maximum())
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Says of an image under the pointer what it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.described(event.pos())
            QToolTip.showText(event.globalPos(), verbatim(words) if words else "", self)
            return True
        return super().viewportEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws what is in sight."""
        painter = QPainter(self.viewport())
        is_large = max(self._pixels.shape[1:3]) > _TILE
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_large)
        top = self.verticalScrollBar().value()
        for index in self.in_sight:
            row, column = divmod(index, self._columns)
            place = QPoint(column * _CELL.width(), row * _CELL.height() - top)
            self._draw(painter, QRect(place, _CELL), index)
        painter.end()

    def _draw(self, painter: QPainter, cell: QRect, index: int) -> None:
        image = image_of(self._pixels[index])
        size = image.size().scaled(_TILE, _TILE, Qt.AspectRatioMode.KeepAspectRatio)
        where = QRect(QPoint(), size)
        where.moveCenter(QPoint(cell.center().x(), cell.top() + theme.SPACING // 2 + _TILE // 2))
        painter.drawImage(where, image)
        line = painter.fontMetrics().height()
        words = QRect(cell.left(), cell.top() + _TILE + theme.SPACING, cell.width(), line)
        palette = self.palette()
        name = elided(self._classes[index], self.font(), cell.width() - theme.SPACING)
        for text, role in ((str(index), theme.QUIET), (name, QPalette.ColorRole.WindowText)):
            painter.setPen(palette.color(role))
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, text)
            words.translate(0, line)
