"""The menus: every command of the window with its name and shortcut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from engine.samples import SAMPLES
from gui.scheme import store_scheme, stored_scheme

if TYPE_CHECKING:
    from gui.main_window import MainWindow

_SCHEMES = (
    ("Like the &system", Qt.ColorScheme.Unknown),
    ("&Light", Qt.ColorScheme.Light),
    ("&Dark", Qt.ColorScheme.Dark),
)

Shortcut = QKeySequence.StandardKey | str | None


class Actions:
    """Builds the menu bar; keeps the actions whose availability changes."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        bar = window.menuBar()
        file_menu = bar.addMenu("&File")
        key = QKeySequence.StandardKey
        self.open = self._add(file_menu, "&Open…", key.Open, window.opener.choose_model)
        samples = file_menu.addMenu("Open a &Sample")
        self.samples = [
            self._add(samples, text, None, partial(window.opener.open_sample, name))
            for name, text in SAMPLES.items()
        ]
        self.train_network = self._add(
            file_menu, "Train a &Network…", key.New, window.show_training
        )
        self.last_run = self._add(
            file_menu, "Reopen the &Last Run", None, window.opener.open_last_run
        )
        self.run_before = self._add(
            file_menu, "Reopen the Run &Before", None, window.opener.open_run_before
        )
        self.last_training = self._add(
            file_menu, "Open the Last T&raining", None, window.opener.open_last_training
        )
        file_menu.addSeparator()
        self.train = self._add(
            file_menu, "&Training Images…", "Ctrl+T", partial(window.opener.choose_images, "train")
        )
        self.control = self._add(
            file_menu,
            "&Control Images…",
            "Ctrl+Shift+T",
            partial(window.opener.choose_images, "control"),
        )
        self.train_folder = self._add(
            file_menu,
            "Training Images from a &Folder…",
            None,
            partial(window.opener.choose_folder, "train"),
        )
        self.control_folder = self._add(
            file_menu,
            "Control Images from a Fo&lder…",
            None,
            partial(window.opener.choose_folder, "control"),
        )
        self.references = [self.train, self.control, self.train_folder, self.control_folder]
        file_menu.addSeparator()
        self.save = self._add(file_menu, "&Save…", key.Save, window.save)
        exports = file_menu.addMenu("&Export")
        self.exports = [
            self._add(exports, "Drift as &GIF…", "Ctrl+E", lambda: window.exporter.ask("gif")),
            self._add(exports, "Drift as &MP4…", None, lambda: window.exporter.ask("mp4")),
            self._add(
                exports, "Images as &PNG…", "Ctrl+Shift+E", lambda: window.exporter.ask("png")
            ),
            self._add(
                exports, "Images as &Separate PNGs…", None, lambda: window.exporter.ask("pngs")
            ),
            self._add(exports, "Images as &NPZ…", None, lambda: window.exporter.ask("npz")),
            self._add(
                exports, "Images as PyTorch &Tensor…", None, lambda: window.exporter.ask("pt")
            ),
            self._add(exports, "&Losses as CSV…", None, lambda: window.exporter.ask("losses")),
            scores := self._add(
                exports, "S&cores as CSV…", None, lambda: window.exporter.ask("scores")
            ),
            self._add(exports, "Report as &HTML…", "Ctrl+R", lambda: window.exporter.ask("html")),
            self._add(exports, "Report as P&DF…", None, lambda: window.exporter.ask("pdf")),
            self._add(
                exports,
                "Session &without Weights…",
                None,
                lambda: window.exporter.ask("reference"),
            ),
            self._add(
                exports, "Everything, with &Report…", None, lambda: window.exporter.ask("folder")
            ),
        ]
        exports.aboutToShow.connect(
            lambda: scores.setVisible(window.workspace.references is not None)
        )
        file_menu.addSeparator()
        quit_action = self._add(file_menu, "&Quit", "Ctrl+Q", window.close)
        quit_action.setMenuRole(QAction.MenuRole.QuitRole)

        run_menu = bar.addMenu("&Run")
        self.main = self._add(run_menu, "&Start", "F5", window.start_or_pause)
        self.stop = self._add(run_menu, "S&top", "Shift+F5", window.stop)
        run_menu.addSeparator()
        self._add(run_menu, "&Advanced Settings", "Ctrl+,", window.show_advanced)

        view_menu = bar.addMenu("&View")
        self._add(view_menu, "Zoom &In", key.ZoomIn, window.mosaic.zoom_in)
        self._add(view_menu, "Zoom &Out", key.ZoomOut, window.mosaic.zoom_out)
        self._add(view_menu, "&Fit", "Ctrl+0", window.mosaic.fit)
        view_menu.addSeparator()
        self._add_schemes(view_menu.addMenu("&Colours"))

        help_menu = bar.addMenu("&Help")
        about = self._add(help_menu, "&About Afterimage", None, window.show_about)
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def _add(
        self, menu: QMenu, text: str, shortcut: Shortcut, slot: Callable[[], object]
    ) -> QAction:
        action = QAction(text, self._window)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _checked=False: slot())
        menu.addAction(action)
        return action

    def _add_schemes(self, menu: QMenu) -> None:
        group = QActionGroup(self._window)
        stored = stored_scheme()
        for text, scheme in _SCHEMES:
            action = self._add(menu, text, None, lambda scheme=scheme: self._set_scheme(scheme))
            action.setCheckable(True)
            action.setChecked(scheme == stored)
            group.addAction(action)

    def _set_scheme(self, scheme: Qt.ColorScheme) -> None:
        store_scheme(scheme)
        self._window.restyle()
