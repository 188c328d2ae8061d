"""Files are welcome anywhere on the window: a veil says so while they hover over it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

from gui.toolkit import theme


class DropVeil(QWidget):
    """Takes the files that are dropped on its parent, and covers it while they hover."""

    dropped = Signal(object)
    """Emitted with the paths of files that were let go of over the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.setAcceptDrops(True)
        for child in parent.findChildren(QWidget):
            child.setAcceptDrops(False)
        parent.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows files over the parent, and the parent's size."""
        parent = self.parentWidget()
        if parent is None or watched is not parent:
            return super().eventFilter(watched, event)
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.resize(parent.size())
        elif kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            self._show_for(event, parent)
        elif kind == QEvent.Type.DragLeave:
            self.hide()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self.hide()
            event.acceptProposedAction()
            self.dropped.emit(_local_files(event))
        else:
            return super().eventFilter(watched, event)
        return kind != QEvent.Type.Resize

    def _show_for(self, event: QDragEnterEvent, parent: QWidget) -> None:
        if _local_files(event):
            event.acceptProposedAction()
            self.resize(parent.size())
            self.raise_()
            self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dims the window and says what a drop does."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self.palette().color(QPalette.ColorRole.Window)
        veil.setAlpha(215)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(theme.accent(), 3, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(16, 16, -16, -16), 12, 12)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        painter.setFont(font)
        painter.drawText(
            self.rect(),
            Qt.AlignmentFlag.AlignCenter,
            "Drop a network, a session, images, or a study",
        )
        painter.end()


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
