"""Looking closely: which tile is chosen, and which moment of the drift is shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Slot

from engine.data.datasets import LabelledImages
from engine.evidence.membership_scores import Membership
from engine.session.session import Session
from engine.viewing.portrait import Portrait, portray
from engine.viewing.scene import Scene
from gui.inspector.inspector import Inspector
from gui.inspector.replay import Replay
from gui.inspector.scrubber import Scrubber
from gui.run.activity import Activity
from gui.run.context import AppContext
from gui.stage.stage import Stage
from gui.views.curves import Curves
from gui.views.mosaic import MosaicView
from gui.views.pairs import PairsView


class Examiner(QObject):
    """Connects mosaic, inspector, timeline and the losses' cursor.

    The timeline's right end is the present. While a run goes on, what is looked at is the run as
    it stood when somebody first reached for it; back at the right end the present is shown again.
    The inspector's own timeline is the same one: where one goes, the other goes.
    """

    def __init__(
        self,
        context: AppContext,
        views: tuple[Stage, MosaicView, PairsView, Curves],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._background = context.workspace, context.background
        self._controller = context.controller
        self._stage, self._mosaic, self._pairs, self._curves = views
        self.inspector, self.timeline = Inspector(), Scrubber("timeline of the run", False)
        self.replay = Replay(self)
        self._present: Scene | None = None
        self._newest: tuple[Scene, Sequence[int]] | None = None
        self._is_moving_both = False
        self._activity = Activity.IDLE
        self._session: Session | None = None
        self._chosen: int | None = None
        self._wanted: int | None = None
        self._matched_with: LabelledImages | None = None
        self._membership: Membership | None = None
        self.inspector.noise_toggled.connect(self._show_noise)
        self._mosaic.selected.connect(self._on_selected)
        self._stage.selected.connect(self.inspect)
        self._pairs.chosen.connect(self.inspect)
        self.timeline.grabbed.connect(self._fetch_session)
        self.timeline.moved.connect(self._on_timeline_moved)
        self.inspector.scrubber.moved.connect(self._on_inspector_moved)
        self.timeline.grabbed.connect(self.inspector.scrubber.pause)
        self.inspector.scrubber.grabbed.connect(self.timeline.pause)
        context.controller.activity_changed.connect(self._on_activity)
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
        self._present, self._newest, self._session = None, None, None
        self._chosen, self._wanted = None, None
        self.inspector.clear()
        self.timeline.set_steps(())
        self._curves.show_cursors(())

    def show_present(self, scene: Scene, recorded: Sequence[int], at_once: bool = False) -> None:
        """A new frame of the run that is on; it waits while an earlier moment is looked at.

        Args:
            scene: the candidates as they are now.
            recorded: steps before each frame that can be looked back at. The frames themselves
                are asked for when they are wanted.
            at_once: another moment was shown before.
        """
        self._newest = scene, recorded
        if self.is_looking_back:
            return
        self._present = scene
        self._show(scene, at_once)
        if self.timeline.is_at_end and not self.timeline.is_playing:
            self.timeline.set_steps(recorded)

    def show_gallery(self, session: Session, scene: Scene) -> None:
        """The run has ended: its gallery is what stays."""
        self._session, self._present, self._newest = session, scene, None
        self._show(scene)
        self.timeline.pause()
        self.timeline.set_steps(_steps(session))
        self._curves.show_cursors(())
        self.look_again()

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

    @Slot()
    def look_again(self) -> None:
        """Shows the candidate that is looked at once more: something else is known of it."""
        if self._chosen is not None:
            self.inspect(self._chosen)

    def _portray(self, session: Session, candidate: int) -> None:
        if not 0 <= candidate < len(session.labels):
            return
        train = self._workspace().train
        references = self._workspace().references
        # A run that is on hands out sessions that nobody scores.
        evidence = None if references is None else session.known_score(references)
        neighbours = self._workspace().neighbours
        self._background.start(
            "Looking closely …",
            lambda _: portray(session, candidate, references, evidence, neighbours),
            partial(self._show_portrait, train),
            lambda: self._chosen == candidate,
        )

    def _show_portrait(self, train: LabelledImages | None, portrait: Portrait) -> None:
        self._matched_with = train
        self.inspector.show_portrait(portrait)
        self.show_membership(self._membership)
        self._move_along(self.timeline, self.inspector.scrubber)
        self._mark_chosen()

    @Slot(object)
    def show_membership(self, found: Membership | None) -> None:
        """What the network says of the training images; of those that the tile was matched with."""
        self._membership = found
        is_same = self._workspace().train is self._matched_with
        self.inspector.show_membership(found if is_same else None)

    def _show(self, scene: Scene, at_once: bool = False) -> None:
        self._stage.show_picture(scene.picture, at_once)
        if scene.mosaic is not None:
            self._mosaic.show_mosaic(scene.mosaic)
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        """Marks the candidate that was chosen, wherever it is shown now."""
        self._stage.select(-1 if self._chosen is None else self._chosen)
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
            step, steps = self.timeline.step, _steps(session)
            self.timeline.set_steps(steps, None if step is None else _nearest(steps, step))
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
            if self._controller.is_active:
                self._follow_again(present)
            else:
                self._show(present)
            return
        self.replay.show(session, present, index)
        self._curves.show_cursors(_moments(session, index))

    @Slot(bool)
    def _show_noise(self, is_noisy: bool) -> None:
        """The timeline shows what the inspector shows."""
        self.replay.is_noisy = is_noisy
        self._controller.show_noise(is_noisy)
        if self.is_looking_back:
            self._show_moment(self.timeline.index)

    def _follow_again(self, present: Scene) -> None:
        """The present is shown, which has gone on since somebody looked back."""
        newest, recorded = self._newest or (present, self.timeline.steps)
        self.forget_session()
        self.show_present(newest, recorded, at_once=True)

    @Slot(object)
    def _on_activity(self, activity: Activity) -> None:
        """Who resumes a run wants to see it go on."""
        resumed = self._activity is Activity.PAUSED and activity is Activity.RUNNING
        self._activity = activity
        is_on = activity in (Activity.RUNNING, Activity.PAUSED)
        for scrubber in (self.timeline, self.inspector.scrubber):
            scrubber.set_live(is_on)
        if resumed:
            self.timeline.go_live()

    # --- one timeline in two places -----------------------------------------------------------

    @Slot(int)
    def _on_timeline_moved(self, index: int) -> None:
        self._show_moment(index)
        self._move_along(self.timeline, self.inspector.scrubber)

    @Slot(int)
    def _on_inspector_moved(self, _index: int) -> None:
        self._move_along(self.inspector.scrubber, self.timeline)

    def _move_along(self, moved: Scrubber, other: Scrubber) -> None:
        """Brings the other one to the same moment: the same step, or the present."""
        if self._is_moving_both or moved.step is None or other.step is None:
            return
        self._is_moving_both = True
        try:
            if moved.is_at_end:
                other.slider.setValue(other.slider.maximum())
            else:
                other.go_to_step(moved.step)
        finally:
            self._is_moving_both = False

    @Slot(object)
    def _show_replayed(self, scene: Scene) -> None:
        if self.is_looking_back:
            self._show(scene, at_once=True)

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


def _nearest(steps: Sequence[int], step: int) -> int:
    return min(range(len(steps)), key=lambda index: abs(steps[index] - step))


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
