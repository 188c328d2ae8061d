"""Inspector, timeline, matches and scores, driven in the real window."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage

from engine.data.datasets import LabelledImages
from engine.session.session_file import load_session, save_session
from engine.viewing.mosaic import make_mosaic
from engine.viewing.scene import Scene
from engine.viewing.watched import WatchedDrift
from gui.app.main_window import MainWindow
from gui.run.activity import Activity
from gui.state.run_copies import RunCopies
from tests.conftest import ROOT
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images, start
from tests.gui.conftest import has_gallery, settle, show_matches, until


def some_images(count, seed, name="some"):
    generator = torch.Generator().manual_seed(seed)
    return LabelledImages(
        torch.rand(count, 1, 4, 4, generator=generator), torch.arange(count) % 2, name
    )


@pytest.fixture
def ended(qtbot, window, checkpoint, monkeypatch):
    """The window with a run that has ended, scored against images and a control."""
    # Twelve neurons are explained too badly for confidences, which are looked at here.
    monkeypatch.setattr("engine.session.session._UNEXPLAINED", 1.0)
    open_and_wait(qtbot, window, checkpoint())
    window.workspace = replace(
        window.workspace, train=some_images(8, 0), control=some_images(8, 1, "control")
    )
    run_to_end(qtbot, window, 120)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    return window


def key(qtbot, widget, which):
    qtbot.keyClick(widget, which)


def test_of_many_outputs_the_largest_are_named_each_beside_its_number(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint("seven.pth", 16, 12, 7))
    run_to_end(qtbot, window, 20)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    inspector = window.examiner.inspector
    window.examiner.inspect(0)
    until(qtbot, lambda: inspector.portrait is not None)
    found = inspector.portrait
    verdict, largest = inspector.value("Output").split("\n")
    leads = "leads" if found.margin > 0 else "falls short"
    assert verdict == f"{found.label:.0f} {leads} by {abs(found.margin):.3g}"
    *told, more = largest.split(", ")
    places = found.outputs.argsort(descending=True)[:5].tolist()
    numbers = [f"{found.outputs[place]:+.3g}".replace("-", "−") for place in places]
    assert told == [f"{p}:\u00a0{n}" for p, n in zip(places, numbers, strict=True)]
    assert more == "…"


def test_arrow_keys_walk_the_gallery_and_the_inspector_follows(qtbot, ended):
    inspector, order = ended.examiner.inspector, ended.mosaic.mosaic.order.tolist()
    columns = ended.mosaic.mosaic.columns
    for pressed, tile in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Down, min(1 + columns, len(order) - 1)),
        (Qt.Key.Key_End, len(order) - 1),
        (Qt.Key.Key_Right, len(order) - 1),
    ):
        key(qtbot, ended.mosaic, pressed)
        until(
            qtbot,
            lambda tile=tile: inspector.portrait and inspector.portrait.candidate == order[tile],
        )
        settle(qtbot, ended)
        assert ended.mosaic.tile == tile
    assert ended.beside.currentIndex() == 1
    confidence = ended.workspace.session.gallery().of_each[order[-1]]
    chance = ended.workspace.session.gallery().p_value_of(order[-1])
    assert inspector.value("Confidence").startswith(f"{confidence:.2f}, p = {chance:.2g} (")
    assert "image " in inspector.value("Match")


def test_the_mark_goes_with_its_candidate_when_tiles_change_their_places(qtbot, ended):
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    until(qtbot, lambda: ended.examiner.inspector.portrait is not None)
    settle(qtbot, ended)
    mosaic, picture = ended.mosaic.mosaic, ended.stage.picture
    flipped = replace(mosaic, order=mosaic.order.flip(0))
    ended.examiner.show_present(Scene(picture, flipped), ())
    assert ended.mosaic.tile == len(mosaic.order) - 1
    ended.examiner.show_present(Scene(picture, replace(mosaic, order=mosaic.order + 1000)), ())
    assert ended.mosaic.tile == -1


def test_a_tile_and_a_step_are_chosen_with_the_mouse(qtbot, ended):
    mosaic = ended.mosaic
    height, width = mosaic.mosaic.tile
    place = mosaic._box.mapViewToScene(QPointF(1.5 * (width + 1), 0.5 * (height + 1)))
    where = mosaic.mapFromScene(place)
    qtbot.mouseClick(mosaic.viewport(), Qt.MouseButton.LeftButton, pos=where)
    inspector = ended.examiner.inspector
    until(qtbot, lambda: inspector.portrait is not None)
    assert inspector.portrait.candidate == int(mosaic.mosaic.order[1])
    ended.lower_tabs.setCurrentWidget(ended.curves)
    canvas = ended.curves._constraint._canvas
    centre = canvas.viewport().rect().center()
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    until(qtbot, lambda: not ended.examiner.timeline.is_at_end)
    until(qtbot, lambda: not ended.examiner.replay.is_busy)
    assert ended.curves.cursors == [ended.examiner.timeline.steps[ended.examiner.timeline.index]]
    settle(qtbot, ended)


def test_a_pair_that_is_clicked_is_looked_at(qtbot, ended):
    ended.beside.setCurrentIndex(0)
    candidate = int(ended.pairs.pairs.candidate[ended.pairs.shown[0]])
    cell = ended.pairs._grid._cell(0)
    qtbot.mouseClick(ended.pairs._grid, Qt.MouseButton.LeftButton, pos=cell.center())
    until(qtbot, lambda: ended.examiner.inspector.portrait is not None)
    settle(qtbot, ended)
    assert ended.examiner.inspector.portrait.candidate == candidate
    assert ended.examiner.inspector.portrait.match.is_assigned


def test_a_tile_says_what_membership_says_of_its_training_image(qtbot, ended):
    """Of the image, not of the reconstruction; and only once it was asked, and of its partner."""
    inspector, pairs = ended.examiner.inspector, ended.pairs.pairs
    ended.examiner.inspect(int(pairs.candidate[0]))
    until(qtbot, lambda: inspector.portrait is not None)
    assert inspector.value("Membership") == "–, nobody has asked under Membership"
    ended.membership.ask_button.click()
    settle(qtbot, ended)
    reference = inspector.portrait.match.reference
    accused = ended.membership.found.accused_by(reference)
    assert len(accused) == 2
    told = inspector.value("Membership")
    assert told.startswith(f"image {reference} ")
    assert ("does not stand out" in told) is not any(accused.values())
    for score, is_out in accused.items():
        assert (f"not by {score}" in told) is (any(accused.values()) and not is_out)
    ended.adoption.remove_references()
    assert inspector.value("Membership") == "–, nobody has asked under Membership"


def test_what_is_nobodys_partner_has_no_membership(qtbot, ended):
    partners = set(ended.pairs.pairs.candidate.tolist())
    alone = next(i for i in range(len(ended.workspace.session.labels)) if i not in partners)
    ended.membership.ask_button.click()
    settle(qtbot, ended)
    ended.examiner.inspect(alone)
    inspector = ended.examiner.inspector
    until(qtbot, lambda: inspector.portrait is not None)
    assert not inspector.portrait.match.is_assigned
    assert inspector.value("Membership") == "–, no training image is its partner"


def test_an_answer_about_other_images_than_the_tile_was_matched_with_is_not_shown(qtbot, ended):
    inspector = ended.examiner.inspector
    ended.examiner.inspect(int(ended.pairs.pairs.candidate[0]))
    until(qtbot, lambda: inspector.portrait is not None)
    ended.workspace = replace(ended.workspace, train=some_images(8, 5))
    settle(qtbot, ended)
    ended.membership.ask_button.click()
    settle(qtbot, ended)
    assert ended.membership.found is not None
    assert inspector.value("Membership").startswith("–")


def test_a_pair_that_is_clicked_while_a_run_pauses_is_looked_at(qtbot, ended):
    start(qtbot, ended, 100_000)
    show_matches(qtbot, ended)
    until(qtbot, lambda: ended.pairs.pairs is not None)
    ended.pages.start_or_pause()
    until(qtbot, lambda: ended.controller.activity is Activity.PAUSED)
    ended.beside.setCurrentIndex(0)
    candidate = int(ended.pairs.pairs.candidate[ended.pairs.shown[0]])
    cell = ended.pairs._grid._cell(0)
    qtbot.mouseClick(ended.pairs._grid, Qt.MouseButton.LeftButton, pos=cell.center())
    until(qtbot, lambda: ended.examiner.inspector.portrait is not None)
    assert ended.examiner.inspector.portrait.candidate == candidate


def test_what_takes_long_to_score_is_scored_when_the_run_has_ended(qtbot, ended, monkeypatch):
    monkeypatch.setattr("engine.evidence.references._MOST_COMPARED", 0)
    start(qtbot, ended, 100_000)
    until(qtbot, lambda: "when the run has ended" in ended.pairs._details.text())
    ended.pages.stop()
    settle(qtbot, ended)
    until(qtbot, lambda: ended.pairs.pairs is not None)
    assert ended.pairs.pairs.candidate.max() < len(ended.workspace.session.images())
    until(qtbot, lambda: not ended.background.is_busy)


def test_matches_can_be_filtered_once_there_are_some(qtbot, ended):
    pairs = ended.pairs
    filters = (pairs.good_only, pairs.of_class, pairs.trusted)
    assert [each.isEnabled() for each in filters] == [True, True, True]
    pairs.clear()
    assert [each.isEnabled() for each in filters] == [False, False, False]


def test_the_inspector_scrubs_through_the_drift_and_changes_contrast(qtbot, ended):
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    inspector = ended.examiner.inspector
    until(qtbot, lambda: inspector.portrait is not None)
    portrait = inspector.portrait
    looks = {pixels_of(inspector.picture.image)}
    inspector.scrubber.slider.setValue(0)
    assert pixels_of(inspector.picture.image) == portrait.pixels(0, "stretched", True).tobytes()
    inspector.contrast.setCurrentIndex(1)
    assert pixels_of(inspector.picture.image) == portrait.pixels(0, "fixed", True).tobytes()
    looks.add(pixels_of(inspector.picture.image))
    assert len(looks) == 2
    inspector.scrubber.play_button.click()
    until(qtbot, lambda: inspector.scrubber.is_at_end and not inspector.scrubber.is_playing)


def pixels_of(image: QImage) -> bytes:
    """The bytes of a grey image without the padding of its rows."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].tobytes()


