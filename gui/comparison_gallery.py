"""The galleries of two runs in one: what both found, then what A or B alone found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from engine.comparison import Comparison, Side
from gui import theme
from gui.picture import image_of

_TILE = 56
_SPACE = 10
_MARK = 3
"""Height of the line below a tile that says by its colour whose it is."""
_LETTERS = "AB"
_TICK = "✓"


@dataclass(frozen=True)
class Cell:
    """An image: where it is in the galleries of A and B (None where it is not), and a number."""

    places: tuple[int | None, int | None]
    text: str


@dataclass(frozen=True)
class Section:
    """A title, what is to be seen below it, and that."""

    title: str
    note: str
    cells: tuple[Cell, ...]


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """What the gallery is made of; what both found comes first."""
    sides = comparison.sides
    both = tuple(
        Cell((one, other), f"{_tick(sides[0], one)} {measure:.2f} {_tick(sides[1], other)}".strip())
        for (one, other), measure in zip(
            comparison.both.tolist(), comparison.measure.tolist(), strict=True
        )
    )
    measure = comparison.rule.split()[0]
    found = [
        Section(
            f"Found by both ({len(both):,})",
            f"A left, B right, with their {measure}; the most alike first.{_legend(sides)}"
            if both
            else f"No image of one run is matched by one of the other ({comparison.rule}).",
            both,
        )
    ]
    for index, (letter, side) in enumerate(zip(_LETTERS, sides, strict=True)):
        confidence = side.gallery.confidence
        cells = tuple(
            Cell(
                (place, None) if index == 0 else (None, place),
                f"{_tick(side, place)} {confidence[place]:.2f}".strip(),
            )
            for place in comparison.only[index].tolist()
        )
        legend = _legend((side,))
        note = f"With its confidence, the highest first.{legend}" if cells else "Nothing."
        found.append(Section(f"Only in {letter} ({len(cells):,})", note, cells))
    return tuple(found)


def _tick(side: Side, place: int) -> str:
    """Marks an image that is recovered."""
    return _TICK if side.is_recovered is not None and side.is_recovered[place] else ""


def _legend(sides: Sequence[Side]) -> str:
    is_known = any(side.is_recovered is not None for side in sides)
    return f" {_TICK} marks recovered ones." if is_known else ""


class ComparisonGallery(QWidget):
    """Draws the sections below one another; only what is in sight is made."""

    def __init__(self) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self.sections: tuple[Section, ...] = ()
        self.setAccessibleName("Images of both runs")

    def show_comparison(self, comparison: Comparison) -> None:
        """Shows the galleries of another comparison."""
        self._comparison, self._images = comparison, {}
        self.sections = sections(comparison)
        self.setAccessibleDescription("; ".join(each.title for each in self.sections))
        self._fit_height()
        self.update()

    def sizeHint(self) -> QSize:
        """A few pairs in a row."""
        return QSize(6 * (2 * _TILE + _SPACE), 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the cells anew."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws what is in sight."""
        painter = QPainter(self)
        top = 0
        for section in self.sections:
            height = self._height(section)
            if event.rect().intersects(QRect(0, top, self.width(), height)):
                self._paint_words(painter, section, top)
                for index in self._in_sight(section, top, event.rect()):
                    cell = section.cells[index]
                    self._paint_cell(painter, cell, self._cell_rect(section, index, top))
            top += height
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Explains the image under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.cell_at(event.pos())
            if found is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.describe(found), self)
            return True
        return super().event(event)

    def cell_at(self, where: QPoint) -> Cell | None:
        """The image at a point."""
        top = 0
        for section in self.sections:
            for index in self._in_sight(section, top, QRect(where, QSize(1, 1))):
                if self._cell_rect(section, index, top).contains(where):
                    return section.cells[index]
            top += self._height(section)
        return None

    def rect_of(self, section: int, index: int) -> QRect:
        """Where an image of a section is drawn."""
        top = sum(self._height(each) for each in self.sections[:section])
        return self._cell_rect(self.sections[section], index, top)

    def describe(self, cell: Cell) -> str:
        """An image in words: one line for each run that found it."""
        assert self._comparison is not None
        return "\n".join(
            f"{letter}: {_described(side, place)}"
            for letter, side, place in zip(
                _LETTERS, self._comparison.sides, cell.places, strict=True
            )
            if place is not None
        )

    # --- drawing ------------------------------------------------------------------------------

    def _paint_words(self, painter: QPainter, section: Section, top: int) -> None:
        line = self.fontMetrics().height()
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        left = Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(0, top, self.width(), line), left, section.title)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(self.palette().color(theme.QUIET))
        painter.drawText(QRect(0, top + line, self.width(), line), left, section.note)

    def _paint_cell(self, painter: QPainter, cell: Cell, where: QRect) -> None:
        tile = QRect(where.topLeft(), self._tile())
        for side, place in enumerate(cell.places):
            if place is None:
                continue
            painter.drawImage(tile, self._image(side, place))
            mark = QRect(tile.left(), tile.bottom() + 1, tile.width(), _MARK)
            painter.fillRect(mark, theme.curve_colour(side))
            tile.translate(tile.width() + 1, 0)
        words = QRect(where)
        words.setTop(where.bottom() + 1 - self.fontMetrics().height())
        painter.setPen(self.palette().color(theme.QUIET))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, cell.text)

    def _image(self, side: int, place: int) -> QImage:
        """A tile, made when it first comes into sight."""
        assert self._comparison is not None
        if (side, place) not in self._images:
            tile = self._comparison.sides[side].tiles[place]
            self._images[side, place] = image_of(tile)
        return self._images[side, place]

    # --- where things are ---------------------------------------------------------------------

    def _tile(self) -> QSize:
        """As wide as all tiles, as high as the images' shape asks for."""
        if self._comparison is None:
            return QSize(_TILE, _TILE)
        height, width = self._comparison.sides[0].tiles.shape[1:3]
        return QSize(_TILE, max(1, min(2 * _TILE, round(_TILE * height / width))))

    def _cell_size(self, section: Section) -> QSize:
        is_pair = bool(section.cells) and None not in section.cells[0].places
        tile = self._tile()
        width = 2 * tile.width() + 1 if is_pair else tile.width()
        return QSize(width, tile.height() + _MARK + self.fontMetrics().height())

    def _columns(self, section: Section) -> int:
        return max(1, (self.width() + _SPACE) // (self._cell_size(section).width() + _SPACE))

    def _words_height(self) -> int:
        return 2 * self.fontMetrics().height() + theme.SPACING // 2

    def _height(self, section: Section) -> int:
        rows = -(-len(section.cells) // self._columns(section))
        pitch = self._cell_size(section).height() + theme.SPACING
        return self._words_height() + rows * pitch + theme.MARGIN

    def _cell_rect(self, section: Section, index: int, top: int) -> QRect:
        row, column = divmod(index, self._columns(section))
        size = self._cell_size(section)
        return QRect(
            QPoint(
                column * (size.width() + _SPACE),
                top + self._words_height() + row * (size.height() + theme.SPACING),
            ),
            size,
        )

    def _in_sight(self, section: Section, top: int, seen: QRect) -> range:
        """Cells of the rows that a rectangle touches."""
        columns = self._columns(section)
        pitch = self._cell_size(section).height() + theme.SPACING
        above = seen.top() - top - self._words_height()
        first = max(0, above // pitch) * columns
        last = max(0, (above + seen.height()) // pitch + 1) * columns
        return range(min(first, len(section.cells)), min(last, len(section.cells)))

    def _fit_height(self) -> None:
        self.setMinimumHeight(sum(self._height(section) for section in self.sections))


def _described(side: Side, place: int) -> str:
    """`candidate 17, confidence 0.93, label +1, found in 2 of 3 restarts`."""
    gallery, session = side.gallery, side.session
    candidate = int(gallery.candidate[place])
    words = (
        f"candidate {candidate}, confidence {gallery.confidence[place]:.2f}, "
        f"label {session.labels[candidate]:+.0f}"
    )
    if session.restarts > 1:
        words += f", found in {gallery.found_by[place]} of {session.restarts} restarts"
    return words
