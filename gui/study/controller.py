"""Run → Studies: plans, makes, follows and exports studies, in one window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from engine.base.plain_text import counted, duration
from engine.study.driving import Progress
from engine.study.plan import Plan
from engine.study.store import STUDY
from engine.study.table import Table
from gui.run.context import AppContext
from gui.study.draft import Draft
from gui.study.drawing import Drawing
from gui.study.files import StudyFiles
from gui.study.follower import Follower
from gui.study.planning import Planning
from gui.study.window import StudyWindow
from gui.study.work import News, Shown, StudyWork
from gui.toolkit import dialogs
from gui.toolkit.background import always
from gui.toolkit.task import Task

_LOOK_MS = 100


class StudyController(QObject):
    """One study is shown at a time; it is made here, or only read."""

    def __init__(self, context: AppContext) -> None:
        """
        Args:
            context: what is under way, and the window that this one belongs to.
        """
        super().__init__(context.window)
        self._context = context
        self.files = StudyFiles(context.background, lambda: self.window, lambda: self.shown, self)
        self._window: StudyWindow | None = None
        self._work: StudyWork | None = None
        self._task: Task | None = None
        self.shown: Shown | None = None
        self._folder: Path | None = None
        self._missing = 0
        self._is_over = False
        self._follower = Follower(context.background, self)
        self._follower.looked.connect(self._on_looked)
        self._follower.lost.connect(self._on_lost)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._take_news)

    # --- the window -------------------------------------------------------------------------

    @property
    def window(self) -> StudyWindow:
        """The window; made when it is first asked for."""
        if self._window is None:
            self._window = window = StudyWindow(self._context.window)
            self._planning = Planning(window.form, self._context.background, self.files, self)
            window.form.save_wanted.connect(self.files.choose_target)
            window.form.complained.connect(window.strip.show_error)
            window.dropped.connect(self.open)
            window.seen.connect(self._follower.show_seen)
            self.drawing = Drawing(window.plots, self._context.background, self._shown_table, self)
            window.start_button.clicked.connect(self._start_planned)
            window.stop_button.clicked.connect(self.stop)
            window.go_on_button.clicked.connect(self.go_on)
            window.folder_button.clicked.connect(self._choose_folder)
            window.csv_button.clicked.connect(self.files.choose_csv)
            window.page_button.clicked.connect(self.files.choose_page)
            self._show_state()
        return self._window

    @Slot()
    def show(self) -> None:
        """Run → Studies."""
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        if self._window is not None:
            self._window.restyle()

    @property
    def is_active(self) -> bool:
        """Whether a study is being made that nobody has asked to end."""
        return self._work is not None and not self._work.is_stopping

    def end(self) -> None:
        """The main window is about to close: ends the work, and closes this one."""
        self._is_over = True
        self._follower.leave()
        if self._work is not None:
            self._work.stop()
        if self._window is not None:
            self._planning.end()
            self.drawing.end()
            self._window.hide()

    @Slot(object)
    def open_in_sight(self, path: Path) -> None:
        """Opens a study that came from elsewhere than its window."""
        self.show()
        self.open(path)

    @Slot(object)
    def open(self, path: Path) -> None:
        """Opens a study's plan, or shows the study in a folder."""
        if path.is_dir():
            self.follow(path)
        else:
            self._planning.open(path)

    # --- making a study ---------------------------------------------------------------------

    @Slot()
    def _start_planned(self) -> None:
        folder = self.window.form.results.folder
        if folder is None:
            dialogs.choose_folder(
                self.window, "Folder for the study", self._start_in_chosen, "results"
            )
        else:
            self._start_in(folder)

    def _start_in_chosen(self, folder: Path) -> None:
        self.window.form.results.use(folder)
        self._start_in(folder)

    def _start_in(self, folder: Path) -> None:
        draft = self.window.form.draft
        is_shown = self._folder is not None and self._folder == folder
        if (folder / STUDY).is_file() and not is_shown:
            dialogs.ask(
                self.window,
                f"Make the study in {folder.name}?",
                "A study lies there already. Results of runs that both have count; others stay in "
                "the folder and are no longer shown.",
                "&Start",
                lambda: self.start(folder, draft),
            )
        else:
            self.start(folder, draft)

    def start(self, folder: Path, draft: Draft | None) -> None:
        """Makes a study in a folder; without a plan, what is missing of the one that lies there."""
        if self._work is not None:
            return
        self._follower.leave()
        self._folder = folder
        processes = self.window.form.processes.value()
        self.files.in_background(
            "Reading the plan …",
            lambda: None if draft is None else draft.plan(),
            lambda plan: self._begin(folder, plan, processes),
        )

    def _begin(self, folder: Path, plan: Plan | None, processes: int) -> None:
        if self._work is not None or self._is_over:
            return
        self._work = work = StudyWork(folder, plan, processes)
        self._task = self._context.background.start(
            "A study is under way …", work.run, self._on_ended, always
        )
        self._task.failed.connect(self._on_failed)
        self._task.finished.connect(self._on_finished)
        self._timer.start()
        self.window.state.say("Reading images and networks …")
        self.window.progress.setRange(0, 0)
        self._show_state()

    @Slot()
    def go_on(self) -> None:
        """Makes what is missing of the study that is shown."""
        if self._folder is not None:
            self.start(self._folder, None)

    @Slot()
    def stop(self) -> None:
        """Ends the work at once; what has ended is kept."""
        if self._work is not None:
            self._work.stop()
            self.window.state.say("Stopping …")
            self._show_state()

    @Slot()
    def _take_news(self) -> None:
        if self._work is not None:
            self._take(self._work.take())

    def _take(self, news: News) -> None:
        """Shows what is new, row by row."""
        if news.shown is not None:
            self._show(news.shown)
        if news.rows:
            self.window.model.update_rows(news.rows)
        if news.progress is not None and self.is_active:
            self._show_progress(news.progress)
        if news.rows:
            self.drawing.draw_later()

    def _show_progress(self, progress: Progress) -> None:
        left = progress.remaining_seconds
        said = "" if left is None or not progress.running else f", {duration(left)} left"
        ended = f"{progress.ended:,} of {counted(progress.total, 'runs')} ended"
        self.window.state.say(f"{ended}, {progress.running} under way{said}")
        self.window.progress.setRange(0, max(1, progress.total))
        self.window.progress.setValue(progress.ended)

    def _on_ended(self, sentence: str) -> None:
        self._take_news()
        self.window.state.say(sentence)
        self.drawing.draw()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        """Says why; a study that another process works on is followed then."""
        self._take_news()
        self.window.state.say("")
        self.window.strip.show_error(sentence)

    @Slot()
    def _on_finished(self) -> None:
        self._timer.stop()
        work, self._work, self._task = self._work, None, None
        if work is None:
            return
        if work.has_begun:
            self._missing = work.missing
        elif work.is_stopping:
            self.window.state.say("Stopped before the first run.")
        elif (work.folder / STUDY).is_file():
            self.follow(work.folder)
        self._show_state()

    # --- following one that lies there ------------------------------------------------------

    def follow(self, folder: Path) -> None:
        """Shows the study in a folder, and what comes to it; reads only."""
        if self._work is None:
            self._folder = folder
            self._follower.follow(folder)

    @Slot()
    def _choose_folder(self) -> None:
        dialogs.choose_folder(self.window, "Folder of a study", self.follow, "results")

    @Slot(object)
    def _on_looked(self, news: News) -> None:
        self._take(news)
        if news.shown is not None or news.rows:
            self._missing = news.missing
            self.window.state.say(news.headline)
            self._show_state()

    @Slot(str)
    def _on_lost(self, sentence: str) -> None:
        self.window.strip.show_error(sentence)

    # --- showing ----------------------------------------------------------------------------

    def _show(self, shown: Shown) -> None:
        self.shown = shown
        self.window.name.say(shown.study.name, shown.study.name, shown.study.about)
        self.window.model.show_rows(shown.rows, shown.names, shown.is_driven)
        self.window.plots.offer(shown.varied)
        self._show_state()

    def _shown_table(self) -> Table | None:
        return None if self.shown is None else self.shown.table

    def _show_state(self) -> None:
        if self._window is None:
            return
        shown, work = self.shown, self._work
        is_stopping = work is not None and work.is_stopping
        self._window.show_work(work is not None, is_stopping, shown is not None, self._missing > 0)
