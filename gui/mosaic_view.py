"""Candidates as one live image that can be zoomed and moved."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.live import Mosaic
from gui import theme

_ZOOM_STEP = 1.4


class MosaicView(pg.GraphicsView):
    """Shows a `Mosaic`; the wheel zooms, dragging moves, a double click fits."""

    hovered = Signal(int)
    """The tile under the pointer, or −1."""

    captioned = Signal(str)
    """What is shown now, in words; empty where nothing is."""

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
        self._mosaic: Mosaic | None = None
        self._hint = theme.secondary(hint)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(self._hint)
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
        if resized:
            self.fit()

    @property
    def mosaic(self) -> Mosaic | None:
        """What is shown."""
        return self._mosaic

    def clear(self) -> None:
        """Shows nothing but what to do next."""
        self._mosaic = None
        self._hint.show()
        self._image.clear()
        self.captioned.emit("")

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

    @Slot(object)
    def _on_pointer_moved(self, position: QPointF) -> None:
        self.hovered.emit(self._tile_at(self._box.mapSceneToView(position)))

    @Slot(object)
    def _on_clicked(self, event: object) -> None:
        if isinstance(event, pg.GraphicsScene.mouseEvents.MouseClickEvent) and event.double():
            self.fit()

    def _tile_at(self, point: QPointF) -> int:
        mosaic = self._mosaic
        if mosaic is None:
            return -1
        height, width = mosaic.tile
        row, column = int(point.y() // (height + 1)), int(point.x() // (width + 1))
        index = row * mosaic.columns + column
        inside = 0 <= column < mosaic.columns and row >= 0 and index < len(mosaic.order)
        return index if inside else -1
