"""Plots of a study, worked out on a thread when it is their turn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from engine.study.table import Table
from gui.study.newest import Newest
from gui.study.plot import StudyPlots, drawn
from gui.toolkit.background import Background

_REST_MS = 50
"""Before plots are worked out: what computes beside a table that has just come delays its painting,
for threads of Python take turns."""

_NEWS_MS = 1000


class Drawing(QObject):
    """Draws what the runs of the study that is shown came to, after its table has been painted."""

    def __init__(
        self,
        plots: StudyPlots,
        background: Background,
        table: Callable[[], Table | None],
        parent: QObject,
    ) -> None:
        """
        Args:
            plots: where it is drawn, and what it is drawn over.
            background: runs what takes time.
            table: of the study that is shown; None while there is none.
            parent: owner.
        """
        super().__init__(parent)
        self._plots, self._table = plots, table
        self._work = Newest(background, self)
        self._work.answered.connect(plots.show_drawn)
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._work_out)
        plots.chosen.connect(self.draw)

    @property
    def is_busy(self) -> bool:
        """Whether plots are being worked out."""
        return self._work.is_busy

    @Slot()
    def draw(self) -> None:
        """Draws all that there is."""
        self._rest.start(_REST_MS)

    def draw_later(self) -> None:
        """Draws what has just come, together with what comes within the next second."""
        if not self._rest.isActive():
            self._rest.start(_NEWS_MS)

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._rest.stop()
        self._work.cancel()

    @Slot()
    def _work_out(self) -> None:
        over, table = self._plots.variable, self._table()
        if table is not None and over:
            self._work.ask(lambda: drawn(table, over))
