"""The Help menu: the guide, the keys, and what this program is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from engine.base.progress import Progress
from gui.help.about import AboutDialog, details
from gui.help.guide import GuideWindow
from gui.help.shortcuts import ShortcutsDialog
from gui.toolkit.background import Background, always


class HelpWindows(QObject):
    """Opens the windows of the Help menu."""

    def __init__(
        self, window: QMainWindow, background: Background, devices: Callable[[], list[str]]
    ) -> None:
        """
        Args:
            window: whose menus and whose dialogs these are.
            background: where it is found out what there is.
            devices: names of the devices that can be chosen.
        """
        super().__init__(window)
        self._window, self._background, self._devices = window, background, devices
        self._guide: GuideWindow | None = None

    def show_guide(self) -> None:
        """Help → Guide: one window, which comes to the front when it is open already."""
        if self._guide is None:
            self._guide = GuideWindow(self._window)
        self._guide.show()
        self._guide.raise_()
        self._guide.activateWindow()

    def show_page(self, heading: str) -> None:
        """The guide, at a heading as links spell it."""
        self.show_guide()
        if self._guide is not None:
            self._guide.show_page(heading)

    def show_shortcuts(self) -> None:
        """Help → Keyboard Shortcuts."""
        ShortcutsDialog(self._window.menuBar(), self._window).open()

    def show_about(self) -> None:
        """Help → About; a GPU may take a moment to say its name."""
        devices = self._devices()

        def find(_report: Progress) -> dict[str, str]:
            return details(devices)

        def show(found: dict[str, str]) -> None:
            AboutDialog(found, self._window).open()

        self._background.start("Looking at the devices …", find, show, always)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        if self._guide is not None:
            self._guide.restyle()
