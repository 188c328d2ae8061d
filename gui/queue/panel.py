"""The panel of the queue: its list, where results go, and the buttons that drive it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.queue.item import Phase, QueueItem
from gui.queue.runner import QueueRunner
from gui.queue.table import QueueTable
from gui.run.run_bar import duration
from gui.toolkit import dialogs, theme
from gui.toolkit.elided import ElidedLabel
from gui.toolkit.focus import bring_to_front

_EMPTY = (
    "No checkpoints yet. Drop several on the window, or choose File → Queue Several. They are run "
    "in turn with the settings on the left, and the results of each are written to a folder."
)


class QueuePanel(QDockWidget):
    """Hidden until a queue is wanted."""

    add_wanted = Signal()
    """Emitted when checkpoints are to be chosen."""

    open_wanted = Signal(object)
    """Emitted with the path of a finished run."""

    complained = Signal(str)
    """Emitted with a sentence when something cannot be done now."""

    def __init__(self, queue: QueueRunner, parent: QWidget) -> None:
        super().__init__("Queue", parent)
        self.setObjectName("queue")
        self.setAllowedAreas(
            Qt.DockWidgetArea.BottomDockWidgetArea | Qt.DockWidgetArea.TopDockWidgetArea
        )
        self._queue = queue
        self._make_parts()
        self.setWidget(self._laid_out())
        self._connect()
        self._show_all()
        self.hide()

    def _make_parts(self) -> None:
        self.main_button = QPushButton("Start &Queue")
        self.add_button = _button("Add…", "Chooses checkpoints to run in turn.")
        self.back_button = _button(
            "Put Back", "Puts back what waited when Afterimage last ended; nothing starts."
        )
        self.up_button = _button("Up", "Moves what is selected up (Alt+Up).")
        self.down_button = _button("Down", "Moves what is selected down (Alt+Down).")
        self.remove_button = _button("Remove", "Takes what is selected out; its results stay.")
        self.clear_button = _button("Clear", "Empties the list; all results stay on disk.")
        self.folder_button = _button(
            "Choose Folder…", "Where results go: one subfolder a checkpoint, and a summary."
        )
        self.folder_label = ElidedLabel()
        self.folder_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.folder_label.setForegroundRole(theme.QUIET)
        self.table = QueueTable(self._queue.list)
        self.text = ElidedLabel()
        self.text.setForegroundRole(theme.QUIET)
        empty = theme.secondary(_EMPTY)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setMargin(theme.MARGIN)
        self.pages = QStackedWidget()
        self.pages.addWidget(empty)
        self.pages.addWidget(self.table)

    def _laid_out(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        for button in (
            self.main_button,
            self.add_button,
            self.back_button,
            self.up_button,
            self.down_button,
            self.remove_button,
            self.clear_button,
        ):
            buttons.addWidget(button)
        buttons.addSpacing(theme.SPACING)
        buttons.addWidget(self.folder_label, 1)
        buttons.addWidget(self.folder_button)
        words = QHBoxLayout()
        words.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.SPACING // 2)
        words.addWidget(self.text)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, theme.SPACING // 2, 0, 0)
        rows.addLayout(buttons)
        middle = QHBoxLayout()
        middle.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        middle.addWidget(self.pages)
        rows.addLayout(middle, 1)
        rows.addLayout(words)
        return whole

    def _connect(self) -> None:
        queue, rows = self._queue, self._queue.list
        self.main_button.clicked.connect(self._start_or_stop)
        self.add_button.clicked.connect(self.add_wanted)
        self.back_button.clicked.connect(queue.memory.put_back)
        queue.memory.changed.connect(self._show_all)
        queue.memory.restored.connect(self.come_forward)
        self.up_button.clicked.connect(lambda: rows.move(self.table.chosen, -1))
        self.down_button.clicked.connect(lambda: rows.move(self.table.chosen, 1))
        self.remove_button.clicked.connect(lambda: rows.remove(self.table.chosen))
        self.clear_button.clicked.connect(rows.clear)
        self.folder_button.clicked.connect(self._ask_folder)
        self.table.open_wanted.connect(self._open)
        self.table.itemSelectionChanged.connect(self._show_all)
        queue.changed.connect(self._show_all)
        rows.listed.connect(self._show_all)
        rows.item_changed.connect(self._show_progress)

    @Slot()
    def come_forward(self) -> None:
        """Shows itself, before a panel that shares its place."""
        self.show()
        bring_to_front(self)

    def add(self, paths: Sequence[Path]) -> None:
        """Adds checkpoints, and shows them; the next key starts the queue."""
        self._queue.add(paths)
        self.come_forward()
        self.main_button.setFocus()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.table.restyle()

    # --- what the buttons do ------------------------------------------------------------------

    @Slot()
    def _start_or_stop(self) -> None:
        queue = self._queue
        if queue.is_on:
            dialogs.ask_to_stop_queue(self.window(), queue.stop_after_this, self._stop_now)
        elif queue.folder is None:
            self._ask_folder(starts=True)
        else:
            queue.start()

    def _stop_now(self) -> None:
        if self._queue.is_on:
            self._queue.stop_now(lambda: None)

    @Slot()
    def _ask_folder(self, starts: bool = False) -> None:
        def receive(folder: Path) -> None:
            self._queue.list.choose_folder(folder)
            if starts:
                self._queue.start()

        dialogs.choose_folder(self, "Folder for the results of the queue", receive, "results")

    @Slot(object)
    def _open(self, item: QueueItem) -> None:
        if item.session is not None:
            self.open_wanted.emit(item.session)
        elif item.phase is Phase.ENDED:
            self.complained.emit(f"{item.path.name} has no results to open: {item.state}.")
        else:
            self.complained.emit(f"{item.path.name} can be opened here once its run has ended.")

    # --- what is shown ------------------------------------------------------------------------

    @Slot()
    def _show_all(self) -> None:
        queue, items = self._queue, self._queue.list.items
        self.pages.setCurrentIndex(1 if items else 0)
        chosen = self.table.chosen
        self.main_button.setText("Stop &Queue" if queue.is_on else "Start &Queue")
        self.main_button.setToolTip(self._about_main_button())
        can_stop = queue.is_on and not queue.is_stopping
        self.main_button.setEnabled(can_stop or (not queue.is_on and bool(queue.list.waiting)))
        self.back_button.setVisible(queue.memory.left is not None)
        self.back_button.setEnabled(not queue.is_on)
        for button in (self.up_button, self.down_button):
            button.setEnabled(bool(chosen) and len(items) > 1)
        self.remove_button.setEnabled(any(not item.is_under_way for item in chosen))
        self.clear_button.setEnabled(any(not item.is_under_way for item in items))
        self.folder_button.setEnabled(not queue.is_on)
        self.folder_label.say(
            "No folder for results yet" if queue.folder is None else f"Results: {queue.folder}"
        )
        self._show_progress()

    def _about_main_button(self) -> str:
        if self._queue.is_on:
            return "Ends after the present run, or now; what was found is written."
        if not self._queue.list.waiting:
            return "Nothing waits: add checkpoints first."
        return "Runs what waits, one after the other, with the settings on the left."

    @Slot()
    def _show_progress(self, _item: object = None) -> None:
        self.text.say(self._progress())

    def _progress(self) -> str:
        """`2 of 12 finished · digits.pth: running 43 %, 12 s left · ends after this one`."""
        queue, items = self._queue, self._queue.list.items
        finished = sum(item.phase is Phase.ENDED for item in items)
        parts = [f"{finished:,} of {len(items):,} finished"] if items else []
        item = queue.current
        if item is not None:
            left = item.remaining_seconds if item.phase is Phase.RUNNING else None
            words = "" if left is None else f", {duration(left)} left"
            parts.append(f"{item.path.name}: {item.state}{words}")
        if queue.is_stopping:
            parts.append("stopping; what was found is written first")
        elif queue.ends_after:
            parts.append("the queue ends after this one")
        return " · ".join(parts)


def _button(text: str, about: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(about)
    return button
