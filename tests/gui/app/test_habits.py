"""What people expect of any program: recent files, preferences, undo, log, help, about."""

from __future__ import annotations

import logging
import os
import pickle
import re
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QPushButton

from engine.base.resources import guide_file
from engine.base.version import VERSION
from gui.errors.crash import CrashReporter
from gui.help.about import AboutDialog, details
from gui.help.guide import GuideWindow, _anchor, _headings
from gui.help.shortcuts import ShortcutsDialog, shortcuts
from gui.preferences.dialog import PreferencesDialog
from gui.state import preferences
from gui.state.preferences import NEVER, Preferences
from gui.state.recent import MOST
from gui.toolkit import dialogs, stored
from gui.toolkit.log import LOGGER
from gui.toolkit.menus import plain
from gui.toolkit.scheme import store_scheme, stored_scheme
from gui.toolkit.widgets import verbatim
from tests.gui.app.test_main_window import open_and_wait, run_to_end, start
from tests.gui.conftest import bring_to_front, settle, until


def action(window, words):
    """The action of the menus with these words."""
    return next(each for each in all_actions(window) if plain(each.text()) == words)


def all_actions(window):
    def walk(menu):
        for each in menu.actions():
            if isinstance(each.menu(), QMenu):
                yield from walk(each.menu())
            elif not each.isSeparator():
                yield each

    for top in window.menuBar().actions():
        yield from walk(top.menu())


def menu(window, words):
    return next(m for m in window.findChildren(QMenu) if plain(m.title()) == words)


def opened(window, kind):
    """The dialog of a kind that is open."""
    return next(each for each in window.findChildren(QDialog) if isinstance(each, kind))


def write_settings(content: bytes) -> Path:
    """Puts a settings file where the next start reads it."""
    path = Path(QSettings().fileName())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# --- recent files -------------------------------------------------------------------------------


def test_what_was_opened_is_listed_the_last_first_also_after_a_restart(
    qtbot, window, checkpoint, another_window
):
    first, second = checkpoint("first.pth"), checkpoint("second.pth", 16, 9, 1)
    for path in (first, second, first):
        open_and_wait(qtbot, window, path)
    assert window.recent.paths == [first, second]
    assert another_window().recent.paths == [first, second]


def test_samples_and_kept_copies_have_entries_of_their_own(qtbot, window, checkpoint):
    window.opener.open_first_sample()
    settle(qtbot, window)
    assert window.recent.paths == []
    assert not menu(window, "Open Recent").isEnabled()
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 5)
    until(qtbot, window.copies.last_run.exists)
    window.opener.open_last_run()
    settle(qtbot, window)
    assert [path.name for path in window.recent.paths] == ["small.pth"]


def test_a_recent_file_opens_from_menu_and_empty_page(qtbot, window, checkpoint, another_window):
    open_and_wait(qtbot, window, checkpoint())
    later = another_window()
    button = later.recent_list.buttons[0]
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot, later)
    assert later.workspace.network.origin.name == "small.pth"
    open_and_wait(qtbot, later, checkpoint("other.pth", 16, 9, 1))
    menu(later, "Open Recent").actions()[1].trigger()
    settle(qtbot, later)
    assert later.workspace.network.origin.name == "small.pth"


def test_missing_files_cannot_be_chosen_and_the_list_can_be_cleared(qtbot, window, tmp_path):
    gone, there = tmp_path / "gone.pth", tmp_path / "a & b.pth"
    there.touch()
    window.recent.add(gone)
    window.recent.add(there)
    menu(window, "Open Recent").aboutToShow.emit()
    until(qtbot, lambda: window.recent.is_missing(gone))
    first, second = menu(window, "Open Recent").actions()[:2]
    assert first.isEnabled()
    assert "a && b.pth" in first.text()
    assert not second.isEnabled()
    assert "missing" in second.text()
    assert [button.toolTip() for button in window.recent_list.buttons] == [verbatim(str(there))]
    menu(window, "Open Recent").actions()[-1].trigger()
    assert window.recent.paths == []
    assert window.recent_list.buttons == []


