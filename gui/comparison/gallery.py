"""The galleries of two runs in one: what both found, then what A or B alone found."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from engine.comparison.cells import Cell, Section, describe, sections
from engine.comparison.comparison import Comparison
from gui.comparison.layout import MARK, SPACE, TILE, GalleryLayout
from gui.comparison.steps import Place, step, step_rows
from gui.toolkit import theme
from gui.toolkit.images import image_of

_FRAME = 2
"""Width of the frame around the image that keys act on."""
_OPENS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class ComparisonGallery(QWidget):
    """Draws the sections below one another; only what is in sight is made.

    A click opens a tile; arrow keys, Home and End walk from one to the next, Enter opens it.
    """

    chosen = Signal(object)
    """Emitted with the `Cell` that is to be seen large."""

    reached = Signal(QRect)
    """Emitted with where the cell is drawn to which a person has walked."""

    def __init__(self) -> None:
        super().__init__()
        self._place: Place | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._comparison: Comparison | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self.sections: tuple[Section, ...] = ()
        self.setAccessibleName("Images of both runs")

    def show_comparison(self, comparison: Comparison) -> None:
        """Shows the galleries of another comparison."""
        self._comparison, self._images = comparison, {}
        self.sections, self._place = sections(comparison), None
        self._say_where()
        self._fit_height()
        self.update()

    def sizeHint(self) -> QSize:
        """A few pairs in a row."""
        return QSize(6 * (2 * TILE + SPACE), 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wraps the cells anew."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws what is in sight."""
        painter = QPainter(self)
        layout, top = self._layout, 0
        for section in self.sections:
            height = layout.height(section)
            if event.rect().intersects(QRect(0, top, self.width(), height)):
                self._paint_words(painter, section, top)
                for index in layout.in_sight(section, top, event.rect()):
                    cell = section.cells[index]
                    self._paint_cell(painter, cell, layout.cell_rect(section, index, top))
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
        layout, top = self._layout, 0
        for section in self.sections:
            for index in layout.in_sight(section, top, QRect(where, QSize(1, 1))):
                if layout.cell_rect(section, index, top).contains(where):
                    return section.cells[index]
            top += layout.height(section)
        return None

    @property
    def current(self) -> Cell | None:
        """The cell that keys act on."""
        if self._place is None:
            return None
        section, index = self._place
        return self.sections[section].cells[index]

    @property
    def where(self) -> str:
        """`Found by both, 3 of 40`: where the current cell is; empty where there is none."""
        if self._place is None:
            return ""
        section, index = self._place
        title = self.sections[section].title.split(" (")[0]
        return f"{title}, {index + 1:,} of {len(self.sections[section].cells):,}"

    def walk(self, by: int) -> None:
        """Makes another cell the current one: so many further on, or back."""
        if self._place is not None:
            self._go_to(step(self.sections, self._place, by))

    def rect_of(self, section: int, index: int) -> QRect:
        """Where an image of a section is drawn."""
        layout = self._layout
        top = sum(layout.height(each) for each in self.sections[:section])
        return layout.cell_rect(self.sections[section], index, top)

    def describe(self, cell: Cell) -> str:
        """An image in words: one line for each run that found it."""
        assert self._comparison is not None
        return describe(self._comparison, cell)

    # --- mouse and keys -----------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Opens the image under the pointer."""
        super().mouseReleaseEvent(event)
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._go_to(self._place_of(cell))
            self.chosen.emit(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand says that a click does something here."""
        super().mouseMoveEvent(event)
        if self.cell_at(event.position().toPoint()) is None:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walks from image to image, and opens the one that is reached."""
        key, is_plain = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        target = self._target(key) if is_plain else None
        if target is not None:
            self._go_to(target)
        elif is_plain and key in _OPENS and self.current is not None:
            self.chosen.emit(self.current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Somebody comes by key: the first image is the current one, unless another was."""
        super().focusInEvent(event)
        by_key = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        )
        first = self._first()
        if by_key and self._place is None and first is not None:
            self._go_to(first)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The frame of the current image goes."""
        super().focusOutEvent(event)
        self.update()

    def _target(self, key: int) -> Place | None:
        """Where a key leads; None where it leads nowhere."""
        first = self._first()
        if first is None:
            return None
        place = self._place or first
        by = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        ends = {Qt.Key.Key_Home: -1, Qt.Key.Key_End: 1}
        if key in by:
            return step(self.sections, place, by[Qt.Key(key)]) if self._place else first
        if key in ends:
            most = sum(len(section.cells) for section in self.sections)
            return step(self.sections, place, ends[Qt.Key(key)] * most)
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            layout = self._layout
            columns = [layout.columns(section) for section in self.sections]
            return step_rows(self.sections, columns, place, key == Qt.Key.Key_Down)
        return None

    def _first(self) -> Place | None:
        return next(((s, 0) for s, each in enumerate(self.sections) if each.cells), None)

    def _place_of(self, cell: Cell) -> Place:
        return next(
            (number, index)
            for number, section in enumerate(self.sections)
            for index, each in enumerate(section.cells)
            if each is cell
        )

    def _go_to(self, place: Place) -> None:
        self._place = place
        self._say_where()
        self.reached.emit(self.rect_of(*place))
        self.update()

    def _say_where(self) -> None:
        """For people who cannot see it."""
        current = self.current
        titles = "; ".join(each.title for each in self.sections)
        words = titles if current is None else f"{self.where}: {self.describe(current)}"
        self.setAccessibleDescription(words)

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
        tile = QRect(where.topLeft(), self._layout.tile)
        for side, place in enumerate(cell.places):
            if place is None:
                continue
            painter.drawImage(tile, self._image(side, place))
            mark = QRect(tile.left(), tile.bottom() + 1, tile.width(), MARK)
            painter.fillRect(mark, theme.run_colour(side))
            tile.translate(tile.width() + 1, 0)
        if cell is self.current and self.hasFocus():
            painter.setPen(QPen(theme.accent(), _FRAME))
            painter.drawRect(where.adjusted(-2, -2, 1, MARK - 1 - self.fontMetrics().height()))
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

    @property
    def _layout(self) -> GalleryLayout:
        """As wide as all tiles, as high as the images' shape asks for."""
        tile = QSize(TILE, TILE)
        if self._comparison is not None:
            height, width = self._comparison.sides[0].tiles.shape[1:3]
            tile.setHeight(max(1, min(2 * TILE, round(TILE * height / width))))
        return GalleryLayout(self.width(), self.fontMetrics().height(), tile)

    def _fit_height(self) -> None:
        layout = self._layout
        self.setMinimumHeight(sum(layout.height(section) for section in self.sections))
