"""The log: what happened, line by line, at the bottom of the window."""

from __future__ import annotations

import logging
from collections import deque

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QGuiApplication,
    QHideEvent,
    QPalette,
    QShowEvent,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.toolkit import theme
from gui.toolkit.focus import FocusFrame
from gui.toolkit.log import Entry, LogBridge

_MOST = 1000


class LogPanel(QDockWidget):
    """Shows the last thousand lines; hidden until somebody wants to see them.

    Qt keeps ten kilobytes for a long line that it shows, so it is told of none while hidden.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Log", parent)
        self.setObjectName("log")
        self.setAllowedAreas(
            Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.TopDockWidgetArea
        )
        self._entries: deque[Entry] = deque(maxlen=_MOST)
        self._bridge = LogBridge(self)
        self._bridge.logged.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName("Log")
        self.lines.setToolTip("What has happened since the window was opened, the newest last.")
        self.lines.setPlaceholderText("Nothing has happened yet.")
        self.lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.lines.setMaximumBlockCount(_MOST)
        self.lines.document().setDocumentMargin(theme.MARGIN)
        self.lines.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        FocusFrame(self.lines)
        self.setWidget(self._laid_out())
        self.hide()

    def _laid_out(self) -> QWidget:
        self.copy_button = QPushButton("Copy All")
        self.copy_button.setToolTip("Copies the whole log, to be sent or kept.")
        self.copy_button.clicked.connect(self.copy_all)
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Empties the log.")
        self.clear_button.clicked.connect(self.clear)
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        row.addWidget(QLabel("Since the start, the newest last"))
        row.addStretch(1)
        row.addWidget(self.copy_button)
        row.addWidget(self.clear_button)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, theme.SPACING // 2, 0, 0)
        rows.addLayout(row)
        rows.addWidget(self.lines, 1)
        return whole

    @property
    def text(self) -> str:
        """All entries, one below the other."""
        return "\n".join(str(entry) for entry in self._entries)

    @Slot()
    def copy_all(self) -> None:
        """Puts the whole log into the clipboard."""
        QGuiApplication.clipboard().setText(self.text)

    @Slot()
    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self.lines.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: somebody wants to see it."""
        super().showEvent(event)
        self.restyle()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: nobody does any more."""
        super().hideEvent(event)
        self.lines.clear()

    def restyle(self) -> None:
        """Shows all entries in the current colour scheme."""
        self.lines.clear()
        if self.isVisible():
            for entry in self._entries:
                self._append(entry)

    def end(self) -> None:
        """Hears nothing more; the window closes."""
        self._bridge.close()

    @Slot(object)
    def _show(self, entry: Entry) -> None:
        self._entries.append(entry)
        if self.isVisible():
            self._append(entry)

    def _append(self, entry: Entry) -> None:
        bar = self.lines.verticalScrollBar()
        follows = bar.value() == bar.maximum()
        look = QTextCharFormat()
        look.setForeground(self._colour(entry.level))
        cursor = QTextCursor(self.lines.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(("" if cursor.atStart() else "\n") + str(entry), look)
        if follows:
            bar.setValue(bar.maximum())

    def _colour(self, level: int) -> QColor:
        if level >= logging.ERROR:
            return theme.error_colour()
        if level >= logging.WARNING:
            return theme.accent()
        return QGuiApplication.palette().color(QPalette.ColorRole.Text)
