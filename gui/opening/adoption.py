"""What the window does with what was opened, and with changes to what is open."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.base.resources import resource_folder
from engine.network.network import InputShape, Network
from engine.session.session import Session
from gui.opening.reading import Opened
from gui.state.workspace import Workspace
from gui.toolkit.log import LOGGER

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow


class Adoption(QObject):
    """Puts networks, sessions and images that were read into the workspace, and shows them."""

    changed = Signal()
    """Emitted when something else is open than before."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._continues = False
        window.opener.opened.connect(self._on_opened)
        window.opener.damaged.connect(self._offer_last_good)
        window.model_panel.shape_edited.connect(self._change_shape)
        window.references_panel.removed.connect(self.remove_references)

    def continue_cut_off(self) -> None:
        """Opens the run that was cut off, and goes on with it."""
        self._continues = True
        self._window.opener.open_last_run()

    @Slot()
    def remove_references(self) -> None:
        """Takes training and control images away."""
        window = self._window
        window.current.change(train=None, control=None)
        window.views.clear_scores()
        window.controller.set_references(None)
        window.health.show_stationarity(None)
        self.changed.emit()

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        window = self._window
        continues = self._continues and opened.path == window.copies.last_run
        self._continues = False
        window.strip.make_way()
        if opened.network is None:
            self._take_images(opened)
        elif window.controller.is_active:
            # A run was started while the file was being read; it goes first.
            window.strip.show_error("A run is on; stop it before opening another network.")
            return
        else:
            self._take_network(opened, opened.network)
        LOGGER.info(_described(opened))
        if opened.train is not None:
            window.health.show_stationarity(opened.stationarity)
        self.changed.emit()
        if continues and window.workspace.is_resumable(window.settings_panel.settings()):
            window.runner.start()

    def _take_images(self, opened: Opened) -> None:
        workspace = self._window.workspace
        self._window.current.change(
            train=opened.train or workspace.train, control=opened.control or workspace.control
        )
        self._window.assessment.rescore()

    def _take_network(self, opened: Opened, network: Network) -> None:
        window = self._window
        assert opened.health is not None
        window.runner.forget()
        if opened.path is not None and not window.controller.in_queue:
            self.remember(opened.path)
        window.workspace = Workspace(network, opened.train, opened.control, opened.session)
        window.model_panel.show_network(network, opened.health)
        window.health.show_health(opened.health)
        window.lower_tabs.setCurrentWidget(window.health)
        if not window.controller.in_queue:  # It changes what is open, not what is looked at.
            window.show_network()
        window.settings_panel.set_channels(network.input_shape[0])
        window.curves.set_depth(network.depth)
        if opened.session is not None:
            if opened.path == window.copies.last_run:
                window.copies.holds(opened.session.state)
            self._take_session(opened.session)
        if not network.shape_is_known:
            window.strip.show_note(
                f"{network.origin.name} does not say what its images look like; "
                "the input shape on the left is a guess that you can correct."
            )

    def remember(self, path: Path) -> None:
        """Lists a file as recent; samples and our own copies have entries of their own."""
        path = path.absolute()
        if not (self._window.copies.is_ours(path) or path.is_relative_to(resource_folder())):
            self._window.recent.add(path)

    def _take_session(self, session: Session) -> None:
        window = self._window
        window.settings_panel.show_settings(session.settings)
        window.current.change(asked=window.settings_panel.settings())
        self._show_run(session)

    def _show_run(self, session: Session) -> None:
        self._window.run_bar.show_rest(session)
        self._window.assessment.show_session(session)

    @Slot(str, object)
    def _offer_last_good(self, sentence: str, damaged: Path) -> None:
        window, self._continues = self._window, False
        window.strip.show_error(sentence)
        good = window.copies.last_good(damaged)
        if good is not None:
            window.strip.offer("Open the Last &Good Run", partial(window.opener.open, [good]))

    @Slot(object)
    def _change_shape(self, shape: InputShape) -> None:
        window, network = self._window, self._window.workspace.network
        if network is None:
            return
        network = network.with_input_shape(shape)
        session, asked = window.workspace.session, window.workspace.asked
        if session is not None:
            session = replace(session, network=network)
        window.runner.forget()
        window.workspace = Workspace(network, session=session, asked=asked)
        window.model_panel.show_shape_of(network)
        window.health.show_stationarity(None)
        window.settings_panel.set_channels(shape[0])
        if session is not None:
            self._show_run(session)
        self.changed.emit()


def _described(opened: Opened) -> str:
    """`Opened the network digits.pth (784-1000-1000-1), 100 training images`."""
    parts = []
    if opened.network is not None:
        what = "the run" if opened.session is not None else "the network"
        where = opened.path or opened.network.origin.name
        parts.append(f"{what} {where} ({opened.network.architecture})")
    if opened.train is not None:
        parts.append(f"{len(opened.train):,} training images")
    if opened.control is not None:
        parts.append(f"{len(opened.control):,} control images")
    return f"Opened {', '.join(parts)}"
