"""The real window, used over and over; and what that leaves behind.

Tests take some turns of it, `make bench BENCH=cycles` a thousand, `make bench BENCH=soak` an hour.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.session.session import Session
from gui.app import application
from gui.app.main_window import MainWindow
from gui.toolkit import theme
from gui.toolkit.task import Task
from tests.memory import megabytes, megabytes_in_use

_PATIENCE = 120_000
"""Milliseconds until something that does not come is given up."""

_HELD = (Network, Session, Reconstruction, Task)

FLAT = 1.05
"""The most that memory in the last quarter may be of that in the second."""


@dataclass(frozen=True)
class Footprint:
    """What the process holds at one moment.

    Attributes:
        threads: of any kind, those of libraries too.
        files: open file handles, sockets and pipes.
        objects: networks, sessions, runs and tasks that are alive.
        megabytes: resident memory, with what the C library keeps for later.
        in_use: megabytes of it that are in use.
    """

    threads: int
    files: int
    objects: int
    megabytes: float
    in_use: float


def footprint() -> Footprint:
    """Measures this process (Linux)."""
    gc.collect()
    return Footprint(
        threads=len(list(Path("/proc/self/task").iterdir())),
        files=len(os.listdir("/proc/self/fd")),  # noqa: PTH208  (one handle is our own look)
        objects=sum(issubclass(type(each), _HELD) for each in gc.get_objects()),
        megabytes=megabytes("VmRSS"),
        in_use=megabytes_in_use(),
    )


def open_window(folder: Path) -> MainWindow:
    """The window with settings and kept runs in `folder`, as the application makes it."""
    os.environ["XDG_STATE_HOME"] = str(folder)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    qt = QApplication.instance() or QApplication([])
    assert isinstance(qt, QApplication)
    application.configure(QApplication)
    qt.setStyle("Fusion")
    theme.apply_palette(qt)
    window = MainWindow(["auto", "cpu"])
    window.show()
    return window


def wait_until(condition: Callable[[], bool]) -> None:
    """Lets Qt work until something is so.

    Raises:
        TimeoutError: it did not come in two minutes.
    """
    loop, look, patience = QEventLoop(), QTimer(), QTimer()
    look.timeout.connect(lambda: loop.quit() if condition() else None)
    patience.timeout.connect(lambda: loop.exit(1))
    look.start(1)
    patience.start(_PATIENCE)
    if not condition() and loop.exec():
        raise TimeoutError


def settle(window: MainWindow) -> None:
    """Waits until nothing is under way."""
    wait_until(lambda: not window.controller.is_active and not window.background.is_busy)


def turn(window: MainWindow, paths: Sequence[Path]) -> None:
    """Opens something, starts a run, sees some frames, stops it, and waits for its gallery."""
    window.files.open(list(paths))
    settle(window)
    assert window.workspace.network is not None
    frames: list[int] = []
    handle = window.controller.frame_ready.connect(lambda frame: frames.append(frame.step))
    window.pages.start_or_pause()
    wait_until(lambda: len(frames) > 2 or not window.controller.is_active)
    window.pages.stop()
    settle(window)
    window.controller.frame_ready.disconnect(handle)
    assert frames


def is_flat(memory: Sequence[float]) -> tuple[bool, float]:
    """Whether memory is flat, and the last quarter's mean over the second's."""
    quarter = len(memory) // 4
    ratio = mean(memory[-quarter:]) / mean(memory[quarter : 2 * quarter])
    return ratio <= FLAT, ratio
