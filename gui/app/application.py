"""Starts the window; where there is no display, does the same job without one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.plain_text import plain
from engine.base.resources import SAMPLES, images_beside, resource_folder, sample_network
from engine.base.version import VERSION
from engine.runtime.lazy import load_torch

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from gui.app.main_window import MainWindow
    from gui.errors.crash_log import CrashLog

NAME = "Afterimage"

_HEADLESS_SECONDS = "40"


def main(paths: Sequence[str]) -> int:
    """Opens the window with these files in it, and runs until it is closed."""
    if not has_display():
        return run_headless(paths)
    if sys.platform == "win32":
        load_torch()  # Its libraries clash with Qt's where they come later.
    from PySide6.QtCore import QTimer

    application, window, crash_log = start([Path(path) for path in paths])
    # A timer lets Python look at signals now and then, so that Ctrl-C in the terminal works.
    heartbeat = QTimer()
    heartbeat.start(250)
    heartbeat.timeout.connect(_nothing)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    status = application.exec()
    crash_log.end()
    return status


def start(paths: Sequence[Path]) -> tuple[QApplication, MainWindow, CrashLog]:
    """Shows the window, which opens these files as soon as events are served.

    Neither torch nor anything else that takes seconds to load is needed for that; it is loaded
    from here on, on a thread of its own.

    Returns:
        The application, its window, and the log to end when all has ended well.
    """
    from platformdirs import user_state_path
    from PySide6.QtCore import QEvent, QTimer
    from PySide6.QtGui import QFileOpenEvent, QIcon
    from PySide6.QtWidgets import QApplication

    from gui.app.loading import Loading
    from gui.app.main_window import MainWindow
    from gui.errors.crash import CrashReporter
    from gui.errors.crash_log import CrashLog
    from gui.help.versions import in_one_line, versions
    from gui.toolkit import theme
    from gui.toolkit.faults import reported
    from gui.toolkit.log import log_to_terminal

    class Application(QApplication):
        """Hands on files that macOS opens by double click."""

        window: MainWindow | None = None

        def event(self, event: QEvent) -> bool:
            """A double click on a file arrives here on macOS."""
            if isinstance(event, QFileOpenEvent) and self.window is not None:
                self.window.files.open([Path(event.file())])
                return True
            return super().event(event)

    configure(QApplication)
    log_to_terminal()
    application = Application(sys.argv[:1])
    application.setStyle("Fusion")
    application.setWindowIcon(QIcon(str(resource_folder() / "icons" / "afterimage.svg")))
    theme.apply_palette(application)
    crash_log = CrashLog(user_state_path(NAME, NAME))
    crash_log.begin(in_one_line(versions()))
    window = MainWindow(["auto", "cpu"])
    application.window = window
    CrashReporter(window.safety).install()
    if crash_log.earlier is not None:
        window.strip.add(f"Afterimage crashed last time; the crash log is {crash_log.earlier}.")
    with reported():
        window.show()
    loading = Loading(window)
    loading.found.connect(window.offer_devices)
    loading.failed.connect(window.strip.show_error)
    application.aboutToQuit.connect(loading.wait)
    QTimer.singleShot(0, loading.start)  # After the window's first picture.
    QTimer.singleShot(
        0, window, partial(window.files.open, paths) if paths else window.files.open_at_start
    )
    return application, window, crash_log


def has_display() -> bool:
    """Whether a window can be opened; only Linux can be without a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def run_headless(paths: Sequence[str]) -> int:
    """The window's job without a window: GIF, images and report in a new folder of `output/`."""
    from engine.commands import command_line
    from engine.commands.status import UNUSABLE
    from engine.commands.terminal import tell
    from engine.exports.summary import make_subfolder

    model = Path(paths[0]) if paths else sample_network(next(iter(SAMPLES)))
    output = Path("output")
    try:
        output.mkdir(exist_ok=True)
        folder = make_subfolder(output, model)
    except OSError as error:
        tell(f"{output.absolute()} cannot be written to: {error.strerror}. Start from elsewhere.")
        return UNUSABLE
    print(
        "There is no display, so the same job runs without a window; results go to "
        f"{plain(str(folder))}."
    )
    arguments = ["reconstruct", str(model), "--out", str(folder), "--seconds", _HEADLESS_SECONDS]
    arguments.append("--text")  # Also where a log takes it down: a person has asked.
    for option, images in zip(("--images", "--control"), images_beside(model), strict=True):
        if images is not None:
            arguments += [option, str(images)]
    status = command_line.main(arguments)
    with suppress(OSError):  # It holds what the run has left, if it has left anything.
        folder.rmdir()
    return status


def configure(application: type[QApplication]) -> None:
    """Names under which settings are kept and how, and under which a desktop knows the window."""
    from PySide6.QtCore import QSettings

    application.setApplicationName(NAME)
    application.setOrganizationName(NAME)
    application.setApplicationVersion(VERSION)
    application.setDesktopFileName("afterimage")  # packaging/linux/afterimage.desktop
    # The same plain file on every system, so that it can be looked at before it is read.
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)


def _nothing() -> None:
    """Called by the heartbeat."""
