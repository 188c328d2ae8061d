"""Which panels are shown and how large they are, kept between two starts."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

from gui.toolkit import stored


class Arrangement:
    """Panels that can be hidden, and what divides them.

    Panels give way to the stage while a run goes on. That is no wish of the user's: it is not
    remembered, and whoever asks for a panel has it.
    """

    def __init__(
        self, window: QMainWindow, panels: dict[str, QWidget], splitters: dict[str, QSplitter]
    ) -> None:
        """
        Args:
            window: remembers its place on the screen and its docks, too.
            panels: what can be hidden, by its words in the menu.
            splitters: what divides them, by a name for the settings.
        """
        self._window = window
        self._panels, self._splitters = panels, splitters
        self.actions = {words: self._make_action(words) for words in panels}
        self._gave_way: set[str] = set()

    def give_way(self) -> None:
        """Hides all panels that are shown, until they come back."""
        shown = {words for words, action in self.actions.items() if action.isChecked()}
        for words in shown:
            self.actions[words].setChecked(False)
        self._gave_way |= shown

    def come_back(self, *panels: str) -> None:
        """Shows those of these panels that gave way, by their words in the menu."""
        for words in self._gave_way & set(panels):
            self.actions[words].setChecked(True)

    def store(self) -> None:
        """Remembers how things are."""
        stored.store("geometry", self._window.saveGeometry())
        stored.store("docks", self._window.saveState())
        for name, splitter in self._splitters.items():
            stored.store(f"splitter_{name}", splitter.saveState())
        for words, action in self.actions.items():
            stored.store(_key(words), action.isChecked() or words in self._gave_way)

    def restore(self) -> None:
        """Makes things as they were; what cannot be read is as it was at first."""
        if not self._window.restoreGeometry(stored.state("geometry")):
            self._window.resize(1280, 820)
        self._window.restoreState(stored.state("docks"))
        for name, splitter in self._splitters.items():
            splitter.restoreState(stored.state(f"splitter_{name}"))
            splitter.setChildrenCollapsible(False)
        for words, action in self.actions.items():
            action.setChecked(stored.flag(_key(words), True))

    def _make_action(self, words: str) -> QAction:
        action = QAction(words, self._window)
        action.setCheckable(True)
        action.setChecked(True)
        action.toggled.connect(self._panels[words].setVisible)
        action.toggled.connect(lambda _: self._gave_way.discard(words))
        return action


def _key(words: str) -> str:
    return f"shows_{words.replace('&', '').replace(' ', '_').lower()}"
