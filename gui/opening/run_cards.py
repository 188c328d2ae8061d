"""The last runs on the start page: a click opens one, several can be compared."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.comparison.several import FEWEST, MOST
from gui.state.last_runs import LastRuns, ShownCard
from gui.toolkit import theme
from gui.toolkit.widgets import verbatim

_COLUMNS = 3
_WIDTH, _PADDING, _RADIUS = 214, 8, 5
_STRIP_HEIGHT = 34
_FADED = 0.35


class RunCards(QWidget):
    """Cards in rows of three; nothing where there are none."""

    open_wanted = Signal(object)
    """Emitted with the path of a session that is to be opened."""

    compare_wanted = Signal(object)
    """Emitted with the paths of sessions that are to be compared, in the order of the cards."""

    def __init__(self, runs: LastRuns) -> None:
        super().__init__()
        self._runs = runs
        self.cards: list[CardButton] = []
        self.compare_button = QPushButton("Com&pare")
        self.compare_button.setToolTip(
            f"Shows what two to {MOST} runs found, side by side. Choose them with their "
            "check boxes, or with Ctrl and a click."
        )
        self.compare_button.clicked.connect(self._compare)
        heading = QHBoxLayout()
        heading.addWidget(theme.heading("Last runs"), 1)
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Forgets these pictures; the runs themselves stay.")
        self.clear_button.clicked.connect(runs.clear)
        for button in (self.compare_button, self.clear_button):
            heading.addWidget(button)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.SPACING)
        self._grid.setColumnStretch(_COLUMNS, 1)  # A few cards begin below the heading.
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, theme.MARGIN, 0, 0)
        rows.addLayout(heading)
        rows.addLayout(self._grid)
        runs.changed.connect(self._fill)
        self._fill()

    @property
    def chosen(self) -> list[Path]:
        """Sessions that are chosen to be compared."""
        return [card.path for card in self.cards if card.check.isChecked()]

    @Slot()
    def _fill(self) -> None:
        chosen = self.chosen
        for card in self.cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = [CardButton(shown) for shown in self._runs.cards]
        for place, card in enumerate(self.cards):
            card.check.setChecked(card.path in chosen and card.isEnabled())
            card.clicked.connect(partial(self._open, card.path))
            card.check.toggled.connect(self._count)
            self._grid.addWidget(card, *divmod(place, _COLUMNS))
        self.setFixedWidth(_COLUMNS * _WIDTH + (_COLUMNS - 1) * theme.SPACING)
        self.setVisible(bool(self.cards))
        self._count()

    def _open(self, path: Path, _checked: bool = False) -> None:
        self.open_wanted.emit(path)

    @Slot()
    def _count(self) -> None:
        count = len(self.chosen)
        self.compare_button.setText(f"Com&pare {count} Runs" if count > 1 else "Com&pare")
        self.compare_button.setEnabled(FEWEST <= count <= MOST)
        can_compare = sum(card.isEnabled() for card in self.cards) > 1
        self.compare_button.setVisible(can_compare)
        for card in self.cards:
            card.check.setVisible(can_compare and card.isEnabled())

    @Slot()
    def _compare(self) -> None:
        self.compare_wanted.emit(self.chosen)


class CardButton(QAbstractButton):
    """One run: its best images, its network, what it found, and when."""

    def __init__(self, shown: ShownCard) -> None:
        super().__init__()
        card = shown.card
        self._card, self._is_missing = card, shown.is_missing
        self.path = card.path
        self._strip = QPixmap()
        self._strip.loadFromData(card.strip, "PNG")
        when = datetime.fromtimestamp(card.seconds)
        self._date = f"{when:%Y-%m-%d %H:%M}"
        self.headline = "missing" if shown.is_missing else card.headline
        self.setText(card.network)
        self.setAccessibleName(f"Open the run of {card.network}: {self.headline}, {self._date}")
        self.setToolTip(verbatim(card.network, self.headline, str(card.path)))
        self.setEnabled(not shown.is_missing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.check = QCheckBox(self)
        self.check.setAccessibleName(f"Compare the run of {card.network} of {self._date}")
        self.check.setToolTip("Chooses this run to be compared with others (Ctrl and a click).")
        self.check.resize(self.check.sizeHint())
        self.check.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFixedSize(self.sizeHint())
        corner = QPoint(self.width() - self.check.width() - 4, self.height() - self.check.height())
        self.check.move(corner - QPoint(0, 4))

    def sizeHint(self) -> QSize:
        """Three lines below the strip."""
        lines = 3 * self.fontMetrics().lineSpacing()
        return QSize(_WIDTH, _STRIP_HEIGHT + lines + 3 * _PADDING)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """With Ctrl the run is chosen, not opened."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.check.toggle()
        else:
            super().mousePressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws all of it; names that are too long lose their middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_ground(painter)
        if self._is_missing:
            painter.setOpacity(_FADED)
        self._draw_strip(painter)
        painter.setOpacity(1.0)
        self._draw_words(painter)

    def _draw_ground(self, painter: QPainter) -> None:
        palette, frame = self.palette(), self.rect().adjusted(1, 1, -1, -1)
        is_hot = self.hasFocus() or self.underMouse()
        painter.setPen(theme.accent() if is_hot else palette.color(QPalette.ColorRole.Mid))
        painter.setBrush(palette.color(QPalette.ColorRole.AlternateBase))
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)

    def _draw_strip(self, painter: QPainter) -> None:
        if self._strip.isNull():
            return
        room = QSize(self.width() - 2 * _PADDING, _STRIP_HEIGHT)
        size = self._strip.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        painter.drawPixmap(QRect(QPoint(_PADDING, _PADDING), size), self._strip)

    def _draw_words(self, painter: QPainter) -> None:
        palette, metrics = self.palette(), self.fontMetrics()
        quiet = palette.color(theme.QUIET)
        plain = palette.color(QPalette.ColorRole.WindowText)
        lines: tuple[tuple[str, QColor, bool], ...] = (
            (self.text(), quiet if self._is_missing else plain, True),
            (self.headline, quiet if self._is_missing else plain, False),
            (self._date, quiet, False),
        )
        top = _STRIP_HEIGHT + 2 * _PADDING
        for words, colour, is_bold in lines:
            font = self.font()
            font.setBold(is_bold)
            painter.setFont(font)
            painter.setPen(colour)
            width = self.width() - 2 * _PADDING
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, width)
            place = QRect(_PADDING, top, width, metrics.lineSpacing())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft, shown)
            top += metrics.lineSpacing()
