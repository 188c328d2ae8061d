"""Whatever goes wrong, the window stays open and usable, one dialog says so, and no run is lost."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading

import pytest
import torch
from PySide6.QtCore import QObject, QThread, QTimer, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from shiboken6 import isValid

from engine.reconstruction import optimizers
from engine.session.session_file import load_session
from gui.errors.crash import CrashReporter
from gui.errors.crash_log import CrashLog
from gui.run.activity import Activity
from tests import pretend_gpu
from tests.conftest import ROOT
from tests.gui.app.test_main_window import open_and_wait, run_to_end, start
from tests.gui.conftest import settle, until


@pytest.fixture
def reporter(window, monkeypatch):
    """Takes errors as in the application; the hooks of before are put back afterwards."""
    for owner, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    reporter = CrashReporter(window.safety)
    reporter.install()
    yield reporter
    reporter.dialog.close()


def fail(text="it broke"):
    raise ValueError(text)


def told(qtbot, reporter, *texts):
    """Waits until the dialog says all this."""
    whole = lambda: reporter.dialog.text + reporter.dialog.details.toPlainText()  # noqa: E731
    until(qtbot, lambda: reporter.dialog.isVisible() and all(t in whole() for t in texts))


# --- where errors come from ---------------------------------------------------------------------


def test_an_error_in_a_slot(qtbot, window, reporter):
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "ValueError: it broke", "What is safe", "nothing is lost", "in fail")
    assert window.isVisible()
    assert not reporter.dialog.isModal()


def test_an_error_in_a_method_that_qt_calls(qtbot, window, reporter):
    class Broken(QWidget):
        def paintEvent(self, _event):  # noqa: N802
            fail("cannot paint")

    broken = Broken(window)
    broken.resize(50, 50)
    QTimer.singleShot(0, broken.show)
    told(qtbot, reporter, "cannot paint")
    broken.hide()
    assert window.isVisible()


def test_an_error_in_the_slot_of_another_thread(qtbot, window, reporter):
    class Worker(QObject):
        @Slot()
        def work(self):
            fail("in a worker")

    worker, thread = Worker(), QThread()
    worker.moveToThread(thread)
    thread.started.connect(worker.work)
    thread.start()
    told(qtbot, reporter, "in a worker")
    thread.quit()
    assert thread.wait(10_000)


def test_an_error_in_a_thread_of_pythons(qtbot, window, reporter):
    thread = threading.Thread(target=fail, args=("in a thread",), name="counting")
    thread.start()
    thread.join()
    told(qtbot, reporter, "in a thread", "In thread counting")


def test_an_error_of_an_object_that_is_thrown_away(qtbot, window, reporter):
    class Fragile:
        def __del__(self):
            fail("while dying")

    Fragile()
    gc.collect()
    told(qtbot, reporter, "while dying", "Fragile")


def test_an_error_in_background_work(qtbot, window, reporter):
    window.background.start("Working …", lambda _report: fail("far away"), print, lambda: True)
    told(qtbot, reporter, "far away")
    settle(qtbot, window)
    assert "error in Afterimage itself" in window.strip.text


# --- what the dialog says -------------------------------------------------------------------------


def test_fifty_errors_are_one_dialog_that_counts(qtbot, window, reporter):
    for number in range(50):
        QTimer.singleShot(0, lambda number=number: fail(f"number {number}"))
    told(qtbot, reporter, "50 times")
    assert len([w for w in QApplication.topLevelWidgets() if w.isVisible()]) == 2
    assert reporter.dialog.details.toPlainText().count("Traceback") == 1


def test_different_errors_are_each_told_once(qtbot, window, reporter):
    QTimer.singleShot(0, fail)
    QTimer.singleShot(0, lambda: {}["missing"])
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "3 errors so far", "2 times: Traceback", "KeyError: 'missing'")
    assert reporter.dialog.details.toPlainText().count("Traceback") == 2


def test_who_closed_the_dialog_is_not_shown_the_same_error_again(qtbot, window, reporter):
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "it broke")
    reporter.dialog.close()
    QTimer.singleShot(0, fail)
    until(qtbot, lambda: "same error again" in window.strip.text)
    assert not reporter.dialog.isVisible()
    window.strip.offer_button.click()
    assert reporter.dialog.isVisible()
    reporter.dialog.close()
    QTimer.singleShot(0, lambda: {}["missing"])
    told(qtbot, reporter, "KeyError: 'missing'")


def test_details_are_copied_and_saved(qtbot, window, reporter, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "small.pth stays open")
    reporter.dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    for part in ("it broke", "Python 3.", "PyTorch", "small.pth, 16–12–10–1", "candidates="):
        assert part in copied
    reporter.dialog.save_button.click()
    chooser = reporter.dialog.findChild(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "details.txt"))
    chooser.close()
    assert (tmp_path / "details.txt").read_text("utf-8").strip() == copied.strip()
    (tmp_path / "a-file").write_text("")
    reporter.dialog.save(tmp_path / "a-file" / "details.txt")
    assert "Not saved" in reporter.dialog._said.text()


def test_the_details_fold_away_again(qtbot, window, reporter):
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "it broke")
    folded = reporter.dialog.height()
    reporter.dialog.fold.button.click()
    assert reporter.dialog.height() > folded + 200
    reporter.dialog.fold.button.click()
    assert reporter.dialog.height() == folded


def test_memory_and_disk_have_words_of_their_own(qtbot, window, reporter):
    def ask_too_much():
        torch.empty(1 << 60)

    QTimer.singleShot(0, ask_too_much)
    told(qtbot, reporter, "not enough memory", "take fewer candidates")
    QTimer.singleShot(0, lambda: open("/no/such/file"))  # noqa: PTH123, SIM115
    told(qtbot, reporter, "No such file or directory (/no/such/file)", "disk has room")


# --- runs -----------------------------------------------------------------------------------------


def break_once(monkeypatch, owner, name, at):
    """One call of a library's function fails; those before and after it do not."""
    real, calls = getattr(owner, name), [0]

    def call(*args, **kwargs):
        calls[0] += 1
        if calls[0] == at:
            raise ZeroDivisionError("deep inside")
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)


