"""Errors that nobody expected, of any thread: the window stays open, and says what there is to say.

Such an error may come from a slot, from a method that Qt calls, from a worker's thread, from any
other thread, or from an object that is being thrown away. Python has a hook for each; all of them
end here.
"""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from gui.errors.dialog import ErrorDialog
from gui.errors.incidents import Incident, Incidents, incident_of
from gui.errors.safety import Safety
from gui.toolkit.log import LOGGER

_PATIENCE = 150
"""Milliseconds in which further errors are gathered before they are shown."""


class CrashReporter(QObject):
    """Gathers errors of all threads, and shows them in one dialog of the window's."""

    _crashed = Signal(object)

    def __init__(self, safety: Safety) -> None:
        """
        Args:
            safety: knows whose dialog it is, and what is safe.
        """
        window = safety.context.window
        super().__init__(window)
        self._safety, self._messages = safety, safety.context.messages
        self._incidents = Incidents()
        self._latest: Incident | None = None
        self._seen: set[tuple[str, ...]] = set()
        self.dialog = ErrorDialog(window)
        self.dialog.finished.connect(self._on_closed)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_PATIENCE)
        self._delay.timeout.connect(self._show)
        # Queued, because an error may come from a thread that must not touch widgets.
        self._crashed.connect(self._gather, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Takes every error that nothing else catches."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable

    # --- from any thread --------------------------------------------------------------------

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._take(error.with_traceback(trace))

    def _on_thread_exception(self, given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            name = "another thread" if given.thread is None else f"thread {given.thread.name}"
            self._take(given.exc_value, f"In {name}")

    def _on_unraisable(self, given: sys.UnraisableHookArgs) -> None:
        if given.exc_value is not None:
            where = given.err_msg or "While an object was thrown away"
            name = getattr(given.object, "__qualname__", type(given.object).__name__)
            self._take(given.exc_value, f"{where} ({name})")

    def _take(self, error: BaseException, where: str = "") -> None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return
        try:
            incident = incident_of(error, where)
            LOGGER.critical(f"{where or 'Something unexpected went wrong'}\n{incident.trace}")
            self._crashed.emit(incident)
        # The last of all nets: nothing may come out of it.
        except Exception:
            traceback.print_exc()

    # --- on the window's thread -------------------------------------------------------------

    @Slot(object)
    def _gather(self, incident: Incident) -> None:
        self._incidents.add(incident)
        self._latest = incident
        if not self._delay.isActive():
            self._delay.start()

    @Slot()
    def _show(self) -> None:
        incident = self._latest
        if incident is None:
            return
        try:
            self._tell(incident)
            if not self.dialog.isVisible() and incident.place in self._seen:
                # Whoever closed it knows; a dialog that came again and again would be a trap.
                self._messages.show_error(f"The same error again. {incident.happened}")
                self._messages.offer("Sho&w Details", self.dialog.show)
            else:
                self.dialog.show()
            self._seen.add(incident.place)
        except Exception:
            traceback.print_exc()

    def _tell(self, incident: Incident) -> None:
        self.dialog.tell(
            f"{incident.happened}\n{incident.summary}",
            self._incidents.count,
            self._safety.in_sentences,
            f"{incident.advice} To have it looked into, send the details; they name files and "
            "settings, and hold no image.",
            f"{self._safety.circumstances}\n\n{self._incidents.traces}",
        )

    @Slot()
    def _on_closed(self) -> None:
        """What was seen is not counted again."""
        self._incidents, self._latest = Incidents(), None
