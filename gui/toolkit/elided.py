"""Names where there is little room: their middle is left out, and the tooltip has all of them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from engine.base.plain_text import plain
from gui.toolkit.widgets import verbatim


def elided(
    text: str, font: QFont, width: int, at: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
) -> str:
    """A text whose middle, or end, is left out where it is wider than so many pixels."""
    return QFontMetrics(font).elidedText(text, at, width)


class ElidedLabel(QLabel):
    """As many words as there is room for, in one line or a few; it asks for no room of its own."""

    def __init__(
        self,
        parent: QWidget | None = None,
        at: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        most_lines: int = 1,
    ) -> None:
        """
        Args:
            parent: owner.
            at: what is left out: the middle of a name, the end of a sentence.
            most_lines: that words are broken into before any are left out, as the height allows.
        """
        super().__init__(parent)
        self._words, self._at, self._most_lines = "", at, most_lines
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    @property
    def words(self) -> str:
        """All of them."""
        return self._words

    def say(self, words: str, *details: str) -> None:
        """Shows words; the tooltip has all of them, or details instead, a line each."""
        self._words = plain(words)
        self.setToolTip(verbatim(*(details or (words,))) if words else "")
        self.setAccessibleName(self._words)
        self._shorten()

    def minimumSizeHint(self) -> QSize:
        """Of any width, and a line high."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There is more or less room."""
        super().resizeEvent(event)
        self._shorten()

    def _shorten(self) -> None:
        room, metrics = self.contentsRect().size(), self.fontMetrics()
        lines = min(self._most_lines, max(1, room.height() // metrics.lineSpacing()))
        left, whole = self._words, list[str]()
        while len(whole) < lines - 1 and metrics.horizontalAdvance(left) > room.width():
            line, rest = _broken(left, metrics, room.width())
            if not rest:
                break
            whole.append(line)
            left = rest
        self.setText("\n".join([*whole, elided(left, self.font(), room.width(), self._at)]))


def _broken(text: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """Words that fit into a line, one at least, and those that are left."""
    words = text.split(" ")
    count = 1
    while count < len(words):
        if metrics.horizontalAdvance(" ".join(words[: count + 1])) > width:
            break
        count += 1
    return " ".join(words[:count]), " ".join(words[count:])


class ElidingStatusBar(QStatusBar):
    """A status bar that shows the ends of a message for which it has no room."""

    _RESERVED = 220
    """Pixels on its right, for the progress of what is under way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messageChanged.connect(self._forget)

    @Slot(str)
    def showMessage(self, message: str, timeout: int | None = 0) -> None:
        """Shows a message; the tooltip has all of it where it does not fit."""
        room = max(self.width() - self._RESERVED, self._RESERVED)
        shown = elided(message, self.font(), room)
        super().showMessage(shown, timeout or 0)
        self.setToolTip("" if shown == message else verbatim(message))

    @Slot(str)
    def _forget(self, _message: str) -> None:
        """What it says changes, and a tooltip would tell of what is gone."""
        self.setToolTip("")
