"""For lectures and for recording: the best twelve on black, a line of words, the losses below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.viewing.frames import Picture
from engine.viewing.standing import Standing
from gui.stage.header import StageHeader
from gui.stage.stage import Stage
from gui.toolkit import theme
from gui.views.loss_strip import LossStrip

_STRIP_HEIGHT = 64
_LARGER = 1.6


class Presentation(QWidget):
    """The same pictures as the stage's, full screen; Escape or F11 ends it."""

    def __init__(self, stage: Stage, header: StageHeader) -> None:
        """
        Args:
            stage: whose pictures are shown.
            header: whose words are.
        """
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle("Afterimage")
        self.setAutoFillBackground(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, Qt.GlobalColor.black)
        palette.setColor(QPalette.ColorRole.WindowText, theme.text_colour(dark=True))
        self.setPalette(palette)
        self._source, self._header = stage, header
        self.stage, self.strip = Stage(for_lectures=True), LossStrip(for_lectures=True)
        self.stage.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.strip.setFixedHeight(_STRIP_HEIGHT)
        self._words = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        font = self._words.font()
        font.setPointSizeF(font.pointSizeF() * _LARGER)
        self._words.setFont(font)
        self._words.setPalette(palette)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.SPACING)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, theme.MARGIN, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.stage, 1)
        rows.addWidget(self._words)
        rows.addWidget(self.strip)
        self.stage.stepped.connect(self.strip.show_step)
        stage.pictured.connect(self._show_picture)
        stage.known.connect(self._show_standing)
        header.said.connect(self._words.setText)

    @property
    def words(self) -> str:
        """The line of words."""
        return self._words.text()

    @Slot()
    def begin(self) -> None:
        """Shows what the stage shows, on the whole screen."""
        self._words.setText(self._header.headline.words)
        self.setGeometry(self._header.screen().geometry())  # Not every display knows full screens.
        self._source.set_covered(True)
        self.showFullScreen()
        picture, standing = self._source.picture, self._source.standing
        if picture is None:
            self.stage.clear()
        else:
            self.stage.show_picture(picture, at_once=True)
        if standing is not None:
            self.stage.show_standing(standing)
        self.stage.setFocus()

    @Slot(object, bool)
    def _show_picture(self, picture: Picture, at_once: bool) -> None:
        if self.isVisible():
            self.stage.show_picture(picture, at_once)

    @Slot(object)
    def _show_standing(self, standing: Standing) -> None:
        if self.isVisible():
            self.stage.show_standing(standing)

    def hideEvent(self, event: QHideEvent) -> None:
        """The stage is to be seen again."""
        super().hideEvent(event)
        self._source.set_covered(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and F11 end it."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F11):
            self.hide()
        else:
            super().keyPressEvent(event)
