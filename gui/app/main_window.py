"""The main window: what its parts say to each other is connected here to those who act on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from engine.evidence.scoring import Evidence
from engine.session.session import SUFFIX
from gui.app import menus
from gui.app.actions import Actions
from gui.app.availability import situation
from gui.app.file_commands import FileCommands
from gui.app.pages import Page, Pages
from gui.app.parts import Parts
from gui.errors.safety import Safety
from gui.opening.card_keeper import CardKeeper
from gui.opening.drop_veil import DropVeil
from gui.state.workspace import Workspace
from gui.toolkit import scheme, theme
from gui.toolkit.elided import elided
from gui.toolkit.log import LOGGER

_TITLE_WIDTH = 600


class MainWindow(Parts):
    """Open a network, watch it drift, take the results away."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        """
        Args:
            devices: names of the devices to choose from, so far as they are known.
            parent: owner.
        """
        super().__init__(devices, parent)
        self.setWindowTitle("Afterimage")
        self._make_commands()
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

    # --- connecting -------------------------------------------------------------------------

    def _make_commands(self) -> None:
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
                menus.run_menu(
                    self.pages, self.comparison, self.study.show, self.settings_panel.fold.toggle
                ),
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
        self.opener.study_wanted.connect(self.study.open_in_sight)
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
        self.membership.shadows_wanted.connect(self.shadow_networks.ask)
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
        self.opener.neighbours.opened.connect(self.statusBar().showMessage)
        self.opener.neighbours.opened.connect(self.examiner.look_again)
        self.opener.other_run.opened.connect(self.statusBar().showMessage)
        self.opener.other_run.opened.connect(self.assessment.rescore)
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
            self.study,
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
