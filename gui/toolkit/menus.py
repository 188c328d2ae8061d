"""Menus as tables: entries are written down, and become menus and actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

Shortcut = QKeySequence.StandardKey | str | None


@dataclass(frozen=True)
class Command:
    """One entry: what it is called, what it does, and the keys that do the same."""

    text: str
    do: Callable[[], object]
    shortcut: Shortcut = None
    role: QAction.MenuRole = QAction.MenuRole.TextHeuristicRole


@dataclass(frozen=True)
class Submenu:
    """A menu of its own, in a menu or in the menu bar."""

    title: str
    entries: Sequence[Command | QAction | Submenu | None]
    """What is in it; actions that something else has made go in as they are; None is a line."""


class MenuBuilder:
    """Makes menus of tables; afterwards each action and menu is found by its words."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._actions: dict[str, QAction] = {}
        self._menus: dict[str, QMenu] = {}

    def build(self, bar: QMenuBar, table: Sequence[Submenu]) -> None:
        """Fills a menu bar."""
        for menu in table:
            self._fill(bar.addMenu(menu.title), menu)

    def action(self, text: str) -> QAction:
        """The action with these words, without ampersands and ellipsis."""
        return self._actions[text]

    def menu(self, title: str) -> QMenu:
        """The menu with this title, without ampersands."""
        return self._menus[title]

    def _fill(self, menu: QMenu, table: Submenu) -> None:
        self._menus[plain(table.title)] = menu
        for entry in table.entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QAction):
                menu.addAction(entry)
            elif isinstance(entry, Submenu):
                self._fill(menu.addMenu(entry.title), entry)
            else:
                menu.addAction(self._make(entry))

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text, self._window)
        if command.shortcut is not None:
            action.setShortcuts(_keys(command.shortcut))
        action.setMenuRole(command.role)
        action.triggered.connect(lambda _checked=False: command.do())
        self._actions[plain(command.text)] = action
        return action


def _keys(shortcut: QKeySequence.StandardKey | str) -> list[QKeySequence]:
    if isinstance(shortcut, str):
        return [QKeySequence(shortcut)]
    return QKeySequence.keyBindings(shortcut)


def plain(text: str) -> str:
    """Words of a menu as they are read: without ampersands and ellipsis."""
    return text.replace("&", "").removesuffix("…")
