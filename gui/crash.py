"""An error that nobody expected: the window stays open, and says what a person can send."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.plain_text import plain
from gui.log import LOGGER


class CrashReporter(QObject):
    """Shows unexpected errors of any thread in a dialog of the window's."""

    _crashed = Signal(str, str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        # Queued, because an error may come from a thread that must not touch widgets.
        self._crashed.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Takes every error that nothing else catches."""
        sys.excepthook = self._report

    def _report(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        LOGGER.critical("Something unexpected went wrong", exc_info=(kind, error, trace))
        details = "".join(traceback.format_exception(kind, error, trace))
        self._crashed.emit(f"{kind.__name__}: {error}", details)

    @Slot(str, str)
    def _show(self, summary: str, details: str) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Critical)
        box.setWindowTitle("Afterimage")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("Something unexpected went wrong. What is open stays open.")
        box.setInformativeText(plain(summary))
        box.setDetailedText(details)
        box.open()
