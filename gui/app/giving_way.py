"""Panels, queue and log give way to the stage while a run goes on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from engine.network.network import Network
from gui.app.arrangement import Arrangement
from gui.run.activity import Activity

_SHARE, _SHARE_OF_SMALL = 0.6, 0.5
"""Of the window's area that the stage has while a run goes on."""
_SMALL = 800
"""Pixels of a window's height under which it is a small one."""
_LEAST_DOCK, _LEAST_STRIP = 80, 40
_ANY = 16_777_215


class GivingWay(QObject):
    """Makes room when a run begins; gives the left panel back when it ends, and the others when
    they are asked for, or when another network is opened.
    """

    def __init__(
        self,
        window: QMainWindow,
        arrangement: Arrangement,
        stage: QWidget,
        strip: QWidget,
        docks: Sequence[QDockWidget],
    ) -> None:
        """
        Args:
            window: whose area it is about.
            arrangement: of its panels.
            stage: what they give way to.
            strip: of the losses; lower where a dock is shown, too.
            docks: that may take a part of its height.
        """
        super().__init__(window)
        self._window, self._arrangement = window, arrangement
        self._stage, self._strip, self._docks = stage, strip, docks
        self._is_on = False
        window.installEventFilter(self)
        for dock in docks:
            dock.visibilityChanged.connect(self._look_again)

    @Slot()
    def begin(self) -> None:
        """A run is under way."""
        self._is_on = True
        self._arrangement.give_way()
        QTimer.singleShot(0, self, self._limit_docks)

    @Slot(object)
    def follow(self, activity: Activity) -> None:
        """A run has ended."""
        if activity is Activity.IDLE and self._is_on:
            self._is_on = False
            self._arrangement.come_back("Left &Panel")
            self._limit_docks()

    @Slot(object)
    def show_network(self, _network: Network) -> None:
        """Another network is looked at before it is run."""
        if not self._is_on:
            self._arrangement.come_back(*self._arrangement.actions)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window may change its size."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._look_again()
        return super().eventFilter(watched, event)

    @Slot()
    def _look_again(self) -> None:
        if self._is_on:
            QTimer.singleShot(0, self, self._limit_docks)

    @property
    def _shown_docks(self) -> list[QDockWidget]:
        return [dock for dock in self._docks if dock.isVisible() and not dock.isFloating()]

    def _limit_docks(self) -> None:
        """Docks are no higher than leaves the stage its share."""
        is_tight = self._is_on and bool(self._shown_docks)
        self._strip.setMaximumHeight(_LEAST_STRIP if is_tight else _ANY)
        most = self._spare_height() if self._is_on else _ANY
        for dock in self._docks:
            dock.setMaximumHeight(most)

    def _spare_height(self) -> int:
        window, stage = self._window, self._stage
        share = _SHARE_OF_SMALL if window.height() < _SMALL else _SHARE
        wanted = share * window.width() * window.height() / max(1, stage.width())
        there = stage.height() + max((dock.height() for dock in self._shown_docks), default=0)
        there += max(0, self._strip.height() - self._strip.maximumHeight())
        return max(_LEAST_DOCK, int(there - wanted))
