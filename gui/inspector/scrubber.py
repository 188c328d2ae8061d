"""A slider through the frames of a drift, with a button that plays them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QSlider, QToolButton, QWidget

from gui.toolkit.still_label import StillLabel

_PLAYED_MILLISECONDS = 4000
_LEAST_INTERVAL = 40


class Scrubber(QWidget):
    """Chooses a frame. Its right end is the present: how things stand, or stood at the end."""

    moved = Signal(int)
    """Emitted with the frame that a person or the playing has come to."""

    grabbed = Signal()
    """Emitted when a person takes hold of it, before it moves."""

    def __init__(self, name: str, names_step: bool = True, parent: QWidget | None = None) -> None:
        """
        Args:
            name: for people who cannot see it.
            names_step: whether it names the step of the frame that is chosen; else only the step
                that it is told, of a picture elsewhere that may come a moment later.
            parent: owner.
        """
        super().__init__(parent)
        self._steps: tuple[int, ...] = ()
        self._names_step = names_step
        self.play_button = _PlayButton()
        self.play_button.setAccessibleName(f"Play {name}")
        self.play_button.setToolTip("Plays the drift from noise to its end")
        self.play_button.clicked.connect(self.play_or_pause)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip("Goes back to an earlier moment; the right end is the present")
        self.slider.valueChanged.connect(self._on_moved)
        self.slider.sliderPressed.connect(self._on_pressed)
        self._label = StillLabel("step 00,000")
        self.live_button = QToolButton()  # A narrow one: the slider needs the room.
        self.live_button.setText("Live")
        self.live_button.setAccessibleName(f"Back to the present of the {name}")
        self.live_button.setToolTip("Follows the run again (End)")
        self.live_button.clicked.connect(self.go_live)
        self._is_live = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._advance)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in (
            (self.play_button, 0),
            (self.slider, 1),
            (self._label, 0),
            (self.live_button, 0),
        ):
            layout.addWidget(widget, stretch)
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
    def step(self) -> int | None:
        """Steps taken before the frame that is chosen; None where there is none."""
        return self._steps[self.index] if self.index < len(self._steps) else None

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

    def set_live(self, is_live: bool) -> None:
        """Whether a run goes on, whose present can be gone back to."""
        self._is_live = is_live
        self._offer_live()

    @Slot()
    def go_live(self) -> None:
        """Goes to the present, and stays there."""
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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End goes to the present, wherever in here the focus is."""
        if event.key() == Qt.Key.Key_End:
            self.go_live()
        else:
            super().keyPressEvent(event)

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

    @Slot(int)
    def say_step(self, step: int) -> None:
        """Names the step of the picture that is shown; none where it is −1."""
        self._label.say("" if step < 0 else f"step {step:,}")

    @property
    def step_text(self) -> str:
        """What is said of the step."""
        return self._label.text

    def _show_step(self) -> None:
        if self._names_step:
            self.say_step(-1 if self.step is None else self.step)
        self._offer_live()

    def _offer_live(self) -> None:
        self.live_button.setVisible(self._is_live and not self.is_at_end)

    def _show_playing(self) -> None:
        self.play_button.show_playing(self.is_playing)


class _PlayButton(QToolButton):
    """A triangle, or two bars while it plays, in the colour of text, sharp at every scale."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoRaise(True)
        self._is_playing = False

    def show_playing(self, is_playing: bool) -> None:
        """Whether a press pauses."""
        self._is_playing = is_playing
        self.update()

    def sizeHint(self) -> QSize:
        """A square that fingers find."""
        return QSize(24, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws the sign over the button's own frame."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.ButtonText))
        x, y = self.width() / 2, self.height() / 2
        if self._is_playing:
            for left in (x - 5, x + 1):
                painter.drawRect(QRectF(left, y - 6, 4, 12))
        else:
            corners = [QPointF(x - 4, y - 6), QPointF(x - 4, y + 6), QPointF(x + 6, y)]
            painter.drawPolygon(QPolygonF(corners))
