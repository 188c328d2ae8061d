"""What takes seconds to load, on a thread of its own, once the window is there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal

from engine.evidence.similarity import warm_up
from engine.runtime.devices import available_devices


class Loading(QThread):
    """Loads torch and looks for devices. Who needs torch before that waits for the same load."""

    found = Signal(object)
    """Emitted with the names of the devices that there are."""

    failed = Signal(str)
    """Emitted with a sentence when torch cannot be loaded."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loading")

    def run(self) -> None:
        """The thread's body; called by Qt."""
        try:
            self.found.emit(available_devices())
            warm_up()  # Else the first score of a run would wait for it.
        except (ImportError, OSError) as error:
            self.failed.emit(f"PyTorch cannot be loaded, and without it nothing runs ({error}).")
