"""The window as a person uses it: open, drop, start, pause, resume, stop, export, close."""

from __future__ import annotations

import json
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QThread, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget

from engine.base.resources import SAMPLES, sample_network
from engine.session.session_file import load_session
from gui.run.activity import Activity
from gui.toolkit.scheme import store_scheme, stored_scheme
from tests.gui.conftest import PATIENCE, bring_to_front, has_gallery, settle, show_matches, until


def open_and_wait(qtbot, window, *paths):
    window.files.open(list(paths))
    settle(qtbot, window)


def save_images(path, count=5, seed=None, shape=(1, 4, 4)):
    """Other images in each file, unless a seed says which."""
    seed = zlib.crc32(path.name.encode()) if seed is None else seed
    images = np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)
    np.savez(path, images=images, labels=np.zeros(count, np.uint8))
    return path


def start(qtbot, window, steps, candidates=12):
    window.settings_panel.editor("steps").setValue(steps)
    window.settings_panel.editor("candidates").setValue(candidates)
    qtbot.mouseClick(window.run_bar.main_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.controller.activity is not Activity.STARTING)


def run_to_end(qtbot, window, steps=30):
    start(qtbot, window, steps)
    # The last frame, drawn and scored in full, follows the end of the run.
    until(qtbot, lambda: "taken" in window.run_bar.text)
    assert not window.controller.is_active


