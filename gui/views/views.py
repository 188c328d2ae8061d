"""Everything that shows a network and its run: mosaic, matches, losses, health, scores."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.viewing.frames import Pairs
from gui.inspector.examiner import Examiner
from gui.run.reconstruction_controller import ReconstructionController
from gui.state.workspace import CurrentWorkspace, Workspace
from gui.toolkit import theme
from gui.toolkit.background import Background
from gui.toolkit.layout import captioned, scrolled
from gui.views.curves import Curves
from gui.views.health import HealthView
from gui.views.membership import MembershipView
from gui.views.mosaic import MosaicView
from gui.views.pairs import PairsView
from gui.views.scores import ScoresView

_CONFIDENCE = (
    "<p>A confidence is an estimate without a training image, fitted to networks of our "
    "own. It is 0 before half of a run's steps, and before a hundred. Only a match with real "
    "images beside a control is evidence.</p>"
)


class Views(QObject):
    """Makes the views, puts them into tabs, and keeps those together that show the same."""

    described = Signal(str)
    """Emitted with a line about the tile under the pointer; empty where there is none."""

    def __init__(
        self,
        controller: ReconstructionController,
        background: Background,
        current: CurrentWorkspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._current = current
        self.mosaic, self.caption, self.pairs = MosaicView(), theme.secondary(), PairsView()
        self.caption.setToolTip(_CONFIDENCE)
        self.curves, self.health, self.scores = Curves(), HealthView(), ScoresView()
        self.membership = MembershipView(background, current)
        looked_at = (self.mosaic, self.pairs, self.curves)
        self.examiner = Examiner(controller, background, current, looked_at, self)
        self.drawn = captioned(self.mosaic, self.examiner.timeline, self.caption)
        self.beside = _tabs(
            {"&Matches": self.pairs, "&Image": scrolled(self.examiner.inspector)},
        )
        self.lower_tabs = _tabs(
            {
                "Hea&lth": self.health,
                "L&osses": self.curves,
                "S&cores": self.scores,
                "Mem&bership": self.membership,
            }
        )
        self.mosaic.hovered.connect(self._describe_tile)
        self.mosaic.captioned.connect(self.caption.setText)
        self.mosaic.selected.connect(self._show_inspector)
        self.pairs.chosen.connect(self._show_inspector)

    def clear(self) -> None:
        """Shows nothing of a run."""
        self.examiner.clear()
        self.mosaic.clear()
        self.curves.clear()
        self.clear_scores()

    def clear_scores(self) -> None:
        """Shows no scores."""
        self.pairs.clear()
        self.scores.clear()

    def show_pairs(self, pairs: Pairs) -> None:
        """Shows scores, as pairs and beside the control."""
        self.pairs.show_pairs(pairs)
        self.scores.show_pairs(pairs)

    def show_workspace(self, workspace: Workspace) -> None:
        """Matches are there where there is something to match with."""
        has_train = workspace.train is not None
        if self.beside.isTabVisible(0) is not has_train:
            self.beside.setTabVisible(0, has_train)
            self.beside.setCurrentIndex(0 if has_train else 1)
        self.membership.show_workspace()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for view in (self.mosaic, self.curves, self.health, self.scores, self.membership):
            view.restyle()

    @Slot(int)
    def _show_inspector(self, _which: int) -> None:
        self.beside.setCurrentIndex(1)

    @Slot(int)
    def _describe_tile(self, tile: int) -> None:
        session, mosaic = self._current().session, self.mosaic.mosaic
        if tile < 0 or mosaic is None:
            self.described.emit("")
            return
        index = int(mosaic.order[tile])
        parts = [f"Candidate {index}"]
        if session is not None and mosaic.confidence is not None:
            parts += [
                f"confidence {mosaic.confidence[tile]:.2f}",
                f"label {session.labels[index]:+.0f}",
                f"multiplier {session.multipliers[index]:.3f}",
            ]
        self.described.emit(" · ".join(parts))


def _tabs(pages: dict[str, QWidget]) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    for title, page in pages.items():
        tabs.addTab(page, title)
    return tabs
