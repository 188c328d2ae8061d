"""The window of studies: the plan on the left, plots and runs on the right, the work below."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from gui.study.form import StudyForm
from gui.study.plot import StudyPlots
from gui.study.table import RunsModel, RunsView
from gui.toolkit import stored, theme
from gui.toolkit.elided import ElidedLabel
from gui.toolkit.layout import line, scrolled_column
from gui.toolkit.message_strip import MessageStrip

_GEOMETRY = "study_geometry"


class StudyWindow(QDialog):
    """Shows a study; what it does is the controller's. Closed, it is only hidden."""

    dropped = Signal(object)
    """Emitted with the path of a file or folder that was let go of over the window."""

    seen = Signal(bool)
    """Emitted when the window comes into sight, and when it goes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Studies — Afterimage")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAcceptDrops(True)
        self.form, self.plots = StudyForm(), StudyPlots()
        self.model = RunsModel()
        self.table = RunsView(self.model)
        self.name = ElidedLabel()
        self.name.say("No study is shown yet.")
        self._make_buttons()
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(scrolled_column(self.form))
        across.addWidget(self._right(), 1)
        self.strip = MessageStrip()
        self.strip.float_over(self)
        if not self.restoreGeometry(stored.state(_GEOMETRY)):
            self.resize(1180, 760)

    def _make_buttons(self) -> None:
        self.start_button = _button("&Start", "Makes the study that the plan describes.")
        self.stop_button = _button(
            "S&top", "Ends the work. What has ended is kept, and Go On makes what is missing."
        )
        self.go_on_button = _button(
            "&Go On", "Makes the runs that are missing in the folder that is shown."
        )
        self.folder_button = _button(
            "Show a &Folder…", "Shows a study that lies there, also while another process makes it."
        )
        self.csv_button = _button("&CSV…", "Writes all runs as a table (CSV).")
        self.page_button = _button("&Report…", "Writes plots and runs as one page (HTML).")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the study")
        self.progress.setToolTip("How many runs have ended.")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(140)
        self.state = ElidedLabel()

    def _right(self) -> QWidget:
        top = QHBoxLayout()
        top.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        top.setSpacing(theme.SPACING)
        top.addWidget(self.name, 1)
        for button in (self.folder_button, self.csv_button, self.page_button):
            top.addWidget(button)
        halves = QSplitter(Qt.Orientation.Vertical)
        halves.addWidget(self.plots)
        halves.addWidget(self.table)
        halves.setChildrenCollapsible(False)
        halves.setSizes([320, 360])
        nothing = theme.secondary("Start the plan, or show the folder of a study that is there.")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedLayout()
        for page in (nothing, halves):
            self._pages.addWidget(page)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.SPACING)
        bottom.setSpacing(theme.SPACING)
        bottom.addWidget(self.state, 1)
        for widget in (self.progress, self.stop_button, self.go_on_button, self.start_button):
            bottom.addWidget(widget)
        panel = QWidget()
        rows = QVBoxLayout(panel)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addLayout(top)
        rows.addLayout(self._pages, 1)
        rows.addWidget(line())
        rows.addLayout(bottom)
        return panel

    def show_work(self, is_driven: bool, is_stopping: bool, has_table: bool, goes_on: bool) -> None:
        """Shows what can be done.

        Args:
            is_driven: whether a study is being made here.
            is_stopping: whether it has been asked to end.
            has_table: whether there is one to take away.
            goes_on: whether runs of it are missing.
        """
        self._pages.setCurrentIndex(int(has_table))
        self.progress.setVisible(is_driven)
        self.stop_button.setVisible(is_driven)
        self.stop_button.setEnabled(not is_stopping)
        self.stop_button.setText("Stopping…" if is_stopping else "S&top")
        self.go_on_button.setVisible(not is_driven and goes_on)
        self.start_button.setEnabled(not is_driven)
        self.folder_button.setEnabled(not is_driven)
        for button in (self.csv_button, self.page_button):
            button.setEnabled(has_table)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.plots.restyle()
        self.strip.restyle()
        self.table.viewport().update()

    # --- the window itself ------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcomes one plan, or the folder of a study."""
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hands it on."""
        event.acceptProposedAction()
        self.dropped.emit(Path(event.mimeData().urls()[0].toLocalFile()))

    def showEvent(self, event: QShowEvent) -> None:
        """Tells that there is somebody who looks."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Remembers its size and place."""
        super().hideEvent(event)
        stored.store(_GEOMETRY, self.saveGeometry())
        self.seen.emit(False)


def _button(words: str, tooltip: str) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tooltip)
    button.setAutoDefault(False)
    return button
