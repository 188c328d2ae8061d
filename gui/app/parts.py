"""The parts of the main window: each is made here, once, and given what it works with.

What they say to each other is the window's own (gui/app/main_window).
"""

from __future__ import annotations

from platformdirs import user_state_path
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from gui.app.arrangement import Arrangement
from gui.app.close_network import CloseNetwork
from gui.app.closing import Closing
from gui.app.giving_way import GivingWay
from gui.app.layout import whole_window
from gui.app.network_page import NetworkPage
from gui.app.shadow_networks import ShadowNetworks
from gui.comparison.controller import ComparisonController
from gui.exports.exporter import Exporter
from gui.help.windows import HelpWindows
from gui.opening.adoption import Adoption
from gui.opening.opener import Opener
from gui.opening.refusals import Refusals
from gui.opening.start_wish import StartWish
from gui.preferences.controller import PreferencesController
from gui.queue.outlooks import QueueOutlooks
from gui.queue.panel import QueuePanel
from gui.queue.runner import QueueRunner
from gui.run.assessment import Assessment
from gui.run.context import AppContext
from gui.run.reconstruction_controller import ReconstructionController
from gui.run.session_runner import SessionRunner
from gui.state import preferences
from gui.state.last_runs import LastRuns
from gui.state.recent import RecentFiles
from gui.state.run_copies import RunCopies
from gui.state.undo import SettingsHistory
from gui.state.workspace import CurrentWorkspace
from gui.study.controller import StudyController
from gui.toolkit import stored
from gui.toolkit.background import Background
from gui.toolkit.elided import ElidingStatusBar
from gui.toolkit.focus import DockTabs
from gui.toolkit.log_panel import LogPanel
from gui.toolkit.message_strip import MessageStrip
from gui.toolkit.saved_notice import SavedNotice
from gui.training.page import TrainingPage


class Parts(QMainWindow):
    """Holds all that a person sees, and those who work on it; nothing is connected yet."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        """
        Args:
            devices: names of the devices to choose from, so far as they are known.
            parent: owner.
        """
        super().__init__(parent)
        self.context = self._make_context()
        self._build_pages(devices)
        self._build_roles()

    def _make_context(self) -> AppContext:
        stored.put_aside_if_unsafe()
        self.setStatusBar(ElidingStatusBar(self))
        self.controller = ReconstructionController(self)
        self.background = Background(self.statusBar())
        self.saved_notice = SavedNotice(self.statusBar())
        self.strip = MessageStrip()
        kept = user_state_path("Afterimage", "Afterimage")
        self.copies, self.last_runs = RunCopies(kept), LastRuns(kept, self)
        self.recent = RecentFiles(self)
        self.recent.cleared.connect(self.last_runs.clear)
        return AppContext(
            self,
            CurrentWorkspace(self),
            self.controller,
            self.background,
            self.strip,
            self.copies,
            self.recent,
        )

    def _build_pages(self, devices: list[str]) -> None:
        self.network_page = page = NetworkPage(self.context, self.last_runs, devices)
        self.model_panel, self.references_panel = page.model_panel, page.references_panel
        self.settings_panel, self.run_bar, self.empty = (
            page.settings_panel,
            page.run_bar,
            page.empty,
        )
        self.views, self.recent_list = page.views, page.recent_list
        self.mosaic, self.pairs = page.views.mosaic, page.views.pairs
        self.curves, self.health = page.views.curves, page.views.health
        self.scores, self.membership = page.views.scores, page.views.membership
        self.caption, self.examiner = page.views.caption, page.views.examiner
        self.stage, self.header = page.views.stage, page.views.header
        self.lower_tabs, self.beside = page.views.lower_tabs, page.views.beside
        self.training = TrainingPage(
            devices,
            self.background,
            self.copies.begin_training,
            lambda: self.context.workspace().network,
        )
        whole, self.stack = whole_window(self.strip, page, self.training)
        self.setCentralWidget(whole)
        self.log_panel = LogPanel(self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.log_panel)
        self.arrangement = Arrangement(self, page.panels, page.splitters)
        self.statusBar().setSizeGripEnabled(False)

    def _build_roles(self) -> None:
        """Who saves, opens, runs, works out, prefers, compares, and closes."""
        context, panel = self.context, self.settings_panel
        self.exporter = Exporter(context)
        self.membership.answered.connect(self.exporter.take_membership)
        self.opener = Opener(context)
        self.assessment = Assessment(context)
        self.runner = SessionRunner(context, panel.settings, self.assessment)
        self.start_wish = StartWish(context, self.opener, self.runner)
        self.close_network = CloseNetwork(context, self.runner, self.opener)
        at_work = (context, self.opener, self.runner, self.assessment, panel)
        self.adoption = Adoption(*at_work)
        self.preferences = PreferencesController(self, panel.device.names)
        device = preferences.load().device
        panel.choose_device(device)
        self.training.form.choose_device(device)
        self.history = SettingsHistory(panel)
        self.shadow_networks = ShadowNetworks(context, panel.device.names, self.membership)
        self.help_windows = HelpWindows(self, self.background, panel.device.names)
        self.refusals = Refusals(
            self.strip,
            self.opener.open_first_sample,
            self.help_windows.show_page,
            self.opener.open,
        )
        self.comparison = ComparisonController(context, self.opener, self.exporter.with_session)
        self.study = StudyController(context)
        self.queue = QueueRunner(*at_work)
        outlooks = QueueOutlooks(self.queue.list, self.background, self)
        self.queue_panel = QueuePanel(self.queue, self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.queue_panel)
        self.tabifyDockWidget(self.log_panel, self.queue_panel)
        docks = (self.log_panel, self.queue_panel)
        DockTabs(self, docks)
        self.giving_way = GivingWay(self, self.arrangement, self.stage, self.views.strip, docks)
        ends = (
            self.assessment.cancel_gallery,
            self.comparison.cancel,
            outlooks.end,
            self.study.end,
        )
        self.closing = Closing(context, self.runner, self.queue, self.training, self.study, ends)
