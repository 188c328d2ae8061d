"""The menus: every command of the window with its name and shortcut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from engine.base.resources import SAMPLES
from gui.opening.recent_menu import RecentMenu
from gui.toolkit.menus import Command, MenuBuilder, Submenu, plain
from gui.toolkit.scheme import SCHEMES, stored_scheme

if TYPE_CHECKING:
    from gui.app.main_window import MainWindow

_Key = QKeySequence.StandardKey

_REFERENCES = (
    "Training Images",
    "Control Images",
    "Training Images from a Folder",
    "Control Images from a Folder",
)


class Actions:
    """Builds the menu bar; keeps the actions whose availability changes."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        builder = MenuBuilder(window)
        menus = (self._file(), self._edit(), self._run(), self._view(), self._help())
        builder.build(window.menuBar(), menus)
        self.open, self.save = builder.action("Open"), builder.action("Save")
        self.undo, self.redo = builder.action("Undo"), builder.action("Redo")
        self.copy = builder.action("Copy Image")
        self.main, self.stop = builder.action("Start"), builder.action("Stop")
        self.last_run = builder.action("Reopen the Last Run")
        self.run_before = builder.action("Reopen the Run Before")
        self.compare = builder.action("Compare with Another Run")
        self.compare_with_before = builder.action("Compare with the Run Before")
        self.last_training = builder.action("Open the Last Training")
        self.references = [builder.action(text) for text in _REFERENCES]
        RecentMenu(builder.menu("Open Recent"), window.recent, window.open_one)
        exports = builder.menu("Export")
        self.exports = exports.actions()
        self._scores = builder.action("Scores as CSV")
        exports.aboutToShow.connect(self._offer_scores)
        self._make_schemes_exclusive(builder)

    def _file(self) -> Submenu:
        window, opener = self._window, self._window.opener
        samples = [
            Command(text, partial(opener.open_sample, name)) for name, text in SAMPLES.items()
        ]
        quit_role = QAction.MenuRole.QuitRole
        return Submenu(
            "&File",
            (
                Command("&Open…", opener.choose_model, _Key.Open),
                Submenu("Open &Recent", ()),
                Command("Queue Se&veral…", window.choose_several, "Ctrl+Shift+O"),
                Submenu("Open a Sam&ple", samples),
                Command("Train a &Network…", window.show_training, _Key.New),
                Command("Reopen the &Last Run", opener.open_last_run),
                Command("Reopen the Run &Before", opener.open_run_before),
                Command("Open the Last Tra&ining", opener.open_last_training),
                None,
                *self._references(),
                None,
                Command("&Save…", window.save, _Key.Save),
                self._export(),
                None,
                Command("&Quit", window.close, "Ctrl+Q", quit_role),
            ),
        )

    def _references(self) -> tuple[Command, ...]:
        images, folder = self._window.opener.choose_images, self._window.opener.choose_folder
        return (
            Command("&Training Images…", partial(images, "train"), "Ctrl+T"),
            Command("&Control Images…", partial(images, "control"), "Ctrl+Shift+T"),
            Command("Training Images from a &Folder…", partial(folder, "train")),
            Command("Control Images from a Fol&der…", partial(folder, "control")),
        )

    def _export(self) -> Submenu:
        def ask(kind: str) -> Callable[[], None]:
            return partial(self._window.exporter.ask, kind)

        return Submenu(
            "&Export",
            (
                Command("Drift as &GIF…", ask("gif"), "Ctrl+E"),
                Command("Drift as &MP4…", ask("mp4")),
                Command("Images as &PNG…", ask("png"), "Ctrl+Shift+E"),
                Command("Images as &Separate PNGs…", ask("pngs")),
                Command("Images as &NPZ…", ask("npz")),
                Command("Images as PyTorch &Tensor…", ask("pt")),
                Command("&Losses as CSV…", ask("losses")),
                Command("S&cores as CSV…", ask("scores")),
                Command("Report as &HTML…", ask("html"), "Ctrl+R"),
                Command("Report as P&DF…", ask("pdf")),
                Command("Session &without Weights…", ask("reference")),
                Command("Everything, with &Report…", ask("folder")),
            ),
        )

    def _edit(self) -> Submenu:
        window = self._window
        preferences_role = QAction.MenuRole.PreferencesRole
        # Some systems have no keys of their own for preferences; most programs take these.
        keys = _Key.Preferences if QKeySequence.keyBindings(_Key.Preferences) else "Ctrl+,"
        return Submenu(
            "&Edit",
            (
                Command("&Undo", window.undo, _Key.Undo),
                Command("&Redo", window.redo, _Key.Redo),
                None,
                Command("&Copy Image", window.examiner.inspector.picture.copy, _Key.Copy),
                None,
                Command("&Preferences…", window.preferences.show, keys, preferences_role),
            ),
        )

    def _run(self) -> Submenu:
        window, comparison = self._window, self._window.comparison
        return Submenu(
            "&Run",
            (
                Command("&Start", window.start_or_pause, "F5"),
                Command("S&top", window.stop, "Shift+F5"),
                None,
                Command("&Compare with Another Run…", comparison.choose),
                Command("Compare with the Run &Before", comparison.compare_with_run_before),
                None,
                Command("&Advanced Settings", window.show_advanced, "Ctrl+Shift+A"),
            ),
        )

    def _view(self) -> Submenu:
        window, mosaic = self._window, self._window.mosaic
        schemes = [
            Command(text, partial(window.choose_scheme, scheme)) for text, scheme in SCHEMES.items()
        ]
        log = window.log_panel.toggleViewAction()
        log.setText("&Log")
        log.setShortcut("Ctrl+L")
        queue = window.queue_panel.toggleViewAction()
        queue.setText("&Queue")
        queue.setShortcut("Ctrl+Shift+L")
        return Submenu(
            "&View",
            (
                Command("Zoom &In", mosaic.zoom_in, _Key.ZoomIn),
                Command("Zoom &Out", mosaic.zoom_out, _Key.ZoomOut),
                Command("&Fit", mosaic.fit, "Ctrl+0"),
                None,
                *window.arrangement.actions.values(),
                log,
                queue,
                None,
                Submenu("&Colours", schemes),
            ),
        )

    def _help(self) -> Submenu:
        windows = self._window.help_windows
        return Submenu(
            "&Help",
            (
                Command("&Guide", windows.show_guide, _Key.HelpContents),
                Command("&Keyboard Shortcuts", windows.show_shortcuts, "Ctrl+/"),
                None,
                Command("&About Afterimage", windows.show_about, role=QAction.MenuRole.AboutRole),
            ),
        )

    def _offer_scores(self) -> None:
        self._scores.setVisible(self._window.workspace.references is not None)

    def show_scheme(self, chosen: Qt.ColorScheme) -> None:
        """Ticks a colour scheme."""
        for scheme, action in self._schemes.items():
            action.setChecked(scheme == chosen)

    def _make_schemes_exclusive(self, builder: MenuBuilder) -> None:
        group = QActionGroup(self._window)
        self._schemes = {scheme: builder.action(plain(text)) for text, scheme in SCHEMES.items()}
        for action in self._schemes.values():
            action.setCheckable(True)
            group.addAction(action)
        self.show_scheme(stored_scheme())
