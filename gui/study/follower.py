"""A study's folder is looked at once a second, as long as somebody sees the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.study.newest import Newest
from gui.study.work import Followed, News
from gui.toolkit.background import Background

_FOLLOW_MS = 1000


class Follower(QObject):
    """Reads one folder at a time, on a thread; writes nothing."""

    looked = Signal(object)
    """Emitted with `News` of the folder."""

    lost = Signal(str)
    """Emitted with a sentence where there is no study, or it cannot be read; it is left then."""

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._followed: Followed | None = None
        self._is_seen = False
        self._looks = Newest(background, self)
        self._looks.answered.connect(self._on_looked)
        self._looks.refused.connect(self._on_lost)
        self._timer = QTimer(self, interval=_FOLLOW_MS)
        self._timer.timeout.connect(self._look)

    def follow(self, folder: Path) -> None:
        """Looks at a folder from now on."""
        self._followed = Followed(folder)
        self._look()
        self.show_seen(self._is_seen)

    def leave(self) -> None:
        """Looks no more."""
        self._followed = None
        self._timer.stop()
        self._looks.cancel()

    @Slot(bool)
    def show_seen(self, is_seen: bool) -> None:
        """Nothing is read for a window that nobody sees."""
        self._is_seen = is_seen
        if is_seen and self._followed is not None:
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _look(self) -> None:
        followed = self._followed
        if followed is not None and not self._looks.is_busy:
            self._looks.ask(lambda: (followed, followed.look()))

    @Slot(object)
    def _on_looked(self, found: tuple[Followed, News]) -> None:
        followed, news = found
        if followed is self._followed:
            self.looked.emit(news)

    @Slot(str)
    def _on_lost(self, sentence: str) -> None:
        self.leave()
        self.lost.emit(sentence)