def test_an_error_in_a_run_ends_it_and_keeps_it(
    qtbot, window, reporter, checkpoint, monkeypatch, tmp_path
):
    open_and_wait(qtbot, window, checkpoint())
    break_once(monkeypatch, optimizers.Adam, "move", at=400)
    start(qtbot, window, 100_000)
    told(qtbot, reporter, "ZeroDivisionError: deep inside")
    until(qtbot, lambda: not window.controller.is_active)
    settle(qtbot, window)
    assert "ended the run after step" in window.strip.text
    session = window.workspace.session
    assert 0 < session.state.step < 400
    kept = tmp_path / "state" / "last-run.afterimage"
    until(qtbot, kept.exists)
    assert load_session(kept).state.step == session.state.step
    run_to_end(qtbot, window, 30)
    assert window.workspace.session.state.step == 30


def test_an_error_before_a_run_leaves_the_window_ready(
    qtbot, window, reporter, checkpoint, monkeypatch
):
    open_and_wait(qtbot, window, checkpoint())
    break_once(monkeypatch, torch.linalg, "svd", at=1)
    window.run_bar.main_button.click()
    told(qtbot, reporter, "deep inside", "small.pth stays open")
    until(qtbot, lambda: window.controller.activity is Activity.IDLE)
    assert "could not begin" in window.strip.text
    run_to_end(qtbot, window, 30)


def test_an_error_beside_a_run_leaves_the_run_alone(qtbot, window, reporter, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 0)
    QTimer.singleShot(0, fail)
    told(qtbot, reporter, "The run goes on")
    before = window.run_bar.progress.value()
    until(qtbot, lambda: window.run_bar.progress.value() > before)


def test_a_gpu_that_is_lost_in_a_run_is_told_and_the_run_goes_on(
    qtbot, window, checkpoint, monkeypatch
):
    gpu = pretend_gpu.install(monkeypatch)
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 3000)
    until(qtbot, lambda: window.run_bar.progress.value() > 0)
    gpu.is_lost = True
    until(qtbot, lambda: "went on on the CPU" in window.strip.text)
    until(qtbot, lambda: not window.controller.is_active)
    session = window.workspace.session
    assert session.state.step == 3000
    assert "stopped answering" in session.remarks
    assert "then cpu" in session.device
    settle(qtbot, window)


