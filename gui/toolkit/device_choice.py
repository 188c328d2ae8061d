"""Which of this machine's devices computes: what every form of settings asks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QWidget

_DEVICE_NAMES = {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"}


class DeviceChoice(QComboBox):
    """Which of this machine's devices computes."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wish = ""
        self.setToolTip("Automatic takes a GPU where there is one.")
        self.activated.connect(self._forget_wish)
        self.offer(devices)

    def names(self) -> list[str]:
        """The devices that can be chosen."""
        return [self.itemData(index) for index in range(self.count())]

    def choose(self, name: str) -> None:
        """Chooses a device; automatic, if there is no such one here, or not yet."""
        self._wish = name
        self.setCurrentIndex(max(self.findData(name), 0))

    def offer(self, devices: Sequence[str]) -> None:
        """Adds devices that were found since; one that was wished for before is chosen."""
        for name in devices:
            if self.findData(name) < 0:
                self.addItem(_DEVICE_NAMES[name], name)
        if self._wish in devices:
            self.choose(self._wish)

    @Slot()
    def _forget_wish(self) -> None:
        """The user has chosen another."""
        self._wish = ""
