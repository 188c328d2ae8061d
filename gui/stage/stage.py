"""The stage: a run's pictures, and what hands and keys do with those who are in them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from gui.stage.drift_view import HINT, DriftView
from gui.toolkit.focus import FocusFrame


class Stage(DriftView):
    """A click chooses a candidate; arrow keys, Home and End walk on from there."""

    selected = Signal(int)
    """The candidate that a person has chosen."""

    hovered = Signal(int)
    """The candidate under the pointer, or −1."""

    film_wanted = Signal(object)
    """Of which candidates a person wants a film."""

    image_wanted = Signal(int)
    """Of which candidate a person wants the image."""

    def __init__(self, for_lectures: bool = False, parent: QWidget | None = None) -> None:
        """
        Args:
            for_lectures: as of a `DriftView`.
            parent: owner.
        """
        super().__init__(for_lectures, parent)
        self._is_covered = False
        self.setAccessibleName("Stage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._under = -1
        FocusFrame(self)

    def clear(self, hint: str = HINT) -> None:
        """Shows nothing but a line of words."""
        self._under = -1
        super().clear(hint)

    def set_covered(self, is_covered: bool) -> None:
        """Draws nothing while something lies over all of it; then it is where it would be."""
        self._is_covered = is_covered
        if is_covered:
            self._timer.stop()
        else:
            self._lay_out(at_once=True)

    def _begin_moving(self) -> None:
        if not self._is_covered:
            super()._begin_moving()

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

    def _seat_of(self, candidate: int) -> int:
        seated = self.seats.candidates
        return seated.index(candidate) if candidate in seated else -1

    def _candidate_at(self, point: QPointF) -> int:
        seat = self._places.seat_at(point + QPointF(0, self.verticalScrollBar().value()))
        return self.seats.candidates[seat] if seat >= 0 else -1
