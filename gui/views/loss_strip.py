"""The losses as a slim strip: how much of each layer is unexplained, and of the first in words.

Not the stationarity loss, which sums up the squares of these residuals: a hidden layer that keeps
its random start can be nearly all of that sum, which then hardly moves while images come out of the
first layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.base.colours import is_dashed, layer
from engine.reconstruction.losses import Losses
from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame
from gui.toolkit.throttle import Throttle
from gui.views.strip_scale import StripScale

_TITLE = "Residual of layer 1"
_ABOUT = (
    "<p>How much of the weights the candidates leave unexplained: the stationarity residual of "
    "each layer, relative to its weights, on a log axis. A click or Enter opens all losses.</p>"
)
_WIDEST_NUMBER = "0.0001"
_DRAWING_INTERVAL = 0.8
_HEIGHT, _LEAST_HEIGHT, _ROOMY = 72, 40, 60
_FIRST, _OTHERS, _DOT, _LARGE = 2.0, 1.25, 3.0, 1.35
_PIECE = 16
"""Points of a curve that are drawn at once."""

_FILL_ALPHA, _FAINT_ALPHA = 36, 70
_OPENING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class LossStrip(QWidget):
    """The layers' residuals over the steps on a log axis; a click, Enter or Space opens the plots.

    It is from 40 pixels high, better 60 to 90, and as wide as there is room.
    """

    opened = Signal()
    """Emitted when somebody wants to see the losses at large."""

    def __init__(self, for_lectures: bool = False, parent: QWidget | None = None) -> None:
        """
        Args:
            for_lectures: black whatever the scheme is, and nothing to click.
            parent: owner.
        """
        super().__init__(parent)
        self._for_lectures = for_lectures
        self._losses = Losses.none(0)
        self._cursors: list[float] = []
        self._step = -1
        self._throttle = Throttle(_DRAWING_INTERVAL)
        self._newest = self._losses
        self._later = QTimer(self, singleShot=True, interval=round(1000 * _DRAWING_INTERVAL))
        self._later.timeout.connect(self._show_newest)
        self.setAccessibleName("Losses")
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if not for_lectures:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(_ABOUT)
            FocusFrame(self)

    def sizeHint(self) -> QSize:
        """A strip."""
        return QSize(400, _HEIGHT)

    def show_losses(self, losses: Losses, hurry: bool = False) -> None:
        """Shows all rows.

        Args:
            losses: the rows.
            hurry: False shows them a moment later if others were shown a moment ago.
        """
        self._newest = losses
        if self._throttle.lets_through(hurry):
            self._show_newest()
        elif not self._later.isActive():
            self._later.start()

    @Slot()
    def _show_newest(self) -> None:
        self._later.stop()
        self._losses = self._newest
        self.setAccessibleDescription(self.words)
        self.update()

    @Slot(int)
    def show_step(self, step: int) -> None:
        """Says the value of the step that the picture is of, which is named beside the picture.

        Args:
            step: steps taken, over all restarts; −1 where there is no picture.
        """
        before, self._step = self.value, step
        if self.value != before:
            self.update(self._words_room.toAlignedRect())

    def show_cursors(self, steps: Sequence[float]) -> None:
        """Marks the steps that the timeline is at."""
        self._cursors = list(steps)
        self.update()

    def clear(self) -> None:
        """Shows that there is no run."""
        self._cursors, self._step = [], -1
        self.show_losses(Losses.none(0), hurry=True)
        self._throttle.reset()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.update()

    @property
    def cursors(self) -> list[float]:
        """The steps that are marked."""
        return self._cursors

    @property
    def value(self) -> str:
        """The first layer's relative residual at the step that is shown, `0.312`; – if unknown."""
        losses = self._newest
        taken = len(losses) if self._step < 0 else np.searchsorted(losses.step, self._step, "right")
        last = losses.relative_per_layer[max(0, taken - 1) : taken, :1].ravel()
        return f"{last[0]:.3g}" if len(last) and math.isfinite(last[0]) else "–"

    @property
    def words(self) -> str:
        """All that it says."""
        return f"{_TITLE} {self.value}" if len(self._newest) else f"{_TITLE} –, no run yet"

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Opens the plots."""
        is_inside = self.rect().contains(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and is_inside and not self._for_lectures:
            self.opened.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Is followed by a release, which counts."""
        event.setAccepted(not self._for_lectures)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Opens the plots by Enter or Space."""
        if event.key() in _OPENING_KEYS and not self._for_lectures:
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    # --- drawing ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words on the left, the curve on the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), self._ground())
        words, inner = self._words_room, self._inner
        self._paint_words(painter, words)
        if not event.region().intersects(
            inner.toAlignedRect().adjusted(round(words.width()), 0, 0, 0)
        ):
            return
        inner.setLeft(words.right() + theme.MARGIN)
        numbers = QFontMetricsF(self.font()).horizontalAdvance(_WIDEST_NUMBER)
        self._paint_curves(painter, inner.adjusted(0, 4, -numbers if self._is_roomy else -_DOT, -4))

    @property
    def _inner(self) -> QRectF:
        return QRectF(self.rect()).adjusted(theme.MARGIN, 4, -theme.MARGIN, -4)

    @property
    def _words_room(self) -> QRectF:
        inner = self._inner
        inner.setWidth(QFontMetricsF(self.font()).horizontalAdvance(f"{_TITLE} "))
        return inner

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        plain, bold = self.font(), _in_bold(self.font(), _LARGE if self._is_roomy else 1.0)
        dark = self._is_dark
        value = self.value if len(self._newest) else "no run yet"
        lines = [
            (_TITLE, plain, theme.colour("layer 1", dark)),
            (value, bold if len(self._newest) else plain, theme.text_colour(dark)),
        ]
        heights = [QFontMetricsF(font).height() for _, font, _ in lines]
        top = room.center().y() - sum(heights) / 2
        for (text, font, colour), height in zip(lines, heights, strict=True):
            painter.setFont(font)
            painter.setPen(colour)
            where = QRectF(room.left(), top, room.width(), height)
            painter.drawText(where, Qt.AlignmentFlag.AlignLeft, text)
            top += height
        painter.setFont(plain)

    def _paint_curves(self, painter: QPainter, room: QRectF) -> None:
        """The first layer above the others, and filled down to the ground."""
        steps, values = self._losses.step, self._losses.relative_per_layer
        scale = StripScale.of(steps, values, room)
        if scale is None:
            return
        self._paint_grid(painter, scale)
        for index in reversed(range(values.shape[1])):
            colour = theme.colour(layer(index), self._is_dark)
            lines = scale.lines(steps, values[:, index])
            if index == 0:
                _fill(painter, lines, room.bottom(), colour)
            painter.setPen(_pen(index, colour))
            for points in lines:
                # Piece by piece: a long line that folds back on itself takes many times as long.
                for start in range(0, len(points) - 1, _PIECE):
                    painter.drawPolyline(points[start : start + _PIECE + 1])
            if index == 0 and lines:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawEllipse(lines[-1][-1], _DOT, _DOT)
        painter.setPen(QPen(theme.colour("cursor", self._is_dark), 1))
        for step in self._cursors:
            x = _amid(scale.across(step))
            painter.drawLine(QPointF(x, room.top() - 4), QPointF(x, room.bottom() + 4))

    def _paint_grid(self, painter: QPainter, scale: StripScale) -> None:
        """Round values as faint lines, with their numbers where there is room."""
        faint = theme.plot_foreground(self._is_dark)
        faint.setAlpha(_FAINT_ALPHA)
        small = QFont(self.font())
        small.setPointSizeF(0.8 * self.font().pointSizeF())
        painter.setFont(small)
        for value in scale.round_values():
            y = _amid(scale.up(value))
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(scale.room.left(), y), QPointF(scale.room.right(), y))
            if self._is_roomy:
                painter.setPen(theme.plot_foreground(self._is_dark))
                beside = QRectF(scale.room.right(), y - 10, self.width() - scale.room.right(), 20)
                painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, f"{10**value:.3g}")
        painter.setFont(self.font())

    @property
    def _is_roomy(self) -> bool:
        return self.height() >= _ROOMY

    def _ground(self) -> QColor:
        return QColor(Qt.GlobalColor.black) if self._for_lectures else theme.plot_background()

    @property
    def _is_dark(self) -> bool | None:
        return True if self._for_lectures else None


def _amid(place: float) -> float:
    """The middle of the pixel that a place lies in, where a thin line is sharp."""
    return math.floor(place) + 0.5


def _pen(index: int, colour: QColor) -> QPen:
    """That of a layer, counted from 0."""
    style = Qt.PenStyle.DashLine if is_dashed(index) else Qt.PenStyle.SolidLine
    return QPen(
        colour,
        _OTHERS if index else _FIRST,
        style,
        Qt.PenCapStyle.FlatCap,
        Qt.PenJoinStyle.RoundJoin,
    )


def _fill(painter: QPainter, lines: list[list[QPointF]], bottom: float, colour: QColor) -> None:
    """Fills what is below a curve."""
    faint = QColor(colour)
    faint.setAlpha(_FILL_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    for points in lines:
        below = [QPointF(end.x(), bottom) for end in (points[-1], points[0])]
        painter.drawPolygon([*points, *below])
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _in_bold(font: QFont, factor: float) -> QFont:
    bold = QFont(font)
    bold.setBold(True)
    bold.setPointSizeF(factor * font.pointSizeF())
    return bold