def test_only_ten_are_kept_and_names_tell_their_folder(window, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for number in range(MOST + 3):
        window.recent.add(tmp_path / str(number) / "model.pth")
    assert len(window.recent.paths) == MOST
    first = menu(window, "Open Recent").actions()[0].text()
    assert first.startswith("&1 model.pth — ")
    assert first.endswith(f"{os.sep}{MOST + 2}")


# --- settings files of others -------------------------------------------------------------------


class _Bomb:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("way", ["plain", "escaped"])
def test_nothing_in_a_settings_file_is_ever_executed(way, tmp_path, another_window):
    target = tmp_path / "executed"
    QSettings().setValue("scheme", {"a": _Bomb(target)})
    QSettings().sync()
    path = Path(QSettings().fileName())
    content = path.read_bytes()
    assert b"@Variant" in content
    assert pickle.dumps(_Bomb(target))[-1:] == b"."
    if way == "escaped":
        path.write_bytes(content.replace(b"@Variant", b"\\x40Variant"))
    window = another_window()
    assert stored_scheme() == Qt.ColorScheme.Unknown
    assert window.isVisible()
    assert not target.exists()
    assert path.with_suffix(".refused").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\xff\xfe" * 1000,
        b"[General]\nscheme=Purple\ndevice=abacus\ncopy_seconds=-7\nopens_last_run=perhaps\n"
        b"geometry=AAAA\ndocks=%%%\nsplitter_left=////\nrecent=[[[[\nresults=\n",
        b'[General]\nscheme=a, b\ndevice=@Size(1 2)\ncopy_seconds=1e99\nrecent={\\"a\\": 1}\n'
        b"geometry=@ByteArray(abc)\n",
        b"[General]\nrecent=" + b"[" * 9000 + b"\n",
        b"[General]\nrecent=" + b"x" * (2 << 20) + b"\n",
    ],
    ids=["noise", "nonsense", "other types", "deep", "huge"],
)
def test_a_broken_settings_file_leaves_the_defaults(content, another_window):
    write_settings(content)
    window = another_window()
    assert preferences.load() == Preferences()
    assert window.recent.paths == []
    assert window.settings_panel.isVisible()
    assert (window.width(), window.height()) == (1280, 820)


# --- preferences --------------------------------------------------------------------------------


def test_the_scheme_is_the_same_in_menu_and_preferences(qtbot, window):
    action(window, "Dark").trigger()
    action(window, "Preferences").trigger()
    dialog = opened(window, PreferencesDialog)
    assert dialog.scheme.currentText() == "Dark"
    dialog.scheme.setCurrentText("Light")
    dialog.scheme.activated.emit(dialog.scheme.currentIndex())
    assert stored_scheme() == Qt.ColorScheme.Light
    assert action(window, "Light").isChecked()
    assert window.palette().window().color().lightness() > 150
    qtbot.mouseClick(dialog.restore, Qt.MouseButton.LeftButton)
    assert dialog.scheme.currentText() == "Like the system"
    assert action(window, "Like the system").isChecked()
    assert preferences.load() == Preferences()


def test_the_preferred_device_is_what_settings_start_with(window, another_window):
    action(window, "Preferences").trigger()
    dialog = opened(window, PreferencesDialog)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    dialog.device.activated.emit(dialog.device.currentIndex())
    later = another_window()
    for each in (window, later):
        assert each.settings_panel.settings().device == "cpu"
        assert each.training.form.network.device.currentData() == "cpu"
    assert not later.history.stack.canUndo()


def test_each_kind_of_dialog_begins_where_it_ended_and_results_where_preferred(window, tmp_path):
    received = []
    dialogs.choose_file(window, "Open", "", received.append, "models")
    dialog = opened(window, QDialog)
    (tmp_path / "models").mkdir()
    dialog.fileSelected.emit(str(tmp_path / "models" / "a.pth"))
    assert received == [tmp_path / "models" / "a.pth"]
    assert dialogs.first_folder("models") == str(tmp_path / "models")
    assert dialogs.first_folder("results") == ""
    dialog.close()
    action(window, "Preferences").trigger()
    chosen = opened(window, PreferencesDialog).results
    chosen.use(tmp_path / "models")
    stored.store_folder("last_folder_results", tmp_path)
    assert dialogs.first_folder("results") == str(tmp_path / "models")
    chosen.use(None)
    assert dialogs.first_folder("results") == str(tmp_path)


