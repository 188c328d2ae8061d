"""What waits in the queue outlives the window, and starts only when somebody says so."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from engine.session.session_file import load_session
from engine.session.waiting_list import read_waiting_list
from gui.app.main_window import MainWindow
from tests.gui.app.test_main_window import open_and_wait, save_images, start
from tests.gui.conftest import settle, until
from tests.gui.queue.test_queue import (
    begin,
    names,
    press,
    queue_up,
    rows,
    states,
    wait_for_end,
    wait_for_run,
)
from tests.gui.wording import accessible_name


@pytest.fixture
def again(qtbot, qapp, window):
    """Closes the window, and opens another, as the next start does; closes that, too."""
    opened = []

    def make(closes=True):
        if closes:
            shut(qtbot, window)
        opened.append(MainWindow(["auto", "cpu"]))
        opened[-1].show()
        qtbot.waitExposed(opened[-1])
        return opened[-1]

    yield make
    for each in opened:
        shut(qtbot, each)
        each.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def shut(qtbot, window):
    settle(qtbot, window)
    window.close()
    until(qtbot, lambda: not window.isVisible())


def die_with_a_run(lock):
    """A process that is no more leaves its lock."""
    dies = "import os, sys; from PySide6.QtCore import QLockFile as Lock; "
    dies += "lock = Lock(sys.argv[1]); lock.tryLock(0); os._exit(0)"
    subprocess.run([sys.executable, "-c", dies, str(lock)], check=True)
    assert lock.exists()


def take(qtbot, window):
    qtbot.mouseClick(window.strip.offer_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)


def test_what_waits_is_offered_at_the_next_start_and_does_not_start(
    qtbot, window, again, checkpoint, tmp_path
):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], steps=9)
    window.settings_panel.editor("seed").setValue(4)
    window = again()
    assert window.strip.text.startswith("2 networks waited in the queue")
    assert names(window) == []
    take(qtbot, window)
    assert names(window) == ["a.pth", "b.pth"]
    assert states(window) == ["waiting", "waiting"]
    assert not window.queue.is_on
    assert not window.controller.is_active
    assert window.queue_panel.isVisible()
    assert window.queue.folder == tmp_path / "out"
    settings = window.settings_panel.settings()
    assert (settings.steps, settings.candidates, settings.seed) == (9, 12, 4)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert states(window) == ["done", "done"]
    assert not window.copies.waiting_list.exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_images_that_networks_share_come_back_with_them(
    qtbot, window, again, checkpoint, tmp_path, is_there
):
    given = save_images(tmp_path / "given.npz", 3)
    open_and_wait(qtbot, window, checkpoint("open.pth"), given)
    queue_up(window, tmp_path / "out", [checkpoint("a.pth")])
    window = again()
    if not is_there:
        given.unlink()
    take(qtbot, window)
    missing = f"The 3 training images of given.npz ({given}) are not there any more."
    assert window.strip.text == ("" if is_there else missing)
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert rows(tmp_path / "out")[0]["training_images"] == (3 if is_there else None)
    session = next((tmp_path / "out").rglob("session.afterimage"))
    assert (load_session(session).sets.train is not None) == is_there


def test_what_has_ended_is_not_offered_again(qtbot, window, again, checkpoint, tmp_path):
    queue_up(window, tmp_path / "out", [checkpoint("a.pth"), checkpoint("b.pth")], 100_000)
    begin(qtbot, window)
    wait_for_run(qtbot, window, "a.pth")
    waiting = read_waiting_list(window.copies.waiting_list)
    assert [path.name for path in waiting.checkpoints] == ["a.pth", "b.pth"]  # It may be cut off.
    window.queue.stop_now(lambda: None)
    wait_for_end(qtbot, window)
    window = again()
    assert window.strip.text.startswith("1 network waited")
    take(qtbot, window)
    assert names(window) == ["b.pth"]


def test_without_a_list_nothing_is_kept_or_offered(qtbot, window, again, checkpoint):
    window.queue_panel.add([checkpoint("a.pth")])
    assert window.copies.waiting_list.exists()
    press(qtbot, window.queue_panel.clear_button)
    assert not window.copies.waiting_list.exists()
    assert again().strip.text == ""


def test_dismissed_it_can_still_be_put_back_beside_others(qtbot, window, again, checkpoint):
    window.queue_panel.add([checkpoint("a.pth")])
    window = again()
    qtbot.mouseClick(window.strip.close_button, Qt.MouseButton.LeftButton)
    window.queue_panel.add([checkpoint("c.pth")])
    assert names(window) == ["c.pth"]
    waiting = read_waiting_list(window.copies.waiting_list)
    assert [path.name for path in waiting.checkpoints] == ["a.pth", "c.pth"]
    button = window.queue_panel.back_button
    assert button.isVisible()
    assert accessible_name(button)
    assert button.toolTip()
    press(qtbot, button)
    settle(qtbot, window)
    assert names(window) == ["c.pth", "a.pth"]
    assert not button.isVisible()


def test_a_run_that_was_cut_off_is_offered_first(qtbot, window, again, checkpoint):
    queue_file = window.copies.waiting_list
    window.queue_panel.add([checkpoint("a.pth")])
    open_and_wait(qtbot, window, checkpoint("mine.pth"))
    start(qtbot, window, 8)
    settle(qtbot, window)
    shut(qtbot, window)
    assert queue_file.exists()
    die_with_a_run(queue_file.with_name("run-under-way.lock"))
    window = again(closes=False)
    assert "cut off" in window.strip.text
    qtbot.mouseClick(window.strip.close_button, Qt.MouseButton.LeftButton)
    assert "1 network waited" in window.strip.text


def test_a_damaged_list_is_no_obstacle(qtbot, window, again):
    path = window.copies.waiting_list
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"format": 1, "checkpoints": ["//server/a.pth"]}')
    window = again()
    assert window.strip.text == ""
    assert not path.exists()


def test_a_second_window_leaves_the_list_of_the_first_alone(qtbot, window, again, checkpoint):
    window.queue_panel.add([checkpoint("a.pth")])
    other = again(closes=False)
    assert other.strip.text == ""
    other.queue_panel.add([checkpoint("b.pth")])
    waiting = read_waiting_list(window.copies.waiting_list)
    assert [path.name for path in waiting.checkpoints] == ["a.pth"]


def test_files_that_are_gone_are_put_back_and_refused_when_their_turn_comes(
    qtbot, window, again, checkpoint, tmp_path
):
    gone = checkpoint("gone.pth")
    queue_up(window, tmp_path / "out", [gone])
    window = again()
    gone.unlink()
    take(qtbot, window)
    assert names(window) == ["gone.pth"]
    begin(qtbot, window)
    wait_for_end(qtbot, window)
    assert "does not exist" in states(window)[0]
