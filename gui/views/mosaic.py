"""Candidates as one live image that can be zoomed and moved."""

from __future__ import annotations

import math

import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsRectItem, QVBoxLayout, QWidget

from engine.viewing.mosaic import Mosaic
from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame

_ZOOM_STEP = 1.4


class MosaicView(pg.GraphicsView):  # type: ignore[misc]  # pyqtgraph says no types
    """Shows a `Mosaic`; the wheel zooms, dragging moves, a double click fits.

    A click chooses a tile; arrow keys, Home and End walk on from there.
    """

    hovered = Signal(int)
    """The tile under the pointer, or −1."""

    selected = Signal(int)
    """The tile that a person has chosen."""

    captioned = Signal(str)
    """What is shown now, in words; empty where nothing is."""

    stepped = Signal()
    """Emitted when it shows another step."""

    def __init__(
        self,
        hint: str = "Press Start, and noise drifts into what the network remembers.",
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            hint: what is said while there is nothing to show.
            parent: owner.
        """
        super().__init__(parent)
        self.setAccessibleName("Candidates")
        self._image = pg.ImageItem(axisOrder="row-major")
        self._box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False, border=None)
        self._box.addItem(self._image)
        self.setCentralItem(self._box)
        self._gaps, self._frame = QGraphicsPathItem(), QGraphicsRectItem()
        for item in (self._gaps, self._frame):
            self._box.addItem(item, ignoreBounds=True)
        self._tile = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        FocusFrame(self)
        self._mosaic: Mosaic | None = None
        self._hint = theme.secondary(hint)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(self._hint)
        self._box.sigTransformChanged.connect(self._on_zoomed)
        self.scene().sigMouseMoved.connect(self._on_pointer_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self.restyle()

    def show_mosaic(self, mosaic: Mosaic) -> None:
        """Shows another moment; fits it into the view if its size is new."""
        if mosaic is self._mosaic:
            return
        resized = self._mosaic is None or self._mosaic.pixels.shape != mosaic.pixels.shape
        self._mosaic = mosaic
        self._hint.hide()
        self._image.setImage(mosaic.pixels, autoLevels=False, levels=(0, 255))
        self.captioned.emit(mosaic.caption)
        self.stepped.emit()
        if resized:
            self._gaps.setPath(_gaps(mosaic))
            self.select(-1)
            self.fit()

    @property
    def mosaic(self) -> Mosaic | None:
        """What is shown."""
        return self._mosaic

    @property
    def step(self) -> int:
        """The step that is shown; −1 where none is."""
        return -1 if self._mosaic is None else self._mosaic.step

    def clear(self) -> None:
        """Shows nothing but what to do next."""
        self._mosaic = None
        self._hint.show()
        self._image.clear()
        self._gaps.setPath(QPainterPath())
        self.select(-1)
        self.captioned.emit("")
        self.stepped.emit()

    @property
    def tile(self) -> int:
        """The tile that is chosen, or −1."""
        return self._tile

    def select(self, tile: int) -> None:
        """Marks a tile as chosen, or none (−1); does not emit `selected`."""
        mosaic = self._mosaic
        self._tile = tile if mosaic is not None and 0 <= tile < len(mosaic.order) else -1
        self._frame.setVisible(self._tile >= 0)
        if mosaic is not None and self._tile >= 0:
            row, column = divmod(self._tile, mosaic.columns)
            height, width = (size + 1 for size in mosaic.tile)
            self._frame.setRect(QRectF(column * width + 0.5, row * height + 0.5, width, height))

    def _choose(self, tile: int) -> None:
        self.select(tile)
        if self._tile >= 0:
            self.selected.emit(self._tile)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walks from tile to tile."""
        mosaic = self._mosaic
        if mosaic is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        last, way = len(mosaic.order) - 1, _walk(mosaic.columns)
        if event.key() in way:
            step = way[Qt.Key(event.key())]
            self._choose(0 if self._tile < 0 else max(0, min(last, self._tile + step)))
        elif event.key() == Qt.Key.Key_Home:
            self._choose(0)
        elif event.key() == Qt.Key.Key_End:
            self._choose(last)
        else:
            super().keyPressEvent(event)

    def fit(self) -> None:
        """Brings the whole mosaic into view."""
        self._box.autoRange(padding=0.01)

    def zoom_in(self) -> None:
        """Larger."""
        self._box.scaleBy((1 / _ZOOM_STEP, 1 / _ZOOM_STEP))

    def zoom_out(self) -> None:
        """Smaller."""
        self._box.scaleBy((_ZOOM_STEP, _ZOOM_STEP))

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.setBackground(theme.plot_background())
        self._gaps.setPen(theme.plot_pen(self, QColor(Qt.GlobalColor.black)))
        self._frame.setPen(theme.plot_pen(self, theme.accent(), 2))

    def event(self, event: QEvent) -> bool:
        """On a screen that is finer or coarser, lines stay as wide."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.restyle()
        return bool(super().event(event))

    @Slot()
    def _on_zoomed(self) -> None:
        """Shrunk, each pixel has a share in what is seen, and none vanishes; enlarged, it is a
        square.
        """
        across, _ = self._box.viewPixelSize()
        is_shrunk = across > self.devicePixelRatioF()
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_shrunk)

    @Slot(object)
    def _on_pointer_moved(self, position: QPointF) -> None:
        self.hovered.emit(self._tile_at(self._box.mapSceneToView(position)))

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        if not isinstance(event, MouseClickEvent):
            return
        if event.double():
            self.fit()
        elif event.button() == Qt.MouseButton.LeftButton:
            tile = self._tile_at(self._box.mapSceneToView(event.scenePos()))
            if tile >= 0:
                self._choose(tile)

    def _tile_at(self, point: QPointF) -> int:
        mosaic = self._mosaic
        if mosaic is None:
            return -1
        height, width = mosaic.tile
        row, column = int(point.y() // (height + 1)), int(point.x() // (width + 1))
        index = row * mosaic.columns + column
        inside = 0 <= column < mosaic.columns and row >= 0 and index < len(mosaic.order)
        return index if inside else -1


def _gaps(mosaic: Mosaic) -> QPainterPath:
    """The gaps between tiles as lines, which do not get narrower where the image is shrunk."""
    height, width = (size + 1 for size in mosaic.tile)
    rows = math.ceil(len(mosaic.order) / mosaic.columns)
    bottom, right = rows * height + 1, mosaic.columns * width + 1
    path = QPainterPath()
    for row in range(rows + 1):
        path.moveTo(0, row * height + 0.5)
        path.lineTo(right, row * height + 0.5)
    for column in range(mosaic.columns + 1):
        path.moveTo(column * width + 0.5, 0)
        path.lineTo(column * width + 0.5, bottom)
    return path


def _walk(columns: int) -> dict[Qt.Key, int]:
    """How many tiles on each arrow key leads."""
    return {
        Qt.Key.Key_Right: 1,
        Qt.Key.Key_Left: -1,
        Qt.Key.Key_Down: columns,
        Qt.Key.Key_Up: -columns,
    }
