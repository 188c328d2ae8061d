"""A slider through the frames of a drift, with a button that plays them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QStyle, QToolButton, QWidget

from gui import theme

_PLAYED_MILLISECONDS = 4000
_LEAST_INTERVAL = 40


class Scrubber(QWidget):
    """Chooses a frame. Its right end is the present: how things stand, or stood at the end."""

    moved = Signal(int)
    """Emitted with the frame that a person or the playing has come to."""

    grabbed = Signal()
    """Emitted when a person takes hold of it, before it moves."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: for people who cannot see it.
            parent: owner.
        """
        super().__init__(parent)
        self._steps: tuple[int, ...] = ()
        self.play_button = QToolButton()
        self.play_button.setAutoRaise(True)
        self.play_button.setAccessibleName(f"Play {name}")
        self.play_button.setToolTip("Plays the drift from noise to its end")
        self.play_button.clicked.connect(self.play_or_pause)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip("Goes back to an earlier moment; the right end is the present")
        self.slider.valueChanged.connect(self._on_moved)
        self.slider.sliderPressed.connect(self._on_pressed)
        self._label = QLabel()
        self._label.setForegroundRole(theme.QUIET)
        self._label.setMinimumWidth(self._label.fontMetrics().horizontalAdvance("step 00,000"))
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._advance)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.play_button, 0), (self.slider, 1), (self._label, 0)):
            layout.addWidget(widget, stretch)
        self._show_playing()
        self.set_steps(())

    @property
    def index(self) -> int:
        """The frame that is chosen."""
        return self.slider.value()

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps taken before each frame."""
        return self._steps

    @property
    def is_at_end(self) -> bool:
        """Whether the present is shown."""
        return self.index == self.slider.maximum()

    @property
    def is_playing(self) -> bool:
        """Whether it moves by itself."""
        return self._timer.isActive()

    def set_steps(self, steps: Sequence[int], index: int | None = None) -> None:
        """Offers other frames; does not emit `moved`.

        Args:
            steps: taken before each frame; without any there is nothing to choose.
            index: the frame that is chosen then; the last where not given.
        """
        self._steps = tuple(steps)
        last = max(0, len(self._steps) - 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, last)
            self.slider.setValue(last if index is None else index)
        self.setEnabled(last > 0)
        if not last:
            self.pause()
        self._show_step()

    def go_to_step(self, step: float) -> None:
        """Goes to the frame nearest to a step."""
        if self._steps:
            nearest = min(range(len(self._steps)), key=lambda i: abs(self._steps[i] - step))
            self.slider.setValue(nearest)

    def go_to_end(self) -> None:
        """Back to the present."""
        self.pause()
        self.slider.setValue(self.slider.maximum())

    @Slot()
    def play_or_pause(self) -> None:
        """Plays from where it is, or from the noise where it is at the end; or pauses."""
        if self.is_playing:
            self.pause()
            return
        self.grabbed.emit()
        if self.is_at_end:
            self.slider.setValue(0)
        frames = max(1, len(self._steps))
        self._timer.start(max(_LEAST_INTERVAL, _PLAYED_MILLISECONDS // frames))
        self._show_playing()

    def pause(self) -> None:
        """Stays where it is."""
        self._timer.stop()
        self._show_playing()

    @Slot()
    def _advance(self) -> None:
        self.slider.setValue(self.index + 1)
        if self.is_at_end:
            self.pause()

    @Slot()
    def _on_pressed(self) -> None:
        self.pause()
        self.grabbed.emit()

    @Slot(int)
    def _on_moved(self, index: int) -> None:
        self._show_step()
        self.moved.emit(index)

    def _show_step(self) -> None:
        known = self.index < len(self._steps)
        self._label.setText(f"step {self._steps[self.index]:,}" if known else "")

    def _show_playing(self) -> None:
        pixmap = QStyle.StandardPixmap
        icon = pixmap.SP_MediaPause if self.is_playing else pixmap.SP_MediaPlay
        self.play_button.setIcon(self.style().standardIcon(icon))