def test_an_image_is_copied_and_dragged_out_as_a_file(qtbot, ended):
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    inspector = ended.examiner.inspector
    until(qtbot, lambda: inspector.portrait is not None)
    inspector.copy_button.click()
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == 256
    dragged = inspector.picture.mime_data()
    assert dragged.hasImage()
    path = dragged.urls()[0].toLocalFile()
    assert path.endswith(f"candidate-{inspector.portrait.candidate:04}.png")
    with Image.open(path) as file:
        pixels = np.asarray(file.convert("L"))[::64, ::64]
    assert np.array_equal(pixels, inspector.portrait.pixels(-1, "stretched", True))


def test_the_timeline_replays_the_whole_mosaic_and_marks_the_step_in_the_losses(qtbot, ended):
    session, present = ended.workspace.session, ended.mosaic.mosaic
    timeline = ended.examiner.timeline
    assert timeline.steps == session.state.recording.steps
    timeline.slider.setValue(3)
    until(qtbot, lambda: ended.mosaic.mosaic is not present)
    until(qtbot, lambda: not ended.examiner.replay.is_busy)
    expected = make_mosaic(WatchedDrift(session, present.order).images(3), present.order, None)
    assert np.array_equal(ended.mosaic.mosaic.pixels, expected.pixels)
    assert ended.curves.cursors == [timeline.steps[3]]
    ended.curves.step_chosen.emit(float(timeline.steps[7]))
    assert timeline.index == 7
    until(qtbot, lambda: not ended.examiner.replay.is_busy)
    timeline.slider.setValue(timeline.slider.maximum())
    assert ended.mosaic.mosaic is present
    assert ended.curves.cursors == []


