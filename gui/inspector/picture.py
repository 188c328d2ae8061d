"""One image, as large as there is room; it can be copied and dragged to another program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QRect, QSize, Qt, QTemporaryDir, QUrl
from PySide6.QtGui import (
    QDrag,
    QGuiApplication,
    QImage,
    QImageWriter,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from engine.data.pixels import Pixels
from gui.toolkit import theme
from gui.toolkit.images import image_of

_TAKEN_AWAY_WIDTH = 256
_DRAGGED_WIDTH = 64


class Picture(QWidget):
    """Shows a tile, each of its pixels as a square or smoothly."""

    def __init__(self, name: str, least: int = 64, parent: QWidget | None = None) -> None:
        """
        Args:
            name: what it shows, for people who cannot see it, and of the file it is dragged as.
            least: its least width and height.
            parent: owner.
        """
        super().__init__(parent)
        self._image = QImage()
        self._is_smooth = False
        self._pressed_at: QPoint | None = None
        self._folder: QTemporaryDir | None = None
        self.file_name = "image.png"
        self.setAccessibleName(name)
        self.setMinimumSize(least, least)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_pixels(self, tile: Pixels | None) -> None:
        """Shows another tile, or nothing."""
        self._image = QImage() if tile is None else image_of(tile)
        self.update()

    def set_smooth(self, is_smooth: bool) -> None:
        """Smooths between pixels, or leaves each as a square."""
        self._is_smooth = is_smooth
        self.update()

    @property
    def image(self) -> QImage:
        """What is shown, at its own size; null where nothing is."""
        return self._image

    def copy(self) -> None:
        """Puts it into the clipboard, enlarged so that it can be seen."""
        if not self._image.isNull():
            QGuiApplication.clipboard().setImage(self._enlarged())

    def save_for_dragging(self) -> Path:
        """Writes it as PNG into a folder that lives as long as this widget."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        path = Path(self._folder.path()) / self.file_name
        QImageWriter(str(path), QByteArray(b"PNG")).write(self._enlarged())
        return path

    def _enlarged(self) -> QImage:
        factor = max(1, round(_TAKEN_AWAY_WIDTH / self._image.width()))
        return self._image.scaled(self._image.size() * factor)

    def heightForWidth(self, width: int) -> int:
        """As high as wide."""
        return width

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(self.minimumWidth(), self.minimumWidth())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws it in the middle, as large as there is room."""
        painter = QPainter(self)
        side = min(self.width(), self.height())
        if self._image.isNull():
            painter.fillRect(self._centred(side, side), theme.plot_background())
            return
        scale = side / max(self._image.width(), self._image.height())
        width, height = round(self._image.width() * scale), round(self._image.height() * scale)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._is_smooth)
        painter.drawImage(self._centred(width, height), self._image)

    def _centred(self, width: int, height: int) -> QRect:
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the image out, as an image and as a file."""
        if self._pressed_at is None or self._image.isNull():
            return
        way = event.position().toPoint() - self._pressed_at
        if way.manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed_at = None
        drag = QDrag(self)
        drag.setMimeData(self.mime_data())
        drag.setPixmap(QPixmap.fromImage(self._enlarged()).scaledToWidth(_DRAGGED_WIDTH))
        drag.exec(Qt.DropAction.CopyAction)

    def mime_data(self) -> QMimeData:
        """The image, and the path of a file that holds it."""
        data = QMimeData()
        data.setImageData(self._enlarged())
        data.setUrls([QUrl.fromLocalFile(str(self.save_for_dragging()))])
        return data
