"""What the window says: a card at its top that lies over the page, so that nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.base.plain_text import counted, plain
from gui.toolkit import theme
from gui.toolkit.layout import COLUMN_WIDTH
from gui.toolkit.log import LOGGER

_WIDEST, _NARROWEST = 740, 480
_SHADOW, _CORNER, _BAR, _ICON = 10, 6, 4, 20
_MOST_LINES = 8


class MessageStrip(QWidget):
    """Something to know, or something that went wrong, until it is closed or replaced.

    It keeps to the right, because fields are on the left, and lies on top of what it floats over.
    Escape closes it, wherever the keyboard is.
    """

    answered = Signal()
    """Emitted when an offer has been taken or dismissed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_error = False
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self._icon, self._text = QLabel(), _words()
        self._instead, self._lines = _words(), _words()
        self.offer_button = QPushButton()
        self.offer_button.setToolTip("Does what the sentence is about.")
        self.offer_button.clicked.connect(self._take_offer)
        self._offer: Callable[[], None] | None = None
        self.suggestions: list[QPushButton] = []
        self.close_button = QPushButton("Dismiss")
        self.close_button.setToolTip("Takes the message away (Esc); nothing else happens.")
        self.close_button.clicked.connect(self._dismiss)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(theme.SPACING // 2)
        for label in (self._text, self._instead, self._lines):
            column.addWidget(label)
        message = QHBoxLayout()
        message.setSpacing(theme.MARGIN)
        message.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        message.addLayout(column, 1)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        for button in (self.offer_button, self.close_button):
            self._buttons.addWidget(button)
        # Buttons stand beside one sentence, and below of more.
        self._whole = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        inner = _SHADOW + theme.SPACING
        self._whole.setContentsMargins(inner + theme.SPACING, inner, inner, inner)
        self._whole.setSpacing(theme.SPACING)
        self._whole.addLayout(message, 1)
        self._whole.addLayout(self._buttons)

    def float_over(self, host: QWidget) -> None:
        """Lies at the top of a widget from now on, whatever its size."""
        self.setParent(host)
        host.installEventFilter(self)

    # --- what is said -------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """All that is said, in one line; empty while nothing is."""
        if self.isHidden():
            return ""
        said = (self._text.text(), self._instead.text(), *self._lines.text().split("\n"))
        return " ".join(each for each in said if each)

    @property
    def is_offering(self) -> bool:
        """Whether something can be done about the sentence that is shown."""
        return self._offer is not None

    def show_error(self, message: str, instead: str = "") -> None:
        """Something could not be done, and what would work where that is known."""
        LOGGER.error(f"{message} {instead}".rstrip())
        self._show(message, instead, is_error=True)

    def show_note(self, message: str) -> None:
        """Something worth knowing."""
        LOGGER.info(message)
        self._show(message, "", is_error=False)

    def list_below(self, lines: Sequence[str]) -> None:
        """Adds lines to what is shown, a few of them; the log has all."""
        for line in lines:
            LOGGER.info(line)
        shown = [plain(line) for line in lines[:_MOST_LINES]]
        if len(lines) > _MOST_LINES:
            left = counted(len(lines) - _MOST_LINES, "others")
            shown.append(f"{left}: see the log (View → Log)")
        self._lines.setText("\n".join(shown))
        self._arrange()

    def add(self, sentence: str) -> None:
        """Says more beside what is shown, which keeps its offer; or says it alone."""
        if self.isHidden():
            self.show_note(sentence)
        else:
            LOGGER.info(sentence)
            self._text.setText(f"{self._text.text()} {plain(sentence)}")
            self._arrange()

    def offer(self, button: str, take: Callable[[], None]) -> None:
        """Adds a button to the sentence that is shown: what can be done about it."""
        self._offer = take
        self.offer_button.setText(button)
        self.offer_button.show()
        self._arrange()

    def suggest(self, button: str, about: str, do: Callable[[], object]) -> None:
        """Adds a button that leads on; unlike an offer it waits for nothing, and may be repeated.

        Args:
            button: its words.
            about: what it does, for who asks.
            do: called when it is pressed.
        """
        suggestion = QPushButton(button)
        suggestion.setToolTip(about)
        suggestion.clicked.connect(lambda: do())
        self._buttons.insertWidget(self._buttons.count() - 2, suggestion)
        suggestion.show()
        self.suggestions.append(suggestion)
        self._arrange()

    def make_way(self) -> None:
        """Something else is shown now. An offer waits until it is taken, or dismissed."""
        if self._offer is None:
            self.hide()

    @Slot()
    def _take_offer(self) -> None:
        self.hide()
        offer, self._offer = self._offer, None
        if offer is not None:
            offer()
            self.answered.emit()

    @Slot()
    def _dismiss(self) -> None:
        self.hide()
        offer, self._offer = self._offer, None
        if offer is not None:
            self.answered.emit()

    def _show(self, message: str, instead: str, is_error: bool) -> None:
        self._offer, self._is_error = None, is_error
        self.offer_button.hide()
        for suggestion in self.suggestions:
            suggestion.hide()
            suggestion.deleteLater()
        self.suggestions = []
        font = self.font()
        font.setBold(is_error)
        self._text.setFont(font)
        self._text.setText(plain(message))
        self._instead.setText(plain(instead))
        self._lines.clear()
        self.restyle()
        self.setAccessibleName("Error" if is_error else "Note")
        self.setAccessibleDescription(f"{message} {instead}".rstrip())
        self.show()
        self._arrange()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    # --- how it looks -------------------------------------------------------------------------

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self._icon.setPixmap(_sign("!" if self._is_error else "i", self._colour, self))
        self.update()

    @property
    def _colour(self) -> QColor:
        return theme.error_colour() if self._is_error else theme.accent()

    def _arrange(self) -> None:
        """Takes the place and the height that what is said needs."""
        for label in (self._instead, self._lines):
            label.setVisible(bool(label.text()))
        is_long = bool(self._instead.text() or self._lines.text() or self.suggestions)
        directions = QBoxLayout.Direction
        self._whole.setDirection(directions.TopToBottom if is_long else directions.LeftToRight)
        host = self.parentWidget()
        if host is None or self.isHidden():
            return
        beside_fields = max(host.width() - COLUMN_WIDTH, _NARROWEST)
        width = min(_WIDEST, beside_fields, host.width())
        self._whole.activate()
        self.resize(width, self._whole.totalHeightForWidth(width))
        self.move(host.width() - width, 0)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the size of what it floats over; Escape that nobody else takes closes it."""
        kind = event.type()
        if kind == QEvent.Type.Resize and watched is self.parentWidget():
            self._arrange()
        elif (
            watched is self.window()
            and isinstance(event, QKeyEvent)
            and kind == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self._dismiss()
            return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        """From now on Escape is meant for it."""
        super().showEvent(event)
        self.window().installEventFilter(self)
        self._arrange()

    def hideEvent(self, event: QHideEvent) -> None:
        """Escape is not meant for it any more."""
        super().hideEvent(event)
        if self.window() is not self.parentWidget():
            self.window().removeEventFilter(self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A card with a shadow, and a bar in the colour of what it says."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_SHADOW):
            painter.setBrush(QColor(0, 0, 0, 2 + step))
            painter.drawRoundedRect(QRectF(self.rect().adjusted(step, step, -step, -step)), 12, 12)
        card = QRectF(self.rect().adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW))
        painter.setBrush(self._colour)
        painter.drawRoundedRect(card, _CORNER, _CORNER)
        painter.setBrush(QGuiApplication.palette().color(self.backgroundRole()))
        painter.drawRoundedRect(card.adjusted(_BAR, 0, 0, 0), _CORNER, _CORNER)
        painter.end()


def _words() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _sign(letter: str, colour: QColor, widget: QWidget) -> QPixmap:
    """A filled circle with a letter in it, sharp on every screen."""
    ratio = widget.devicePixelRatioF()
    pixmap = QPixmap(round(_ICON * ratio), round(_ICON * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    whole = QRectF(0, 0, _ICON, _ICON)
    painter.drawEllipse(whole)
    font = widget.font()
    font.setBold(True)
    painter.setFont(font)
    # Not the widget's own palette, which takes on another scheme a little later.
    painter.setPen(QGuiApplication.palette().color(widget.backgroundRole()))
    painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, letter)
    painter.end()
    return pixmap
