"""Every control has a name and an explanation, and no text is cut off, at 200 % either.

Each page of the window is looked at in turn. `python -m tests.gui.app.test_every_widget` does
the same in a process of its own, because a scale is chosen before Qt starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from gui.app.main_window import MainWindow
from gui.run.activity import Activity
from tests.gui.conftest import bring_to_front, settle, until
from tests.gui.inspector.test_looking_closely import some_images
from tests.gui.private_window import private_window
from tests.gui.wording import accessible_name, controls, cut_off, outside, shared_letters, where

ROOT = Path(__file__).parents[3]
SMALLEST = 1024, 700


def pages(window: MainWindow):
    """Shows one page of the window after the other, with its name."""
    yield "as it is"
    for tabs in (window.lower_tabs, window.beside):
        for index in range(tabs.count()):
            if tabs.isTabVisible(index):
                tabs.setCurrentIndex(index)
                yield tabs.tabText(index)
    window.settings_panel.fold.toggle()
    yield "advanced settings"
    window.log_panel.show()
    yield "the log"
    window.log_panel.hide()
    window.queue_panel.show()
    yield "the queue"
    window.queue_panel.hide()
    window.strip.show_error("A sentence that is long enough to need more than one line. " * 4)
    window.strip.offer("Do Something", window.strip.hide)
    yield "a message"
    window.strip.hide()
    window.pages.show_training()
    yield "the training"
    window.pages.show_network()


@pytest.fixture
def ended(qtbot, window, checkpoint):
    """The window after a run."""
    window.resize(*SMALLEST)
    window.files.open([checkpoint()])
    until(qtbot, lambda: window.workspace.network is not None)
    window.settings_panel.editor("steps").setValue(20)
    window.settings_panel.editor("candidates").setValue(20)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.workspace.session is not None)
    settle(qtbot, window)
    return window


def test_every_control_has_a_name_and_an_explanation(window):
    nameless = [where(each) for each in controls(window) if not accessible_name(each)]
    dumb = [where(each) for each in controls(window) if not each.toolTip()]
    # A button that waits for its text has no name yet; nobody sees it before.
    nameless = [each for each in nameless if "MessageStrip" not in each]
    assert (nameless, dumb) == ([], [])


def test_no_text_is_cut_off_on_any_page(qtbot, ended):
    for page in pages(ended):

        def nothing_is_cut_off(page=page):
            assert (page, cut_off(ended), outside(ended)) == (page, [], [])

        until(qtbot, nothing_is_cut_off)  # Qt lays out a little later.


def test_a_letter_with_alt_means_one_thing(qtbot, window, checkpoint):
    def nothing_is_shared(where):
        assert (where, shared_letters(window)) == (where, {})

    nothing_is_shared("empty")
    window.files.open([checkpoint()])
    settle(qtbot, window)
    window.workspace = replace(window.workspace, train=some_images(8, 0))
    nothing_is_shared("open")
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    nothing_is_shared("a run")
    window.pages.start_or_pause()
    nothing_is_shared("a pause")
    window.pages.stop()
    settle(qtbot, window)
    window.mosaic._choose(0)
    settle(qtbot, window)
    for page in pages(window):
        nothing_is_shared(page)


def test_a_letter_means_one_thing_in_dialogs_and_menus(qtbot, window):
    for show in (
        window.preferences.show,
        window.help_windows.show_about,
        window.help_windows.show_shortcuts,
    ):
        show()
        settle(qtbot, window)
        (dialog,) = window.findChildren(QDialog)
        assert (dialog.windowTitle(), shared_letters(dialog)) == (dialog.windowTitle(), {})
        dialog.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for menu in window.menuBar().findChildren(QMenu):
        letters = [action.text().partition("&")[2][:1].lower() for action in menu.actions()]
        letters = [letter for letter in letters if letter]
        assert (menu.title(), len(letters)) == (menu.title(), len(set(letters)))


def focusable(window: MainWindow):
    """Everything that Tab comes to."""
    step = window.nextInFocusChain()
    while step is not window:
        if step.isVisible() and step.isEnabled() and step.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield step
        step = step.nextInFocusChain()


def test_tab_comes_only_to_what_can_be_seen(qtbot, window):
    window.arrangement.store()
    window.arrangement.restore()  # It makes the bar of the docks' tabs anew.
    QApplication.processEvents()
    places = [(where(each), each.mapTo(window, each.rect().center())) for each in focusable(window)]
    assert [name for name, place in places if not window.rect().contains(place)] == []
    assert len(places) > 5


def test_of_two_docks_the_one_asked_for_is_in_front_and_takes_the_keys(qtbot, window):
    log, queue = window.log_panel, window.queue_panel

    def takes_the_keys(dock):
        return any(dock.isAncestorOf(each) for each in focusable(window))

    queue.toggleViewAction().trigger()
    log.toggleViewAction().trigger()
    until(qtbot, lambda: takes_the_keys(log) and not takes_the_keys(queue))
    assert not log.visibleRegion().isEmpty()
    queue.toggleViewAction().trigger()
    queue.toggleViewAction().trigger()
    until(qtbot, lambda: takes_the_keys(queue) and not takes_the_keys(log))
    queue.toggleViewAction().trigger()
    until(qtbot, lambda: takes_the_keys(log))


@pytest.mark.parametrize("view", ["stage", "mosaic", "right panel", "log"])
def test_the_keyboard_is_seen_in_a_view_that_it_came_to(qtbot, ended, view):
    ended.log_panel.show()
    ended.arrangement.come_back(*ended.arrangement.actions)
    ended.header.all_button.setChecked(view == "mosaic")
    right = ended.beside.currentWidget()
    widgets = {"stage": ended.stage, "mosaic": ended.mosaic, "right panel": right}
    widget = {**widgets, "log": ended.log_panel.lines}[view]
    bring_to_front(qtbot, ended)
    until(qtbot, lambda: widget.isVisible() and widget.width() > 0)
    ended.run_bar.main_button.setFocus()
    before = widget.grab().toImage()
    widget.setFocus(Qt.FocusReason.MouseFocusReason)
    assert widget.grab().toImage() == before
    ended.run_bar.main_button.setFocus()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert widget.grab().toImage() != before


@pytest.mark.offscreen
@pytest.mark.parametrize("scale", ["1.5", "2"])
def test_no_text_is_cut_off_where_a_screen_is_finer(scale):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
    command = [sys.executable, "-m", "tests.gui.app.test_every_widget"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "nothing is cut off\n"), done.stderr


def test_what_is_cut_off_is_noticed(qtbot):
    """The test of the test."""
    from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton

    window = QWidget()
    row = QHBoxLayout(window)
    for widget in (QLabel("A label"), QPushButton("A button"), QComboBox()):
        row.addWidget(widget)
    window.findChild(QComboBox).addItem("A long choice")
    qtbot.addWidget(window)
    window.show()
    assert cut_off(window) == outside(window) == []
    for widget in window.findChildren(QWidget):
        if widget.parentWidget() is window:
            widget.setFixedWidth(20)
    QApplication.processEvents()
    assert len(cut_off(window)) == 3
    window.findChild(QLabel).move(-30, 0)
    assert len(outside(window)) == 1


def main() -> int:
    """Looks at all pages with a sample open, in windows of their smallest size."""
    with private_window(SMALLEST) as (qt, window):
        found = _look(qt, window)
    print("\n".join(found) or "nothing is cut off")
    return len(found)


def _look(qt: QApplication, window: MainWindow) -> list[str]:
    qt.processEvents()
    found = cut_off(window) + outside(window)
    window.opener.open_first_sample()
    while window.workspace.train is None or window.background.is_busy:
        qt.processEvents()
    for page in pages(window):
        qt.processEvents()
        found += [f"{page}: {each}" for each in cut_off(window) + outside(window)]
    return found


if __name__ == "__main__":
    sys.exit(main())