def test_the_noise_outside_can_be_switched_off_in_inspector_and_timeline(qtbot, ended):
    inspector, timeline = ended.examiner.inspector, ended.examiner.timeline
    session, order = ended.workspace.session, ended.mosaic.mosaic.order
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    until(qtbot, lambda: inspector.portrait is not None)
    settle(qtbot, ended)
    assert inspector.with_noise.isEnabled()
    end, _ = inspector.picture.image.copy(), inspector.scrubber.slider.setValue(0)
    noisy = inspector.picture.image.copy()
    timeline.slider.setValue(2)
    until(qtbot, lambda: not ended.examiner.replay.is_busy)
    seen = ended.mosaic.mosaic.pixels
    inspector.with_noise.click()
    assert inspector.picture.image != noisy
    until(qtbot, lambda: not ended.examiner.replay.is_busy)
    expected = make_mosaic(session.drift.images(2, order), order, None).pixels
    assert np.array_equal(ended.mosaic.mosaic.pixels, expected)
    assert not np.array_equal(expected, seen)
    inspector.scrubber.slider.setValue(inspector.scrubber.slider.maximum())
    assert inspector.picture.image == end


def test_the_past_can_be_looked_at_while_the_run_goes_on(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.header.all_button.click()
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.mosaic.mosaic is not None)
    timeline = window.examiner.timeline
    until(qtbot, lambda: len(timeline.steps) > 10)
    assert timeline.steps[:4] == (0, 1, 2, 3)
    assert timeline.is_at_end
    timeline.slider.setValue(0)
    until(qtbot, lambda: window.examiner.is_looking_back and not window.examiner.replay.is_busy)
    assert timeline.index == 0
    noise, picture = window.mosaic.mosaic, window.stage.picture
    assert picture.step == window.stage.shown_step == 0
    shown = window.run_bar.progress.value()
    until(qtbot, lambda: window.run_bar.progress.value() > shown)
    assert window.controller.activity is Activity.RUNNING
    assert (window.mosaic.mosaic, window.stage.picture) == (noise, picture)
    timeline.slider.setValue(timeline.slider.maximum())
    until(qtbot, lambda: window.mosaic.mosaic is not noise)
    assert not window.examiner.is_looking_back
    window.pages.stop()
    until(qtbot, lambda: not window.controller.is_active)


