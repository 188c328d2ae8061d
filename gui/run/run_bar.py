"""The one bar: start, pause, stop, progress with remaining time, steps per second."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from engine.session.session import Session
from engine.viewing.frames import Frame
from gui.run.activity import Activity
from gui.toolkit import theme
from gui.toolkit.throttle import Throttle

_PAUSED = "Paused · "
_INTERVAL = 0.25
_LABELS = {
    Activity.IDLE: "&Start",
    Activity.STARTING: "Starting…",
    Activity.RUNNING: "&Pause",
    Activity.PAUSED: "Res&ume",
    Activity.STOPPING: "Stopping…",
}


class RunBar(QWidget):
    """Shows how far a run is, and lets it be driven."""

    main_clicked = Signal()
    """Start, pause or resume, whichever the button shows."""

    stop_clicked = Signal()

    def __init__(
        self,
        labels: Mapping[Activity, str] = _LABELS,
        starting: str = "Preparing the search …",
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            labels: of the main button in each state.
            starting: what is under way before the first step.
            parent: owner.
        """
        super().__init__(parent)
        self._labels, self._starting = labels, starting
        self.main_button = QPushButton()
        self.main_button.setMinimumWidth(120)
        self.main_button.setDefault(True)
        self.main_button.setToolTip("Starts, pauses or goes on, as it says (F5).")
        self.main_button.clicked.connect(self.main_clicked)
        self.stop_button = QPushButton("S&top")
        self.stop_button.setToolTip("Ends it; what was found so far stays (Shift+F5).")
        self.stop_button.clicked.connect(self.stop_clicked)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the run")
        self.progress.setToolTip("How many of the steps are taken.")
        self.progress.setTextVisible(False)
        self._text = QLabel()
        self._text.setMinimumWidth(330)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.SPACING)
        for widget in (self.main_button, self.stop_button):
            layout.addWidget(widget)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self._text)
        self._throttle = Throttle(_INTERVAL)
        self._words = ""
        self._can_start = False
        self._resumable = False
        self.show_activity(Activity.IDLE)
        self.clear()

    def set_can_start(self, can_start: bool, resumable: bool = False) -> None:
        """Whether there is a network to start on, and whether its run would be gone on with."""
        self._can_start, self._resumable = can_start, resumable
        self.show_activity(self._activity)

    def explain(self, why: str) -> None:
        """Says why the main button cannot start a run now; empty where nothing is in the way."""
        self.main_button.setToolTip(why or "Starts, holds, or goes on with the run.")

    def show_activity(self, activity: Activity) -> None:
        """Offers what can be done in this state."""
        self._activity = activity
        label = self._labels[activity]
        if activity is Activity.IDLE and self._resumable:
            label = "Res&ume"
        self.main_button.setText(label)
        busy = activity in (Activity.STARTING, Activity.STOPPING)
        idle = activity is Activity.IDLE
        self.main_button.setEnabled(not busy and (not idle or self._can_start))
        self.stop_button.setEnabled(not idle and activity is not Activity.STOPPING)
        if activity is Activity.STARTING:
            self.progress.setRange(0, 0)
            self._words = self._starting
        elif activity is Activity.IDLE and self.progress.maximum() == 0:
            self.clear()  # The run failed before its first frame.
        self._show_words()

    def show_frame(self, frame: Frame) -> None:
        """Shows how far a reconstruction is."""
        has_ended = self._activity is Activity.IDLE
        self.show_progress(frame.step, frame.steps, describe(frame, has_ended))

    def show_rest(self, session: Session) -> None:
        """Shows how far a run came that was opened."""
        state, restarts = session.state, session.settings.restarts
        is_stopped = state.step < state.steps
        where = f"restart {len(state.finished) + 1} of {restarts}" if restarts > 1 else ""
        text = _at_rest(state.step, state.steps, where, state.seconds, is_stopped)
        self.show_progress(state.step, state.steps, text)

    def show_progress(self, done: int, total: int, text: str) -> None:
        """Shows how far the work is: while it goes on, slowly enough to be read."""
        if self._throttle.lets_through(hurry=self._activity is not Activity.RUNNING):
            self.progress.setRange(0, total)
            self.progress.setValue(done)
            self._words = text
            self._show_words()

    def clear(self) -> None:
        """No run to show."""
        self.progress.setRange(0, 1)
        self.progress.setValue(0)
        self._words = ""
        self._show_words()

    def _show_words(self) -> None:
        is_paused = self._activity is Activity.PAUSED and bool(self._words)
        self._text.setText(f"{_PAUSED}{self._words}" if is_paused else self._words)

    @property
    def text(self) -> str:
        """What the bar says."""
        return self._text.text()


def describe(frame: Frame, has_ended: bool) -> str:
    """`1,000 steps in all · restart 1 of 3 · 12 s left · 31 steps/s`.

    While a run goes on the step is named beside the picture that shows it, and there alone: this
    changes less often, and would name another one.
    """
    if has_ended:
        return _at_rest(frame.step, frame.steps, frame.where, frame.seconds, not frame.is_last)
    parts = [f"{frame.steps:,} steps in all"]
    if frame.where and not frame.is_last:
        parts.append(frame.where)
    if frame.remaining_seconds is not None:
        parts.append(f"{duration(frame.remaining_seconds)} left")
    return " · ".join([*parts, *_rate(frame.step, frame.seconds)])


def _at_rest(step: int, steps: int, where: str, seconds: float, is_stopped: bool) -> str:
    """`Stopped · 320 of 1,000 steps taken · restart 1 of 3 · in 12 s · 27 steps/s`."""
    parts = ["Stopped"] if is_stopped else []
    parts.append(f"{step:,} of {steps:,} steps taken")
    if where and is_stopped:
        parts.append(where)
    return " · ".join([*parts, f"in {duration(seconds)}", *_rate(step, seconds)])


def _rate(step: int, seconds: float) -> list[str]:
    if not step or not seconds:
        return []
    rate = step / seconds
    return [f"{rate:.0f} steps/s" if rate >= 10 else f"{rate:.1f} steps/s"]


def duration(seconds: float) -> str:
    """`under 1 s`, `12 s`, `4 min`, `1.5 h`."""
    if 0 < seconds < 0.5:
        return "under 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
