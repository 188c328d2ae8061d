"""The window's runs: begun, gone on with, and ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.errors import UnusableInput
from engine.reconstruction.settings import Settings
from engine.reconstruction.snapshot import RunState
from engine.session.image_sets import ImageSets
from gui.run.activity import Activity
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.worker import RunEnd, RunRequest
from gui.state import preferences
from gui.toolkit import dialogs
from gui.toolkit.log import LOGGER


class SessionRunner(QObject):
    """Drives the run of the network that is open."""

    began = Signal()
    """Emitted when a run is under way: what an earlier one has shown makes room for it."""

    forgotten = Signal()
    """Emitted when nothing that is shown of a run counts any more."""

    def __init__(
        self, context: AppContext, settings: Callable[[], Settings], assessment: Assessment
    ) -> None:
        """
        Args:
            context: what is open, and who computes.
            settings: those that a run would start with; raises `UnusableInput` where there are
                none that go together.
            assessment: works out gallery and scores once a run rests.
        """
        super().__init__(context.window)
        self._context, self._settings, self._assessment = context, settings, assessment
        self._asked: Settings | None = None
        self._is_kept = False
        self._sets = ImageSets()
        self._after_run: Callable[[], object] | None = None
        controller = context.controller
        controller.prepared.connect(self._on_prepared)
        controller.ended.connect(self._on_ended)
        controller.rested.connect(assessment.show_gallery)

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: start, pause, or resume."""
        controller = self._context.controller
        if controller.activity is Activity.RUNNING:
            controller.pause()
        elif controller.activity is Activity.PAUSED:
            controller.go_on()
        elif not controller.is_taken and self._context.workspace().network is not None:
            self._start_if_wanted()

    @property
    def would_go_on(self) -> bool:
        """Whether Start would go on with the run that is open."""
        try:
            return self._context.workspace().is_resumable(self._settings())
        except UnusableInput:
            return False  # Start says what does not go together.

    def _start_if_wanted(self) -> None:
        """Starts; asks first where a run would search for what is not there."""
        health = self._context.workspace().health
        if health is None or not health.sees_no_chance or self.would_go_on:
            self.start()
            return
        dialogs.ask(
            self._context.window,
            "Search a network that has nothing to give?",
            f"{health.outlook}\n\nWhat a run comes to will be no image of anybody's.",
            "&Start Anyway",
            self._start_anyway,
        )

    def _start_anyway(self) -> None:
        """The answer came; meanwhile something else may have been started."""
        if not self._context.controller.is_taken:
            self.start()

    def start(self) -> None:
        """Starts on the network that is open, or goes on where its run has steps left."""
        context, workspace = self._context, self._context.workspace()
        network, session = workspace.network, workspace.session
        assert network is not None
        try:
            asked = self._settings()
        except UnusableInput as error:
            context.messages.show_error(str(error))
            return
        settings, state, self._sets = asked, None, ImageSets()
        if session is not None and workspace.is_resumable(asked):
            settings = replace(session.settings, device=asked.device, seconds=asked.seconds)
            state, self._sets = session.state, session.sets
        self._asked = asked
        context.messages.hide()
        context.controller.start(
            RunRequest(
                network,
                settings,
                state,
                workspace.references,
                self._where_to_keep(state),
                preferences.load().copy_seconds,
                self._sets,
            )
        )

    def _where_to_keep(self, state: RunState | None) -> Path | None:
        """Makes room for copies of the run; None if the user wants none."""
        self._is_kept = preferences.load().keeps_copies
        if not self._is_kept:
            return None
        self._context.copies.begin(state)
        return self._context.copies.last_run

    @Slot(str, str, object)
    def stop_then(self, question: str, button: str, then: Callable[[], object]) -> None:
        """Asks; if the answer is yes, stops the run or queue, and goes on once it has ended."""
        controller = self._context.controller

        def stop() -> None:
            if controller.in_queue:
                controller.stop_queue(then)
            elif controller.is_active:
                self._after_run = then
                controller.stop()
            else:
                then()

        dialogs.ask_to_stop(self._context.window, question, button, stop)

    def forget(self) -> None:
        """Clears everything that a run has shown."""
        self._context.controller.forget()
        self.forgotten.emit()

    @Slot(object)
    def _on_prepared(self, settings: Settings) -> None:
        """The run is under way: what an earlier one left makes room for it."""
        said = ", ".join(f"{name} {value}" for name, value in settings.as_dict().items())
        LOGGER.info(f"A run began: {said}")
        self._assessment.cancel_gallery()
        self._context.workspace.begin_run(self._asked)
        self.began.emit()

    @Slot(object)
    def _on_ended(self, end: RunEnd) -> None:
        context, session = self._context, end.session
        context.copies.end()
        if session is not None:
            LOGGER.info(f"The run ended at step {session.state.step:,} of {session.state.steps:,}")
            if self._is_kept:
                context.copies.holds(session.state)
        if end.error:
            context.messages.show_error(end.error)
        elif session is not None and session.remarks:
            context.messages.show_note(session.remarks)
        if session is not None:
            if self._sets.each():  # What it was scored against before it went on.
                session = session.with_sets(self._sets)
            context.workspace.change(session=session)
        else:
            context.workspace.change()  # What the run before has left may be gone all the same.
        then, self._after_run = self._after_run, None
        if then is not None:
            then()
