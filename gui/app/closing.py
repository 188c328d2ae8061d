"""Closing the window: work under way is asked about, files are written to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from gui.toolkit import dialogs

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


class Closing(QObject):
    """Says whether the window may close now; closes it later where something has to end first."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._after_training = False
        self._after_writing = False
        window.training.ended.connect(self._on_training_ended)
        window.background.emptied.connect(self._on_background_emptied)

    def may_close(self) -> bool:
        """Whether nothing is under way; what is under way is asked about, or ended."""
        window = self._window
        if window.controller.in_queue:
            self._ask_about_queue()
            return False
        if window.controller.is_active:
            window.runner.stop_then("Stop the run and close?", "Stop and &Close", window.close)
            return False
        if window.training.controller.is_active:
            dialogs.ask_to_stop_training(window, self._stop_training)
            return False
        window.assessment.cancel_gallery()
        window.comparison.cancel()
        if window.background.is_busy:
            self._wait_for_writing()
            return False
        return True

    def end_threads(self) -> None:
        """Leaves no thread behind, and the copies to others."""
        self._window.controller.shut_down()
        self._window.training.end()
        self._window.copies.close()

    def _ask_about_queue(self) -> None:
        """Asks once; the present run is stopped and written, then the window closes."""
        window = self._window
        if window.queue.is_stopping:
            window.queue.stop_now(window.close)
            window.strip.show_note("Afterimage closes once the last results are written.")
        else:
            window.runner.stop_then("Stop the queue and close?", "Stop and &Close", window.close)

    def _stop_training(self) -> None:
        training = self._window.training.controller
        if training.is_active:
            self._after_training = True
            training.stop()
        else:
            self._window.close()

    @Slot(object)
    def _on_training_ended(self, _end: object) -> None:
        if self._after_training:
            self._window.close()

    def _wait_for_writing(self) -> None:
        """Lets files be written to their end; a second request to close cancels them."""
        if self._after_writing:
            self._window.background.cancel_all()
        self._after_writing = True
        self._window.strip.show_note("Afterimage closes once the last file is written.")

    @Slot()
    def _on_background_emptied(self) -> None:
        if self._after_writing:
            self._window.close()
