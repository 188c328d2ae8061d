"""The line above the stage: what has been found, as of which step, and where to take it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from gui.toolkit import theme
from gui.toolkit.elided import ElidedLabel
from gui.toolkit.still_label import StillLabel

HEIGHT = 40


class StageHeader(QWidget):
    """Says what has been found; once a run has ended, offers to take it away.

    Its height is always the same, so that nothing below it moves.
    """

    export_wanted = Signal()
    report_wanted = Signal()
    present_wanted = Signal()

    said = Signal(str)
    """Emitted with what is said of the run, whenever it changes."""

    all_wanted = Signal(bool)
    """Whether all candidates are to be shown, as one mosaic."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.headline = ElidedLabel(at=Qt.TextElideMode.ElideRight, most_lines=2)
        self._says: tuple[str, bool] | None = None
        self._step = StillLabel("step 1,000,000")
        self.export_button = QPushButton("Film …")
        self.export_button.setToolTip("The drift from noise to images, to take away (Ctrl+E).")
        self.export_button.clicked.connect(self.export_wanted)
        self.report_button = QPushButton("Report …")
        self.report_button.setToolTip("What was found, beside the control, as one page.")
        self.report_button.clicked.connect(self.report_wanted)
        self.all_button = _toggle("All Candidates", "All candidates as one mosaic.")
        self.all_button.toggled.connect(self.all_wanted)
        self.present_button = QToolButton()
        self.present_button.setText("Present")
        self.present_button.setToolTip("The best twelve, full screen (F11).")
        self.present_button.clicked.connect(self.present_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        row.setSpacing(theme.SPACING)
        row.addWidget(self.headline, 1)
        for widget in (
            self.export_button,
            self.report_button,
            self._step,
            self.all_button,
            self.present_button,
        ):
            row.addWidget(widget)
        self.clear()

    def say(self, words: str, is_over: bool = False) -> None:
        """Shows a sentence; weighty, with what can be done next, once the run has ended."""
        if (words, is_over) == self._says:
            return
        self._says = words, is_over
        self._weigh(is_over)
        self.headline.say(words)
        self.said.emit(words)
        for button in (self.export_button, self.report_button):
            button.setVisible(is_over)

    def _weigh(self, is_over: bool) -> None:
        font = self.headline.font()
        font.setBold(is_over)
        self.headline.setFont(font)

    def restyle(self) -> None:
        """A new style sheet has forgotten how weighty the words are."""
        self._weigh(self._says is not None and self._says[1])

    def clear(self) -> None:
        """Nothing has been found."""
        self.say("")
        self.show_step(-1)

    @Slot(int)
    def show_step(self, step: int) -> None:
        """Names the step of the picture that is shown; none where it is −1."""
        self._step.say("" if step < 0 else f"step {step:,}")
        if self.present_button.isEnabled() is not (step >= 0):
            self.present_button.setEnabled(step >= 0)

    @property
    def step_text(self) -> str:
        """What is said of the step."""
        return self._step.text


def _toggle(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    button.setToolTip(tip)
    return button
