"""Closing the window: work under way is asked about, files are written to their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Slot

from gui.queue.runner import QueueRunner
from gui.run.context import AppContext
from gui.run.session_runner import SessionRunner
from gui.study.controller import StudyController
from gui.toolkit import dialogs
from gui.training.page import TrainingPage


class Closing(QObject):
    """Says whether the window may close now; closes it later where something has to end first."""

    def __init__(
        self,
        context: AppContext,
        runner: SessionRunner,
        queue: QueueRunner,
        training: TrainingPage,
        study: StudyController,
        cancels: Sequence[Callable[[], None]],
    ) -> None:
        """
        Args:
            context: which window, and what is under way.
            runner: ends runs.
            queue: ends itself.
            training: ends trainings.
            study: ends studies.
            cancels: end what nobody waits for once the window closes.
        """
        super().__init__(context.window)
        self._context, self._close = context, context.window.close
        self._runner, self._queue = runner, queue
        self._training, self._study = training, study
        self._cancels = cancels
        self._after_training = False
        self._after_writing = False
        training.ended.connect(self._on_training_ended)
        context.background.emptied.connect(self._on_background_emptied)

    def may_close(self) -> bool:
        """Whether nothing is under way; what is under way is asked about, or ended."""
        context = self._context
        if context.controller.in_queue:
            self._ask_about_queue()
            return False
        if context.controller.is_active:
            self._runner.stop_then("Stop the run and close?", "Stop and &Close", self._close)
            return False
        if self._training.controller.is_active:
            dialogs.ask_to_stop_training(context.window, self._stop_training)
            return False
        if self._study.is_active:
            dialogs.ask_to_stop_study(context.window, self._stop_study)
            return False
        for cancel in self._cancels:
            cancel()
        if context.background.is_busy:
            self._wait_for_writing()
            return False
        return True

    def end_threads(self) -> None:
        """Leaves no thread behind, and the copies to others."""
        self._context.controller.shut_down()
        self._training.end()
        self._context.copies.close()

    def _ask_about_queue(self) -> None:
        """Asks once; the present run is stopped and written, then the window closes."""
        if self._queue.is_stopping:
            self._queue.stop_now(self._close)
            self._context.messages.show_note("Afterimage closes once the last results are written.")
        else:
            self._runner.stop_then("Stop the queue and close?", "Stop and &Close", self._close)

    def _stop_training(self) -> None:
        training = self._training.controller
        if training.is_active:
            self._after_training = True
            training.stop()
        else:
            self._close()

    def _stop_study(self) -> None:
        """Closes once its last results are written."""
        self._study.stop()
        self._close()

    @Slot(object)
    def _on_training_ended(self, _end: object) -> None:
        if self._after_training:
            self._close()

    def _wait_for_writing(self) -> None:
        """Lets files be written to their end; a second request to close cancels them."""
        if self._after_writing:
            self._context.background.cancel_all()
        self._after_writing = True
        self._context.messages.show_note("Afterimage closes once the last file is written.")

    @Slot()
    def _on_background_emptied(self) -> None:
        if self._after_writing:
            self._close()
