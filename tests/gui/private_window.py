"""The main window in a process of its own, with settings and kept runs that nobody else sees."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from engine.base.resources import resource_folder
from gui.app import application, parts
from gui.app.main_window import MainWindow
from gui.toolkit import theme


@contextmanager
def private_window(size: tuple[int, int]) -> Iterator[tuple[QApplication, MainWindow]]:
    """The application and its window, shown at a size; closed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        application.configure(QApplication)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
        parts.user_state_path = lambda *_: Path(folder)
        qt = QApplication([])
        qt.setStyle("Fusion")
        qt.setWindowIcon(QIcon(str(resource_folder() / "icons" / "afterimage.svg")))
        theme.apply_palette(qt)
        window = MainWindow(["auto", "cpu"])
        window.resize(*size)
        window.show()
        yield qt, window
        window.close()
        while window.isVisible():  # What is being written is written to its end.
            qt.processEvents()
