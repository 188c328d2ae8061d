"""What happened, in plain lines: Python's logging, handed to whoever shows it.

Everything logs to `afterimage`, whatever thread it is on; the panel takes it from there.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

LOGGER = logging.getLogger("afterimage")
LEVELS = {logging.INFO: "Note", logging.WARNING: "Warning", logging.ERROR: "Error"}
"""What the levels are called."""

_LONGEST = 20_000


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Attributes:
        time: of the day, hh:mm:ss.
        level: one of `LEVELS`.
        text: what; lines after the first are details.
    """

    time: str
    level: int
    text: str

    def __str__(self) -> str:
        first, *others = self.text.splitlines() or [""]
        indented = [f"    {line}" for line in others]
        return "\n".join([f"{self.time}  {LEVELS[self.level]:7}  {first}", *indented])


class LogBridge(QObject):
    """Brings what any thread logs to the window's thread."""

    logged = Signal(object)
    """Emitted with an `Entry`, on the thread that logged it: connect it queued."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handler = _Handler(self)
        LOGGER.addHandler(self._handler)
        LOGGER.setLevel(logging.INFO)

    def close(self) -> None:
        """Hears nothing more."""
        LOGGER.removeHandler(self._handler)


class _Handler(logging.Handler):
    """Turns records into entries."""

    def __init__(self, bridge: LogBridge) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(message)s"))
        self._bridge = bridge

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging, on any thread."""
        level = max(known for known in LEVELS if known <= max(record.levelno, logging.INFO))
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        try:
            self._bridge.logged.emit(Entry(clock, level, _readable(self.format(record))))
        except RuntimeError:
            LOGGER.removeHandler(self)  # The window is gone.


def _readable(text: str) -> str:
    """Without what would not show, or show as something else."""
    kept = "".join(each if each.isprintable() or each in "\n\t" else "�" for each in text)
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST]} …"


def log_to_terminal() -> None:
    """Warnings and errors also go where the program was started from, if there is such a place."""
    if sys.stderr is not None:
        handler = logging.StreamHandler()
        handler.setLevel(logging.WARNING)
        LOGGER.addHandler(handler)
