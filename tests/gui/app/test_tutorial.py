"""The guide's first steps, from the empty window to the report, with the keys and the mouse."""

from __future__ import annotations

import re

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QLineEdit

from engine.base.resources import guide_file
from gui.run.activity import Activity
from tests.gui.conftest import bring_to_front, has_gallery, settle, until

_STEPS, _CANDIDATES = 80, 200
"""Of a run that is shorter than the guide's."""


def guide_steps():
    """The numbered steps of the guide, in its words."""
    first = guide_file().read_text(encoding="utf-8").split("## First steps")[1].split("\n## ")[0]
    return re.findall(r"^\d+\. \*\*(.+?)\*\*", first, re.MULTILINE)


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def click_seat(qtbot, stage, seat):
    middle = stage.places.image_at(stage.places.origins[seat]).center().toPoint()
    where = middle - QPoint(0, stage.verticalScrollBar().value())
    qtbot.mouseClick(stage.viewport(), Qt.MouseButton.LeftButton, pos=where)


def save_as(qtbot, window, path):
    """Types a name into the dialog that asks where to write."""
    (dialog,) = (each for each in window.findChildren(QFileDialog) if each.isVisible())
    dialog.findChild(QLineEdit).setText(str(path))
    click(qtbot, dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save))


def test_from_the_empty_window_to_the_report(qtbot, window, tmp_path):
    opening, health, start, end, headline, tile, away = guide_steps()

    assert opening == "Open a network."
    assert window.empty.isVisible()
    click(qtbot, window.empty.sample_button)
    until(qtbot, lambda: window.workspace.train and window.workspace.control)
    settle(qtbot, window)

    assert health == "Look at Health"
    assert window.lower_tabs.tabText(window.lower_tabs.currentIndex()).replace("&", "") == "Health"
    assert "good chance" in window.health.outlook

    assert start == "Press Start"
    window.settings_panel.editor("steps").setValue(_STEPS)
    window.settings_panel.editor("candidates").setValue(_CANDIDATES)
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    until(qtbot, lambda: window.stage.picture is not None)
    assert window.views.strip.isVisible()
    assert not window.lower_tabs.isVisible()

    assert end == "Wait for the end."
    until(qtbot, lambda: window.workspace.session is not None)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)

    assert headline == "Read the headline"
    found = re.match(r"(\d+) of 100 recovered;", window.header.headline.words)
    assert int(found[1]) > 0
    assert window.pairs.headline == f"{found[1]} recovered of 100"
    assert len(window.stage.seats.above) == int(found[1])

    assert tile == "Click an image."
    click_seat(qtbot, window.stage, 0)
    inspector, order = window.examiner.inspector, window.stage.seats.candidates
    until(qtbot, lambda: inspector.portrait and inspector.portrait.candidate == order[0])
    assert inspector.isVisible()
    settle(qtbot, window)
    qtbot.keyClick(window.stage, Qt.Key.Key_Right)
    until(qtbot, lambda: inspector.portrait.candidate == order[1])
    settle(qtbot, window)

    assert away == "Take it away."
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    save_as(qtbot, window, tmp_path / "report.html")
    until(qtbot, (tmp_path / "report.html").exists)
    settle(qtbot, window)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"{found[1]} of 100 training images recovered" in page
