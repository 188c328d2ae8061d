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
    """One line of words, as many of them as there is room for; it asks for no room of its own."""

    def __init__(
        self,
        parent: QWidget | None = None,
        at: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        """
        Args:
            parent: owner.
            at: what is left out: the middle of a name, the end of a sentence.
        """
        super().__init__(parent)
        self._words, self._at = "", at
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
        self.setText(elided(self._words, self.font(), self.contentsRect().width(), self._at))


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
