"""Makes what the user prefers count: at the start, and as soon as it is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from gui.preferences.dialog import PreferencesDialog
from gui.state import preferences
from gui.state.preferences import Preferences

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


class PreferencesController(QObject):
    """Shows the preferences, stores what is chosen, and applies it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._apply_device(preferences.load().device)

    def show(self) -> None:
        """Edit → Preferences."""
        devices = self._window.settings_panel.device.names()
        dialog = PreferencesDialog(devices, preferences.load(), self._window)
        dialog.chosen.connect(self._take)
        dialog.open()

    @Slot(object)
    def _take(self, chosen: Preferences) -> None:
        before = preferences.load()
        preferences.save(chosen)
        if chosen.scheme != before.scheme:
            self._window.choose_scheme(chosen.scheme)
        if chosen.device != before.device:
            self._apply_device(chosen.device)
        if chosen.data_sets != before.data_sets:
            self._window.training.form.look_again()

    def _apply_device(self, name: str) -> None:
        """What is under way stays where it is; what comes next takes the device."""
        window = self._window
        if not window.controller.is_taken:
            window.settings_panel.choose_device(name)
        if not window.training.controller.is_active:
            window.training.form.choose_device(name)
