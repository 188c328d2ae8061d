"""The main window: it puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from platformdirs import user_state_path
from PySide6.QtCore import QSettings, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
)
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QTabWidget,
    QWidget,
)

from engine.datasets import holds_images
from engine.live import (
    Frame,
    Mosaic,
    Pairs,
    References,
    best_pairs,
    gallery_mosaic,
    with_confidence,
)
from engine.network import InputShape
from engine.progress import Progress
from engine.samples import resource_folder
from engine.session import Session
from engine.settings import Settings
from gui import dialogs, scheme, theme
from gui.actions import Actions
from gui.background import Background
from gui.controller import RunState
from gui.curves import Curves
from gui.examiner import Examiner
from gui.exports import Exporter
from gui.health_view import HealthView
from gui.keeper import Keeper
from gui.layout import captioned, centre_pages, network_page, scrolled, whole_window
from gui.membership_view import MembershipView
from gui.model_panel import ModelPanel, ReferencesPanel
from gui.mosaic_view import MosaicView
from gui.opener import Opener
from gui.opening import Opened
from gui.pairs_view import PairsView
from gui.run_bar import RunBar
from gui.run_controller import RunController
from gui.scores_view import ScoresView
from gui.settings_panel import SettingsPanel
from gui.task import Task
from gui.training_page import TrainingPage
from gui.training_worker import TrainingEnd
from gui.widgets import DropVeil, EmptyPage, MessageStrip
from gui.worker import RunEnd, RunRequest
from gui.workspace import Workspace


class MainWindow(QMainWindow):
    """Open a network, watch it drift, take the results away."""

    def __init__(self, devices: list[str], parent: QWidget | None = None) -> None:
        """
        Args:
            devices: names of the devices to choose from (finding them out takes a moment).
            parent: owner.
        """
        super().__init__(parent)
        self.workspace = Workspace()
        self._is_closing = False
        self._closes_after_training = False
        self._continues = False
        self._asked: Settings | None = None
        self._gallery_task: Task | None = None
        self._after_run: Callable[[], None] | None = None
        self._keeper = Keeper(user_state_path("Afterimage", "Afterimage"))
        self._build(devices)
        self._connect()
        self._restore_geometry()
        self._show_workspace()
        if self._keeper.was_cut_off():
            self.strip.show_note("A run was cut off when Afterimage last ended. It is kept.")
            self.strip.offer("&Continue It", self._continue_cut_off)

    # --- building ---------------------------------------------------------------------------

    def _build(self, devices: list[str]) -> None:
        self.setWindowTitle("Afterimage")
        self.setAcceptDrops(True)
        self.controller = RunController(self)
        self.model_panel, self.references_panel = ModelPanel(), ReferencesPanel()
        self.settings_panel = SettingsPanel(devices)
        self.mosaic, self.caption, self.pairs = MosaicView(), theme.secondary(), PairsView()
        self.curves, self.health, self.scores = Curves(), HealthView(), ScoresView()
        self.caption.setToolTip(
            "<p>A confidence is an estimate without a training image, fitted to networks of our "
            "own. Only a match with real images beside a control is evidence.</p>"
        )
        self.run_bar, self.strip = RunBar(), MessageStrip()
        self.background = Background(self.statusBar())
        self.membership = MembershipView(self.background, lambda: self.workspace)
        self.exporter = Exporter(self, self.controller, self.background, lambda: self.workspace)
        self.opener = Opener(
            self,
            self.controller,
            self.background,
            lambda: self.workspace,
            self._keeper,
        )
        self.examiner = Examiner(
            self.controller,
            self.background,
            lambda: self.workspace,
            (self.mosaic, self.pairs, self.curves),
            self,
        )
        self.statusBar().setSizeGripEnabled(False)
        icon = QIcon(str(resource_folder() / "icons" / "afterimage.svg"))
        self.empty = EmptyPage(icon, self._keeper.last_run)
        self.lower = QTabWidget()
        self.lower.setDocumentMode(True)
        self.lower.addTab(self.health, "&Health")
        self.lower.addTab(self.curves, "&Losses")
        self.lower.addTab(self.scores, "S&cores")
        self.lower.addTab(self.membership, "&Membership")
        self.beside = QTabWidget()
        self.beside.setDocumentMode(True)
        self.beside.addTab(self.pairs, "Ma&tches")
        self.beside.addTab(scrolled(self.examiner.inspector), "&Image")
        drawn = captioned(self.mosaic, self.examiner.timeline, self.caption)
        self.pages = centre_pages(self.empty, drawn, self.beside, self.lower)
        panels = (self.model_panel, self.references_panel, self.settings_panel)
        self.training = TrainingPage(devices, self.background, self._keeper.last_training)
        network = network_page(panels, self.pages, self.run_bar)
        whole, self.stack = whole_window(self.strip, network, self.training)
        self.setCentralWidget(whole)
        self.actions_ = Actions(self)
        self.veil = DropVeil(self)
        for child in self.findChildren(QWidget):
            child.setAcceptDrops(False)

    def _connect(self) -> None:
        self.empty.open_wanted.connect(self.opener.choose_model)
        self.empty.sample_wanted.connect(self.opener.open_first_sample)
        self.empty.last_run_wanted.connect(self.opener.open_last_run)
        self.opener.opened.connect(self._on_opened)
        self.opener.refused.connect(self.strip.show_error)
        self.opener.damaged.connect(self._offer_last_good)
        self.opener.stop_wanted.connect(self._stop_then)
        self.empty.train_wanted.connect(self.show_training)
        self.training.back_wanted.connect(self.show_network)
        self.training.trained.connect(self.opener.open_trained)
        self.training.complained.connect(self.strip.show_error)
        self.training.saved.connect(self._on_saved)
        self.training.ended.connect(self._on_training_ended)
        self.training.availability_changed.connect(self._show_availability)
        self.references_panel.train_wanted.connect(partial(self.opener.choose_images, "train"))
        self.references_panel.control_wanted.connect(partial(self.opener.choose_images, "control"))
        self.references_panel.removed.connect(self._remove_references)
        self.model_panel.shape_edited.connect(self._change_shape)
        self.model_panel.complained.connect(self.strip.show_error)
        self.run_bar.main_clicked.connect(self.start_or_pause)
        self.run_bar.stop_clicked.connect(self.stop)
        self.mosaic.hovered.connect(self._describe_tile)
        self.mosaic.captioned.connect(self.caption.setText)
        self.mosaic.selected.connect(self._show_inspector)
        self.pairs.chosen.connect(self._show_inspector)
        self.settings_panel.edited.connect(self._show_availability)
        self.controller.prepared.connect(self._on_run_prepared)
        self.controller.state_changed.connect(self._show_state)
        self.controller.frame_ready.connect(self._show_frame)
        self.controller.ended.connect(self._on_run_ended)
        self.controller.rested.connect(self._show_gallery)
        self.controller.complained.connect(self.strip.show_error)
        self.controller.noticed.connect(self.strip.show_note)
        self.training.controller.noticed.connect(self.strip.show_note)
        self.background.failed.connect(self.strip.show_error)
        self.background.emptied.connect(self._on_background_emptied)
        self.exporter.saved.connect(self._on_saved)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_scheme)

    # --- opening ----------------------------------------------------------------------------

    def open(self, paths: Sequence[Path]) -> None:
        """Opens a network, a session or images, or takes images to train on."""
        if self._is_training_shown() and len(paths) == 1 and holds_images(paths[0]):
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

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self.strip.hide()
        if opened.network is not None:
            if self.controller.is_active:
                # A run was started while the file was being read; it goes first.
                self.strip.show_error("A run is on; stop it before opening another network.")
                return
            assert opened.health is not None
            self._forget_run()
            self.workspace = Workspace(opened.network, opened.train, opened.control, opened.session)
            self.model_panel.show_network(opened.network, opened.health)
            self.health.show_health(opened.health)
            self.lower.setCurrentWidget(self.health)
            self.show_network()
            self.settings_panel.set_channels(opened.network.input_shape[0])
            self.curves.set_depth(opened.network.depth)
            if opened.session is not None:
                self.settings_panel.show_settings(opened.session.settings)
                self.workspace = replace(self.workspace, asked=self.settings_panel.settings())
                self._show_session(opened.session)
            if not opened.network.shape_is_known:
                self.strip.show_note(
                    f"{opened.network.origin.name} does not say what its images look like; "
                    "the input shape on the left is a guess that you can correct."
                )
        else:
            self.workspace = replace(
                self.workspace,
                train=opened.train or self.workspace.train,
                control=opened.control or self.workspace.control,
            )
            self._rescore()
        if opened.train is not None:
            self.health.show_stationarity(opened.stationarity)
        self._show_workspace()
        continues, self._continues = self._continues, False
        if continues and self.workspace.is_resumable(self.settings_panel.settings()):
            self._start()

    @Slot(str, object)
    def _offer_last_good(self, sentence: str, damaged: Path) -> None:
        self.strip.show_error(sentence)
        good = self._keeper.last_good(damaged)
        if good is not None:
            self.strip.offer("Open the Last &Good Run", partial(self.opener.open, [good]))

    def _continue_cut_off(self) -> None:
        """Opens the run that was cut off, and goes on with it."""
        self._continues = True
        self.opener.open_last_run()

    def _change_shape(self, shape: InputShape) -> None:
        network = self.workspace.network
        if network is None:
            return
        network = network.with_input_shape(shape)
        session = self.workspace.session
        self._forget_run()
        self.workspace = Workspace(
            network,
            session=None if session is None else replace(session, network=network),
            asked=self.workspace.asked,
        )
        self.model_panel.show_shape_of(network)
        self.health.show_stationarity(None)
        self.settings_panel.set_channels(shape[0])
        if self.workspace.session is not None:
            self._show_session(self.workspace.session)
        self._show_workspace()

    def _forget_run(self) -> None:
        """Clears everything that a run has shown."""
        self.controller.forget()
        self._clear_views()
        self.run_bar.clear()

    def _clear_views(self) -> None:
        self.examiner.clear()
        self.mosaic.clear()
        self.curves.clear()
        self._clear_scores()

    def _clear_scores(self) -> None:
        self.pairs.clear()
        self.scores.clear()

    def _show_pairs(self, pairs: Pairs) -> None:
        self.pairs.show_pairs(pairs)
        self.scores.show_pairs(pairs)

    @Slot()
    def _remove_references(self) -> None:
        self.workspace = replace(self.workspace, train=None, control=None)
        self._clear_scores()
        self.controller.set_references(None)
        self.health.show_stationarity(None)
        self._show_workspace()

    def _rescore(self) -> None:
        """Scores against other references: the run that is on, or the one that has ended."""
        self._clear_scores()
        references, session = self.workspace.references, self.workspace.session
        train = self.workspace.train
        if self.controller.is_active:
            self.controller.set_references(references)
        elif session is not None and references is not None:
            self.background.start(
                "Scoring …",
                lambda _report: _scored(session, references),
                self._show_pairs,
                lambda: self.workspace.session is session and self.workspace.train is train,
            )

    def _show_session(self, session: Session) -> None:
        self.curves.show_losses(session.state.losses)
        self.lower.setCurrentWidget(self.curves)
        self._show_gallery()

    @Slot()
    def _show_gallery(self) -> None:
        """Shows the gallery of the run that has ended, once it is worked out."""
        session = self.workspace.session
        if session is None or self.controller.is_active or not self.isVisible():
            return

        def render(report: Progress) -> Any:
            return gallery_mosaic(session.images(), session.gallery(report), session.network.mean)

        self._gallery_task = self.background.start(
            "Working out the gallery …",
            render,
            partial(self._on_gallery, session),
            lambda: self.workspace.session is session and not self.controller.is_active,
        )

    def _on_gallery(self, session: Session, mosaic: Mosaic) -> None:
        self.examiner.show_gallery(session, mosaic)
        pairs = self.pairs.pairs
        if pairs is not None and self.workspace.session is session:
            self._show_pairs(with_confidence(pairs, session.gallery().of_each))

    @Slot(int)
    def _show_inspector(self, _which: int) -> None:
        self.beside.setCurrentIndex(1)

    def _cancel_gallery(self) -> None:
        """Nobody waits for it any more."""
        if self._gallery_task is not None:
            self._gallery_task.cancel()

    # --- running ----------------------------------------------------------------------------

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: start, pause, or resume."""
        if self._is_training_shown():
            self.training.start_or_pause()
            return
        state = self.controller.state
        if state is RunState.RUNNING:
            self.controller.pause()
        elif state is RunState.PAUSED:
            self.controller.go_on()
        elif state is RunState.IDLE and self.workspace.network is not None:
            self._start()

    @Slot()
    def stop(self) -> None:
        """Ends the run or the training that is shown; what was found stays."""
        shown = self.training.controller if self._is_training_shown() else self.controller
        shown.stop()

    @Slot()
    def save(self) -> None:
        """File → Save: the session, or the network that was trained."""
        if self._is_training_shown():
            self.training.ask_where_to_save()
        else:
            self.exporter.ask("session")

    def _is_training_shown(self) -> bool:
        return self.stack.currentWidget() is self.training

    def _start(self) -> None:
        network, session = self.workspace.network, self.workspace.session
        assert network is not None
        asked = self.settings_panel.settings()
        settings, state = asked, None
        if session is not None and self.workspace.is_resumable(asked):
            settings = replace(session.settings, device=asked.device, seconds=asked.seconds)
            state = session.state
        self._asked = asked
        self.strip.hide()
        self._keeper.begin(goes_on=state is not None)
        last_run = self._keeper.last_run
        self.controller.start(
            RunRequest(network, settings, state, self.workspace.references, last_run)
        )

    @Slot(object)
    def _on_run_prepared(self, _settings: Settings) -> None:
        """The run is under way: what an earlier one left makes room for it."""
        self._cancel_gallery()
        self.workspace = replace(self.workspace, session=None, asked=self._asked)
        self._clear_views()
        self.lower.setCurrentWidget(self.curves)

    @Slot(object)
    def _show_state(self, state: RunState) -> None:
        self.run_bar.show_state(state)
        self._show_availability()

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        self.run_bar.show_frame(frame)
        self.curves.show_losses(frame.losses, hurry=frame.is_last)
        if frame.mosaic is not None:
            self.examiner.show_present(frame.mosaic, frame.recorded)
        if frame.pairs is not None and self.workspace.train is not None:
            self._show_pairs(frame.pairs)

    @Slot(object)
    def _on_run_ended(self, end: RunEnd) -> None:
        self._keeper.end()
        if end.session is not None:
            self.workspace = replace(self.workspace, session=end.session)
        if end.error:
            self.strip.show_error(end.error)
        elif end.session is not None and end.session.remarks:
            self.strip.show_note(end.session.remarks)
        self._show_workspace()
        then, self._after_run = self._after_run, None
        if then is not None:
            then()

    @Slot(str, str, object)
    def _stop_then(self, question: str, button: str, then: Callable[[], None]) -> None:
        """Asks; if the answer is yes, stops the run and goes on once it has ended."""

        def stop() -> None:
            if self.controller.is_active:
                self._after_run = then
                self.controller.stop()
            else:
                then()

        dialogs.ask_to_stop(self, question, button, stop)

    # --- background work ----------------------------------------------------------------------

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        self.statusBar().showMessage(f"Saved {path}", 10_000)

    @Slot()
    def _on_background_emptied(self) -> None:
        if self._is_closing:
            self.close()

    # --- showing ----------------------------------------------------------------------------

    def _show_workspace(self) -> None:
        workspace = self.workspace
        self.pages.setCurrentIndex(0 if workspace.network is None else 1)
        self.references_panel.show_references(workspace.train, workspace.control)
        if self.beside.isTabVisible(0) is not (workspace.train is not None):
            self.beside.setTabVisible(0, workspace.train is not None)
            self.beside.setCurrentIndex(0 if workspace.train is not None else 1)
        self.membership.show_workspace()
        title = "" if workspace.network is None else f"{workspace.network.origin.name} — "
        self.setWindowTitle(f"{title}Afterimage")
        self._show_availability()

    def _show_availability(self) -> None:
        state, workspace = self.controller.state, self.workspace
        idle, has_network = state is RunState.IDLE, workspace.network is not None
        under_way = state in (RunState.RUNNING, RunState.PAUSED)
        exportable = workspace.session is not None or under_way
        self.run_bar.set_can_start(
            has_network, workspace.is_resumable(self.settings_panel.settings())
        )
        is_training = self._is_training_shown()
        bar = self.training.bar if is_training else self.run_bar
        self.actions_.main.setText(bar.main_button.text())
        self.actions_.main.setEnabled(bar.main_button.isEnabled())
        self.actions_.stop.setEnabled(bar.stop_button.isEnabled())
        can_save = self.training.save_button.isEnabled() if is_training else exportable
        self.actions_.save.setEnabled(can_save)
        for action in self.actions_.exports:
            action.setEnabled(exportable)
        for action in self.actions_.references:
            action.setEnabled(has_network)
        self.actions_.last_run.setEnabled(self._keeper.last_run.exists())
        self.actions_.run_before.setEnabled(self._keeper.run_before.exists())
        self.actions_.last_training.setEnabled(self._keeper.last_training.exists())
        self.settings_panel.setEnabled(idle)
        self.model_panel.set_editable(idle)
        self.references_panel.set_available(has_network)

    @Slot(int)
    def _describe_tile(self, tile: int) -> None:
        session, mosaic = self.workspace.session, self.mosaic.mosaic
        if tile < 0 or mosaic is None:
            self.statusBar().clearMessage()
            return
        index = int(mosaic.order[tile])
        parts = [f"Candidate {index}"]
        if session is not None and mosaic.confidence is not None:
            parts += [
                f"confidence {mosaic.confidence[tile]:.2f}",
                f"label {session.labels[index]:+.0f}",
                f"multiplier {session.multipliers[index]:.3f}",
            ]
        self.statusBar().showMessage(" · ".join(parts))

    def show_advanced(self) -> None:
        """Unfolds or folds the advanced settings."""
        self.settings_panel.fold.toggle()

    def show_about(self) -> None:
        """Help → About."""
        dialogs.show_about(self)

    @Slot()
    def _follow_system_scheme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_palette(application)
        self.restyle()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for view in (
            self.mosaic,
            self.curves,
            self.health,
            self.scores,
            self.membership,
            self.training,
        ):
            view.restyle()

    # --- events of the window -----------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome anywhere on the window."""
        if _local_files(event):
            event.acceptProposedAction()
            self.veil.resize(self.size())
            self.veil.raise_()
            self.veil.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The files went elsewhere."""
        self.veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self.veil.hide()
        event.acceptProposedAction()
        self.open(_local_files(event))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Asks while a run is on; leaves no thread behind."""
        if self.controller.is_active:
            event.ignore()
            self._stop_then("Stop the run and close?", "Stop and &Close", self.close)
            return
        if self.training.controller.is_active:
            event.ignore()
            dialogs.ask_to_stop_training(self, self._stop_training)
            return
        self._cancel_gallery()
        if self.background.is_busy:
            event.ignore()
            self._close_after_writing()
            return
        QSettings().setValue("geometry", self.saveGeometry())
        self.hide()
        self.controller.shut_down()
        self.training.controller.shut_down()
        event.accept()

    def _stop_training(self) -> None:
        if self.training.controller.is_active:
            self._closes_after_training = True
            self.training.controller.stop()
        else:
            self.close()

    @Slot(object)
    def _on_training_ended(self, _end: TrainingEnd) -> None:
        if self._closes_after_training:
            self.close()

    def _close_after_writing(self) -> None:
        """Lets files be written to their end; a second request to close cancels them."""
        if self._is_closing:
            self.background.cancel_all()
        self._is_closing = True
        self.strip.show_note("Afterimage closes once the last file is written.")

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1280, 820)
        scheme.apply_scheme(scheme.stored_scheme())
        self.restyle()


def _scored(session: Session, references: References) -> Pairs:
    """Scores all candidates of a run; called on a thread."""
    gallery = session.known_gallery
    return best_pairs(session.images(), references, None if gallery is None else gallery.of_each)


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