def drag_over(window, *paths):
    """Drags files over the window; returns what they are carried as."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    with warnings.catch_warnings():
        # Qt wants events like this one made by itself alone; a test has to make its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        enter = QDragEnterEvent(
            QPoint(50, 50),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.veil.isVisible()
    return mime


def drop(window, *paths):
    """Drags files over the window and lets them go."""
    mime = drag_over(window, *paths)
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    assert not window.veil.isVisible()


def answer(qtbot, window, text):
    """Presses a button of the question that is being asked."""
    until(qtbot, lambda: bool(window.findChildren(QMessageBox)))
    box = window.findChildren(QMessageBox)[-1]
    button = next(b for b in box.buttons() if text in b.text().replace("&", ""))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


# --- opening ------------------------------------------------------------------------------------


def test_an_empty_window_offers_to_open_and_the_sample(qtbot, window):
    assert window.empty.isVisible()
    assert not window.run_bar.main_button.isEnabled()
    assert not any(action.isEnabled() for action in window.actions_.exports)
    qtbot.mouseClick(window.empty.sample_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.workspace.network.origin.name == sample_network(next(iter(SAMPLES))).name
    assert len(window.workspace.train) == len(window.workspace.control) == 100
    assert window.pairs.isVisible()
    assert window.run_bar.main_button.isEnabled()


def test_a_dropped_network_opens(qtbot, window, checkpoint):
    drop(window, checkpoint())
    settle(qtbot, window)
    assert window.workspace.network.layer_sizes == (16, 12, 10, 1)
    assert "small.pth" in window.windowTitle()
    assert not window.pairs.isVisible()


def test_network_training_and_control_images_dropped_together(qtbot, window, checkpoint, tmp_path):
    drop(
        window,
        save_images(tmp_path / "control.npz", 4),
        checkpoint(),
        save_images(tmp_path / "train.npz", 5),
    )
    settle(qtbot, window)
    assert len(window.workspace.train) == 5
    assert len(window.workspace.control) == 4


def test_a_drag_that_leaves_lifts_the_veil(window, checkpoint):
    drag_over(window, checkpoint())
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not window.veil.isVisible()


def test_no_part_of_the_window_keeps_a_drop_for_itself(window):
    assert not [child for child in window.findChildren(QWidget) if child.acceptDrops()]


def test_a_bad_file_is_one_sentence_and_changes_nothing(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    before = window.workspace
    (tmp_path / "broken.pth").write_bytes(b"PK\x03\x04 nothing")
    drop(window, tmp_path / "broken.pth")
    settle(qtbot, window)
    assert "cut short" in window.strip.text
    assert window.workspace is before
    qtbot.mouseClick(window.strip.close_button, Qt.MouseButton.LeftButton)
    assert window.strip.text == ""


def test_images_without_a_network_and_files_of_no_use(qtbot, window, tmp_path):
    open_and_wait(qtbot, window, save_images(tmp_path / "train.npz"))
    assert "network first" in window.strip.text
    (tmp_path / "notes.txt").write_text("hello")
    open_and_wait(qtbot, window, tmp_path / "notes.txt")
    assert "notes.txt" in window.strip.text


def test_images_of_another_size_are_refused(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    open_and_wait(qtbot, window, save_images(tmp_path / "train.npz", shape=(1, 5, 5)))
    assert "1×5×5" in window.strip.text
    assert window.workspace.train is None


def test_the_input_shape_can_be_corrected(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint("wide.pth", 24, 8, 1))
    assert "guess" in window.strip.text
    assert window.workspace.network.input_shape == (1, 1, 24)
    edit = window.model_panel.shape
    edit.selectAll()
    qtbot.keyClicks(edit, "1x3x8")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    until(qtbot, lambda: window.workspace.network.input_shape == (1, 3, 8))
    settle(qtbot, window)
    edit.selectAll()
    qtbot.keyClicks(edit, "1x9x9")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    until(qtbot, lambda: "24" in window.strip.text)
    settle(qtbot, window)
    assert window.workspace.network.input_shape == (1, 3, 8)


# --- running ------------------------------------------------------------------------------------


def test_a_run_from_start_to_end(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    assert window.stage.picture is not None
    gallery = window.workspace.session.gallery()
    until(qtbot, lambda: has_gallery(window))
    assert window.mosaic.mosaic.order.tolist() == gallery.candidate.tolist()
    assert window.run_bar.progress.value() == 30
    assert "30 of 30" in window.run_bar.text
    assert window.workspace.session.state.step == 30
    assert window.run_bar.main_button.text() == "&Start"


def test_restarts_are_counted_and_end_in_one_gallery(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.restarts.setValue(2)
    seen = set()
    window.controller.frame_ready.connect(lambda frame: seen.add(frame.where))
    run_to_end(qtbot, window, 3000)
    assert "restart 1 of 2" in seen
    session = window.workspace.session
    assert (session.state.step, len(session.labels)) == (6000, 24)
    until(qtbot, lambda: window.caption.text().startswith("Gallery"))
    assert f"{len(session.gallery())} distinct" in window.caption.text()
    tile = window.mosaic.mosaic
    assert tile.order.tolist() == session.gallery().candidate.tolist()
    window.mosaic.hovered.emit(0)
    assert f"Candidate {tile.order[0]} · confidence" in window.statusBar().currentMessage()


def test_pause_resume_and_stop(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    until(qtbot, lambda: window.run_bar.text.startswith("1,000,000 steps in all"))
    assert "tep " not in window.run_bar.text  # The stage names the one that it shows.
    qtbot.mouseClick(window.run_bar.main_button, Qt.MouseButton.LeftButton)
    assert window.controller.activity is Activity.PAUSED
    assert window.run_bar.main_button.text() == "Res&ume"
    # Once the worker has come to rest its last frame is shown, and no other follows.
    qtbot.wait(200)
    held = window.run_bar.progress.value()
    with qtbot.assertNotEmitted(window.controller.frame_ready, wait=200):
        pass
    assert window.run_bar.progress.value() == held
    qtbot.mouseClick(window.run_bar.main_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.run_bar.progress.value() > held)
    with qtbot.waitSignal(window.controller.ended, timeout=PATIENCE):
        qtbot.mouseClick(window.run_bar.stop_button, Qt.MouseButton.LeftButton)
    assert window.controller.activity is Activity.IDLE
    assert window.workspace.session.state.step > held
    until(qtbot, lambda: window.run_bar.text.startswith("Stopped · "))


def test_a_paused_run_can_be_stopped(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    window.controller.pause()
    with qtbot.waitSignal(window.controller.ended, timeout=PATIENCE):
        window.pages.stop()
    assert window.workspace.session is not None


def test_a_stopped_run_is_gone_on_with(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 100_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    with qtbot.waitSignal(window.controller.ended, timeout=PATIENCE):
        window.pages.stop()
    stopped_at = window.workspace.session.state.step
    assert window.run_bar.main_button.text() == "Res&ume"
    qtbot.mouseClick(window.run_bar.main_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.run_bar.progress.value() > stopped_at)
    assert window.run_bar.progress.maximum() == 100_000


def test_a_run_that_is_opened_says_how_far_it_came(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.restarts.setValue(2)
    start(qtbot, window, 3000)
    until(qtbot, lambda: "restart 2 of 2" in window.run_bar.text)
    window.pages.stop()
    until(qtbot, lambda: "taken" in window.run_bar.text)
    settle(qtbot, window)
    said, done = window.run_bar.text, window.run_bar.progress.value()
    open_and_wait(qtbot, window, checkpoint("other.pth"))
    assert window.run_bar.text == ""
    window.opener.open_last_run()
    settle(qtbot, window)
    assert (window.run_bar.text, window.run_bar.progress.value()) == (said, done)


def test_scores_appear_beside_the_mosaic(qtbot, window, checkpoint, tmp_path):
    images = save_images(tmp_path / "small_images.npz")
    save_images(tmp_path / "small_control_images.npz", seed=1)
    open_and_wait(qtbot, window, checkpoint())
    assert len(window.workspace.train) == 5, images
    run_to_end(qtbot, window)
    until(qtbot, lambda: window.pairs.headline.endswith("recovered of 5"))
    assert window.references_panel.remove.text() == "Remove both"


def test_images_opened_after_a_run_are_scored(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    open_and_wait(qtbot, window, save_images(tmp_path / "train.npz"))
    until(qtbot, lambda: "good of 5" in window.pairs.headline)


def test_images_opened_while_paused_are_scored(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    window.controller.pause()
    show_matches(qtbot, window)
    window.files.open([save_images(tmp_path / "train.npz")])
    until(qtbot, lambda: window.pairs.pairs is not None)
    assert window.pairs.headline == "Too early to say"
    assert window.references_panel.remove.text() == "Remove"
    window.references_panel.remove.click()
    assert not window.pairs.isVisible()


def test_a_second_network_can_be_opened_during_a_run(qtbot, window, checkpoint):
    first, second = checkpoint("first.pth"), checkpoint("second.pth", 16, 9, 1)
    open_and_wait(qtbot, window, first)
    start(qtbot, window, 1_000_000)
    drop(window, second)
    answer(qtbot, window, "Keep Running")
    assert window.controller.is_active
    until(qtbot, lambda: not window.findChildren(QMessageBox))
    drop(window, second)
    answer(qtbot, window, "Open")
    until(qtbot, lambda: window.workspace.network.origin.name == "second.pth")
    assert not window.controller.is_active
    run_to_end(qtbot, window, 10)


def test_opening_another_network_forgets_what_a_run_has_shown(qtbot, window, checkpoint, tmp_path):
    save_images(tmp_path / "small_images.npz")
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    until(qtbot, lambda: "of 5" in window.pairs.headline)
    save_images(tmp_path / "other_images.npz", 7)
    open_and_wait(qtbot, window, checkpoint("other.pth", 16, 9, 1))
    assert window.mosaic.mosaic is None
    assert window.run_bar.text == ""
    assert window.pairs.headline == "—"
    assert window.workspace.session is None


def test_changed_settings_start_another_run(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 100_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 5)
    with qtbot.waitSignal(window.controller.ended, timeout=PATIENCE):
        window.pages.stop()
    assert window.run_bar.main_button.text() == "Res&ume"
    window.settings_panel.editor("seed").setValue(7)
    assert window.run_bar.main_button.text() == "&Start"
    run_to_end(qtbot, window, 15)
    assert window.workspace.session.settings.seed == 7
    assert window.workspace.session.state.step == 15


def test_a_run_that_fails_says_why_and_keeps_what_there_was(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 10)
    session = window.workspace.session
    window.settings_panel.device.addItem("CUDA", "cuda")
    window.settings_panel.device.setCurrentIndex(window.settings_panel.device.count() - 1)
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here, so that nothing fails")
    qtbot.mouseClick(window.run_bar.main_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "CUDA" in window.strip.text)
    assert window.workspace.session is session
    assert window.run_bar.main_button.isEnabled()


# --- taking away --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gif", "mp4", "png", "npz", "pt", "losses", "session"])
def test_exports_from_the_window(qtbot, window, checkpoint, tmp_path, kind):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    path = tmp_path / f"export.{'csv' if kind == 'losses' else kind}"
    window.exporter.write_to(kind, path)
    settle(qtbot, window)
    assert path.stat().st_size > 100
    assert str(path) in window.statusBar().currentMessage()


def test_everything_with_its_report(qtbot, window, checkpoint, tmp_path):
    save_images(tmp_path / "small_images.npz")
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    window.exporter.write_to("folder", tmp_path / "out")
    settle(qtbot, window)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["evidence"]["train"]["count"] == 5


@pytest.mark.parametrize(
    ("kind", "earlier"),
    [("folder", "drift.gif"), ("pngs", "001_candidate-0004_confidence-0.50.png")],
)
def test_a_folder_is_asked_for_before_files_of_another_run_go(
    qtbot, window, checkpoint, tmp_path, kind, earlier
):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    out = tmp_path / "out"
    out.mkdir()
    for name in (earlier, "mine.png"):
        (out / name).write_text("mine")
    for reply in ("Not Now", "Replace"):
        assert {each.read_text() for each in out.iterdir()} == {"mine"}
        window.exporter.write_to(kind, out)
        settle(qtbot, window)
        answer(qtbot, window, reply)
        settle(qtbot, window)
    assert (out / "mine.png").read_text() == "mine"
    assert len(list(out.iterdir())) > 2
    assert not (out / earlier).exists() or (out / earlier).read_bytes() != b"mine"
    assert str(out) in window.statusBar().currentMessage()


def test_a_name_that_ends_as_another_format_is_refused(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    window.exporter.write_to("losses", tmp_path / "losses.png")
    settle(qtbot, window)
    assert "call it losses.csv" in window.strip.text
    assert not (tmp_path / "losses.png").exists()


def test_a_gif_of_a_run_that_goes_on(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.run_bar.progress.value() > 20)
    window.exporter.write_to("gif", tmp_path / "drift.gif")
    until(qtbot, (tmp_path / "drift.gif").exists)
    assert window.controller.activity is Activity.RUNNING
    with Image.open(tmp_path / "drift.gif") as gif:
        assert gif.is_animated


def test_an_export_that_cannot_be_written_says_so(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window)
    (tmp_path / "file").touch()
    session = window.workspace.session
    window.exporter.write_to("gif", tmp_path / "file" / "drift.gif")
    settle(qtbot, window)
    assert window.strip.text
    assert window.workspace.session is session


def test_a_saved_session_opens_where_it_was(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 25)
    window.exporter.write_to("session", tmp_path / "run.afterimage")
    settle(qtbot, window)
    assert window.recent.paths[0] == tmp_path / "run.afterimage"
    open_and_wait(qtbot, window, checkpoint("other.pth", 16, 9, 1))
    open_and_wait(qtbot, window, tmp_path / "run.afterimage")
    assert window.workspace.network.layer_sizes == (16, 12, 10, 1)
    assert window.mosaic.mosaic is not None
    assert window.settings_panel.settings().steps == 25


def test_every_run_is_kept_and_can_be_reopened(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 25)
    until(qtbot, window.copies.last_run.exists)
    assert load_session(window.copies.last_run).state.step == 25
    window.opener.open_last_run()
    settle(qtbot, window)
    assert window.workspace.session.state.step == 25


# --- settings, keyboard, closing ------------------------------------------------------------------


def test_presets_fill_the_advanced_settings(qtbot, window):
    panel = window.settings_panel
    panel.preset.setCurrentIndex(panel.preset.findData("paper"))
    panel.preset.activated.emit(panel.preset.currentIndex())
    settings = panel.settings()
    assert settings.preset == "paper"
    assert (settings.candidate_rate, settings.initial_scale) == (0.282, 0.0017)
    assert not panel.editor("steps").isVisible()
    panel.fold.click()
    assert panel.editor("steps").isVisible()


def test_what_the_preset_cannot_honour_is_greyed_out_and_says_why(window):
    panel = window.settings_panel
    of_the_row_space = ("rank", "scale_power", "whitening", "neuron_weighing")
    for name, is_honoured in (("paper", False), ("fast", True), ("paper", False)):
        panel.preset.setCurrentIndex(panel.preset.findData(name))
        panel.preset.activated.emit(panel.preset.currentIndex())
        for setting in of_the_row_space:
            editor = panel.editor(setting)
            assert editor.isEnabled() is is_honoured
            assert ("searches among pixels" in editor.toolTip()) is not is_honoured
        assert panel.editor("margin_weight").isEnabled()
        assert panel.settings().preset == name


def test_every_advanced_setting_says_what_it_does(window):
    for name, editor in window.settings_panel.form.editors().items():
        assert len(editor.toolTip()) > 40, name


def test_every_control_can_be_reached_with_the_keyboard(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    reachable = {
        child
        for child in window.findChildren(QWidget)
        if child.isVisible() and child.isEnabled() and child.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    for button in window.findChildren(QPushButton):
        if button.isVisible() and button.isEnabled():
            assert button in reachable, button.text()
    for widget in (window.model_panel.shape, window.settings_panel.preset):
        assert widget in reachable
    shortcuts = {
        action.shortcut().toString() for action in window.findChildren(type(window.actions_.open))
    }
    assert {"Ctrl+O", "Ctrl+S", "Ctrl+E", "F5", "Shift+F5"} <= shortcuts


def test_start_and_stop_by_keyboard(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.settings_panel.editor("steps").setValue(1_000_000)
    bring_to_front(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert window.controller.activity is Activity.PAUSED
    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    until(qtbot, lambda: not window.controller.is_active)


def test_closing_during_a_run_asks_stops_and_leaves_no_thread(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    window.close()
    answer(qtbot, window, "Keep Running")
    assert window.isVisible()
    assert window.controller.is_active
    until(qtbot, lambda: not window.findChildren(QMessageBox))
    window.close()
    answer(qtbot, window, "Close")
    until(qtbot, lambda: not window.isVisible())
    assert not window.controller.is_active
    assert not [t for t in window.findChildren(QThread) if t.isRunning()]


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Dark, Qt.ColorScheme.Light])
def test_both_colour_schemes(qtbot, window, qapp, scheme):
    """Text stands out from its background in each."""
    store_scheme(scheme)
    window.restyle()
    assert stored_scheme() == scheme
    background = qapp.palette().window().color().lightness()
    text = qapp.palette().windowText().color().lightness()
    assert (text - background) * (1 if scheme == Qt.ColorScheme.Dark else -1) > 150

    def is_painted():
        corner = window.grab().toImage().pixelColor(2, window.height() // 2)
        return abs(corner.lightness() - background) < 5

    until(qtbot, is_painted)
