"""The Help menu: the guide, the keys, and what this program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.base.progress import Progress
from gui.help.about import AboutDialog, details
from gui.help.guide import GuideWindow
from gui.help.shortcuts import ShortcutsDialog
from gui.toolkit.background import always

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


class HelpWindows(QObject):
    """Opens the windows of the Help menu."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._guide: GuideWindow | None = None

    def show_guide(self) -> None:
        """Help → Guide: one window, which comes to the front when it is open already."""
        if self._guide is None:
            self._guide = GuideWindow(self._window)
        self._guide.show()
        self._guide.raise_()
        self._guide.activateWindow()

    def show_shortcuts(self) -> None:
        """Help → Keyboard Shortcuts."""
        ShortcutsDialog(self._window.menuBar(), self._window).open()

    def show_about(self) -> None:
        """Help → About; a GPU may take a moment to say its name."""
        devices = self._window.settings_panel.device.names()

        def find(_report: Progress) -> dict[str, str]:
            return details(devices)

        def show(found: dict[str, str]) -> None:
            AboutDialog(found, self._window).open()

        self._window.background.start("Looking at the devices …", find, show, always)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        if self._guide is not None:
            self._guide.restyle()
