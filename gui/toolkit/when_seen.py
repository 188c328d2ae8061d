"""What nobody sees is not drawn: a hidden view gets the newest once it is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class WhenSeen(QObject):
    """Works on a view while it can be seen; else remembers the newest work until then."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._waiting: Callable[[], object] | None = None
        view.installEventFilter(self)

    def do(self, work: Callable[[], object]) -> None:
        """Now, or when the view is shown; what waited before is gone."""
        self._waiting = None
        if self._view.isVisible():
            work()
        else:
            self._waiting = work

    def forget(self) -> None:
        """Nothing waits any more."""
        self._waiting = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The view may be shown."""
        if watched is self._view and event.type() == QEvent.Type.Show:
            work, self._waiting = self._waiting, None
            if work is not None:
                work()
        return super().eventFilter(watched, event)