@pytest.fixture
def looking_back(qtbot, window, checkpoint):
    """A run that is on, whose beginning is looked at."""
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 1_000_000)
    timeline = window.examiner.timeline
    until(qtbot, lambda: len(timeline.steps) > 10)
    assert not timeline.live_button.isVisible()
    timeline.slider.setValue(2)
    until(qtbot, lambda: window.examiner.is_looking_back and not window.examiner.replay.is_busy)
    assert timeline.live_button.isVisible()
    yield window
    window.pages.stop()
    settle(qtbot, window)
    assert not timeline.live_button.isVisible()


def follows(qtbot, window):
    """Waits until the present is shown, and goes on."""
    timeline = window.examiner.timeline
    assert timeline.is_at_end
    assert not timeline.live_button.isVisible()
    assert window.curves.cursors == []
    first, steps = window.stage.picture, timeline.steps
    until(qtbot, lambda: window.stage.picture is not first and timeline.steps != steps)


@pytest.mark.parametrize("way", ["button", "end", "resume"])
def test_who_looks_back_on_a_run_comes_back_to_the_present(qtbot, looking_back, way):
    timeline = looking_back.examiner.timeline
    if way == "button":
        qtbot.mouseClick(timeline.live_button, Qt.MouseButton.LeftButton)
    elif way == "end":
        key(qtbot, timeline.play_button, Qt.Key.Key_End)
    else:
        looking_back.controller.pause()
        assert timeline.live_button.isVisible()
        looking_back.controller.go_on()
    follows(qtbot, looking_back)


