"""Where the keyboard is can be seen, also in views that Qt draws alike with it and without."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
_OF_A_WINDOW = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class FocusFrame(QWidget):
    """A line along the inner edge of a view, while the keyboard has come to it by Tab."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._came_by_keys = False
        view.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the keyboard, and the view's size."""
        view = self.parentWidget()
        if view is not None and watched is view:
            if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
                if event.reason() not in _OF_A_WINDOW:
                    self._came_by_keys = event.reason() in _BY_KEYS
                self.resize(view.size())
                self.raise_()
                self.setVisible(self._came_by_keys)
            elif event.type() == QEvent.Type.FocusOut:
                self.hide()
            elif event.type() == QEvent.Type.Resize:
                self.resize(view.size())
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the line."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def bring_to_front(dock: QDockWidget) -> None:
    """Shows a dock, if it is shown at all, before another that shares its place."""
    dock.lower()  # Raising one that was raised last does nothing, whichever tab is shown.
    dock.raise_()


class DockTabs(QObject):
    """Keeps the keyboard out of docks that nobody can see, and out of their tabs.

    Qt leaves them somewhere off the screen, and Tab would still go there. A dock that is asked for
    comes to the front.
    """

    def __init__(self, window: QMainWindow, docks: tuple[QDockWidget, ...]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        for dock in docks:
            dock.visibilityChanged.connect(self._follow)
            dock.visibilityChanged.connect(partial(self._cover, dock))
            dock.toggleViewAction().triggered.connect(partial(bring_to_front, dock))
        window.installEventFilter(self)
        self._follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A bar may come late, with an arrangement that is restored."""
        if event.type() == QEvent.Type.ChildPolished:
            self._follow()
        return super().eventFilter(watched, event)

    @staticmethod
    def _cover(dock: QDockWidget, is_seen: bool) -> None:
        """What lies behind another dock takes no keys."""
        dock.widget().setEnabled(is_seen or dock.isHidden())

    @Slot()
    def _follow(self) -> None:
        are_shown = all(not dock.isHidden() and not dock.isFloating() for dock in self._docks)
        policy = Qt.FocusPolicy.TabFocus if are_shown else Qt.FocusPolicy.NoFocus
        of_docks = Qt.FindChildOption.FindDirectChildrenOnly
        for bar in self._window.findChildren(QTabBar, options=of_docks):
            bar.setFocusPolicy(policy)