def test_data_sets_are_looked_for_in_the_preferred_folder(window, tmp_path):
    action(window, "Preferences").trigger()
    opened(window, PreferencesDialog).data_sets.use(tmp_path)
    assert window.training.form.root == tmp_path
    opened(window, PreferencesDialog).data_sets.use(None)
    assert window.training.form.root != tmp_path


def test_without_copies_nothing_is_kept_and_the_run_before_stays(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 5)
    until(qtbot, window.copies.last_run.exists)
    kept = window.copies.last_run.read_bytes()
    preferences.save(Preferences(copy_seconds=NEVER))
    window.settings_panel.editor("seed").setValue(3)
    run_to_end(qtbot, window, 6)
    settle(qtbot, window)
    assert window.workspace.session.settings.seed == 3
    assert window.copies.last_run.read_bytes() == kept
    assert not window.copies.run_before.exists()


def test_what_cannot_be_continued_leaves_others_alone(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 100_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    window.pages.stop()
    settle(qtbot, window)
    window.copies.last_run.replace(tmp_path / "half.afterimage")
    window.copies.last_run.write_bytes(b"cut short")
    window.adoption.continue_cut_off()
    settle(qtbot, window)
    window.files.open([tmp_path / "half.afterimage"])
    until(qtbot, lambda: window.workspace.session is not None and not window.background.is_busy)
    assert window.run_bar.main_button.text() == "Res&ume"
    assert not window.controller.is_active


def test_a_folder_for_data_sets_is_not_where_results_were_saved_last(window, tmp_path):
    window.preferences.show()
    dialog = window.findChild(PreferencesDialog)
    dialog.data_sets.choose.click()
    (chooser,) = (each for each in dialog.findChildren(QFileDialog) if each.isVisible())
    chooser.fileSelected.emit(str(tmp_path / "data"))
    chooser.reject()
    dialog.close()
    assert preferences.data_folder() == tmp_path / "data"
    assert stored.folder("last_folder_results") is None


def test_a_field_that_takes_no_text_does_not_look_as_if_it_did(window):
    field = window.model_panel.shape
    ground = field.palette().color(QPalette.ColorRole.Window)
    for is_enabled in (False, True):
        field.setEnabled(is_enabled)
        assert (field.palette().color(QPalette.ColorRole.Base) != ground) is is_enabled


def test_the_last_run_opens_at_the_start_if_that_is_preferred(
    qtbot, window, checkpoint, another_window
):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 5)
    until(qtbot, window.copies.last_run.exists)
    later = another_window()
    later.files.open_at_start()
    assert not later.background.is_busy
    preferences.save(Preferences(opens_last_run=True))
    later.files.open_at_start()
    settle(qtbot, later)
    assert later.workspace.session.state.step == 5


# --- undo ---------------------------------------------------------------------------------------


def type_keys(qtbot, widget, text):
    widget.selectAll()
    qtbot.keyClicks(widget, text)


def press(qtbot, widget, key, shift=False):
    modifiers = Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(widget, key, modifiers)


def test_typed_numbers_are_taken_back_as_one_edit_with_the_keyboard(qtbot, window):
    panel = window.settings_panel
    panel.fold.click()
    steps = panel.editor("steps")
    bring_to_front(qtbot, window)
    steps.setFocus()
    until(qtbot, steps.hasFocus)
    type_keys(qtbot, steps, "1234")
    assert panel.settings().steps == 1234
    assert plain(window.actions_.undo.text()) == "Undo Steps"
    press(qtbot, steps, Qt.Key.Key_Z)
    assert panel.settings().steps == 500
    assert not window.actions_.undo.isEnabled()
    press(qtbot, steps, Qt.Key.Key_Z, shift=True)
    assert panel.settings().steps == 1234