def test_the_present_of_a_pause_is_the_newest_frame(qtbot, looking_back):
    """Frames came in while somebody looked back; the last of them is shown, not an older one."""
    before = looking_back.examiner.timeline.steps
    shown = looking_back.run_bar.progress.value()
    until(qtbot, lambda: looking_back.run_bar.progress.value() > shown)
    looking_back.controller.pause()
    looking_back.examiner.timeline.live_button.click()
    until(qtbot, lambda: looking_back.stage.picture.step > 0)
    assert looking_back.examiner.timeline.steps != before


def test_both_timelines_are_one_and_the_losses_cursor_goes_with_them(qtbot, ended):
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    examiner = ended.examiner
    inspector, timeline = examiner.inspector.scrubber, examiner.timeline
    until(qtbot, lambda: examiner.inspector.portrait is not None)
    for one, other in ((timeline, inspector), (inspector, timeline)):
        for place in (0, 5, 9):
            one.slider.setValue(place)
            assert other.step == one.step == one.steps[place]
            assert ended.curves.cursors == [one.step]
        one.go_live()
        assert other.is_at_end
        assert ended.curves.cursors == []
    ended.curves.step_chosen.emit(float(timeline.steps[7]))
    assert inspector.step == timeline.steps[7]
    # Another candidate is shown at the moment that is looked at.
    examiner.inspect(1)
    settle(qtbot, ended)
    assert inspector.step == timeline.step
    until(qtbot, lambda: not examiner.replay.is_busy)


def test_only_one_of_the_timelines_plays(qtbot, ended):
    key(qtbot, ended.mosaic, Qt.Key.Key_Home)
    inspector, timeline = ended.examiner.inspector.scrubber, ended.examiner.timeline
    until(qtbot, lambda: ended.examiner.inspector.portrait is not None)
    timeline.play_button.click()
    inspector.play_button.click()
    assert (timeline.is_playing, inspector.is_playing) == (False, True)
    until(qtbot, lambda: inspector.is_at_end and timeline.is_at_end)
    until(qtbot, lambda: not ended.examiner.replay.is_busy)


def test_matches_are_filtered_by_score_class_and_confidence(qtbot, ended):
    view, pairs = ended.pairs, ended.pairs.pairs
    assert view.shown == list(range(8))
    assert (np.diff(pairs.measure) <= 0).all()
    view.good_only.setChecked(True)
    assert view.shown == [i for i in range(8) if pairs.measure[i] > 0.8]
    view.good_only.setChecked(False)
    view.of_class.setCurrentIndex(2)
    assert view.of_class.currentText() == "Class 1"
    assert view.shown == [i for i in range(8) if pairs.labels[i] == 1]
    view.of_class.setCurrentIndex(0)
    view.trusted.setCurrentIndex(1)
    assert view.shown == [i for i in range(8) if pairs.confidence[i] > 0.5]


def test_scores_stand_beside_the_control_and_without_images_words_say_what_may_be_said(
    qtbot, ended
):
    pairs = ended.pairs.pairs
    assert ended.scores.histogram.isVisibleTo(ended.scores)
    network = ended.workspace.network.to("cpu", torch.float32)
    train = ended.workspace.train.images
    outputs = network.forward((train - train.mean(0)).flatten(1))[:, 0].numpy()
    np.testing.assert_allclose(
        pairs.outputs[:, 0],
        outputs[pairs.evidence.train.reference[np.argsort(-pairs.evidence.train.measure)]],
        rtol=1e-4,
    )
    found = pairs.evidence.lineup
    assert (found.fillers, found.train.count) == (6, 8)
    assert ended.scores.lineup.text() == found.words
    ended.adoption.remove_references()
    assert not ended.scores.histogram.isVisibleTo(ended.scores)
    assert "not evidence" in ended.scores.words.text()


def test_a_damaged_session_is_refused_whole_and_the_last_good_one_is_offered(
    qtbot, ended, tmp_path
):
    until(qtbot, lambda: ended.copies.last_run.exists())
    before = ended.workspace
    damaged = tmp_path / "damaged.afterimage"
    save_session(ended.workspace.session, damaged)
    damaged.write_bytes(damaged.read_bytes()[:-100])
    open_and_wait(qtbot, ended, damaged)
    assert "damaged" in ended.strip.text
    assert ended.workspace is before
    assert ended.strip.offer_button.isVisible()
    ended.strip.offer_button.click()
    settle(qtbot, ended)
    assert ended.workspace.session.state.step == 120
    assert ended.workspace.session is not before.session


