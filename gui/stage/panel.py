"""The stage with what belongs to it: headline, mosaic of all candidates, timeline, losses."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from gui.stage.header import StageHeader
from gui.stage.stage import Stage
from gui.toolkit import theme
from gui.toolkit.layout import captioned
from gui.views.loss_strip import LossStrip
from gui.views.mosaic import MosaicView


class StagePanel(QWidget):
    """Headline on top, then the stage or all candidates, then the timeline."""

    stepped = Signal(int)
    """The step of the picture that is shown, of the stage or of all candidates; −1 if none is."""

    def __init__(
        self,
        stage: Stage,
        mosaic: MosaicView,
        caption: QLabel,
        timeline: QWidget,
        strip: LossStrip,
    ) -> None:
        """
        Args:
            stage: distinct candidates, large.
            mosaic: all candidates as one image.
            caption: what the mosaic shows, in words.
            timeline: chooses a moment.
            strip: the losses, while their plots are not shown.
        """
        super().__init__()
        self.header, self.stage, self._mosaic = StageHeader(), stage, mosaic
        self._views = QStackedWidget()
        self._views.addWidget(self.stage)
        self._views.addWidget(captioned(mosaic, QWidget(), caption))
        timeline.setContentsMargins(theme.MARGIN, theme.SPACING // 2, theme.MARGIN, 0)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.header)
        rows.addWidget(self._views, 1)
        rows.addWidget(timeline)
        rows.addWidget(strip)
        self.header.all_wanted.connect(self._show_all)
        self.stage.stepped.connect(self._tell_step)
        mosaic.stepped.connect(self._tell_step)
        self.stepped.connect(self.header.show_step)
        self.stepped.connect(strip.show_step)

    @property
    def shows_all(self) -> bool:
        """Whether all candidates are shown, instead of the stage."""
        return self._views.currentIndex() == 1

    @Slot(bool)
    def _show_all(self, wanted: bool) -> None:
        self._views.setCurrentIndex(int(wanted))
        self._tell_step()

    @Slot()
    def _tell_step(self) -> None:
        self.stepped.emit(self._mosaic.step if self.shows_all else self.stage.shown_step)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.stage.restyle()
        self.header.restyle()
