"""The stage with what belongs to it: headline, mosaic of all candidates, timeline, losses."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from engine.evidence.first_look import FirstLook
from gui.stage.first_look import FirstLookView
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
        self.look = FirstLookView()
        self._views.addWidget(self.look)
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

    @property
    def shows_look(self) -> bool:
        """Whether a first look is shown, in place of both."""
        return self._views.currentWidget() is self.look

    def show_look(self, found: FirstLook) -> None:
        """Shows what the weights already show, until there is something of a run."""
        self.look.show_tiles(found.tiles)
        self._views.setCurrentWidget(self.look)

    def end_look(self) -> None:
        """Shows the stage, or all candidates, again."""
        if self.shows_look:
            self._show_all(self.header.all_button.isChecked())

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
