"""A film that plays in a corner of a dialog, at its own pace."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from gui.toolkit import theme
from gui.toolkit.images import image_of

_SIDE = 320
_EDGE = 1


class FilmView(QFrame):
    """Shows frames one after the other, over and over; pixels stay squares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(_SIDE // 2, _SIDE // 2)
        self.setAccessibleName("Preview")
        self._images: list[QImage] = []
        self._milliseconds: list[int] = []
        self._shown = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._advance)

    @property
    def shown(self) -> int:
        """The number of the frame in sight."""
        return self._shown

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._images)

    def play(self, frames: list[np.ndarray], delays: list[int]) -> None:
        """Plays from the start.

        Args:
            frames: uint8, (H, W) or (H, W, 3); one alone stands still.
            delays: hundredths of a second that each is shown.
        """
        self._images = [image_of(frame) for frame in frames]
        self._milliseconds = [10 * delay for delay in delays]
        self._shown = 0
        self._timer.stop()
        if len(frames) > 1:
            self._timer.start(self._milliseconds[0])
        self.update()

    def clear(self) -> None:
        """Shows nothing."""
        self.play([], [])

    def stop(self) -> None:
        """Stands still."""
        self._timer.stop()

    @Slot()
    def _advance(self) -> None:
        self._shown = (self._shown + 1) % len(self._images)
        self._timer.start(self._milliseconds[self._shown])
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a mosaic."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the frame that is on, as large as fits."""
        painter = QPainter(self)
        room = self.rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        painter.fillRect(room, theme.plot_background())
        if self._images:
            image = self._images[self._shown]
            size = image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(room.topLeft(), size)
            place.moveCenter(room.center())
            ratio = self.devicePixelRatioF()
            if size.width() * ratio < image.width():
                # Pixels that have to share a point are averaged; dropped, they would make patterns.
                image = image.scaled(size * ratio, mode=Qt.TransformationMode.SmoothTransformation)
            painter.drawImage(place, image)
        painter.end()
        super().paintEvent(event)
