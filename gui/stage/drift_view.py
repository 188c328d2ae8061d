"""Pictures of a run, drifting: each goes into the next, and whoever moves glides there.

Between two pictures a frame draws the images that differ from what is on the screen, and no more:
what the window's thread takes, a run on all cores loses (decision 26).
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from engine.data.pixels import Pixels
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
    faded,
    in_32_bits,
)
from gui.stage.glide import DOUBTFUL, Glide
from gui.stage.places import NOWHERE, Places, largest_places, places
from gui.stage.sight import Seen, Sight
from gui.toolkit import theme

_FRAME_MILLISECONDS = 42
_IN_LECTURES = 12
HINT = "Press Start, and noise drifts into what the network remembers."
"""What is said while there is nothing to show."""


class DriftView(QAbstractScrollArea):
    """Shows pictures of a run, and what is known of those who are in it."""

    stepped = Signal(int)
    """The step that is shown now; −1 where nothing is."""

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
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._blend, self._glide = Blend(), Glide()
        self._known, self._hint = Known(), HINT
        self._for_lectures = for_lectures
        self._has_originals, self._places = False, NOWHERE
        self._chosen = -1
        self._now, self._shown_step = 0.0, -1
        self._sight: Sight | None = None
        self._is_anew, self._glided = True, False
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
        return b"" if self._blend.picture is None else self._seen().tiles.tobytes()

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
        if before is None or (before.seats, before.size) != (picture.seats, picture.size):
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
        self._is_anew = True
        self._begin_moving()

    def clear(self, hint: str = HINT) -> None:
        """Shows nothing but a line of words."""
        self._blend.clear()
        self._glide.clear()
        self._known, self._hint = Known(), hint
        self._has_originals = False
        self._chosen = -1
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
    def _look(self) -> Look:
        return Look(self._places, self._has_originals, self._dark)

    @property
    def _ground(self) -> QColor:
        return QColor(Qt.GlobalColor.black) if self._for_lectures else theme.plot_background()

    # --- where it is --------------------------------------------------------------------------

    @property
    def seats(self) -> Seats:
        """Who sits where."""
        seats = self._blend.seats
        return seats.first(_IN_LECTURES) if self._for_lectures else seats

    @property
    def places(self) -> Places:
        """Where the seats are, the top of all of them being 0."""
        return self._places

    def _lay_out(self, at_once: bool) -> None:
        picture, seats = self._blend.picture, self.seats
        bar, (width, height) = self.verticalScrollBar(), self.viewport().size().toTuple()
        if picture is None:
            self._places = NOWHERE
        elif self._for_lectures:
            room = width, height
            self._places = largest_places(seats, picture.size, room, self._has_originals)
        else:
            self._places = places(seats, picture.size, width, self._has_originals)
        bar.setPageStep(height)
        bar.setSingleStep(max(1, self._places.cell[1] // 3))
        bar.setRange(0, max(0, self._places.height - height))
        self._glide.move(self._ways(seats), time.perf_counter(), at_once)
        self._sight, self._is_anew = None, True
        self._begin_moving()

    def _ways(self, seats: Seats) -> Mapping[int, tuple[QPointF, float]]:
        clear = [1.0] * len(seats.above)
        clear += [DOUBTFUL if seats.doubt else 1.0] * len(seats.below)
        ends = zip(self._places.origins, clear, strict=True)
        return dict(zip(seats.candidates, ends, strict=True))

    # --- moving -------------------------------------------------------------------------------

    def _begin_moving(self) -> None:
        if not self._timer.isActive():  # Else the next frame shows it soon enough.
            self._on_frame()
            if self.isVisible():
                self._timer.start()

    @Slot()
    def _on_frame(self) -> None:
        """The picture of this moment, and its step; both are drawn together."""
        self._now, before = time.perf_counter(), self._sight
        glides = self._glide.is_moving(self._now)
        if before is None or self._is_anew or glides or self._glided:
            self._sight, self._is_anew = None, False
            self.viewport().update()
        else:
            self._sight = before.later(self._blend.tiles(self._now, before.numbers))
            self.viewport().update(self._sight.changed(before))
        self._tell_step()
        self._glided = glides
        if not (glides or self._blend.is_moving(self._now)):
            self._timer.stop()

    def _tell_step(self) -> None:
        self._shown_step = -1 if self._blend.picture is None else self._blend.step(self._now)
        self.stepped.emit(self._shown_step)

    def _seen(self) -> Sight:
        """What can be seen; the same until something moves."""
        if self._sight is None:
            seats = self._in_sight()
            self._sight = Sight(seats, self._blend.tiles(self._now, [each.seat for each in seats]))
        return self._sight

    def _in_sight(self) -> tuple[Seen, ...]:
        top, height = self.verticalScrollBar().value(), self._places.cell[1]
        seen = []
        for seat, candidate in enumerate(self.seats.candidates):
            place, opacity = self._glide.at(candidate, self._now)
            origin = place - QPointF(0, top)
            if origin.y() + height > 0 and origin.y() < self.viewport().height():
                seen.append(Seen(seat, candidate, origin, opacity, self._places.image_at(origin)))
        return tuple(seen)

    # --- drawing ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws what can be seen of the seats, and no more than has changed."""
        painter = QPainter(self.viewport())
        if self._blend.picture is None:
            painter.fillRect(event.rect(), self._ground)
            painter.setPen(theme.plot_foreground(self._dark))
            words = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignCenter
            painter.drawText(self.viewport().rect().adjusted(40, 0, -40, 0), words, self._hint)
        elif event.region().subtracted(self._seen().images).isEmpty():
            self._draw_images(painter, event)
        else:
            painter.fillRect(event.rect(), self._ground)
            self._draw_all(painter)

    def _draw_images(self, painter: QPainter, event: QPaintEvent) -> None:
        """Draws own images alone, those that are asked for."""
        sight = self._seen()
        for each, tile in zip(sight.seats, self._as_seen(sight), strict=True):
            if event.region().intersects(each.image.toAlignedRect()):
                # Within one rectangle Qt scales five times as fast as within a region of several.
                painter.setClipRect(each.image)
                painter.drawImage(each.image, as_image(tile))
                self._mark_chosen(painter, each)

    def _draw_all(self, painter: QPainter) -> None:
        """Draws own images, what is beside and below them, and the line."""
        seats, sight = self.seats, self._seen()
        if self._places.line is not None:
            top = self._places.line - self.verticalScrollBar().value()
            where = QRectF(0, top, self.viewport().width(), 0)
            draw_line(painter, where, seats.doubt, self._dark)
        for each, tile in zip(sight.seats, self._as_seen(sight), strict=True):
            painter.drawImage(each.image, as_image(tile))
            painter.setOpacity(each.opacity)
            known = self._known.of_candidate(each.candidate, each.candidate in seats.marked)
            draw_beside(painter, self._look, each.origin, known)
            painter.setOpacity(1.0)
            self._mark_chosen(painter, each)

    def _as_seen(self, sight: Sight) -> Pixels:
        """The tiles as Qt draws them, through which the ground is seen where they are doubtful."""
        return faded(in_32_bits(sight.tiles), sight.opacities, self._ground)

    def _mark_chosen(self, painter: QPainter, each: Seen) -> None:
        if each.candidate == self._chosen:
            draw_frame(painter, self._look, each.origin)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other seats fit."""
        super().resizeEvent(event)
        self._lay_out(at_once=True)

    def showEvent(self, event: QShowEvent) -> None:
        """What came while nobody looked is shown now."""
        super().showEvent(event)
        self._sight, self._is_anew = None, True
        self._begin_moving()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Everything is drawn anew."""
        self._sight = None
        self.viewport().update()
