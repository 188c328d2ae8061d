"""Everything that shows a network and its run: mosaic, matches, losses, health, scores."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.evidence.diagnostics import Health
from engine.network.network import Network
from engine.session.session import Session
from engine.viewing.frames import Frame, Picture
from engine.viewing.headline import headline
from engine.viewing.mosaic import Mosaic
from engine.viewing.pairs import Pairs
from engine.viewing.scene import Scene
from engine.viewing.standing import Standing
from gui.inspector.examiner import Examiner
from gui.opening.adoption import Adoption
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.stage.drift_view import HINT
from gui.stage.first_look import Looking
from gui.stage.panel import StagePanel
from gui.stage.presentation import Presentation
from gui.stage.settling import Settling
from gui.stage.stage import Stage
from gui.toolkit import theme
from gui.toolkit.layout import scrolled
from gui.toolkit.when_seen import WhenSeen
from gui.views.curves import Curves
from gui.views.health import HealthView
from gui.views.loss_strip import LossStrip
from gui.views.membership import MembershipView
from gui.views.mosaic import MosaicView
from gui.views.pairs import PairsView
from gui.views.scores import ScoresView

_CONFIDENCE = (
    "<p>A confidence is an estimate without a training image, fitted to networks of our own with "
    "one output. It is not known before half of a run's steps, and before a hundred, and not for "
    "other networks. Only a match with real images beside a control is evidence.</p>"
)


class Views(QObject):
    """Makes the views, puts them into tabs, and keeps those together that show the same."""

    described = Signal(str)
    """Emitted with a line about the tile under the pointer; empty where there is none."""

    wanted = Signal(str)
    """Emitted with a panel that somebody asks for, by its words in the menu."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context.window)
        self._workspace = context.workspace
        self.mosaic, self.caption, self.pairs = MosaicView(), theme.secondary(), PairsView()
        self.caption.setToolTip(_CONFIDENCE)
        self.curves, self.health, self.scores = Curves(), HealthView(), ScoresView()
        self._gallery: Mosaic | None = None
        self._hint = HINT
        self.membership = MembershipView(context.background, context.workspace)
        self.stage = Stage()
        shown = (self.stage, self.mosaic, self.pairs, self.curves)
        self.examiner = Examiner(context, shown, self)
        self.strip = LossStrip()
        self.drawn = StagePanel(
            self.stage, self.mosaic, self.caption, self.examiner.timeline, self.strip
        )
        self.drawn.stepped.connect(self.examiner.timeline.say_step)
        self.header, self.settling = self.drawn.header, Settling(context, self.stage)
        self.presentation = Presentation(self.stage, self.header)
        self.looking = Looking(context)
        self.looking.found.connect(self.drawn.show_look)
        self._strips = self.strip, self.presentation.strip
        self._curves_seen, self._pairs_seen = WhenSeen(self.curves), WhenSeen(self.pairs)
        self._scores_seen = WhenSeen(self.scores)
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
        self.membership.answered.connect(self.examiner.show_membership)
        self.mosaic.hovered.connect(self._describe_tile)
        self.mosaic.captioned.connect(self.caption.setText)
        self.mosaic.selected.connect(self._show_inspector)
        self.stage.selected.connect(self._show_inspector)
        self.stage.hovered.connect(self._describe_candidate)
        self.header.all_wanted.connect(context.controller.show_mosaic)
        self.header.present_wanted.connect(self.presentation.begin)
        self.strip.opened.connect(partial(self.lower_tabs.setCurrentWidget, self.curves))
        self.settling.settled.connect(self._show_settled)
        self.pairs.chosen.connect(self._show_inspector)
        context.workspace.changed.connect(self.show_workspace)
        context.controller.frame_ready.connect(self._show_frame)

    def follow(self, runner: SessionRunner, assessment: Assessment, adoption: Adoption) -> None:
        """Shows what becomes of runs, what is worked out of them, and what is opened."""
        runner.began.connect(self._begin_run)
        runner.forgotten.connect(self._clear)
        assessment.gallery_found.connect(self._show_gallery)
        assessment.scored.connect(self._show_pairs)
        assessment.outdated.connect(self._clear_scores)
        adoption.network_taken.connect(self._show_network)
        adoption.run_taken.connect(self._show_losses)
        adoption.stationarity_found.connect(self.health.show_stationarity)

    @Slot()
    def show_workspace(self) -> None:
        """Matches are there where there is something to match with."""
        has_train = self._workspace().train is not None
        if self.beside.isTabVisible(0) is not has_train:
            self.beside.setTabVisible(0, has_train)
            self.beside.setCurrentIndex(0 if has_train else 1)
        self.membership.show_workspace()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for view in (
            self.drawn,
            self.strip,
            self.mosaic,
            self.curves,
            self.health,
            self.scores,
            self.membership,
        ):
            view.restyle()

    # --- a run ------------------------------------------------------------------------------

    @Slot()
    def _begin_run(self) -> None:
        self._clear()
        self.lower_tabs.setCurrentWidget(self.curves)

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        self._curves_seen.do(partial(self.curves.show_losses, frame.losses, frame.is_last))
        for strip in self._strips:
            strip.show_losses(frame.losses, hurry=frame.is_last)
        self.examiner.show_present(Scene(frame.picture, frame.mosaic), frame.recorded)
        if frame.scores_later:
            self.pairs.say_later()
        if frame.standing is None or frame.standing is self.stage.standing:
            return
        self.stage.show_standing(frame.standing)
        self.header.say(headline(frame.standing, is_over=False))
        if frame.pairs is not None and self._workspace().train is not None:
            self._pairs_seen.do(partial(self.pairs.show_pairs, frame.pairs))
            self._scores_seen.do(partial(self.scores.show_pairs, frame.pairs))

    @Slot(object)
    def _show_losses(self, session: Session) -> None:
        self.drawn.end_look()
        self.looking.cancel()
        for losses in (self.curves, *self._strips):
            losses.show_losses(session.state.losses, hurry=True)
        self.lower_tabs.setCurrentWidget(self.curves)

    @Slot(object, object)
    def _show_gallery(self, session: Session, mosaic: Mosaic) -> None:
        self._gallery = mosaic
        self.settling.settle(session)

    @Slot(object, object, object)
    def _show_settled(self, session: Session, standing: Standing, picture: Picture) -> None:
        """The run has ended, and this is what stays."""
        self.examiner.show_gallery(session, Scene(picture, self._gallery))
        self.stage.show_standing(standing)
        self.header.say(headline(standing, is_over=True), is_over=True)

    @Slot(object)
    def _show_pairs(self, pairs: Pairs) -> None:
        """Shows scores, as pairs and beside the control."""
        self._pairs_seen.forget()
        self._scores_seen.forget()
        self.pairs.show_pairs(pairs)
        self.scores.show_pairs(pairs)

    @Slot()
    def _clear(self) -> None:
        """Shows nothing of a run."""
        self.drawn.end_look()
        self.examiner.clear()
        self.stage.clear(self._hint)
        self.header.clear()
        self.mosaic.clear()
        self._curves_seen.forget()
        for losses in (self.curves, *self._strips):
            losses.clear()
        self._clear_scores()

    @Slot()
    def _clear_scores(self) -> None:
        self._pairs_seen.forget()
        self._scores_seen.forget()
        self.pairs.clear()
        self.scores.clear()

    # --- a network, and one of its candidates -----------------------------------------------

    @Slot(object, object)
    def _show_network(self, network: Network, health: Health) -> None:
        self._hint = health.outlook if health.sees_no_chance else HINT
        self.stage.clear(self._hint)
        self.drawn.end_look()
        self.looking.look(network)
        self.health.show_health(network, health)
        self.lower_tabs.setCurrentWidget(self.health)
        self.curves.set_depth(network.depth)

    @Slot(int)
    def _show_inspector(self, _which: int) -> None:
        self.wanted.emit("&Right Panel")
        self.beside.setCurrentIndex(1)

    @Slot(int)
    def _describe_tile(self, tile: int) -> None:
        mosaic = self.mosaic.mosaic
        is_there = tile >= 0 and mosaic is not None
        self._describe_candidate(int(mosaic.order[tile]) if is_there and mosaic else -1)

    @Slot(int)
    def _describe_candidate(self, index: int) -> None:
        """A line about a candidate; what is not known before a run has ended is left out."""
        session = self._workspace().session
        if index < 0:
            self.described.emit("")
            return
        parts = [f"Candidate {index}"]
        if session is not None and index < len(session.labels):
            gallery = session.known_gallery
            known = None if gallery is None else gallery.confidence_of(index)
            parts += [
                f"confidence {'–' if known is None else f'{known:.2f}'}",
                f"class {session.network.classes.numbered(float(session.labels[index]))}",
                f"multiplier {session.strengths[index]:.3f}",
            ]
            references = self._workspace().references
            score = None if references is None else session.known_score(references)
            if score is not None and score.control is not None:
                is_recovered = index in score.recovered_candidates.tolist()
                parts.append("recovered" if is_recovered else "not recovered")
        self.described.emit(" · ".join(parts))


def _tabs(pages: dict[str, QWidget]) -> QTabWidget:
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    for title, page in pages.items():
        tabs.addTab(page, title)
    return tabs
