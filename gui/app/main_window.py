"""The main window: it puts the parts together and passes on what they say to each other.

Longer than other files, because it is the one place where all parts meet: each is made here, and
what it says is connected here to those who act on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from engine.evidence.scoring import Evidence
from engine.session.session import SUFFIX
from gui.app import menus
from gui.app.actions import Actions
from gui.app.arrangement import Arrangement
from gui.app.availability import situation
from gui.app.close_network import CloseNetwork
from gui.app.closing import Closing
from gui.app.file_commands import FileCommands
from gui.app.giving_way import GivingWay
from gui.app.layout import whole_window
from gui.app.network_page import NetworkPage
from gui.app.pages import Page, Pages
from gui.comparison.controller import ComparisonController
from gui.errors.safety import Safety
from gui.exports.exporter import Exporter
from gui.help.windows import HelpWindows
from gui.opening.adoption import Adoption
from gui.opening.card_keeper import CardKeeper
from gui.opening.drop_veil import DropVeil
from gui.opening.opener import Opener
from gui.opening.refusals import Refusals
from gui.opening.start_wish import StartWish
from gui.preferences.controller import PreferencesController
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
from gui.state.workspace import CurrentWorkspace, Workspace
from gui.toolkit import scheme, stored, theme
from gui.toolkit.background import Background
from gui.toolkit.elided import ElidingStatusBar, elided
from gui.toolkit.focus import DockTabs
from gui.toolkit.log import LOGGER
from gui.toolkit.log_panel import LogPanel
from gui.toolkit.message_strip import MessageStrip
from gui.toolkit.saved_notice import SavedNotice
from gui.training.page import TrainingPage

_TITLE_WIDTH = 600


class MainWindow(QMainWindow):
    """Open a network, watch it drift, take the results away."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        """
        Args:
            devices: names of the devices to choose from, so far as they are known.
            parent: owner.
        """
        super().__init__(parent)
        self.setWindowTitle("Afterimage")
        self.context = self._make_context()
        self._build_pages(devices)
        self._build_roles()
        self._build_commands()
        self.veil = DropVeil(self)
        self._connect_files()
        self._connect_work()
        self._connect_messages()
        self.arrangement.restore()
        self.views.strip.setHidden(self.arrangement.actions["Lo&wer Panel"].isChecked())
        scheme.apply_scheme(scheme.stored_scheme())
        self.restyle()
        self._show_workspace()
        self.recent.look()
        self.last_runs.look()
        if self.copies.was_cut_off():
            self.strip.show_note("A run was cut off when Afterimage last ended. It is kept.")
            self.strip.offer("&Continue It", self.adoption.continue_cut_off)
        self.queue.begin()

    @property
    def workspace(self) -> Workspace:
        """What is open."""
        return self.context.workspace()

    @workspace.setter
    def workspace(self, workspace: Workspace) -> None:
        self.context.workspace.open(workspace)

    @property
    def safety(self) -> Safety:
        """What there is to lose, for whoever tells of an error."""
        return Safety(
            self.context,
            lambda: self.training.controller.is_active,
            self.settings_panel.settings,
        )

    # --- building ---------------------------------------------------------------------------

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
        self.training = TrainingPage(devices, self.background, self.copies.begin_training)
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
        self.opener = Opener(context)
        self.assessment = Assessment(context)
        self.runner = SessionRunner(context, panel.settings, self.assessment)
        self.start_wish = StartWish(context, self.opener, self.runner)
        self.close_network = CloseNetwork(context, self.runner, self.opener)
        at_work = (context, self.opener, self.runner, self.assessment, panel)
        self.adoption = Adoption(*at_work)
        self.preferences = PreferencesController(self, panel.device.names)
        self._use_device(preferences.load().device)
        self.history = SettingsHistory(panel)
        self.help_windows = HelpWindows(self, self.background, panel.device.names)
        self.refusals = Refusals(
            self.strip, self.opener.open_first_sample, self.help_windows.show_page
        )
        self.comparison = ComparisonController(context, self.opener, self.exporter.with_session)
        self.queue = QueueRunner(*at_work)
        self.queue_panel = QueuePanel(self.queue, self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.queue_panel)
        self.tabifyDockWidget(self.log_panel, self.queue_panel)
        docks = (self.log_panel, self.queue_panel)
        DockTabs(self, docks)
        self.giving_way = GivingWay(self, self.arrangement, self.stage, self.views.strip, docks)
        ends = (self.assessment.cancel_gallery, self.comparison.cancel)
        self.closing = Closing(context, self.runner, self.queue, self.training, ends)

    def _build_commands(self) -> None:
        """What can be asked for, and the menus that it is asked for with."""
        training = self.training
        network = Page(
            self.network_page,
            self.run_bar,
            self.history,
            self.start_wish.start_or_pause,
            self.controller.stop,
            partial(self.exporter.ask, "session"),
        )
        making = Page(
            training,
            training.bar,
            training.history,
            training.start_or_pause,
            training.controller.stop,
            training.ask_where_to_save,
            training.open,
        )
        self.pages = Pages(self.stack, network, making)
        self.files = FileCommands(self.context, self.opener, self.queue_panel, training, self.pages)
        panels = (
            *self.arrangement.actions.values(),
            menus.dock_action(self.log_panel, "&Log", "Ctrl+L"),
            menus.dock_action(self.queue_panel, "&Queue", "Ctrl+Shift+L"),
        )
        copy_image = self.examiner.inspector.picture.copy
        self.actions_ = Actions(
            self,
            (
                menus.file_menu(
                    self.files,
                    self.opener,
                    self.pages,
                    self.exporter.ask,
                    self.close_network.ask,
                    self.close,
                ),
                menus.edit_menu(self.pages, copy_image, self.preferences.show),
                menus.run_menu(self.pages, self.comparison, self.settings_panel.fold.toggle),
                menus.view_menu(self.views, panels, self.choose_scheme),
                menus.help_menu(self.help_windows),
            ),
        )
        self.actions_.list_recent(self.recent, self.files.open_one)
        self.actions_.follow(self.context.workspace)

    def _connect_files(self) -> None:
        """What is opened, and what shows it."""
        page, adoption = self.network_page, self.adoption
        page.follow(self.opener, self.runner, self.assessment, adoption)
        page.empty.train_wanted.connect(self.pages.show_training)
        page.recent_list.open_wanted.connect(self.files.open_one)
        self.veil.dropped.connect(self.files.open)
        page.run_cards.open_wanted.connect(self.files.open_one)
        page.run_cards.compare_wanted.connect(self.comparison.compare_saved)
        self.opener.stop_wanted.connect(self.runner.stop_then)
        adoption.network_wanted.connect(self.pages.show_network)
        self.context.workspace.changed.connect(self._show_workspace)
        self.queue_panel.add_wanted.connect(self.files.choose_several)
        self.queue_panel.open_wanted.connect(self.files.open_one)
        self.exporter.saved.connect(self.close_network.note_saved)
        for saved in (self.training.saved, self.exporter.saved):
            saved.connect(self._on_saved)
        keeper = CardKeeper(self.context, self.last_runs, self._shown_score)
        self.opener.opened.connect(keeper.on_opened)
        self.runner.began.connect(keeper.on_run_began)
        self.exporter.saved.connect(keeper.on_saved)
        self.assessment.gallery_found.connect(keeper.keep)
        self.assessment.scored.connect(keeper.keep)

    def _shown_score(self) -> Evidence | None:
        pairs = self.pairs.pairs
        return None if pairs is None else pairs.evidence

    def _connect_work(self) -> None:
        """What is under way, and what can be done about it."""
        self.header.export_wanted.connect(partial(self.exporter.ask, "gif"))
        self.header.report_wanted.connect(partial(self.exporter.ask, "html"))
        self.stage.film_wanted.connect(self.exporter.film_of)
        self.stage.image_wanted.connect(self.exporter.image_of)
        self.runner.began.connect(self.giving_way.begin)
        self.controller.activity_changed.connect(self.giving_way.follow)
        self.adoption.network_taken.connect(self.giving_way.show_network)
        self.views.wanted.connect(self.arrangement.come_back)
        lower = self.arrangement.actions["Lo&wer Panel"]
        self.views.strip.opened.connect(partial(lower.setChecked, True))
        lower.toggled.connect(self.views.strip.setHidden)
        self.run_bar.main_clicked.connect(self.pages.start_or_pause)
        self.run_bar.stop_clicked.connect(self.pages.stop)
        self.queue.began.connect(self.pages.show_network)
        self.training.back_wanted.connect(self.pages.show_network)
        self.training.trained.connect(self.opener.open_trained)
        self.preferences.device_chosen.connect(self._use_device)
        self.preferences.scheme_chosen.connect(self.choose_scheme)
        self.preferences.data_sets_moved.connect(self.training.form.look_again)
        for moved in (
            self.pages.changed,
            self.training.availability_changed,
            self.settings_panel.edited,
            self.history.changed,
            self.examiner.inspector.changed,
            self.controller.activity_changed,
            self.queue.changed,
            self.opener.began,
            self.opener.settled,
        ):
            moved.connect(self._show_availability)

    def _connect_messages(self) -> None:
        """What is said, and where it is read."""
        self.queue_panel.complained.connect(self.strip.show_note)
        self.views.described.connect(self.statusBar().showMessage)
        self.start_wish.said.connect(self.statusBar().showMessage)
        self.opener.refused.connect(self.refusals.show)
        self.adoption.told.connect(self.refusals.account)
        for complaint in (
            self.training.complained,
            self.model_panel.complained,
            self.controller.complained,
            self.background.failed,
        ):
            complaint.connect(self.strip.show_error)
        for noticed in (self.controller.noticed, self.training.controller.noticed):
            noticed.connect(self.strip.show_note)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_scheme)

    @Slot(object)
    def offer_devices(self, devices: Sequence[str]) -> None:
        """Adds devices to choose from, which only PyTorch knows."""
        self.settings_panel.device.offer(devices)
        self.training.offer_devices(devices)
        self.history.begin_from_here()
        self.training.history.begin_from_here()

    @Slot(str)
    def _use_device(self, name: str) -> None:
        """What is under way stays where it is; what comes next takes the device."""
        if not self.controller.is_taken:
            self.settings_panel.choose_device(name)
        if not self.training.controller.is_active:
            self.training.form.choose_device(name)

    # --- showing ----------------------------------------------------------------------------

    @Slot()
    def _show_workspace(self) -> None:
        network = self.workspace.network
        name = "" if network is None else elided(network.origin.name, self.font(), _TITLE_WIDTH)
        title = f"{name} — " if name else ""
        self.setWindowTitle(f"{title}Afterimage")
        self._show_availability()

    @Slot()
    def _show_availability(self) -> None:
        has_portrait = self.examiner.inspector.portrait is not None
        is_training_shown = self.pages.is_training_shown
        at_work = (self.context, self.runner, self.opener, self.training)
        now = situation(*at_work, is_training_shown, has_portrait)
        self.network_page.show_situation(now)
        self.actions_.show(now, self.pages.shown)

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.saved_notice.tell(Path(path))
        LOGGER.info(f"Saved {path}")
        if Path(path).suffix.lower() in (SUFFIX, ".safetensors"):
            self.adoption.remember(Path(path))

    @Slot()
    def _follow_system_scheme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_palette(application)
        self.restyle()

    @Slot(object)
    def choose_scheme(self, chosen: Qt.ColorScheme) -> None:
        """Takes on a colour scheme, and remembers it."""
        scheme.store_scheme(chosen)
        self.actions_.show_scheme(chosen)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for part in (
            self.strip,
            self.network_page,
            self.training,
            self.log_panel,
            self.queue_panel,
            self.help_windows,
            self.comparison,
        ):
            part.restyle()

    # --- the window itself ------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while something is under way; leaves no thread behind."""
        if not self.closing.may_close():
            event.ignore()
            return
        self.arrangement.store()
        self.comparison.end()
        self.views.presentation.hide()
        self.hide()
        self.log_panel.end()
        self.queue.memory.end()
        self.closing.end_threads()
        event.accept()
