"""The menus as tables: every command of the window with its words and its keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget

from engine.base.resources import SAMPLES
from gui.app.file_commands import FileCommands
from gui.app.pages import Pages
from gui.app.views import Views
from gui.comparison.controller import ComparisonController
from gui.help.windows import HelpWindows
from gui.opening.opener import Opener
from gui.toolkit.menus import Command, Submenu
from gui.toolkit.scheme import SCHEMES

_Key = QKeySequence.StandardKey


def file_menu(
    files: FileCommands,
    opener: Opener,
    pages: Pages,
    export: Callable[[str], None],
    close_network: Callable[[], None],
    close: Callable[[], object],
) -> Submenu:
    """What is opened, made, saved and left."""
    samples = [Command(text, partial(opener.open_sample, name)) for name, text in SAMPLES.items()]
    return Submenu(
        "&File",
        (
            Command("&Open…", opener.choose_model, _Key.Open),
            Command("Open B&ase…", opener.base.choose),
            Command("Open Nei&ghbours…", opener.neighbours.choose),
            Submenu("Open &Recent", ()),
            Command("Queue Se&veral…", files.choose_several, "Ctrl+Shift+O"),
            Submenu("Open a Sam&ple", samples),
            Command("Train a &Network…", pages.show_training, _Key.New),
            Command("Reopen the &Last Run", opener.open_last_run),
            Command("Reopen the Run &Before", opener.open_run_before),
            Command("Open the Last Tra&ining", opener.open_last_training),
            None,
            *_references(opener),
            None,
            Command("&Save…", pages.save, _Key.Save),
            _exports(export),
            None,
            Command("Close Net&work", close_network, "Ctrl+W"),
            Command("&Quit", close, "Ctrl+Q", QAction.MenuRole.QuitRole),
        ),
    )


def _references(opener: Opener) -> tuple[Command, ...]:
    images, folder = opener.choose_images, opener.choose_folder
    return (
        Command("&Training Images…", partial(images, "train"), "Ctrl+T"),
        Command("&Control Images…", partial(images, "control"), "Ctrl+Shift+T"),
        Command("Training Images from a &Folder…", partial(folder, "train")),
        Command("Control Images from a Fol&der…", partial(folder, "control")),
        Command("Another Network's R&un…", opener.other_run.choose),
    )


def _exports(export: Callable[[str], None]) -> Submenu:
    def ask(kind: str) -> Callable[[], None]:
        return partial(export, kind)

    return Submenu(
        "&Export",
        (
            Command("Drift as &GIF…", ask("gif"), "Ctrl+E"),
            Command("Drift as &MP4…", ask("mp4")),
            Command("Images as &PNG…", ask("png"), "Ctrl+Shift+E"),
            Command("Images as &Separate PNGs…", ask("pngs")),
            Command("Images as &NPZ…", ask("npz")),
            Command("Images as PyTorch &Tensor…", ask("pt")),
            Command("R&ows as CSV…", ask("csv")),
            Command("&Losses as CSV…", ask("losses")),
            Command("S&cores as CSV…", ask("scores")),
            Command("Report as &HTML…", ask("html"), "Ctrl+R"),
            Command("Report as P&DF…", ask("pdf")),
            Command("Session &without Weights…", ask("reference")),
            Command("Session to Give Awa&y…", ask("away")),
            Command("Everything, with &Report…", ask("folder")),
        ),
    )


def edit_menu(
    pages: Pages, copy_image: Callable[[], None], show_preferences: Callable[[], None]
) -> Submenu:
    """What is taken back, copied and preferred."""
    # Some systems have no keys of their own for preferences; most programs take these.
    keys = _Key.Preferences if QKeySequence.keyBindings(_Key.Preferences) else "Ctrl+,"
    role = QAction.MenuRole.PreferencesRole
    return Submenu(
        "&Edit",
        (
            Command("&Undo", pages.undo, _Key.Undo),
            Command("&Redo", pages.redo, _Key.Redo),
            None,
            Command("&Copy Image", copy_image, _Key.Copy),
            None,
            Command("&Preferences…", show_preferences, keys, role),
        ),
    )


def run_menu(
    pages: Pages,
    comparison: ComparisonController,
    show_studies: Callable[[], None],
    show_advanced: Callable[[], None],
) -> Submenu:
    """What drives a run, what it is compared with, and many of them."""
    return Submenu(
        "&Run",
        (
            Command("&Start", pages.start_or_pause, "F5"),
            Command("S&top", pages.stop, "Shift+F5"),
            None,
            Command("&Compare with Another Run…", comparison.choose),
            Command("Compare with the Run &Before", comparison.compare_with_run_before),
            None,
            Command("St&udies…", show_studies),
            None,
            Command("&Advanced Settings", show_advanced, "Ctrl+Shift+A"),
        ),
    )


def view_menu(
    views: Views,
    panels: Sequence[QAction],
    choose_scheme: Callable[[Qt.ColorScheme], None],
) -> Submenu:
    """How large, which panels, in which colours."""
    schemes = [Command(text, partial(choose_scheme, scheme)) for text, scheme in SCHEMES.items()]
    return Submenu(
        "&View",
        (
            Command("Pr&esent", views.presentation.begin, "F11"),
            Command("&All Candidates", views.header.all_button.toggle, "Ctrl+Shift+M"),
            None,
            Command("Zoom &In", views.mosaic.zoom_in, _Key.ZoomIn),
            Command("Zoom &Out", views.mosaic.zoom_out, _Key.ZoomOut),
            Command("&Fit", views.mosaic.fit, "Ctrl+0"),
            None,
            *panels,
            None,
            Submenu("&Colours", schemes),
        ),
    )


def dock_action(dock: QDockWidget, text: str, keys: str) -> QAction:
    """What shows or hides a dock."""
    action = dock.toggleViewAction()
    action.setText(text)
    action.setShortcut(keys)
    return action


def help_menu(windows: HelpWindows) -> Submenu:
    """What can be read."""
    return Submenu(
        "&Help",
        (
            Command("&Guide", windows.show_guide, _Key.HelpContents),
            Command("&Keyboard Shortcuts", windows.show_shortcuts, "Ctrl+/"),
            None,
            Command("&About Afterimage", windows.show_about, role=QAction.MenuRole.AboutRole),
        ),
    )
