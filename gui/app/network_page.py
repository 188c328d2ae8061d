"""The page of a network: what it is, how it is run, and everything that shows it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget
from shiboken6 import isValid

from engine.base.resources import resource_folder
from gui.app.availability import Situation
from gui.app.layout import centre_pages, left_column, splitter
from gui.app.views import Views
from gui.opening.adoption import Adoption
from gui.opening.empty_page import EmptyPage
from gui.opening.model_panel import ModelPanel
from gui.opening.opener import Opener
from gui.opening.recent_menu import RecentList
from gui.opening.references_panel import ReferencesPanel
from gui.opening.references_window import ReferencesWindow
from gui.opening.run_cards import RunCards
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.run_bar import RunBar
from gui.run.session_runner import SessionRunner
from gui.run.settings_panel import SettingsPanel
from gui.state.last_runs import LastRuns
from gui.toolkit.layout import line


class NetworkPage(QWidget):
    """Panels on the left, views in the centre or ways to begin, the run bar at the bottom.

    Attributes:
        panels: what can be hidden, by its words in the menu.
        splitters: what divides them, by a name for the settings.
    """

    def __init__(self, context: AppContext, runs: LastRuns, devices: list[str]) -> None:
        super().__init__()
        self._context, self._workspace = context, context.workspace
        self._references_window: ReferencesWindow | None = None
        self.views = Views(context)
        self.model_panel, self.references_panel = ModelPanel(), ReferencesPanel()
        self.settings_panel, self.run_bar = SettingsPanel(devices), RunBar()
        icon = QIcon(str(resource_folder() / "icons" / "afterimage.svg"))
        self.recent_list = RecentList(context.recent)
        self.run_cards = RunCards(runs)
        self.empty = EmptyPage(icon, context.copies.last_run, self.run_cards, self.recent_list)
        self._lay_out()
        context.workspace.changed.connect(self.show_workspace)
        context.controller.activity_changed.connect(self.run_bar.show_activity)
        context.controller.frame_ready.connect(self.run_bar.show_frame)
        self.show_workspace()

    def _lay_out(self) -> None:
        views = self.views
        left = left_column((self.model_panel, self.references_panel, self.settings_panel))
        self._centre, centre, upper = centre_pages(
            self.empty, views.drawn, views.beside, views.lower_tabs
        )
        middle = splitter(left, self._centre)
        self.panels: dict[str, QWidget] = {
            "Left &Panel": left,
            "&Right Panel": views.beside,
            "Lo&wer Panel": views.lower_tabs,
        }
        self.splitters: dict[str, QSplitter] = {"left": middle, "lower": centre, "beside": upper}
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(middle, 1)
        rows.addWidget(line())
        rows.addWidget(self.run_bar)

    def follow(
        self, opener: Opener, runner: SessionRunner, assessment: Assessment, adoption: Adoption
    ) -> None:
        """Asks for files, and shows what becomes of them and of runs."""
        self.empty.open_wanted.connect(opener.choose_model)
        self.empty.sample_wanted.connect(opener.open_first_sample)
        self.empty.last_run_wanted.connect(opener.open_last_run)
        references, model = self.references_panel, self.model_panel
        references.train_wanted.connect(partial(opener.choose_images, "train"))
        references.control_wanted.connect(partial(opener.choose_images, "control"))
        references.shown.connect(self.show_references)
        references.removed.connect(adoption.remove_references)
        model.reading_edited.connect(opener.read_anew)
        model.base.wanted.connect(opener.base.choose)
        model.base.head.chosen.connect(opener.base.choose_head)
        model.base.removed.connect(opener.base.remove)
        adoption.network_taken.connect(model.show_network)
        adoption.assumptions_found.connect(model.show_assumptions)
        adoption.run_taken.connect(self.run_bar.show_rest)
        runner.forgotten.connect(self.run_bar.clear)
        self.views.follow(runner, assessment, adoption)

    @Slot()
    def show_workspace(self) -> None:
        """Another network is open, or other images, or none."""
        workspace = self._workspace()
        self._centre.setCurrentIndex(0 if workspace.network is None else 1)
        if workspace.network is None:
            self.model_panel.clear()
            self.settings_panel.show_found(None)
        self.references_panel.show_references(workspace.train, workspace.control)
        self.references_panel.show_neighbours(workspace.neighbours)
        self.references_panel.show_other_run(workspace.other)
        self.model_panel.show_train(workspace.train)
        self.views.show_workspace()

    @Slot()
    def show_references(self) -> None:
        """Shows all reference images in a window of their own."""
        if self._references_window is None or not isValid(self._references_window):
            self._references_window = ReferencesWindow(self._context)
        self._references_window.show()
        self._references_window.raise_()
        self._references_window.activateWindow()

    def show_situation(self, now: Situation) -> None:
        """Offers what can be done, and nothing else."""
        self.run_bar.set_can_start(now.can_start, now.would_go_on)
        self.run_bar.explain(now.why_not)
        self.settings_panel.setEnabled(not now.is_taken)
        self.model_panel.set_editable(not now.is_taken)
        self.references_panel.set_available(now.has_network)

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.views.restyle()
        self.recent_list.restyle()
