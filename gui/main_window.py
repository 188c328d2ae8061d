"""The main window: it puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import QSettings, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from engine.datasets import holds_images
from engine.samples import resource_folder
from gui import dialogs, scheme, theme
from gui.actions import Actions
from gui.arrivals import Arrivals
from gui.availability import show_availability
from gui.background import Background
from gui.closing import Closing
from gui.drop_veil import DropVeil
from gui.exports import Exporter
from gui.findings import Findings
from gui.keeper import Keeper
from gui.layout import centre_pages, network_page, whole_window
from gui.model_panel import ModelPanel, ReferencesPanel
from gui.opener import Opener
from gui.run_bar import RunBar
from gui.run_controller import RunController
from gui.running import Running
from gui.settings_panel import SettingsPanel
from gui.training_page import TrainingPage
from gui.views import Views
from gui.widgets import EmptyPage, MessageStrip
from gui.workspace import CurrentWorkspace, Workspace


class MainWindow(QMainWindow):
    """Open a network, watch it drift, take the results away."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        """
        Args:
            devices: names of the devices to choose from (finding them out takes a moment).
            parent: owner.
        """
        super().__init__(parent)
        self.setWindowTitle("Afterimage")
        self.current = CurrentWorkspace()
        self.keeper = Keeper(user_state_path("Afterimage", "Afterimage"))
        self.controller = RunController(self)
        self.background = Background(self.statusBar())
        self._build_views()
        self._build_pages(devices)
        self._build_roles()
        self.actions_ = Actions(self)
        self.veil = DropVeil(self)
        self._connect()
        self._restore_geometry()
        self._show_workspace()
        if self.keeper.was_cut_off():
            self.strip.show_note("A run was cut off when Afterimage last ended. It is kept.")
            self.strip.offer("&Continue It", self.arrivals.continue_cut_off)

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
        self.lower, self.beside = self.views.lower, self.views.beside

    def _build_pages(self, devices: list[str]) -> None:
        self.model_panel, self.references_panel = ModelPanel(), ReferencesPanel()
        self.settings_panel = SettingsPanel(devices)
        self.run_bar, self.strip = RunBar(), MessageStrip()
        icon = QIcon(str(resource_folder() / "icons" / "afterimage.svg"))
        self.empty = EmptyPage(icon, self.keeper.last_run)
        self.pages = centre_pages(self.empty, self.views.drawn, self.beside, self.lower)
        panels = (self.model_panel, self.references_panel, self.settings_panel)
        self.training = TrainingPage(devices, self.background, self.keeper.last_training)
        network = network_page(panels, self.pages, self.run_bar)
        whole, self.stack = whole_window(self.strip, network, self.training)
        self.setCentralWidget(whole)
        self.statusBar().setSizeGripEnabled(False)

    def _build_roles(self) -> None:
        """Who opens, saves, works out, runs, and closes."""
        shared = (self, self.controller, self.background, self.current)
        self.exporter = Exporter(*shared)
        self.opener = Opener(*shared, self.keeper)
        self.findings = Findings(*shared, self.views)
        self.running = Running(self)
        self.arrivals = Arrivals(self)
        self.closing = Closing(self)

    def _connect(self) -> None:
        self.empty.open_wanted.connect(self.opener.choose_model)
        self.empty.sample_wanted.connect(self.opener.open_first_sample)
        self.empty.last_run_wanted.connect(self.opener.open_last_run)
        self.empty.train_wanted.connect(self.show_training)
        self.references_panel.train_wanted.connect(partial(self.opener.choose_images, "train"))
        self.references_panel.control_wanted.connect(partial(self.opener.choose_images, "control"))
        self.opener.stop_wanted.connect(self.running.stop_then)
        self.training.back_wanted.connect(self.show_network)
        self.training.trained.connect(self.opener.open_trained)
        self.training.availability_changed.connect(self._show_availability)
        self.run_bar.main_clicked.connect(self.start_or_pause)
        self.run_bar.stop_clicked.connect(self.stop)
        self.settings_panel.edited.connect(self._show_availability)
        self.controller.state_changed.connect(self._show_availability)
        self.running.changed.connect(self._show_workspace)
        self.arrivals.changed.connect(self._show_workspace)
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
        for saved in (self.training.saved, self.exporter.saved):
            saved.connect(self._on_saved)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_scheme)

    # --- commands ---------------------------------------------------------------------------

    @Slot(object)
    def open(self, paths: Sequence[Path]) -> None:
        """Opens a network, a session or images, or takes images to train on."""
        if self.is_training_shown and len(paths) == 1 and holds_images(paths[0]):
            self.training.use_images(paths[0])
        else:
            self.opener.open(paths)

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
        shown = self.training if self.is_training_shown else self.running
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

    def show_advanced(self) -> None:
        """Unfolds or folds the advanced settings."""
        self.settings_panel.fold.toggle()

    def show_about(self) -> None:
        """Help → About."""
        dialogs.show_about(self)

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
        self.statusBar().showMessage(f"Saved {path}", 10_000)

    @Slot()
    def _follow_system_scheme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_palette(application)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        self.views.restyle()
        self.training.restyle()

    # --- the window itself ------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while something is under way; leaves no thread behind."""
        if not self.closing.may_close():
            event.ignore()
            return
        QSettings().setValue("geometry", self.saveGeometry())
        self.hide()
        self.closing.end_threads()
        event.accept()

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1280, 820)
        scheme.apply_scheme(scheme.stored_scheme())
        self.restyle()