def test_presets_and_edits_are_undone_one_by_one(qtbot, window):
    panel = window.settings_panel
    before = panel.settings()
    panel.editor("seed").setValue(7)
    panel.preset.setCurrentIndex(panel.preset.findData("paper"))
    panel.preset.activated.emit(panel.preset.currentIndex())
    panel.restarts.setValue(3)
    panel.restarts.setValue(4)
    panel.editor("steps").setValue(99)
    qtbot.mouseClick(panel.restore, Qt.MouseButton.LeftButton)
    after = panel.settings()
    assert after.steps == 50_000
    assert window.history.stack.count() == 5
    seen = []
    while window.actions_.undo.isEnabled():
        window.actions_.undo.trigger()
        now = panel.settings()
        seen.append((now.preset, now.steps, now.restarts, now.seed))
    assert seen == [
        ("paper", 99, 4, 7),
        ("paper", 50_000, 4, 7),
        ("paper", 50_000, 1, 7),
        ("fast", 500, 1, 7),
        ("fast", 500, 1, 0),
    ]
    assert panel.settings() == before
    while window.actions_.redo.isEnabled():
        window.actions_.redo.trigger()
    assert panel.settings() == after


def test_an_edit_that_leads_back_is_no_edit(window):
    steps = window.settings_panel.editor("steps")
    steps.setValue(700)
    steps.setValue(500)
    assert not window.actions_.undo.isEnabled()


