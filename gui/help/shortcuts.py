"""Help → Keyboard Shortcuts: read off the menus themselves, so that it is never out of date."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QMenu,
    QMenuBar,
    QVBoxLayout,
    QWidget,
)

from gui.toolkit import theme
from gui.toolkit.menus import plain


def shortcuts(bar: QMenuBar) -> dict[str, list[tuple[str, str]]]:
    """What each menu's commands are called, and their first keys; only those that have some."""
    found = {}
    for top in bar.actions():
        menu = top.menu()
        if isinstance(menu, QMenu):
            rows = [(plain(action.text()), _keys(action)) for action in _commands(menu)]
            found[plain(top.text())] = [(words, keys) for words, keys in rows if keys]
    return {title: rows for title, rows in found.items() if rows}


def _commands(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _commands(inner)
        elif not action.isSeparator():
            yield action


def _keys(action: QAction) -> str:
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class ShortcutsDialog(QDialog):
    """Shows them, menu by menu, in two columns."""

    def __init__(self, bar: QMenuBar, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard Shortcuts")
        columns = QGridLayout()
        columns.setHorizontalSpacing(4 * theme.MARGIN)
        columns.setVerticalSpacing(theme.MARGIN)
        for index, (title, rows) in enumerate(shortcuts(bar).items()):
            top = Qt.AlignmentFlag.AlignTop
            columns.addLayout(_group(title, rows), index // 2, index % 2, top)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        whole.setSpacing(2 * theme.MARGIN)
        whole.addLayout(columns)
        whole.addWidget(buttons)


def _group(title: str, rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.MARGIN)
    grid.setVerticalSpacing(theme.SPACING // 2)
    grid.setColumnStretch(0, 1)
    grid.addWidget(theme.heading(title), 0, 0, 1, 2)
    for row, (words, keys) in enumerate(rows, 1):
        pressed = QLabel(keys)
        pressed.setForegroundRole(theme.QUIET)
        pressed.setAccessibleName(f"{words}: {keys}")
        grid.addWidget(QLabel(words), row, 0)
        grid.addWidget(pressed, row, 1, Qt.AlignmentFlag.AlignRight)
    return grid
