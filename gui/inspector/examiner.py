"""Looking closely: which tile is chosen, and which moment of the drift is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Slot

from engine.session.session import Session
from engine.viewing.mosaic import Mosaic
from engine.viewing.portrait import Portrait, portray
from gui.inspector.inspector import Inspector
from gui.inspector.replay import Replay
from gui.inspector.scrubber import Scrubber
from gui.run.context import AppContext
from gui.views.curves import Curves
from gui.views.mosaic import MosaicView
from gui.views.pairs import PairsView


class Examiner(QObject):
    """Connects mosaic, inspector, timeline and the losses' cursor.

    The timeline's right end is the present. While a run goes on, what is looked at is the run as
    it stood when somebody first reached for it; back at the right end the present is shown again.
    """

    def __init__(
        self,
        context: AppContext,
        views: tuple[MosaicView, PairsView, Curves],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = context.workspace, context.background
        self._controller = context.controller
        self._mosaic, self._pairs, self._curves = views
        self.inspector, self.timeline = Inspector(), Scrubber("timeline of the run")
        self.replay = Replay(self)
        self._present: Mosaic | None = None
        self._session: Session | None = None
        self._chosen: int | None = None
        self._wanted: int | None = None
        self._mosaic.selected.connect(self._on_selected)
        self._pairs.chosen.connect(self.inspect)
        self.timeline.grabbed.connect(self._fetch_session)
        self.timeline.moved.connect(self._show_moment)
        self._curves.step_chosen.connect(self._go_to_step)
        self.replay.rendered.connect(self._show_replayed)
        context.controller.session_ready.connect(self._on_session_ready)

    @property
    def is_looking_back(self) -> bool:
        """Whether an earlier moment than the present is shown."""
        return self._session is not None and not self.timeline.is_at_end

    def clear(self) -> None:
        """Forgets everything: another network or another run is here."""
        self.replay.cancel()
        self._present, self._session = None, None
        self._chosen, self._wanted = None, None
        self.inspector.clear()
        self.timeline.set_steps(())
        self._curves.show_cursors(())

    def show_present(self, mosaic: Mosaic, recorded: Sequence[int]) -> None:
        """A new frame of the run that is on; it waits while an earlier moment is looked at.

        Args:
            mosaic: the candidates as they are now.
            recorded: steps before each frame that can be looked back at. The frames themselves
                are asked for when they are wanted.
        """
        if self.is_looking_back:
            return
        self._present = mosaic
        self._show(mosaic)
        if self.timeline.is_at_end and not self.timeline.is_playing:
            self.timeline.set_steps(recorded)

    def show_gallery(self, session: Session, mosaic: Mosaic) -> None:
        """The run has ended: its gallery is what stays."""
        self._session, self._present = session, mosaic
        self._show(mosaic)
        self.timeline.pause()
        self.timeline.set_steps(_steps(session))
        self._curves.show_cursors(())
        if self._chosen is not None:
            self.inspect(self._chosen)

    def forget_session(self) -> None:
        """What is looked at is over; the present comes next."""
        self.replay.cancel()
        self._session = None
        self.timeline.pause()
        self._curves.show_cursors(())

    # --- one candidate ------------------------------------------------------------------------

    @Slot(int)
    def _on_selected(self, tile: int) -> None:
        mosaic = self._mosaic.mosaic
        if mosaic is not None and 0 <= tile < len(mosaic.order):
            self.inspect(int(mosaic.order[tile]))

    @Slot(int)
    def inspect(self, candidate: int) -> None:
        """Shows a candidate in the inspector; during a run as it stands now."""
        self._chosen = candidate
        session = self._workspace().session
        if self._controller.is_active:
            self._wanted = candidate
            self._controller.request_session()
        elif session is not None:
            self._portray(session, candidate)

    def _portray(self, session: Session, candidate: int) -> None:
        if not 0 <= candidate < len(session.labels):
            return
        references = self._workspace().references
        # A run that is on hands out sessions that nobody scores.
        evidence = None if references is None else session.known_score(references)
        self._background.start(
            "Looking closely …",
            lambda _: portray(session, candidate, references, evidence),
            self._show_portrait,
            lambda: self._chosen == candidate,
        )

    def _show_portrait(self, portrait: Portrait) -> None:
        self.inspector.show_portrait(portrait)
        self._mark_chosen()

    def _show(self, mosaic: Mosaic) -> None:
        self._mosaic.show_mosaic(mosaic)
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        """Marks the candidate that was chosen, wherever the mosaic has it now."""
        mosaic = self._mosaic.mosaic
        if mosaic is not None and self._chosen is not None:
            where = np.flatnonzero(mosaic.order.numpy() == self._chosen)
            self._mosaic.select(int(where[0]) if len(where) else -1)

    # --- one moment ---------------------------------------------------------------------------

    @Slot()
    def _fetch_session(self) -> None:
        if self._session is None and self._controller.is_active:
            self._controller.request_session()

    @Slot(object)
    def _on_session_ready(self, session: Session) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._portray(session, wanted)
        if self._session is None and (not self.timeline.is_at_end or self.timeline.is_playing):
            self._session = session
            self.timeline.set_steps(_steps(session), self.timeline.index)
            self._show_moment(self.timeline.index)

    @Slot(int)
    def _show_moment(self, index: int) -> None:
        session, present = self._session, self._present
        if session is None or present is None:
            self._fetch_session()
            return
        if self.timeline.is_at_end:
            self._curves.show_cursors(())
            self.replay.cancel()
            self._show(present)
            if self._controller.is_active:
                self.forget_session()
            return
        self.replay.show(session, present, index)
        self._curves.show_cursors(_moments(session, index))

    @Slot(object)
    def _show_replayed(self, mosaic: Mosaic) -> None:
        if self.is_looking_back:
            self._show(mosaic)

    @Slot(float)
    def _go_to_step(self, step: float) -> None:
        if self._session is None:
            self._fetch_session()
            return
        restarts = self._session.settings.restarts
        each = max(1, self._session.state.steps // restarts)
        last = min(int(step) // each, len(self._session.state.finished))
        self.timeline.pause()
        self.timeline.go_to_step(step - last * each)


def _steps(session: Session) -> tuple[int, ...]:
    """Steps of a restart before each frame of the drift."""
    recordings = session.drift.recordings
    return max((recording.steps for recording in recordings), key=len)


def _moments(session: Session, index: int) -> tuple[float, ...]:
    """Where a frame is among all steps of the run: once in each restart."""
    each = session.state.steps // session.settings.restarts
    return tuple(
        float(number * each + recording.steps[min(index, len(recording) - 1)])
        for number, recording in enumerate(session.drift.recordings)
    )
