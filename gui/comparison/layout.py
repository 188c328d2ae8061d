"""Where the images of a comparison's gallery are: sections below one another, cells in rows."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize

from engine.comparison.cells import Section
from gui.toolkit import theme

TILE = 56
SPACE = 10
"""Between two cells of a row."""

MARK = 3
"""Height of the line below a tile that says by its colour whose it is."""


@dataclass(frozen=True)
class GalleryLayout:
    """All of it follows from these.

    Attributes:
        width: of the gallery.
        line: height of a line of text.
        tile: size of an image.
    """

    width: int
    line: int
    tile: QSize

    def height(self, section: Section) -> int:
        """Of a section with its words and the space below."""
        rows = -(-len(section.cells) // self.columns(section))
        return self._words_height + rows * self._pitch(section) + theme.MARGIN

    def columns(self, section: Section) -> int:
        """How many cells a row has."""
        return max(1, (self.width + SPACE) // (self._cell_size(section).width() + SPACE))

    def cell_rect(self, section: Section, index: int, top: int) -> QRect:
        """Where a cell is in a section that begins at `top`."""
        row, column = divmod(index, self.columns(section))
        size = self._cell_size(section)
        x = column * (size.width() + SPACE)
        return QRect(QPoint(x, top + self._words_height + row * self._pitch(section)), size)

    def in_sight(self, section: Section, top: int, seen: QRect) -> range:
        """Cells of the rows that a rectangle touches."""
        columns, pitch = self.columns(section), self._pitch(section)
        above = seen.top() - top - self._words_height
        first = max(0, above // pitch) * columns
        last = max(0, (above + seen.height()) // pitch + 1) * columns
        return range(min(first, len(section.cells)), min(last, len(section.cells)))

    @property
    def _words_height(self) -> int:
        return 2 * self.line + theme.SPACING // 2

    def _pitch(self, section: Section) -> int:
        return self._cell_size(section).height() + theme.SPACING

    def _cell_size(self, section: Section) -> QSize:
        is_pair = bool(section.cells) and section.cells[0].is_pair
        width = 2 * self.tile.width() + 1 if is_pair else self.tile.width()
        return QSize(width, self.tile.height() + MARK + self.line)
