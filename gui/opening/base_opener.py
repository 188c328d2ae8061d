"""The base that the open network was fine-tuned from: asked for, read, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from engine.network.checkpoints import load_base
from engine.network.fine_tuned import Head, with_base, with_head
from engine.network.readers import SUFFIXES
from gui.opening.rereading import Rereading
from gui.toolkit import dialogs


class BaseOpener(QObject):
    """Reads the network that is open anew, with a base or without."""

    def __init__(self, window: QWidget, read_anew: Callable[[Rereading], None]) -> None:
        """
        Args:
            window: above which a file is asked for.
            read_anew: reads the open network in another way, on a thread.
        """
        super().__init__(window)
        self._window, self._read_anew = window, read_anew

    @Slot()
    def choose(self) -> None:
        """Asks for the base."""
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        dialogs.choose_file(
            self._window,
            "Open the network that this one was fine-tuned from",
            f"Networks ({patterns});;All files (*)",
            self.open,
            "models",
        )

    def open(self, path: Path) -> None:
        """Takes a network for the base of the one that is open."""
        self._read_anew(lambda network: with_base(network.without_base, load_base(path, network)))

    @Slot(object)
    def choose_head(self, head: Head) -> None:
        """Takes the last layer of the network that is open for one that began otherwise."""
        self._read_anew(lambda network: with_head(network, head))

    @Slot()
    def remove(self) -> None:
        """The network that is open is what its weights are, wherever they started."""
        self._read_anew(lambda network: network.without_base)
