"""The main window: it puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from engine.base.plain_text import plain
from engine.base.resources import resource_folder
from engine.data.datasets import holds_images
from engine.session.session import SUFFIX
from gui.app.actions import Actions
from gui.app.arrangement import Arrangement
from gui.app.availability import show_availability
from gui.app.closing import Closing
from gui.app.layout import centre_pages, left_column, network_page, whole_window
from gui.comparison.controller import ComparisonController
from gui.exports.exporter import Exporter
from gui.help.windows import HelpWindows
from gui.opening.adoption import Adoption
from gui.opening.drop_veil import DropVeil
from gui.opening.model_panel import ModelPanel, ReferencesPanel
from gui.opening.opener import Opener
from gui.opening.reading import is_checkpoint, is_model
from gui.opening.recent_menu import RecentList
from gui.preferences.controller import PreferencesController
from gui.queue.panel import QueuePanel
from gui.queue.runner import QueueRunner
from gui.run.assessment import Assessment
from gui.run.reconstruction_controller import ReconstructionController
from gui.run.run_bar import RunBar
from gui.run.session_runner import SessionRunner
from gui.run.settings_panel import SettingsPanel
from gui.state import preferences
from gui.state.recent import RecentFiles
from gui.state.run_copies import RunCopies
from gui.state.undo import SettingsHistory
from gui.state.workspace import CurrentWorkspace, Workspace
from gui.toolkit import dialogs, scheme, stored, theme
from gui.toolkit.background import Background
from gui.toolkit.focus import DockTabs, bring_to_front
from gui.toolkit.log import LOGGER
from gui.toolkit.log_panel import LogPanel
from gui.toolkit.widgets import EmptyPage, MessageStrip
from gui.training.page import TrainingPage
from gui.views.views import Views


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
        self.current = CurrentWorkspace()
        stored.put_aside_if_unsafe()
        self.copies = RunCopies(user_state_path("Afterimage", "Afterimage"))
        self.recent = RecentFiles(self)
        self.controller = ReconstructionController(self)
        self.background = Background(self.statusBar())
        self._build_views()
        self._build_pages(devices)
        self._build_roles()
        self.actions_ = Actions(self)
        self.veil = DropVeil(self)
        self._connect()
        self.arrangement.restore()
        scheme.apply_scheme(scheme.stored_scheme())
        self.restyle()
        self._show_workspace()
        self.recent.look()
        if self.copies.was_cut_off():
            self.strip.show_note("A run was cut off when Afterimage last ended. It is kept.")
            self.strip.offer("&Continue It", self.adoption.continue_cut_off)
        self.queue.memory.begin()
        self.queue.memory.offer()

    @property
    def workspace(self) -> Workspace:
        """What is open."""
        return self.current.workspace

    @workspace.setter
    def workspace(self, workspace: Workspace) -> None:
        self.current.workspace = workspace

    # --- building ---------------------------------------------------------------------------

    def _build_views(self) -> None:
        self.views = Views(self.controller, self.background, self.current, self)
        self.mosaic, self.pairs = self.views.mosaic, self.views.pairs
        self.curves, self.health = self.views.curves, self.views.health
        self.scores, self.membership = self.views.scores, self.views.membership
        self.caption, self.examiner = self.views.caption, self.views.examiner
        self.lower_tabs, self.beside = self.views.lower_tabs, self.views.beside

    def _build_pages(self, devices: list[str]) -> None:
        self.model_panel, self.references_panel = ModelPanel(), ReferencesPanel()
        self.settings_panel = SettingsPanel(devices)
        self.run_bar, self.strip = RunBar(), MessageStrip()
        icon = QIcon(str(resource_folder() / "icons" / "afterimage.svg"))
        self.recent_list = RecentList(self.recent, self.open_one)
        self.empty = EmptyPage(icon, self.copies.last_run, self.recent_list)
        self.pages, centre, upper = centre_pages(
            self.empty, self.views.drawn, self.beside, self.lower_tabs
        )
        left = left_column((self.model_panel, self.references_panel, self.settings_panel))
        self.training = TrainingPage(devices, self.background, self.copies.begin_training)
        network, middle = network_page(left, self.pages, self.run_bar)
        whole, self.stack = whole_window(self.strip, network, self.training)
        self.setCentralWidget(whole)
        self.log_panel = LogPanel(self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.log_panel)
        self.arrangement = Arrangement(
            self,
            {"Left &Panel": left, "&Right Panel": self.beside, "Lo&wer Panel": self.lower_tabs},
            {"left": middle, "lower": centre, "beside": upper},
        )
        self.statusBar().setSizeGripEnabled(False)

    def _build_roles(self) -> None:
        """Who opens, saves, works out, runs, prefers, and closes."""
        shared = (self, self.controller, self.background, self.current)
        self.exporter = Exporter(*shared)
        self.opener = Opener(*shared, self.copies)
        self.assessment = Assessment(*shared, self.views)
        self.runner = SessionRunner(self)
        self.adoption = Adoption(self)
        self.preferences = PreferencesController(self)
        self.history = SettingsHistory(self.settings_panel)
        self.help_windows = HelpWindows(self)
        self.comparison = ComparisonController(self)
        self.queue = QueueRunner(self)
        self.queue_panel = QueuePanel(self.queue, self)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.queue_panel)
        self.tabifyDockWidget(self.log_panel, self.queue_panel)
        DockTabs(self, (self.log_panel, self.queue_panel))
        self.closing = Closing(self)

    def _connect(self) -> None:
        self.empty.open_wanted.connect(self.opener.choose_model)
        self.empty.sample_wanted.connect(self.opener.open_first_sample)
        self.empty.last_run_wanted.connect(self.opener.open_last_run)
        self.empty.train_wanted.connect(self.show_training)
        self.references_panel.train_wanted.connect(partial(self.opener.choose_images, "train"))
        self.references_panel.control_wanted.connect(partial(self.opener.choose_images, "control"))
        self.opener.stop_wanted.connect(self.runner.stop_then)
        self.training.back_wanted.connect(self.show_network)
        self.training.trained.connect(self.opener.open_trained)
        self.training.availability_changed.connect(self._show_availability)
        self.run_bar.main_clicked.connect(self.start_or_pause)
        self.run_bar.stop_clicked.connect(self.stop)
        self.settings_panel.edited.connect(self._show_availability)
        self.history.changed.connect(self._show_availability)
        self.examiner.inspector.changed.connect(self._show_availability)
        self.controller.activity_changed.connect(self._show_availability)
        self.runner.changed.connect(self._show_workspace)
        self.adoption.changed.connect(self._show_workspace)
        self.queue.changed.connect(self._show_availability)
        self.queue_panel.add_wanted.connect(self.choose_several)
        self.queue_panel.open_wanted.connect(self.open_one)
        self.queue_panel.complained.connect(self.strip.show_note)
        self.views.described.connect(self.statusBar().showMessage)
        self.veil.dropped.connect(self.open)
        for complaint in (
            self.opener.refused,
            self.training.complained,
            self.model_panel.complained,
            self.controller.complained,
            self.background.failed,
        ):
            complaint.connect(self.strip.show_error)
        for noticed in (self.controller.noticed, self.training.controller.noticed):
            noticed.connect(self.strip.show_note)
        for saved in (self.training.saved, self.exporter.saved):
            saved.connect(self._on_saved)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_scheme)

    @Slot(object)
    def offer_devices(self, devices: Sequence[str]) -> None:
        """Adds devices to choose from, which only PyTorch knows."""
        self.settings_panel.device.offer(devices)
        self.training.offer_devices(devices)
        self.history.begin_from_here()
        self.training.history.begin_from_here()

    # --- commands ---------------------------------------------------------------------------

    @Slot(object)
    def open(self, paths: Sequence[Path]) -> None:
        """Opens a network, a session or images, takes images to train on, or offers the queue."""
        models = [path for path in paths if is_model(path)]
        if len(models) > 1 and all(is_checkpoint(path) for path in models):
            self._offer_queue(models)
        elif self.is_training_shown and len(paths) == 1 and holds_images(paths[0]):
            self.training.use_images(paths[0])
        else:
            self.opener.open(paths)

    def _offer_queue(self, paths: Sequence[Path]) -> None:
        dialogs.ask(
            self,
            f"Run these {len(paths)} networks in turn?",
            "The results of each are written to a folder. Images are taken where they lie beside "
            "a network, else those that are open.",
            "&Add to the Queue",
            partial(self.add_to_queue, paths),
        )

    def add_to_queue(self, paths: Sequence[Path]) -> None:
        """Adds checkpoints to the queue, and shows it."""
        self.queue.add(paths)
        self.queue_panel.show()
        bring_to_front(self.queue_panel)
        self.queue_panel.main_button.setFocus()

    @Slot()
    def choose_several(self) -> None:
        """File → Queue Several."""
        self.opener.choose_several(self.add_to_queue)

    def open_one(self, path: Path) -> None:
        """Opens one file."""
        self.open([path])

    def open_at_start(self) -> None:
        """Opens what the user prefers to start with, where nothing else is asked for."""
        if preferences.load().opens_last_run and self.copies.last_run.exists():
            self.opener.open_last_run()

    @Slot()
    def show_training(self) -> None:
        """File → Train a Network."""
        self.stack.setCurrentWidget(self.training)
        self.training.open()
        self._show_availability()

    @Slot()
    def show_network(self) -> None:
        """Back from the training page."""
        self.stack.setCurrentIndex(0)
        self._show_availability()

    @property
    def is_training_shown(self) -> bool:
        """Whether the training page is shown, and commands are meant for it."""
        return self.stack.currentWidget() is self.training

    @Slot()
    def start_or_pause(self) -> None:
        """What the button of the bar that is shown offers."""
        shown = self.training if self.is_training_shown else self.runner
        shown.start_or_pause()

    @Slot()
    def stop(self) -> None:
        """Ends the run or the training that is shown; what was found stays."""
        shown = self.training.controller if self.is_training_shown else self.controller
        shown.stop()

    @Slot()
    def save(self) -> None:
        """File → Save: the session, or the network that was trained."""
        if self.is_training_shown:
            self.training.ask_where_to_save()
        else:
            self.exporter.ask("session")

    @property
    def shown_history(self) -> SettingsHistory:
        """What was edited on the page that is shown."""
        return self.training.history if self.is_training_shown else self.history

    @Slot()
    def undo(self) -> None:
        """Edit → Undo."""
        self.shown_history.undo()

    @Slot()
    def redo(self) -> None:
        """Edit → Redo."""
        self.shown_history.redo()

    def show_advanced(self) -> None:
        """Unfolds or folds the advanced settings."""
        self.settings_panel.fold.toggle()

    # --- showing ----------------------------------------------------------------------------

    @Slot()
    def _show_workspace(self) -> None:
        workspace = self.workspace
        self.pages.setCurrentIndex(0 if workspace.network is None else 1)
        self.references_panel.show_references(workspace.train, workspace.control)
        self.views.show_workspace(workspace)
        title = "" if workspace.network is None else f"{workspace.network.origin.name} — "
        self.setWindowTitle(f"{title}Afterimage")
        self._show_availability()

    @Slot()
    def _show_availability(self) -> None:
        show_availability(self)

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.statusBar().showMessage(plain(f"Saved {path}"), 10_000)
        LOGGER.info(f"Saved {path}")
        if Path(path).suffix.lower() in (SUFFIX, ".safetensors"):
            self.adoption.remember(Path(path))

    @Slot()
    def _follow_system_scheme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_palette(application)
        self.restyle()

    def choose_scheme(self, chosen: Qt.ColorScheme) -> None:
        """Takes on a colour scheme, and remembers it."""
        scheme.store_scheme(chosen)
        self.actions_.show_scheme(chosen)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.strip.restyle()
        self.views.restyle()
        self.training.restyle()
        self.log_panel.restyle()
        self.queue_panel.restyle()
        self.recent_list.restyle()
        self.help_windows.restyle()
        self.comparison.restyle()

    # --- the window itself ------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while something is under way; leaves no thread behind."""
        if not self.closing.may_close():
            event.ignore()
            return
        self.arrangement.store()
        self.comparison.end()
        self.hide()
        self.log_panel.end()
        self.queue.memory.end()
        self.closing.end_threads()
        event.accept()
