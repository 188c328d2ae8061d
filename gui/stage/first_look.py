"""What the weights already show before any run, in the stage's place; and when it is shown."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.base.progress import Progress
from engine.data.pixels import Pixels
from engine.evidence.first_look import FirstLook, first_look
from engine.network.network import Network
from engine.runtime.devices import give_back_freed_memory
from gui.run.context import AppContext
from gui.toolkit import theme
from gui.toolkit.images import image_of
from gui.toolkit.task import Task

HEADLINE = "A first look: what single neurons and their differences already show"
WORDS = (
    "Not a finding. Two neurons that differ in one training image differ by that image, so some of "
    "these may be training images; others are mixtures, and some are seen as negatives. Press "
    "Start to search for what the network remembers."
)


class FirstLookView(QWidget):
    """Words above a grid of images, as large as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("First look")
        self._headline, self._words = theme.heading(HEADLINE), theme.secondary(WORDS)
        self.grid = _Grid()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.MARGIN)
        rows.setSpacing(theme.SPACING)
        self._headline.setWordWrap(True)
        rows.addWidget(self._headline)
        rows.addWidget(self._words)
        rows.addWidget(self.grid, 1)

    def show_tiles(self, tiles: Pixels) -> None:
        """Shows images.

        Args:
            tiles: uint8, shape (n, h, w) or (n, h, w, 3).
        """
        self.grid.show_tiles(tiles)


class _Grid(QWidget):
    """Tiles, as many in a row as make them largest."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles: Pixels = np.zeros((0, 1, 1), np.uint8)

    def show_tiles(self, tiles: Pixels) -> None:
        self.tiles = tiles
        self.update()

    @property
    def places(self) -> list[QRect]:
        """Where each tile is drawn."""
        count, height, width = self.tiles.shape[:3]
        room, gap = self.size(), theme.SPACING // 2
        best, columns = 0.0, 1
        for each in range(1, count + 1):
            across = (room.width() - (each - 1) * gap) / (each * width)
            rows = -(-count // each)
            scale = min(across, (room.height() - (rows - 1) * gap) / (rows * height))
            if scale > best:
                best, columns = scale, each
        across, down = int(best * width), int(best * height)
        return [
            QRect(index % columns * (across + gap), index // columns * (down + gap), across, down)
            for index in range(count)
        ]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        for tile, place in zip(self.tiles, self.places, strict=True):
            painter.drawImage(place, image_of(tile))
        painter.end()


def _looked_at(network: Network, report: Progress) -> FirstLook:
    try:
        return first_look(network, report)
    finally:
        give_back_freed_memory()  # Else it grows from network to network.


class Looking(QObject):
    """Looks at a network on a thread, and tells while nothing else is to be shown of it."""

    found = Signal(object)
    """Emitted with a `FirstLook` that shows something."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._context = context
        self._task: Task | None = None
        context.controller.activity_changed.connect(self._make_way)

    def look(self, network: Network) -> None:
        """Begins; an earlier look is given up."""
        self.cancel()
        workspace, controller = self._context.workspace, self._context.controller

        def tell(found: FirstLook) -> None:
            if len(found):
                self.found.emit(found)

        self._task = self._context.background.start(
            "",
            partial(_looked_at, network),
            tell,
            lambda: (
                workspace().network is network
                and workspace().session is None
                and not controller.is_taken
            ),
        )

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @Slot(object)
    def _make_way(self, _activity: object) -> None:
        """A run needs the processor."""
        if self._context.controller.is_taken:
            self.cancel()
