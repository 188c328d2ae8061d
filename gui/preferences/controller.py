"""Makes what the user prefers count, as soon as it is chosen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gui.preferences.dialog import PreferencesDialog
from gui.state import preferences
from gui.state.preferences import Preferences


class PreferencesController(QObject):
    """Shows the preferences, stores what is chosen, and says what has become different."""

    device_chosen = Signal(str)
    """Emitted with the name of the device that comes next."""

    scheme_chosen = Signal(object)
    """Emitted with a `Qt.ColorScheme`."""

    data_sets_moved = Signal()
    """Emitted when known data sets are looked for in another folder."""

    def __init__(self, window: QWidget, devices: Callable[[], list[str]]) -> None:
        """
        Args:
            window: whose preferences these are.
            devices: names of the devices that can be chosen.
        """
        super().__init__(window)
        self._window, self._devices = window, devices

    def show(self) -> None:
        """Edit → Preferences."""
        dialog = PreferencesDialog(self._devices(), preferences.load(), self._window)
        dialog.chosen.connect(self._take)
        dialog.open()

    @Slot(object)
    def _take(self, chosen: Preferences) -> None:
        before = preferences.load()
        preferences.save(chosen)
        if chosen.scheme != before.scheme:
            self.scheme_chosen.emit(chosen.scheme)
        if chosen.device != before.device:
            self.device_chosen.emit(chosen.device)
        if chosen.data_sets != before.data_sets:
            self.data_sets_moved.emit()
