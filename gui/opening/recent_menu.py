"""File → Open Recent, and the same on the empty page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QPalette
from PySide6.QtWidgets import QMenu, QPushButton, QVBoxLayout, QWidget

from gui.state.recent import RecentFiles, with_folder
from gui.toolkit import theme

_ON_PAGE = 4
_WIDTH = 440


class RecentMenu(QObject):
    """Keeps a menu as the list is; files that are missing are shown, but cannot be chosen."""

    def __init__(self, menu: QMenu, recent: RecentFiles, open_file: Callable[[Path], None]) -> None:
        super().__init__(menu)
        self._menu, self._recent, self._open = menu, recent, open_file
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(recent.look)
        recent.changed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        menu, paths = self._menu, self._recent.paths
        menu.clear()
        for number, path in enumerate(paths, 1):
            words = menu.fontMetrics().elidedText(
                with_folder(path), Qt.TextElideMode.ElideMiddle, _WIDTH
            )
            words = words.replace("&", "&&")
            action = QAction(f"&{number % 10} {words}", menu)
            action.setToolTip(str(path))
            if self._recent.is_missing(path):
                action.setEnabled(False)
                action.setText(f"{action.text()} (missing)")
            action.triggered.connect(partial(self._open_one, path))
            menu.addAction(action)
        menu.addSeparator()
        clear = menu.addAction("&Clear the List")
        clear.triggered.connect(self._recent.clear)
        menu.setEnabled(bool(paths))

    def _open_one(self, path: Path, _checked: bool = False) -> None:
        self._open(path)


class RecentList(QWidget):
    """The first few as buttons; nothing where there are none."""

    open_wanted = Signal(object)
    """Emitted with the path of a file that is to be opened."""

    def __init__(self, recent: RecentFiles) -> None:
        super().__init__()
        self._recent = recent
        self.buttons: list[QPushButton] = []
        self._heading = theme.secondary("Opened lately")
        self._heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, theme.SPACING, 0, 0)
        self._rows.setSpacing(theme.SPACING // 4)
        self._rows.addWidget(self._heading)
        self.setFixedWidth(_WIDTH)
        recent.changed.connect(self._fill)
        self._fill()

    def restyle(self) -> None:
        """Takes on the current colour scheme."""
        for button in self.buttons:
            _show_as_link(button)

    @Slot()
    def _fill(self) -> None:
        for button in self.buttons:
            self._rows.removeWidget(button)
            button.hide()
            button.deleteLater()
        there = [path for path in self._recent.paths if not self._recent.is_missing(path)]
        self.buttons = [self._button(path) for path in there[:_ON_PAGE]]
        for button in self.buttons:
            self._rows.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setVisible(bool(self.buttons))

    def _button(self, path: Path) -> QPushButton:
        words = with_folder(path)
        button = QPushButton()
        button.setFlat(True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setToolTip(str(path))
        button.setAccessibleName(f"Open {words}")
        shortened = button.fontMetrics().elidedText(
            words, Qt.TextElideMode.ElideMiddle, _WIDTH - 4 * theme.MARGIN
        )
        button.setText(shortened.replace("&", "&&"))
        _show_as_link(button)
        button.clicked.connect(partial(self._open_one, path))
        return button

    def _open_one(self, path: Path, _checked: bool = False) -> None:
        self.open_wanted.emit(path)


def _show_as_link(button: QPushButton) -> None:
    palette = QGuiApplication.palette()
    palette.setColor(QPalette.ColorRole.ButtonText, palette.color(QPalette.ColorRole.Link))
    button.setPalette(palette)
