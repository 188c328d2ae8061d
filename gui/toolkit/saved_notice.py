"""What was saved, said in the status bar, with a button that shows where."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QStatusBar

from engine.base.plain_text import plain

_MILLISECONDS = 10_000


class SavedNotice(QPushButton):
    """There as long as the status bar says what was saved."""

    def __init__(self, bar: QStatusBar) -> None:
        super().__init__("Show in Fol&der", bar)
        self.setToolTip("Opens the folder that the file is in.")
        self._bar, self._text = bar, ""
        self._folder = Path()
        bar.addPermanentWidget(self)
        self.hide()
        self.clicked.connect(self._open)
        bar.messageChanged.connect(self._follow)

    def tell(self, path: Path) -> None:
        """Says that a file was saved, or a folder was filled."""
        self._folder = path if path.is_dir() else path.parent
        self._text = plain(f"Saved {path}")
        self._bar.showMessage(self._text, _MILLISECONDS)
        self.show()

    @Slot(str)
    def _follow(self, message: str) -> None:
        self.setVisible(bool(message) and message == self._text)

    @Slot()
    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder.absolute())))
