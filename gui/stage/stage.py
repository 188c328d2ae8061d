"""The stage: distinct candidates, large, each in a seat that it keeps, drifting."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QWidget

from engine.viewing.frames import Picture
from engine.viewing.seats import Seats
from engine.viewing.standing import Standing
from gui.stage.blend import Blend
from gui.stage.drawing import (
    Known,
    Look,
    as_image,
    draw_beside,
    draw_frame,
    draw_line,
    in_32_bits,
)
from gui.stage.glide import DOUBTFUL, Glide
from gui.stage.places import LEAST_SIDE, Places, places
from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame

_FRAME_MILLISECONDS = 36
_IN_LECTURES = 12
HINT = "Press Start, and noise drifts into what the network remembers."
"""What is said while there is nothing to show."""


class Stage(QAbstractScrollArea):
    """Shows pictures of a run, and what is known of those who are in it.

    A click chooses a candidate; arrow keys, Home and End walk on from there.
    """

    selected = Signal(int)
    """The candidate that a person has chosen."""

    hovered = Signal(int)
    """The candidate under the pointer, or −1."""

    stepped = Signal(int)
    """The step that is shown now; −1 where nothing is."""

    film_wanted = Signal(object)
    """Of which candidates a person wants a film."""

    image_wanted = Signal(int)
    """Of which candidate a person wants the image."""

    pictured = Signal(object, bool)
    """Emitted with each `Picture`, and whether it is shown at once."""

    known = Signal(object)
    """Emitted with each `Standing`."""

    def __init__(self, for_lectures: bool = False, parent: QWidget | None = None) -> None:
        """
        Args:
            for_lectures: black whatever the scheme is, and as large as all that is shown fits.
            parent: owner.
        """
        super().__init__(parent)
        self.setAccessibleName("Stage")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        FocusFrame(self)
        self._blend, self._glide = Blend(), Glide()
        self._known, self._hint = Known(), HINT
        self._for_lectures = for_lectures
        self._most = _IN_LECTURES if for_lectures else 0
        self._has_originals, self._places = False, _nowhere()
        self._chosen, self._under = -1, -1
        self._now, self._glided, self._shown_step = 0.0, False, -1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_FRAME_MILLISECONDS)
        self._timer.timeout.connect(self._on_frame)

    # --- what is shown ------------------------------------------------------------------------

    @property
    def picture(self) -> Picture | None:
        """The newest that was given."""
        return self._blend.picture

    @property
    def standing(self) -> Standing | None:
        """What is known of those who are shown."""
        return self._known.standing

    @property
    def shown_step(self) -> int:
        """The step that the picture on the screen is of."""
        return self._shown_step

    def shown_tiles(self) -> bytes:
        """The pixels of the seats that can be seen."""
        seats = self._visible()
        return self._blend.tiles(self._now, seats).tobytes() if seats else b""

    @property
    def chosen(self) -> int:
        """The candidate that is chosen, or −1."""
        return self._chosen

    def show_picture(self, picture: Picture, at_once: bool = False) -> None:
        """Goes to another moment.

        Args:
            picture: of it.
            at_once: it does not come after the one that is shown.
        """
        self.pictured.emit(picture, at_once)
        before = self._blend.picture
        self._blend.take(picture, time.perf_counter(), at_once)
        if before is None or before.seats != picture.seats:
            self._lay_out(at_once or before is None)
        self._begin_moving()

    def show_standing(self, standing: Standing) -> None:
        """What is known of the candidates; their originals and marks."""
        if standing is self._known.standing:
            return
        self.known.emit(standing)
        self._known = Known.of(standing)
        has_originals = standing.pairs is not None
        if has_originals is not self._has_originals:
            self._has_originals = has_originals
            self._lay_out(at_once=False)
        self._begin_moving()

    def clear(self, hint: str = HINT) -> None:
        """Shows nothing but a line of words."""
        self._blend.clear()
        self._glide.clear()
        self._known, self._hint = Known(), hint
        self._has_originals = False
        self._chosen, self._under = -1, -1
        self._timer.stop()
        self._lay_out(at_once=True)

    def select(self, candidate: int) -> None:
        """Marks a candidate as chosen, or none (−1); does not emit `selected`."""
        if candidate != self._chosen:
            self._chosen = candidate
            self.viewport().update()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.viewport().update()

    @property
    def _dark(self) -> bool | None:
        return True if self._for_lectures else None

    @property
    def _ground(self) -> QColor:
        return QColor(Qt.GlobalColor.black) if self._for_lectures else theme.plot_background()

    # --- where it is --------------------------------------------------------------------------

    @property
    def seats(self) -> Seats:
        """Who sits where."""
        return self._first(self._blend.seats)

    def _first(self, seats: Seats) -> Seats:
        if not self._most:
            return seats
        above = seats.above[: self._most]
        below = seats.below[: self._most - len(above)]
        return Seats(above, below, seats.marked, seats.doubt)

    @property
    def places(self) -> Places:
        """Where the seats are, the top of all of them being 0."""
        return self._places

    def _lay_out(self, at_once: bool) -> None:
        picture, seats = self._blend.picture, self.seats
        if picture is None:
            self._places = _nowhere()
        else:
            self._places = self._laid_out(seats, picture)
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(max(1, self._places.cell[1] // 3))
        bar.setRange(0, max(0, self._places.height - height))
        self._glide.move(self._ways(seats), time.perf_counter(), at_once)
        self._begin_moving()

    def _laid_out(self, seats: Seats, picture: Picture) -> Places:
        tile = picture.tiles.shape[1], picture.tiles.shape[2]
        width, height = self.viewport().width(), self.viewport().height()
        found = places(seats, tile, width, self._has_originals)
        if not self._most:
            return found
        least = LEAST_SIDE
        while least < height:
            larger = places(seats, tile, width, self._has_originals, least)
            if larger.height > height or larger.cell[0] > width:
                break
            found, least = larger, min(larger.image) + 1
        return found.in_the_middle_of(height)

    def _ways(self, seats: Seats) -> Mapping[int, tuple[QPointF, float]]:
        clear = [1.0] * len(seats.above)
        clear += [DOUBTFUL if seats.doubt else 1.0] * len(seats.below)
        ends = zip(self._places.origins, clear, strict=True)
        return dict(zip(seats.candidates, ends, strict=True))

    def _seat_of(self, candidate: int) -> int:
        seated = self.seats.candidates
        return seated.index(candidate) if candidate in seated else -1

    # --- moving -------------------------------------------------------------------------------

    def _begin_moving(self) -> None:
        if not self._timer.isActive():  # Else the next frame shows it soon enough.
            self._draw_anew()
            if self.isVisible():
                self._timer.start()

    @Slot()
    def _on_frame(self) -> None:
        self._now = time.perf_counter()
        glides = self._glide.is_moving(self._now)
        if glides or self._glided:
            self.viewport().update()
        else:
            self.viewport().update(self._own_images())
        self._glided = glides
        if not (glides or self._blend.is_moving(self._now)):
            self._timer.stop()
        self._tell_step()

    def _draw_anew(self) -> None:
        """The picture of this moment, and its step; both are drawn together."""
        self._now = time.perf_counter()
        self.viewport().update()
        self._tell_step()

    def _tell_step(self) -> None:
        self._shown_step = -1 if self._blend.picture is None else self._blend.step(self._now)
        self.stepped.emit(self._shown_step)

    def _own_images(self) -> QRegion:
        """Where the candidates' own images are: while nobody moves, nothing else changes."""
        up = QPointF(0, -self.verticalScrollBar().value())
        region = QRegion()
        for seat in self._visible():
            place = self._places.image_at(self._places.origins[seat] + up)
            region += place.toAlignedRect()
        return region

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws what can be seen of the seats, and no more than has changed."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._ground)
        if self._blend.picture is None:
            painter.setPen(theme.plot_foreground(self._dark))
            words = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter
            painter.drawText(self.viewport().rect().adjusted(40, 0, -40, 0), words, self._hint)
            return
        painter.translate(0, -self.verticalScrollBar().value())
        self._draw(painter, event.region().rectCount() > 1)

    def _draw(self, painter: QPainter, only_own: bool) -> None:
        seats, laid, visible = self.seats, self._places, self._visible()
        if laid.line is not None and not only_own:
            width = self.viewport().width()
            draw_line(painter, QRectF(0, laid.line, width, 0), seats.doubt, self._dark)
        if not visible:
            return
        look = Look(laid, self._has_originals, self._dark)
        tiles = in_32_bits(self._blend.tiles(self._now, visible))
        for index, tile in zip(visible, tiles, strict=True):
            candidate = seats.candidates[index]
            origin, opacity = self._glide.at(candidate, self._now)
            painter.setOpacity(opacity)
            painter.drawImage(laid.image_at(origin), as_image(tile))
            if not only_own:
                known = self._known.of_candidate(candidate, candidate in seats.marked)
                draw_beside(painter, look, origin, known)
            if candidate == self._chosen:
                painter.setOpacity(1.0)
                draw_frame(painter, look, origin)
        painter.setOpacity(1.0)

    def _visible(self) -> list[int]:
        """Which seats can be seen, wholly or in part."""
        top = self.verticalScrollBar().value()
        bottom, height = top + self.viewport().height(), self._places.cell[1]
        heights = (self._glide.at(each, self._now)[0].y() for each in self.seats.candidates)
        return [index for index, y in enumerate(heights) if y + height > top and y < bottom]

    # --- hands --------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other seats fit."""
        super().resizeEvent(event)
        self._lay_out(at_once=True)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Everything is drawn anew."""
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """The pointer may leave."""
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Says who is under the pointer."""
        self._hover(self._candidate_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses."""
        candidate = self._candidate_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and candidate >= 0:
            self._choose(candidate)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with one candidate."""
        by_keys = event.reason() == QContextMenuEvent.Reason.Keyboard
        where = QPointF(self.viewport().mapFromGlobal(event.globalPos()))
        candidate = self._chosen if by_keys else self._candidate_at(where)
        if candidate < 0:
            return
        self.menu_of(candidate).popup(event.globalPos())

    def menu_of(self, candidate: int) -> QMenu:
        """What can be done with a candidate."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Look Closely", partial(self._choose, candidate))
        menu.addAction("Export a &Film of It …", partial(self.film_wanted.emit, [candidate]))
        menu.addAction("Save Its &Image …", partial(self.image_wanted.emit, candidate))
        return menu

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walks from seat to seat."""
        seated = self.seats.candidates
        if not seated or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        columns, last = self._places.columns, len(seated) - 1
        steps = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Home: -last,
            Qt.Key.Key_End: last,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        seat = self._seat_of(self._chosen)
        self._choose(seated[max(0, min(last, seat + step)) if seat >= 0 else 0])

    def _choose(self, candidate: int) -> None:
        self.select(candidate)
        seat = self._seat_of(candidate)
        if seat >= 0:
            top, bar = self._places.origins[seat].y(), self.verticalScrollBar()
            lowest = top + self._places.cell[1] - self.viewport().height()
            bar.setValue(int(min(max(bar.value(), lowest), top)))
        self.selected.emit(candidate)

    def _hover(self, candidate: int) -> None:
        if candidate != self._under:
            self._under = candidate
            self.hovered.emit(candidate)

    def _candidate_at(self, point: QPointF) -> int:
        seat = self._places.seat_at(point + QPointF(0, self.verticalScrollBar().value()))
        return self.seats.candidates[seat] if seat >= 0 else -1


def _nowhere() -> Places:
    """Nobody is seated."""
    return Places((1, 1), (1, 1), 1, (), None, 0)
