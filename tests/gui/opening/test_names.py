"""Long names lose their middle wherever they are shown, and are told in full on request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from engine.base.plain_text import plain
from gui.state.recent import folder_of
from gui.toolkit.elided import ElidedLabel, ElidingStatusBar, elided
from tests.gui.app.test_main_window import open_and_wait
from tests.gui.conftest import settle

LONG = "a_network_that_a_script_has_given_its_name_" * 4 + "epoch-100.pth"


def ends(text, name=LONG):
    """Whether a text shows how a name begins and how it ends, and that something is between."""
    begin, _, end = text.partition("…")
    return bool(end) and name.startswith(begin) and name.endswith(end)


def in_full(tooltip):
    """A tooltip without the places where its long words may be broken."""
    return tooltip.replace("\N{ZERO WIDTH SPACE}", "")


def test_the_middle_is_left_out_only_where_there_is_no_room(window):
    font = window.font()
    assert elided("short.pth", font, 400) == "short.pth"
    shown = elided(LONG, font, 200)
    assert ends(shown)
    assert window.fontMetrics().horizontalAdvance(shown) <= 200


def test_a_label_shows_as_much_as_there_is_room_for(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(150, 20)
    label.say(LONG)
    label.show()
    assert ends(label.text())
    assert label.words == plain(LONG)
    assert LONG in in_full(label.toolTip())
    assert label.minimumSizeHint().width() == 0
    narrow = label.text()
    label.resize(400, 20)
    assert len(label.text()) > len(narrow)
    label.say("")
    assert (label.text(), label.toolTip()) == ("", "")


def test_a_status_bar_tells_a_long_message_in_full_while_it_says_it(qtbot):
    bar = ElidingStatusBar()
    qtbot.addWidget(bar)
    bar.resize(600, 24)
    bar.showMessage(f"Opening {LONG} …")
    assert bar.currentMessage().startswith("Opening a_network")
    assert bar.currentMessage().endswith("100.pth …")
    assert len(bar.currentMessage()) < len(LONG)
    assert LONG in in_full(bar.toolTip())
    bar.showMessage("Opening it …")
    assert bar.toolTip() == ""
    bar.showMessage(LONG)
    bar.clearMessage()
    assert bar.toolTip() == ""


def test_a_long_name_is_shown_by_its_ends_in_the_panel_the_title_and_the_queue(
    qtbot, window, checkpoint
):
    path = checkpoint(LONG)
    open_and_wait(qtbot, window, path)
    assert ends(window.model_panel._file.text())
    assert "SHA-256" in window.model_panel._file.toolTip()
    title, _, application = window.windowTitle().rpartition(" — ")
    assert ends(title)
    assert application == "Afterimage"
    window.queue_panel.add([path])
    assert str(path) in in_full(window.queue_panel.table.topLevelItem(0).toolTip(0))


@pytest.mark.parametrize("name", ["digits.pth", LONG])
def test_recent_files_show_their_folder(qtbot, window, checkpoint, name):
    path = checkpoint(name)
    open_and_wait(qtbot, window, path)
    (button,) = window.recent_list.buttons
    assert isinstance(button, QPushButton)
    file, _, folder = button.text().partition(" — ")
    assert file == name or ends(file)
    assert folder == str(path.parent) or ends(folder, str(path.parent))
    assert str(path) in in_full(button.toolTip())
    assert button.sizeHint().width() <= window.recent_list.width()
    menu = window.actions_._builder.menu("Open Recent")
    assert " — " in menu.actions()[0].text()
    settle(qtbot, window)


def test_the_own_folder_is_called_by_its_short_name(monkeypatch):
    monkeypatch.setenv("HOME", f"{os.sep}home{os.sep}ada")
    monkeypatch.setenv("USERPROFILE", f"{os.sep}home{os.sep}ada")
    assert folder_of(Path("/home/ada/models/a.pth")) == f"~{os.sep}models"
    assert folder_of(Path("/home/ada/a.pth")) == "~"
    assert folder_of(Path("/home/adam/a.pth")) == str(Path("/home/adam"))
