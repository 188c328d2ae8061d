"""The menu bar, and those of its actions whose words or availability change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMainWindow

from gui.app.availability import COMMANDS, REFERENCES, Situation
from gui.app.pages import Page
from gui.opening.recent_menu import RecentMenu
from gui.state.recent import RecentFiles
from gui.state.workspace import CurrentWorkspace
from gui.toolkit.menus import MenuBuilder, Submenu, plain
from gui.toolkit.scheme import SCHEMES, stored_scheme


class Actions:
    """Builds the menu bar; offers what can be done, in the words that fit."""

    def __init__(self, window: QMainWindow, menus: Sequence[Submenu]) -> None:
        self._window = window
        self._builder = builder = MenuBuilder(window)
        builder.build(window.menuBar(), menus)
        self.open, self.save = builder.action("Open"), builder.action("Save")
        self.undo, self.redo = builder.action("Undo"), builder.action("Redo")
        self.copy = builder.action("Copy Image")
        self.main, self.stop = builder.action("Start"), builder.action("Stop")
        self.last_run = builder.action("Reopen the Last Run")
        self.run_before = builder.action("Reopen the Run Before")
        self.compare = builder.action("Compare with Another Run")
        self.compare_with_before = builder.action("Compare with the Run Before")
        self.last_training = builder.action("Open the Last Training")
        self.references = [builder.action(text) for text in REFERENCES]
        self.exports = builder.menu("Export").actions()
        self._make_schemes_exclusive()

    def list_recent(self, recent: RecentFiles, open_one: Callable[[Path], None]) -> None:
        """Fills the menu of what was opened last."""
        RecentMenu(self._builder.menu("Open Recent"), recent, open_one)

    def follow(self, workspace: CurrentWorkspace) -> None:
        """Offers scores where there is something to score against, and rows where they are read."""
        scores, rows = (self._builder.action(f"{what} as CSV") for what in ("Scores", "Rows"))

        def offer() -> None:
            network = workspace().network
            scores.setVisible(workspace().references is not None)
            rows.setVisible(network is not None and network.inputs.is_vector)

        self._builder.menu("Export").aboutToShow.connect(offer)

    def show(self, now: Situation, page: Page) -> None:
        """Offers what can be done in a situation, on the page that is shown, and nothing else."""
        for words, is_available in COMMANDS.items():
            self._builder.action(words).setEnabled(is_available(now))
        for action in self.exports:
            action.setEnabled(now.has_run)
        self.main.setText(page.bar.main_button.text())
        self.main.setEnabled(page.bar.main_button.isEnabled())
        self.stop.setEnabled(page.bar.stop_button.isEnabled())
        stack = page.history.stack
        for action, can, what in (
            (self.undo, stack.canUndo(), f"&Undo {stack.undoText()}"),
            (self.redo, stack.canRedo(), f"&Redo {stack.redoText()}"),
        ):
            action.setEnabled(can and now.can_edit)
            action.setText(what.rstrip())

    def show_scheme(self, chosen: Qt.ColorScheme) -> None:
        """Ticks a colour scheme."""
        for scheme, action in self._schemes.items():
            action.setChecked(scheme == chosen)

    def _make_schemes_exclusive(self) -> None:
        group = QActionGroup(self._window)
        self._schemes = {
            scheme: self._builder.action(plain(text)) for text, scheme in SCHEMES.items()
        }
        for action in self._schemes.values():
            action.setCheckable(True)
            group.addAction(action)
        self.show_scheme(stored_scheme())
