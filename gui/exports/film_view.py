"""A film that plays in a corner of a dialog, at its own pace, and can be dragged out of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRect, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDrag, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QWidget

from gui.toolkit import theme

_SIDE = 320
_DRAGGED_WIDTH = 96
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
        self._file: Path | None = None
        self._pressed_at: QPoint | None = None
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

    @property
    def file(self) -> Path | None:
        """The file that holds what is shown, and is dragged out; None, as long as there is none."""
        return self._file

    @file.setter
    def file(self, path: Path | None) -> None:
        self._file = path
        self.setToolTip("" if path is None else "Drag it into a folder or another program")

    def play(self, images: list[QImage], delays: list[int]) -> None:
        """Plays from the start.

        Args:
            images: one after the other; one alone stands still.
            delays: hundredths of a second that each is shown.
        """
        self._images = images
        self._milliseconds = [10 * delay for delay in delays]
        self._shown = 0
        self._timer.stop()
        if len(images) > 1:
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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the file out, once there is one."""
        if self._pressed_at is None or self._file is None or not self._images:
            return
        way = event.position().toPoint() - self._pressed_at
        if way.manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed_at = None
        drag = QDrag(self)
        drag.setMimeData(self.mime_data(self._file))
        picture = QPixmap.fromImage(self._images[self._shown])
        drag.setPixmap(picture.scaledToWidth(_DRAGGED_WIDTH))
        drag.exec(Qt.DropAction.CopyAction)

    def mime_data(self, file: Path) -> QMimeData:
        """The path of a file, as other programs take it."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file))])
        return data

    def sizeHint(self) -> QSize:
        """Room for a mosaic."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the frame that is on, as large as fits."""
        painter = QPainter(self)
        room = self.rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        painter.fillRect(room, theme.plot_background())
        room.adjust(_EDGE, _EDGE, -_EDGE, -_EDGE)
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
            # Else a picture as dark or light as what is behind it has no end.
            painter.setPen(theme.plot_foreground())
            painter.drawRect(place.adjusted(-_EDGE, -_EDGE, 0, 0))
        painter.end()
        super().paintEvent(event)
