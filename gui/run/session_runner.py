"""The window's runs: begun, gone on with, shown while they go on, and ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState
from engine.viewing.frames import Frame
from gui.run.activity import Activity
from gui.run.worker import RunEnd, RunRequest
from gui.state import preferences
from gui.toolkit import dialogs
from gui.toolkit.log import LOGGER

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


class SessionRunner(QObject):
    """Drives the run of the network that is open."""

    changed = Signal()
    """Emitted when a run has left something other than what was there before."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._asked: Settings | None = None
        self._is_kept = False
        self._scores_later = False
        self._after_run: Callable[[], None] | None = None
        controller = window.controller
        controller.prepared.connect(self._on_prepared)
        controller.activity_changed.connect(window.run_bar.show_activity)
        controller.frame_ready.connect(self._show_frame)
        controller.ended.connect(self._on_ended)
        controller.rested.connect(window.assessment.show_gallery)
        controller.rested.connect(self._score_in_full)

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: start, pause, or resume."""
        controller = self._window.controller
        if controller.activity is Activity.RUNNING:
            controller.pause()
        elif controller.activity is Activity.PAUSED:
            controller.go_on()
        elif not controller.is_taken and self._window.workspace.network is not None:
            self.start()

    def start(self) -> None:
        """Starts on the network that is open, or goes on where its run has steps left."""
        window = self._window
        network, session = window.workspace.network, window.workspace.session
        assert network is not None
        try:
            asked = window.settings_panel.settings()
        except UnusableInput as error:
            window.strip.show_error(str(error))
            return
        settings, state = asked, None
        if session is not None and window.workspace.is_resumable(asked):
            settings = replace(session.settings, device=asked.device, seconds=asked.seconds)
            state = session.state
        self._asked = asked
        window.strip.hide()
        window.controller.start(
            RunRequest(
                network,
                settings,
                state,
                window.workspace.references,
                self._where_to_keep(state),
                preferences.load().copy_seconds,
            )
        )

    def _where_to_keep(self, state: RunState | None) -> Path | None:
        """Makes room for copies of the run; None if the user wants none."""
        self._is_kept = preferences.load().keeps_copies
        if not self._is_kept:
            return None
        self._window.copies.begin(state)
        return self._window.copies.last_run

    @Slot(str, str, object)
    def stop_then(self, question: str, button: str, then: Callable[[], None]) -> None:
        """Asks; if the answer is yes, stops the run or queue, and goes on once it has ended."""

        def stop() -> None:
            if self._window.controller.in_queue:
                self._window.queue.stop_now(then)
            elif self._window.controller.is_active:
                self._after_run = then
                self._window.controller.stop()
            else:
                then()

        dialogs.ask_to_stop(self._window, question, button, stop)

    def forget(self) -> None:
        """Clears everything that a run has shown."""
        self._window.controller.forget()
        self._window.views.clear()
        self._window.run_bar.clear()

    @Slot(object)
    def _on_prepared(self, settings: Settings) -> None:
        """The run is under way: what an earlier one left makes room for it."""
        window = self._window
        said = ", ".join(f"{name} {value}" for name, value in settings.as_dict().items())
        LOGGER.info(f"A run began: {said}")
        window.assessment.cancel_gallery()
        window.current.change(session=None, asked=self._asked)
        window.views.clear()
        window.lower_tabs.setCurrentWidget(window.curves)

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        window = self._window
        window.run_bar.show_frame(frame)
        window.curves.show_losses(frame.losses, hurry=frame.is_last)
        if frame.mosaic is not None:
            window.examiner.show_present(frame.mosaic, frame.recorded)
        if frame.pairs is not None and window.workspace.train is not None:
            window.views.show_pairs(frame.pairs)
        elif frame.scores_later:
            window.pairs.say_later()
        self._scores_later = frame.scores_later

    @Slot()
    def _score_in_full(self) -> None:
        if self._scores_later and not self._window.controller.in_queue:
            self._window.assessment.score_in_full()

    @Slot(object)
    def _on_ended(self, end: RunEnd) -> None:
        window = self._window
        window.copies.end()
        if end.session is not None:
            state = end.session.state
            LOGGER.info(f"The run ended at step {state.step:,} of {state.steps:,}")
        if end.session is not None:
            if self._is_kept:
                window.copies.holds(end.session.state)
            window.current.change(session=end.session)
        if end.error:
            window.strip.show_error(end.error)
        elif end.session is not None and end.session.remarks:
            window.strip.show_note(end.session.remarks)
        self.changed.emit()
        then, self._after_run = self._after_run, None
        if then is not None:
            then()