def test_text_fields_keep_their_own_undo(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.editor("steps").setValue(77)
    shape = window.model_panel.shape
    bring_to_front(qtbot, window)
    shape.setFocus()
    until(qtbot, shape.hasFocus)
    before = shape.text()
    qtbot.keyClicks(shape, "9")
    press(qtbot, shape, Qt.Key.Key_Z)
    assert shape.text() == before
    assert window.settings_panel.settings().steps == 77


def test_settings_that_do_not_go_together_are_said_at_the_start_of_a_run(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.editor("candidates").setValue(10_000)
    window.settings_panel.restarts.setValue(30)
    window.pages.start_or_pause()
    assert "take fewer" in window.strip.text
    assert not window.controller.is_active


def test_the_chosen_image_is_copied_from_the_menu(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 10)
    settle(qtbot, window)
    assert not window.actions_.copy.isEnabled()
    window.examiner.inspect(0)
    settle(qtbot, window)
    QGuiApplication.clipboard().clear()
    window.actions_.copy.trigger()
    assert QGuiApplication.clipboard().image() == window.examiner.inspector.picture._enlarged()


# --- the log ------------------------------------------------------------------------------------


def test_the_log_tells_what_was_opened_run_said_and_saved(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 7)
    window.exporter.write_to("losses", tmp_path / "losses.csv")
    settle(qtbot, window)
    (tmp_path / "notes.txt").write_text("remember")
    open_and_wait(qtbot, window, tmp_path / "notes.txt")
    until(qtbot, lambda: "plain text, not a network" in window.log_panel.text)
    lines = window.log_panel.text.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  (Note|Error) ", line) for line in lines), lines
    told = " | ".join(lines)
    for words in ("small.pth (16–12–10–1", "A run began", "steps 7", "step 7 of 7", "Saved"):
        assert words in told
    assert str(tmp_path / "losses.csv") in told
    action(window, "Log").trigger()
    qtbot.mouseClick(window.log_panel.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == window.log_panel.text
    qtbot.mouseClick(window.log_panel.clear_button, Qt.MouseButton.LeftButton)
    assert window.log_panel.text == window.log_panel.lines.toPlainText() == ""


def test_any_thread_may_log_and_markup_stays_text(qtbot, window):
    line = "<b>bold</b>\x1b[31m %s"
    worker = threading.Thread(target=LOGGER.warning, args=(line,))
    worker.start()
    worker.join()
    assert window.log_panel.text == ""
    until(qtbot, lambda: window.log_panel.text != "")
    assert window.log_panel.lines.toPlainText() == ""  # Nobody looks.
    window.log_panel.show()
    assert "Warning  <b>bold</b>�[31m %s" in window.log_panel.lines.toPlainText()


def test_unexpected_errors_are_in_the_log_with_their_trace(qtbot, window, monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    reporter = CrashReporter(window.safety)
    reporter.install()
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    until(qtbot, lambda: "ZeroDivisionError: by nothing" in window.log_panel.text)
    assert "Traceback (most recent call last)" in window.log_panel.text
    assert "Error" in window.log_panel.text.splitlines()[0]
    for dialog in window.findChildren(QDialog):
        dialog.close()


def test_the_log_keeps_a_thousand_entries_in_the_colours_of_both_schemes(qtbot, window):
    for number in range(1200):
        LOGGER.info("entry %d", number)
    LOGGER.error("the last")
    until(qtbot, lambda: "the last" in window.log_panel.text)
    assert len(window.log_panel.text.splitlines()) == 1000
    assert "entry 200\n" not in window.log_panel.text
    looks = []
    window.log_panel.show()
    for scheme in (Qt.ColorScheme.Light, Qt.ColorScheme.Dark):
        window.choose_scheme(scheme)
        block = window.log_panel.lines.document().lastBlock()
        assert block.text().endswith("the last")
        looks.append(block.begin().fragment().charFormat().foreground().color().name())
    assert looks[0] != looks[1]
    store_scheme(Qt.ColorScheme.Unknown)


def test_a_closed_window_hears_nothing_more(qtbot, another_window):
    before = len(LOGGER.handlers)
    window = another_window()
    assert len(LOGGER.handlers) == before + 1
    window.close()
    assert len(LOGGER.handlers) == before
    assert LOGGER.level == logging.INFO


# --- panels -------------------------------------------------------------------------------------


def test_panels_hide_and_resize_and_are_remembered(qtbot, window, checkpoint, another_window):
    open_and_wait(qtbot, window, checkpoint())
    window.resize(window.minimumSizeHint().width(), 760)  # The offscreen screen is 800 × 800.
    assert not window.log_panel.isVisible()
    for panel in ("Log", "Right Panel"):
        action(window, panel).trigger()
    assert window.log_panel.isVisible()
    assert not window.beside.isVisible()
    centre = window.lower_tabs.parentWidget()
    until(qtbot, lambda: sum(centre.sizes()) < 600)
    upper, lower = centre.sizes()
    centre.setSizes([upper - 40, lower + 40])
    sizes = centre.sizes()
    assert sizes != [upper, lower]
    window.close()
    until(qtbot, lambda: not window.isVisible())
    later = another_window()
    open_and_wait(qtbot, later, checkpoint())
    assert later.log_panel.isVisible()
    assert not later.beside.isVisible()
    assert not action(later, "Right Panel").isChecked()
    until(qtbot, lambda: later.lower_tabs.parentWidget().sizes() == sizes)
    action(later, "Right Panel").trigger()
    assert later.beside.isVisible()


# --- help ---------------------------------------------------------------------------------------


def test_about_tells_versions_privacy_and_source_and_copies(qtbot, window):
    action(window, "About Afterimage").trigger()
    settle(qtbot, window)
    dialog = opened(window, AboutDialog)
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert f"Afterimage: {VERSION}" in copied
    assert all(name in copied for name in ("Python", "PyTorch", "PySide6", "Qt", "System", "cpu"))
    labels = " ".join(label.text() for label in dialog.findChildren(type(window.caption)))
    for words in ("no network use", "no telemetry", "NeurIPS 2022", "MIT licence"):
        assert words in labels
    assert set(details(["cpu"])) == {line.partition(":")[0] for line in copied.splitlines()}


def test_f1_opens_the_guide_once_and_its_headings_lead_there(qtbot, window):
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (guide,) = window.findChildren(GuideWindow)
    assert guide.isVisible()
    titles = [guide.contents.item(row).text().strip() for row in range(guide.contents.count())]
    assert {"First steps", "Reading the results", "Ethics", "The command line"} <= set(titles)
    for row in (len(titles) - 3, 2):
        guide.contents.setCurrentRow(row)
        block = guide.text.textCursor().block()
        assert block.text() == titles[row]
        assert 0 <= guide.text.cursorRect().top() < guide.text.viewport().height()
    guide.search.setText("differential privacy")
    assert guide.text.textCursor().selectedText() == "differential privacy"
    guide.close()


def test_every_link_and_picture_of_the_guide_leads_somewhere(qtbot, window):
    words = guide_file().read_text(encoding="utf-8")
    guide = GuideWindow(window)
    anchors = {_anchor(block.text()) for block in _headings(guide.text.document())}
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", words)
    assert len(links) >= 3
    for link in links:
        assert link.removeprefix("#") in anchors or link.startswith("https://"), link
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", words):
        assert picture.startswith("images/guide/"), picture


def test_the_guide_names_menus_and_keys_as_they_are(window):
    words = " ".join(guide_file().read_text(encoding="utf-8").split())
    titles = {plain(m.title()) for m in window.findChildren(QMenu)}
    named = {plain(each.text()) for each in all_actions(window)}
    paths = re.findall(r"(?:File|Edit|Run|View|Help)(?: → [A-Z]\w*)+", words)
    assert len(paths) > 5
    for path in paths:
        menu_title, *_, last = path.split(" → ")
        assert menu_title in titles
        assert any(name.startswith(last) for name in named | titles), path
    keys = {each.shortcut().toString() for each in all_actions(window)}
    for key in re.findall(r"\(((?:Ctrl\+|Shift\+)*(?:[A-Z]|F\d+))\)", words):
        assert key in keys, key


def test_pictures_that_are_missing_or_elsewhere_leave_the_guide_whole(qtbot, window, tmp_path):
    path = tmp_path / "docs" / "guide.md"
    path.parent.mkdir()
    (tmp_path / "secret.png").write_bytes(
        (Path(__file__).parents[3] / "docs/images/guide/ended.png").read_bytes()
    )
    path.write_text("# One\n\n![a](images/none.png)\n\n![b](../secret.png)\n\n# Two\n")
    guide = GuideWindow(window, path)
    guide.show()
    assert guide.contents.count() == 2
    assert guide.text.document().size().height() < 300
    lost = GuideWindow(window, tmp_path / "none.md")
    assert "docs/guide.md" in lost.text.toPlainText()


def test_the_sheet_of_keys_is_that_of_the_menus(qtbot, window):
    action(window, "Keyboard Shortcuts").trigger()
    sheet = opened(window, ShortcutsDialog)
    shown = {label.accessibleName() for label in sheet.findChildren(type(window.caption))}
    with_keys = [each for each in all_actions(window) if not each.shortcut().isEmpty()]
    assert len(with_keys) > 15
    for each in with_keys:
        keys = each.shortcut().toString(each.shortcut().SequenceFormat.NativeText)
        assert f"{plain(each.text())}: {keys}" in shown
    assert set(shortcuts(window.menuBar())) == {"File", "Edit", "Run", "View", "Help"}


def test_no_two_commands_have_the_same_keys_or_the_same_letter(window):
    keys = [key.toString() for each in all_actions(window) for key in each.shortcuts()]
    assert len(keys) == len(set(keys))
    for each in [window.menuBar(), *window.menuBar().findChildren(QMenu)]:
        texts = [a.text().replace("&&", "") for a in each.actions() if "&" in a.text()]
        letters = [text[text.index("&") + 1].lower() for text in texts]
        assert len(letters) == len(set(letters)), texts


def test_new_windows_can_be_used_with_the_keyboard_and_say_what_their_fields_are(qtbot, window):
    for words in ("Preferences", "About Afterimage", "Keyboard Shortcuts", "Guide"):
        action(window, words).trigger()
        settle(qtbot, window)
        dialog = [each for each in window.findChildren(QDialog) if each.isVisible()][-1]
        for button in dialog.findChildren(QPushButton):
            assert button.text() or button.accessibleName()
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible(), words
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.parametrize("say", ["show_note", "show_error"])
@pytest.mark.parametrize("dark", [True, False])
def test_a_sentence_stays_legible_when_the_colours_change(qtbot, window, say, dark):
    first, then = (Qt.ColorScheme.Light, Qt.ColorScheme.Dark)[:: 1 if dark else -1]
    strip = window.strip
    window.choose_scheme(first)
    getattr(strip, say)("Something is said.")
    window.choose_scheme(then)

    def is_legible():
        text = strip._text.palette().color(strip._text.foregroundRole()).lightness()
        ground = strip.palette().color(strip.backgroundRole()).lightness()
        return (ground < 128) == dark and abs(text - ground) > 80

    until(qtbot, is_legible)
