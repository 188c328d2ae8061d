"""Run → Compare: the run that is open beside another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.base.progress import Progress
from engine.comparison.comparison import Comparison, compare, has_same_weights
from engine.comparison.several import Run
from engine.evidence.references import References
from engine.session.finding_images import find_images
from engine.session.session import SUFFIX, Session
from engine.session.session_file import load_session
from gui.comparison.export import ComparisonExport
from gui.comparison.run_chooser import Offer, RunChooser
from gui.comparison.several_controller import SeveralController
from gui.comparison.window import ComparisonWindow
from gui.opening.opened import Opened
from gui.opening.opener import Opener
from gui.run.context import AppContext
from gui.state.preferences import data_folder
from gui.state.recent import title
from gui.toolkit import dialogs
from gui.toolkit.task import Task

WithSession = Callable[[Callable[[Session], None]], None]

_OPEN_RUN, _RUN_BEFORE = "the open run", "the run before"


class ComparisonController(QObject):
    """Asks for the other run, compares on a thread, and shows what comes of it in one window."""

    def __init__(self, context: AppContext, opener: Opener, with_session: WithSession) -> None:
        """
        Args:
            context: what is open, and what can be compared with it.
            opener: tells which run was opened from where.
            with_session: calls with the open run as it stands, now or a little later.
        """
        super().__init__(context.window)
        self._context, self._with_session = context, with_session
        self._task: Task | None = None
        self._opened: Opened | None = None
        opener.opened.connect(self._remember)
        self.window: ComparisonWindow | None = None
        self.several = SeveralController(context, self.compare_runs, self)
        self.export = ComparisonExport(context.background, lambda: self.window, self)

    def choose(self) -> None:
        """Run → Compare with Another Run: offers those that are at hand, or any file."""
        offers = self._offers()
        if not offers:
            self._choose_file()
            return
        chooser = RunChooser(offers, self._context.window)
        chooser.chosen.connect(self._compare_with_chosen)
        chooser.several_chosen.connect(self._compare_with_several)
        chooser.file_wanted.connect(self._choose_file)
        chooser.open()

    def compare_with_run_before(self) -> None:
        """Run → Compare with the Run Before."""
        self.compare_with(self._context.copies.run_before, _RUN_BEFORE)

    def compare_with(self, path: Path, name: str) -> None:
        """Compares the open run, as it stands, with a saved one, which is called so."""
        self._with_session(partial(self._start, path, name))

    @Slot(object)
    def compare_saved(self, paths: Sequence[Path]) -> None:
        """Compares two to six saved runs with each other."""
        self.several.compare([(title(path, paths), path) for path in paths])

    def compare_runs(self, a: Run, b: Run) -> None:
        """Shows two runs that are at hand side by side."""
        references = (a.references, b.references)
        self._work(
            (a.name, b.name), lambda report: compare(a.session, b.session, references, report)
        )

    def cancel(self) -> None:
        """Nobody waits for a comparison any more."""
        self.several.cancel()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def end(self) -> None:
        """Closes the window, whatever it shows."""
        self.several.end()
        self._close()

    def _close(self) -> None:
        if self.window is not None:
            self.window.close()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.several.restyle()
        if self.window is not None:
            self.window.restyle()

    @Slot(object)
    def _remember(self, opened: Opened) -> None:
        if opened.session is not None:
            self._opened = opened

    def _is_open(self, path: Path) -> bool:
        """Whether a file is the session that is open, which says nothing beside itself."""
        opened = self._opened
        if opened is None or opened.path is None:
            return False
        is_shown = opened.session is self._context.workspace().session
        return is_shown and opened.path.absolute() == path

    def _offers(self) -> list[Offer]:
        recent, before = self._context.recent, self._context.copies.run_before
        offers: list[Offer] = []
        if before.exists() and not self._is_open(before):
            offers.append(("The run before", before))
        sessions = [
            path
            for path in recent.paths
            if path.suffix.lower() == SUFFIX
            and not recent.is_missing(path)
            and not self._is_open(path)
        ]
        return offers + [(title(path, sessions), path) for path in sessions]

    @Slot(str, object)
    def _compare_with_chosen(self, name: str, path: Path) -> None:
        is_before = path == self._context.copies.run_before
        self.compare_with(path, _RUN_BEFORE if is_before else name)

    @Slot(object)
    def _compare_with_several(self, offers: Sequence[Offer]) -> None:
        references = self._context.workspace().references
        self._with_session(
            lambda session: self.several.compare(offers, (_OPEN_RUN, session), references)
        )

    @Slot()
    def _choose_file(self) -> None:
        dialogs.choose_file(
            self._context.window,
            "Compare with a run",
            f"Sessions (*{SUFFIX})",
            lambda path: self.compare_with(path, path.name),
            "models",
        )

    def _start(self, path: Path, name: str, session: Session) -> None:
        references = self._context.workspace().references
        root = data_folder()
        self._work(
            (_OPEN_RUN, name), lambda report: _compare(session, path, references, root, report)
        )

    def _work(self, names: tuple[str, str], work: Callable[[Progress], Comparison]) -> None:
        """Has two runs compared, which are called so, and shows that."""
        self.cancel()
        shown = self._shown_window()
        shown.wait_for(names)
        task = self._context.background.start(
            f"Comparing with {names[1]} …",
            work,
            self._show,
            lambda: self._task is task,
        )
        task.progressed.connect(shown.show_progress)
        task.failed.connect(self._on_failed)
        self._task = task

    def _shown_window(self) -> ComparisonWindow:
        if self.window is None:
            self.window = ComparisonWindow(self._context.window)
            self.window.finished.connect(self._on_closed)
            self.window.export_wanted.connect(self.export.ask)
        return self.window

    @Slot()
    def _on_closed(self) -> None:
        self.cancel()
        self.window = None

    def _show(self, comparison: Comparison) -> None:
        self._task = None
        if self.window is not None:
            self.window.show_comparison(comparison)

    @Slot(str)
    def _on_failed(self, _sentence: str) -> None:
        """The main window says why; there is nothing to be shown here."""
        if self._task is self.sender():
            self._close()


def _compare(
    session: Session, path: Path, references: References | None, root: Path, report: Progress
) -> Comparison:
    """Reads the other run, and compares; called on a thread.

    The images that are open belong to the network that is open; another one's run is scored against
    its own, or keeps the score that it was saved with.
    """
    other = load_session(path)
    theirs = references
    if references is None or not has_same_weights(session.network, other.network):
        theirs = find_images(other, path.parent, root).references(other.network)
    return compare(session, other, (references, theirs), report)
