"""Every command of every menu is called, in every state of the window; none of them fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget
from shiboken6 import isValid

from gui.run.activity import Activity
from tests.gui.conftest import settle, until

_ENDS = ("Quit", "Close Network")
"""Commands after which there is little left to call; they have tests of their own."""


def commands(window) -> Iterator[tuple[str, QAction]]:
    """All actions with their places in the menus; submenus are asked to fill themselves first."""
    for top in window.menuBar().actions():
        yield from _below(top.menu(), top.text())


def _below(menu: QMenu, place: str) -> Iterator[tuple[str, QAction]]:
    menu.aboutToShow.emit()
    for action in menu.actions():
        name = f"{place} → {action.text()}".replace("&", "")
        if action.menu() is not None:
            yield from _below(action.menu(), name)
        elif not action.isSeparator():
            yield name, action
    menu.aboutToHide.emit()


def dialogs() -> list[QWidget]:
    """Windows that a command has opened."""
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible() and isinstance(widget, QDialog)
    ]


def close_dialogs() -> None:
    for dialog in dialogs():
        dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def walk(qtbot, window) -> list[str]:
    """Calls every command that is enabled, and what it has opened is closed again.

    qtbot fails the test where an exception comes out of a slot.
    """
    called = []
    for name, action in list(commands(window)):
        # The list of recent files is made anew when something was opened.
        if not isValid(action) or not action.isEnabled() or name.endswith(_ENDS):
            continue
        action.trigger()
        QApplication.processEvents()
        close_dialogs()
        called.append(name)
        if "Train a Network" in name:
            window.pages.show_network()
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isWindow() and widget.isVisible():
            widget.close()
    return called


@pytest.fixture
def opened(qtbot, window, checkpoint):
    window.files.open([checkpoint()])
    until(qtbot, lambda: window.workspace.network is not None)
    settle(qtbot, window)
    return window


def test_every_command_of_the_empty_window(qtbot, window):
    assert not dict(commands(window))["Run → Start"].isEnabled()
    called = walk(qtbot, window)
    assert "File → Open…" in called
    # Start is there while the samples are being opened, and begins on the last of them.
    assert "Run → Start" in called
    until(qtbot, lambda: window.controller.is_active)
    window.pages.stop()
    settle(qtbot, window)


def test_every_command_with_a_network_and_a_run(qtbot, opened):
    opened.settings_panel.editor("steps").setValue(1_000_000)
    opened.settings_panel.editor("candidates").setValue(20)
    opened.pages.start_or_pause()
    until(qtbot, lambda: opened.controller.activity is Activity.RUNNING)
    called = walk(qtbot, opened)
    assert "Run → Pause" in called
    assert "File → Export → Drift as GIF…" in called
    opened.pages.stop()
    settle(qtbot, opened)


def test_every_command_after_a_run(qtbot, opened):
    opened.settings_panel.editor("steps").setValue(20)
    opened.settings_panel.editor("candidates").setValue(20)
    opened.pages.start_or_pause()
    until(qtbot, lambda: opened.workspace.session is not None)
    settle(qtbot, opened)
    called = walk(qtbot, opened)
    assert "File → Export → Report as PDF…" in called
    assert len(called) > 30
    settle(qtbot, opened)
    opened.pages.stop()
    settle(qtbot, opened)


def test_every_command_has_a_name_of_its_own_and_no_two_share_keys(opened):
    named = list(commands(opened))
    assert len({name for name, _ in named}) == len(named)
    keys = [k.toString() for _, action in named for k in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_no_two_entries_of_a_menu_share_a_letter(opened):
    def menus(menu):
        yield menu
        for action in menu.actions():
            if action.menu() is not None:
                yield from menus(action.menu())

    for top in opened.menuBar().actions():
        for menu in menus(top.menu()):
            letters = [letter(a.text()) for a in menu.actions() if letter(a.text())]
            assert len(letters) == len(set(letters)), (menu.title(), letters)


def letter(text: str) -> str:
    """The letter that is underlined."""
    place = text.find("&")
    return text[place + 1].lower() if place >= 0 else ""


def test_the_clipboard_is_only_written_when_asked(qtbot, opened):
    QGuiApplication.clipboard().setText("mine")
    settle(qtbot, opened)
    assert QGuiApplication.clipboard().text() == "mine"
