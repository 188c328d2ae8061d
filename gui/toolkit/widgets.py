"""Small pieces of windows: the message strip; tooltips that say what is in a file."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from engine.base.plain_text import plain
from gui.toolkit import theme
from gui.toolkit.log import LOGGER


class MessageStrip(QFrame):
    """One sentence across the top of the window, until it is closed or replaced."""

    answered = Signal()
    """Emitted when an offer has been taken or dismissed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._is_error = QLabel(), False
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.AlternateBase)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.offer_button = QPushButton()
        self.offer_button.setToolTip("Does what the sentence is about.")
        self.offer_button.clicked.connect(self._take_offer)
        self.offer_button.hide()
        self._offer: Callable[[], None] | None = None
        self.close_button = QPushButton("Dismiss")
        self.close_button.setToolTip("Takes the sentence away; nothing else happens.")
        self.close_button.clicked.connect(self._dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, 6, theme.MARGIN, 6)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.offer_button)
        layout.addWidget(self.close_button)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence, empty while the strip is hidden."""
        return "" if self.isHidden() else self._text.text()

    @property
    def is_offering(self) -> bool:
        """Whether something can be done about the sentence that is shown."""
        return self._offer is not None

    def show_error(self, message: str) -> None:
        """Something could not be done."""
        LOGGER.error(message)
        self._show(message, is_error=True)

    def show_note(self, message: str) -> None:
        """Something worth knowing."""
        LOGGER.info(message)
        self._show(message, is_error=False)

    def add(self, sentence: str) -> None:
        """Says more beside what is shown, which keeps its offer; or says it alone."""
        if self.isHidden():
            self.show_note(sentence)
        else:
            self._text.setText(f"{self._text.text()} {sentence}")

    def offer(self, button: str, take: Callable[[], None]) -> None:
        """Adds a button to the sentence that is shown: what can be done about it."""
        self._offer = take
        self.offer_button.setText(button)
        self.offer_button.show()

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

    def _show(self, message: str, is_error: bool) -> None:
        self._offer, self._is_error = None, is_error
        self.offer_button.hide()
        self.restyle()
        self._text.setText(plain(message))
        self.show()

    def restyle(self) -> None:
        """Takes on the current colour scheme, so that what is said stays legible."""
        palette = QPalette()  # Without a colour of its own the text takes that of the window.
        if self._is_error:
            palette.setColor(QPalette.ColorRole.WindowText, theme.error_colour())
        self._text.setPalette(palette)


def verbatim(*lines: str) -> str:
    """A tooltip of lines that come from files: shown as they are, whatever they may steer."""
    return f"<p>{'<br>'.join(escape(plain(line)) for line in lines)}</p>"