def commands(menu):
    """Every action of a menu and of the menus in it."""
    for action in menu.actions():
        if action.menu() is not None:
            yield from commands(action.menu())
        elif not action.isSeparator():
            yield action


def test_no_command_of_a_menu_closes_the_window_by_failing(
    qtbot, window, reporter, checkpoint, monkeypatch
):
    """Qt fails wherever a command asks it for a dialog."""
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    settle(qtbot, window)

    def refuse(*_args, **_kwargs):
        fail("Qt said no")

    for part in ("gui.toolkit.dialogs.QFileDialog", "gui.toolkit.dialogs.QMessageBox"):
        monkeypatch.setattr(part, refuse)
    monkeypatch.setattr("gui.exports.dialog.QDialogButtonBox", refuse)
    failed = []
    reporter._crashed.connect(failed.append)
    for bar_action in window.menuBar().actions():
        for action in list(commands(bar_action.menu())):
            if not isValid(action):  # The list of recent files was made anew, or cleared.
                continue
            if action.menuRole() is not QAction.MenuRole.QuitRole:
                action.trigger()
                settle(qtbot, window)
                assert window.isVisible(), action.text()
    until(qtbot, lambda: len(failed) >= 12)  # Opening, saving, exporting, and About.
    told(qtbot, reporter, "Qt said no")
    monkeypatch.undo()
    window.pages.show_network()
    window.opener.open_first_sample()
    settle(qtbot, window)
    assert window.workspace.network is not None


# --- crashes of the whole process ----------------------------------------------------------------


CRASH = """
import sys
from pathlib import Path
from gui.errors.crash_log import CrashLog
CrashLog(Path(sys.argv[1])).begin("Afterimage, about to die")
import {module}
{module}.{call}
"""


@pytest.mark.offscreen
@pytest.mark.parametrize(("module", "call"), [("os", "abort()"), ("faulthandler", "_sigsegv()")])
def test_a_crash_leaves_a_log_that_the_next_start_tells_of(tmp_path, module, call):
    command = [sys.executable, "-c", CRASH.format(module=module, call=call), str(tmp_path)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert process.returncode != 0
    log = CrashLog(tmp_path)
    log.begin("Afterimage, once more")
    try:
        text = log.earlier.read_text("utf-8")
        assert text.startswith("Afterimage, about to die\nFatal Python error")
        assert 'File "<string>"' in text
    finally:
        log.end()
    assert [path.name for path in tmp_path.iterdir()] == ["last-crash.log"]
    again = CrashLog(tmp_path)
    again.begin("Afterimage, a third time")
    again.end()
    assert again.earlier is None


DRIVEN = """
import faulthandler, sys
import torch
from PySide6.QtCore import QTimer
from gui.app import application, main_window, parts

class Driven(main_window.MainWindow):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kept = parts.user_state_path("Afterimage", "Afterimage") / "last-run.afterimage"
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.look)
        self.timer.start(50)

    def look(self):
        if sys.argv[1] == "look":
            print("STRIP", self.strip.text, "|", self.strip.offer_button.text(), flush=True)
            self.timer.stop()
            self.close()
        elif self.controller.is_active:
            if self.kept.exists():
                faulthandler._sigsegv()
        elif self.workspace.network is not None:
            self.settings_panel.editor("steps").setValue(10_000_000)
            self.pages.start_or_pause()

main_window.MainWindow = Driven
sys.exit(application.main(sys.argv[2:]))
"""


@pytest.mark.offscreen
@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_the_application_itself_tells_of_its_crash(tmp_path, checkpoint):
    """The real program crashes in the middle of a run; started again it offers that run."""
    script = tmp_path / "drive.py"
    script.write_text(DRIVEN)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }

    def run(*arguments):
        return subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    assert run("crash", str(checkpoint())).returncode == -signal.SIGSEGV
    second = run("look")
    assert second.returncode == 0, second.stderr
    assert "A run was cut off" in second.stdout
    assert "the crash log is" in second.stdout
    assert "| &Continue It" in second.stdout