_KILLED = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
import gui.app.main_window
from gui.app import application
state = Path(sys.argv[1])
gui.app.parts.user_state_path = lambda *_: state
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(state))
application.configure(QApplication)
app = QApplication([])
window = gui.app.main_window.MainWindow(["auto", "cpu"])
window.show()
window.settings_panel.editor("steps").setValue(10_000_000)
window.settings_panel.editor("candidates").setValue(8)
window.opener.opened.connect(lambda _: window.pages.start_or_pause())
window.files.open([Path(sys.argv[2])])
app.exec()
"""


def test_after_a_kill_the_next_start_offers_to_go_on(qtbot, qapp, tmp_path, checkpoint):
    """A window in a process of its own is killed in the middle of a run."""
    state, path = tmp_path / "state", checkpoint()
    save_images(tmp_path / "small_images.npz", 8)
    save_images(tmp_path / "small_control_images.npz", 8, seed=1)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(state), str(path)], cwd=ROOT, env=environment
    )
    kept = state / "last-run.afterimage"
    began = time.monotonic()
    while not kept.exists():
        assert process.poll() is None
        assert time.monotonic() - began < 120
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    reached = load_session(kept).state.step
    assert reached > 0
    window = MainWindow(["auto", "cpu"])
    window.show()
    window.files.open([path])  # As `make run` does; what is offered waits all the same.
    until(qtbot, lambda: window.workspace.network is not None)
    assert "cut off" in window.strip.text
    window.strip.offer_button.click()
    until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
    until(qtbot, lambda: window.run_bar.progress.value() > 0)
    window.pages.stop()
    settle(qtbot, window)
    assert window.workspace.session.state.step > reached
    until(qtbot, lambda: window.pairs.pairs is not None)
    assert (len(window.workspace.train), len(window.workspace.control)) == (8, 8)
    assert not window.copies.was_cut_off()
    window.close()
    until(qtbot, lambda: not window.isVisible())
    window.deleteLater()


def test_a_run_that_goes_on_from_a_file_leaves_the_copy_of_the_last_one(
    qtbot, window, tmp_path, checkpoint
):
    saved = tmp_path / "saved.afterimage"
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, 10_000, 8)
    until(qtbot, lambda: window.run_bar.progress.value() > 0)
    window.pages.stop()
    settle(qtbot, window)
    save_session(window.workspace.session, saved)
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 20)
    kept = window.copies.last_run.read_bytes()
    open_and_wait(qtbot, window, saved)
    for _ in range(2):  # Once from the file, once more from where that has come to.
        window.pages.start_or_pause()
        until(qtbot, lambda: window.controller.activity is Activity.RUNNING)
        window.pages.stop()
        settle(qtbot, window)
        until(qtbot, window.copies.last_run.exists)
        assert window.copies.run_before.read_bytes() == kept


def test_two_windows_keep_their_runs_apart(qtbot, window, checkpoint):
    other = MainWindow(["auto", "cpu"])
    other.show()
    for each in (window, other):
        open_and_wait(qtbot, each, checkpoint())
        start(qtbot, each, 10_000_000, 8)
        until(qtbot, each.copies.last_run.exists)
    assert window.copies.last_run != other.copies.last_run
    other.pages.stop()
    settle(qtbot, other)
    step = other.workspace.session.state.step
    other.close()
    until(qtbot, lambda: not other.isVisible())
    assert load_session(other.copies.last_run).state.step == step
    assert not window.copies.run_before.exists()
    other.deleteLater()
    assert not RunCopies(window.copies.last_run.parent).was_cut_off()
    window.pages.stop()
    settle(qtbot, window)
    window.close()
    until(qtbot, lambda: not window.isVisible())
    newest = time.time() + 60
    os.utime(other.copies.last_run, (newest, newest))
    later = RunCopies(window.copies.last_run.parent)
    assert not later.was_cut_off()
    assert later.last_run == other.copies.last_run
