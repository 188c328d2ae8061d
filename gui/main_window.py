"""The main window: it puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platformdirs import user_state_path
from PySide6.QtCore import QSettings, Qt, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QPalette,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.checkpoints import SUFFIXES
from engine.datasets import LabelledImages, load_images
from engine.live import Frame, References, best_pairs, make_mosaic
from engine.network import InputShape, Network
from engine.ranking import settled_order
from engine.samples import resource_folder, sample_network
from engine.scoring import warm_up
from engine.session import SUFFIX, Session
from engine.settings import Settings
from engine.version import VERSION
from gui import exports, theme
from gui.actions import Actions
from gui.curves import Curves
from gui.model_panel import ModelPanel, ReferencesPanel
from gui.mosaic_view import MosaicView
from gui.opening import Opened, is_model, open_paths
from gui.pairs_view import PairsView
from gui.run_bar import RunBar
from gui.run_controller import RunController, RunState
from gui.settings_panel import SettingsPanel
from gui.task import Report, Task
from gui.widgets import DropVeil, EmptyPage, MessageStrip
from gui.worker import RunEnd, RunRequest

_LEFT_WIDTH = 330
_CURVES_HEIGHT = 200


@dataclass(frozen=True)
class Workspace:
    """What is open: a network, images to score against, and what a run has left."""

    network: Network | None = None
    train: LabelledImages | None = None
    control: LabelledImages | None = None
    session: Session | None = None
    asked: Settings | None = None
    """What the settings panel said when the session's run was started."""

    @property
    def references(self) -> References | None:
        """The images as the engine scores against them."""
        if self.train is None or self.network is None:
            return None
        control = None if self.control is None else self.control.images
        return References(self.train.images, control, self.network.mean)

    def is_resumable(self, settings: Settings) -> bool:
        """Whether Start would go on with the run that is open, rather than start another.

        It would if the run has steps left and nothing that decides it has been changed since;
        device and time limit may.
        """
        if self.session is None or self.asked is None:
            return False
        same = replace(settings, device=self.asked.device, seconds=self.asked.seconds)
        return same == self.asked and self.session.state.step < self.session.state.steps


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
        self._tasks: list[Task] = []
        self._openings = 0
        self._is_closing = False
        self._asked: Settings | None = None
        self._after_run: Callable[[], None] | None = None
        self._on_session: Callable[[Session], None] | None = None
        self._last_run = user_state_path("Afterimage", "Afterimage") / f"last-run{SUFFIX}"
        self._build(devices)
        self._connect()
        self._restore_geometry()
        self._show_workspace()

    # --- building ---------------------------------------------------------------------------

    def _build(self, devices: list[str]) -> None:
        self.setWindowTitle("Afterimage")
        self.setAcceptDrops(True)
        self.controller = RunController(self)
        self.model_panel, self.references_panel = ModelPanel(), ReferencesPanel()
        self.settings_panel = SettingsPanel(devices)
        self.mosaic, self.curves, self.pairs = MosaicView(), Curves(), PairsView()
        self.run_bar, self.strip = RunBar(), MessageStrip()
        self.busy = QProgressBar()
        self.busy.setMaximumWidth(160)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Work in progress")
        self.statusBar().addPermanentWidget(self.busy)
        self.statusBar().setSizeGripEnabled(False)
        self.busy.hide()
        icon = QIcon(str(resource_folder() / "icons" / "afterimage.svg"))
        self.empty = EmptyPage(icon, self._last_run)
        self.setCentralWidget(self._arrange())
        self.actions_ = Actions(self)
        self.veil = DropVeil(self)
        for child in self.findChildren(QWidget):
            child.setAcceptDrops(False)

    def _arrange(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        for index, panel in enumerate(
            (self.model_panel, self.references_panel, self.settings_panel)
        ):
            if index:
                column.addSpacing(theme.SPACING)
                column.addWidget(_line())
                column.addSpacing(theme.SPACING)
            column.addWidget(panel)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(left)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(_LEFT_WIDTH)

        upper = QSplitter(Qt.Orientation.Horizontal)
        upper.addWidget(self.mosaic)
        upper.addWidget(self.pairs)
        upper.setStretchFactor(0, 1)
        upper.setChildrenCollapsible(False)
        centre = QSplitter(Qt.Orientation.Vertical)
        centre.addWidget(upper)
        centre.addWidget(self.curves)
        centre.setStretchFactor(0, 1)
        centre.setChildrenCollapsible(False)
        centre.setSizes([1000, _CURVES_HEIGHT])
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(centre)

        middle = QWidget()
        columns = QHBoxLayout(middle)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(scroll)
        columns.addWidget(self.pages, 1)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for widget, stretch in ((self.strip, 0), (middle, 1), (_line(), 0), (self.run_bar, 0)):
            rows.addWidget(widget, stretch)
        return whole

    def _connect(self) -> None:
        self.empty.open_wanted.connect(self.choose_model)
        self.empty.sample_wanted.connect(self.open_sample)
        self.empty.last_run_wanted.connect(self.open_last_run)
        self.references_panel.train_wanted.connect(self.choose_train)
        self.references_panel.control_wanted.connect(self.choose_control)
        self.references_panel.removed.connect(self._remove_references)
        self.model_panel.shape_edited.connect(self._change_shape)
        self.model_panel.complained.connect(self.strip.show_error)
        self.run_bar.main_clicked.connect(self.start_or_pause)
        self.run_bar.stop_clicked.connect(self.stop)
        self.mosaic.hovered.connect(self._describe_candidate)
        self.settings_panel.edited.connect(self._show_availability)
        self.controller.prepared.connect(self._on_run_prepared)
        self.controller.state_changed.connect(self._show_state)
        self.controller.frame_ready.connect(self._show_frame)
        self.controller.ended.connect(self._on_run_ended)
        self.controller.complained.connect(self.strip.show_error)
        self.controller.session_ready.connect(self._receive_session)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system_scheme)

    # --- opening ----------------------------------------------------------------------------

    def open(self, paths: Sequence[Path]) -> None:
        """Opens a network, a session or images; asks first if a run would be stopped."""
        if self.controller.is_active and any(is_model(path) for path in paths):
            self._stop_then(
                "Stop the run and open another network?", "Stop and &Open", lambda: self.open(paths)
            )
            return
        network = self.workspace.network
        shape = None if network is None else network.input_shape
        names = ", ".join(path.name for path in paths)
        self._openings += 1
        opening = self._openings
        if any(is_model(path) for path in paths):
            # Of two networks opened one after the other, the later one stays.
            is_wanted = lambda: opening == self._openings  # noqa: E731
        else:
            is_wanted = self._while_open(network)
        self._start_task(
            f"Opening {names} …",
            lambda _report: open_paths(paths, shape),
            self._on_opened,
            is_wanted,
        )

    @Slot()
    def choose_model(self) -> None:
        """File → Open."""
        patterns = " ".join(f"*{suffix}" for suffix in (*SUFFIXES, SUFFIX))
        self._choose(
            "Open a network or a session", f"Networks and sessions ({patterns});;All files (*)"
        )

    @Slot()
    def choose_train(self) -> None:
        """File → Training Images."""
        self._choose("Training images", "Images (*.npz)", self._load_train)

    @Slot()
    def choose_control(self) -> None:
        """File → Control Images."""
        self._choose("Control images", "Images (*.npz)", self._load_control)

    @Slot()
    def choose_train_folder(self) -> None:
        """File → Training Images from a Folder."""
        self._choose("Folder with one subfolder a class", "", self._load_train, is_folder=True)

    @Slot()
    def choose_control_folder(self) -> None:
        """File → Control Images from a Folder."""
        self._choose("Folder with one subfolder a class", "", self._load_control, is_folder=True)

    def _load_train(self, path: Path) -> None:
        self._load_images(path, "train")

    def _load_control(self, path: Path) -> None:
        self._load_images(path, "control")

    @Slot()
    def open_sample(self) -> None:
        """Opens the bundled network with its images."""
        self.open([sample_network()])

    @Slot()
    def open_last_run(self) -> None:
        """Opens the copy that is kept of every run, also of one that was cut off."""
        self.open([self._last_run])

    def _choose(
        self,
        title: str,
        filters: str,
        receive: Callable[[Path], None] | None = None,
        is_folder: bool = False,
    ) -> None:
        dialog = QFileDialog(self, title, QSettings().value("folder", "", str), filters)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mode = QFileDialog.FileMode
        dialog.setFileMode(mode.Directory if is_folder else mode.ExistingFile)

        def chosen(name: str) -> None:
            QSettings().setValue("folder", str(Path(name).parent))
            if receive is None:
                self.open([Path(name)])
            else:
                receive(Path(name))

        dialog.fileSelected.connect(chosen)
        dialog.open()

    def _load_images(self, path: Path, role: str) -> None:
        network = self.workspace.network
        if network is None:
            self.strip.show_error(
                "Open a network first; then these images can be compared with it."
            )
            return
        shape = network.input_shape

        def load(_report: Report) -> Opened:
            images = load_images(path, shape)
            warm_up()
            return Opened(train=images) if role == "train" else Opened(control=images)

        self._start_task(f"Opening {path.name} …", load, self._on_opened, self._while_open(network))

    def _on_opened(self, opened: Opened) -> None:
        self.strip.hide()
        if opened.network is not None:
            if self.controller.is_active:
                # A run was started while the file was being read; it goes first.
                self.strip.show_error("A run is on; stop it before opening another network.")
                return
            assert opened.spectrum is not None
            self._forget_run()
            self.workspace = Workspace(opened.network, opened.train, opened.control, opened.session)
            self.model_panel.show_network(opened.network, opened.spectrum)
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
        self._show_workspace()

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
        self.settings_panel.set_channels(shape[0])
        if self.workspace.session is not None:
            self._show_session(self.workspace.session)
        self._show_workspace()

    def _forget_run(self) -> None:
        """Clears everything that a run has shown."""
        self.controller.forget()
        self.mosaic.clear()
        self.curves.clear()
        self.pairs.clear()
        self.run_bar.clear()

    @Slot()
    def _remove_references(self) -> None:
        self.workspace = replace(self.workspace, train=None, control=None)
        self.controller.set_references(None)
        self._show_workspace()

    def _rescore(self) -> None:
        """Scores against other references: the run that is on, or the one that has ended."""
        self.pairs.clear()
        references, session = self.workspace.references, self.workspace.session
        train = self.workspace.train
        if self.controller.is_active:
            self.controller.set_references(references)
        elif session is not None and references is not None:
            self._start_task(
                "Scoring …",
                lambda _report: best_pairs(session.images(), references),
                self.pairs.show_pairs,
                lambda: self.workspace.session is session and self.workspace.train is train,
            )

    def _show_session(self, session: Session) -> None:
        def render(_report: Report) -> Any:
            images = session.images()
            order = settled_order(images, session.labels)
            return make_mosaic(images[order], order, session.network.mean)

        self.curves.show_losses(session.state.losses)
        self._start_task(
            "Drawing …",
            render,
            self.mosaic.show_mosaic,
            lambda: self.workspace.session is session and not self.controller.is_active,
        )

    # --- running ----------------------------------------------------------------------------

    @Slot()
    def start_or_pause(self) -> None:
        """What the bar's button offers: start, pause, or resume."""
        state = self.controller.state
        if state is RunState.RUNNING:
            self.controller.pause()
        elif state is RunState.PAUSED:
            self.controller.go_on()
        elif state is RunState.IDLE and self.workspace.network is not None:
            self._start()

    @Slot()
    def stop(self) -> None:
        """Ends the run; what was found stays."""
        self.controller.stop()

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
        self.controller.start(
            RunRequest(network, settings, state, self.workspace.references, self._last_run)
        )

    @Slot(object)
    def _on_run_prepared(self, _settings: Settings) -> None:
        """The run is under way: what an earlier one left makes room for it."""
        self.workspace = replace(self.workspace, session=None, asked=self._asked)
        self.mosaic.clear()
        self.curves.clear()
        self.pairs.clear()

    @Slot(object)
    def _show_state(self, state: RunState) -> None:
        self.run_bar.show_state(state)
        self._show_availability()

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        self.run_bar.show_frame(frame)
        self.curves.show_losses(frame.losses, hurry=frame.is_last)
        if frame.mosaic is not None:
            self.mosaic.show_mosaic(frame.mosaic)
        if frame.pairs is not None and self.workspace.train is not None:
            self.pairs.show_pairs(frame.pairs)

    @Slot(object)
    def _on_run_ended(self, end: RunEnd) -> None:
        if end.session is not None:
            self.workspace = replace(self.workspace, session=end.session)
            self._receive_session(end.session)
        self._on_session = None
        if end.error:
            self.strip.show_error(end.error)
        elif end.session is not None and end.session.note:
            self.strip.show_note(end.session.note)
        self._show_workspace()
        then, self._after_run = self._after_run, None
        if then is not None:
            then()

    def _stop_then(self, question: str, button: str, then: Callable[[], None]) -> None:
        """Asks; if the answer is yes, stops the run and goes on once it has ended."""
        box = QMessageBox(QMessageBox.Icon.Question, "Afterimage", question, parent=self)
        box.setInformativeText("What was found so far is kept.")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        accept = box.addButton(button, QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("&Keep Running", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)

        def answered() -> None:
            if box.clickedButton() is not accept:
                return
            if self.controller.is_active:
                self._after_run = then
                self.controller.stop()
            else:
                then()

        box.finished.connect(answered)
        box.open()

    # --- exporting --------------------------------------------------------------------------

    def export(self, kind: str) -> None:
        """Asks where to, then writes on a thread; an active run goes on meanwhile."""
        network = self.workspace.network
        if network is None:
            return
        dialog = exports.save_dialog(self, kind, network)
        dialog.fileSelected.connect(lambda name: self.export_to(kind, Path(name)))
        dialog.open()

    def export_to(self, kind: str, path: Path) -> None:
        """Writes an export; the file that stood there before stays until the new one is whole."""
        QSettings().setValue("folder", str(path.parent))
        if self.controller.is_active:
            self._on_session = lambda session: self._export_session(session, kind, path)
            self.controller.request_session()
        elif self.workspace.session is not None:
            self._export_session(self.workspace.session, kind, path)

    @Slot(object)
    def _receive_session(self, session: Session) -> None:
        then, self._on_session = self._on_session, None
        if then is not None:
            then(session)

    def _export_session(self, session: Session, kind: str, path: Path) -> None:
        references = self.workspace.references
        self._start_task(
            f"Writing {path.name} …",
            lambda report: exports.write(session, references, kind, path, report),
            lambda _: self.statusBar().showMessage(f"Saved {path}", 10_000),
            lambda: True,
        )

    # --- background work ----------------------------------------------------------------------

    def _start_task(
        self,
        text: str,
        work: Callable[[Report], Any],
        done: Callable[[Any], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        task = Task(work, done, is_wanted, self)
        task.succeeded.connect(self._on_task_succeeded)
        task.failed.connect(self.strip.show_error)
        task.progressed.connect(self._show_task_progress)
        task.finished.connect(self._on_task_finished)
        self._tasks.append(task)
        self.busy.setRange(0, 0)
        self.busy.show()
        self.statusBar().showMessage(text)
        task.start()

    def _while_open(self, network: Network | None) -> Callable[[], bool]:
        """Whether this network is still the one that is open."""
        return lambda: self.workspace.network is network

    @Slot(object, object)
    def _on_task_succeeded(self, task: Task, result: Any) -> None:
        if task.is_wanted():
            task.done(result)

    @Slot(float)
    def _show_task_progress(self, share: float) -> None:
        self.busy.setRange(0, 100)
        self.busy.setValue(round(100 * share))

    @Slot()
    def _on_task_finished(self) -> None:
        finished = [task for task in self._tasks if task.isFinished()]
        self._tasks = [task for task in self._tasks if not task.isFinished()]
        for task in finished:
            task.deleteLater()
        if not self._tasks:
            if self._is_closing:
                self.close()
            self.busy.hide()
            if self.statusBar().currentMessage().endswith("…"):
                self.statusBar().clearMessage()

    # --- showing ----------------------------------------------------------------------------

    def _show_workspace(self) -> None:
        workspace = self.workspace
        self.pages.setCurrentIndex(0 if workspace.network is None else 1)
        self.references_panel.show_references(workspace.train, workspace.control)
        self.pairs.setVisible(workspace.train is not None)
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
        self.actions_.main.setText(self.run_bar.main_button.text())
        self.actions_.main.setEnabled(self.run_bar.main_button.isEnabled())
        self.actions_.stop.setEnabled(self.run_bar.stop_button.isEnabled())
        for action in (self.actions_.save, *self.actions_.exports):
            action.setEnabled(exportable)
        for action in self.actions_.references:
            action.setEnabled(has_network)
        self.actions_.last_run.setEnabled(self._last_run.exists())
        self.settings_panel.setEnabled(idle)
        self.model_panel.set_editable(idle)
        self.references_panel.set_available(has_network)

    @Slot(int)
    def _describe_candidate(self, index: int) -> None:
        session = self.workspace.session
        if index < 0:
            self.statusBar().clearMessage()
        elif session is not None and index < len(session.labels):
            self.statusBar().showMessage(
                f"Candidate {index}: label {session.labels[index]:+.0f}, "
                f"multiplier {session.multipliers[index]:.3f}"
            )
        else:
            self.statusBar().showMessage(f"Candidate {index}")

    def show_advanced(self) -> None:
        """Unfolds or folds the advanced settings."""
        self.settings_panel.fold.toggle()

    def show_about(self) -> None:
        """Help → About."""
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("About Afterimage")
        box.setIconPixmap(QApplication.windowIcon().pixmap(64, 64))
        box.setText(f"<b>Afterimage {VERSION}</b>")
        box.setInformativeText(
            "Reconstructs images that a neural network was trained on, out of its weights alone."
            "<br><br>The method is that of Haim, Vardi, Yehudai, Shamir and Irani, "
            "<i>Reconstructing Training Data from Trained Neural Networks</i>, NeurIPS 2022."
        )
        box.open()

    @Slot()
    def _follow_system_scheme(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply_palette(application)
        self._restyle()

    def _restyle(self) -> None:
        self.mosaic.restyle()
        self.curves.restyle()

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
        if self._tasks:
            event.ignore()
            self._close_after_tasks()
            return
        QSettings().setValue("geometry", self.saveGeometry())
        self.hide()
        self.controller.shut_down()
        event.accept()

    def _close_after_tasks(self) -> None:
        """Lets files be written to their end; a second request to close cancels them."""
        if self._is_closing:
            for task in self._tasks:
                task.cancel()
        self._is_closing = True
        self.strip.show_note("Afterimage closes once the last file is written.")

    def _restore_geometry(self) -> None:
        geometry = QSettings().value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1280, 820)
        self._choose_scheme(self.stored_scheme())

    def stored_scheme(self) -> Qt.ColorScheme:
        """The colour scheme that the user chose, or that of the system."""
        name = QSettings().value("scheme", "Unknown", str)
        return (
            Qt.ColorScheme[name] if name in Qt.ColorScheme.__members__ else Qt.ColorScheme.Unknown
        )

    def store_scheme(self, scheme: Qt.ColorScheme) -> None:
        """Takes on a colour scheme, and remembers it."""
        QSettings().setValue("scheme", scheme.name)
        self._choose_scheme(scheme)

    def _choose_scheme(self, scheme: Qt.ColorScheme) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.choose_scheme(application, scheme)
        self._restyle()


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setAutoFillBackground(True)
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    return line
