"""The two pages of the window, and what commands mean on the one that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.run.run_bar import RunBar
from gui.state.undo import SettingsHistory


def _nothing() -> None:
    """For a page that needs nothing when it is shown."""


@dataclass(frozen=True)
class Page:
    """What is shown, and what is done from there.

    Attributes:
        widget: the page itself.
        bar: of its work.
        history: of what was edited on it.
        start_or_pause: what the button of its bar offers.
        stop: ends its work; what was found stays.
        save: asks where to, and writes what came of the work.
        prepare: called when it is shown.
    """

    widget: QWidget
    bar: RunBar
    history: SettingsHistory
    start_or_pause: Callable[[], None]
    stop: Callable[[], None]
    save: Callable[[], None]
    prepare: Callable[[], None] = _nothing


class Pages(QObject):
    """Shows one page or the other, and hands commands to it."""

    changed = Signal()
    """Emitted when commands are meant for a page, for the first time or anew."""

    def __init__(self, stack: QStackedWidget, network: Page, training: Page) -> None:
        super().__init__(stack)
        self._stack, self._network, self._training = stack, network, training

    @property
    def is_training_shown(self) -> bool:
        """Whether the training page is shown, and commands are meant for it."""
        return self._stack.currentWidget() is self._training.widget

    @property
    def shown(self) -> Page:
        """The page that commands are meant for."""
        return self._training if self.is_training_shown else self._network

    @Slot()
    def show_training(self) -> None:
        """File → Train a Network."""
        self._show(self._training)

    @Slot()
    def show_network(self) -> None:
        """Back from the training page."""
        self._show(self._network)

    def _show(self, page: Page) -> None:
        self._stack.setCurrentWidget(page.widget)
        page.prepare()
        self.changed.emit()

    @Slot()
    def start_or_pause(self) -> None:
        """Run → Start, or what it says instead."""
        self.shown.start_or_pause()

    @Slot()
    def stop(self) -> None:
        """Run → Stop."""
        self.shown.stop()

    @Slot()
    def save(self) -> None:
        """File → Save: the session, or the network that was trained."""
        self.shown.save()

    @Slot()
    def undo(self) -> None:
        """Edit → Undo."""
        self.shown.history.undo()

    @Slot()
    def redo(self) -> None:
        """Edit → Redo."""
        self.shown.history.redo()
