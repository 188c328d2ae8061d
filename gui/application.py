"""Starts the window; where there is no display, does the same job without one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.samples import images_beside, resource_folder, sample_network
from engine.version import VERSION

NAME = "Afterimage"

_HEADLESS_SECONDS = "40"


def main(paths: Sequence[str]) -> int:
    """Opens the window with these files in it, and runs until it is closed."""
    if not has_display():
        return run_headless(paths)
    from platformdirs import user_state_path
    from PySide6.QtCore import QEvent, QTimer
    from PySide6.QtGui import QFileOpenEvent, QIcon
    from PySide6.QtWidgets import QApplication

    from engine.devices import available_devices
    from gui import theme
    from gui.crash import CrashReporter, reported
    from gui.crash_log import CrashLog
    from gui.keeper import Keeper
    from gui.main_window import MainWindow
    from gui.safety import versions

    class Application(QApplication):
        """Hands on files that macOS opens by double click."""

        window: MainWindow | None = None

        def event(self, event: QEvent) -> bool:
            """A double click on a file arrives here on macOS."""
            if isinstance(event, QFileOpenEvent) and self.window is not None:
                self.window.open([Path(event.file())])
                return True
            return super().event(event)

    configure(QApplication)
    application = Application(sys.argv[:1])
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resource_folder() / "icons" / "afterimage.svg")))
    theme.apply_palette(application)
    folder = user_state_path(NAME, NAME)
    crash_log = CrashLog(folder)
    crash_log.begin(versions())
    window = MainWindow(available_devices())
    application.window = window
    keeper = Keeper(folder)
    CrashReporter(window, keeper.last_run, keeper.last_training).install()
    if crash_log.earlier is not None:
        window.strip.add(f"Afterimage crashed last time; the crash log is {crash_log.earlier}.")
    with reported():
        window.show()
    if paths:
        QTimer.singleShot(0, window, lambda: window.open([Path(p) for p in paths]))
    # A timer lets Python look at signals now and then, so that Ctrl-C in the terminal works.
    heartbeat = QTimer()
    heartbeat.start(250)
    heartbeat.timeout.connect(_nothing)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    status = application.exec()
    crash_log.end()
    return status


def has_display() -> bool:
    """Whether a window can be opened; only Linux can be without a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def run_headless(paths: Sequence[str]) -> int:
    """The window's job without a window: GIF, images and report in `output/`."""
    from engine import command_line

    model = Path(paths[0]) if paths else sample_network()
    folder = Path("output") / model.stem
    print(f"There is no display, so the same job runs without a window; results go to {folder}.")
    arguments = ["reconstruct", str(model), "--out", str(folder), "--seconds", _HEADLESS_SECONDS]
    for option, images in zip(("--images", "--control"), images_beside(model), strict=True):
        if images is not None:
            arguments += [option, str(images)]
    return command_line.main(arguments)


def configure(application: type) -> None:
    """Names under which settings are kept."""
    application.setApplicationName(NAME)
    application.setOrganizationName(NAME)
    application.setApplicationVersion(VERSION)


def _nothing() -> None:
    """Called by the heartbeat."""
