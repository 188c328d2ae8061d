"""What is saved comes back whole: matches, scores and headline, or a word on what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from engine.session.session_file import load_session
from gui.preferences.dialog import PreferencesDialog
from gui.state import preferences
from tests.gui.app.test_main_window import answer, open_and_wait, run_to_end, save_images, start
from tests.gui.conftest import settle, until


@pytest.fixture
def saved(qtbot, window, checkpoint, tmp_path):
    """A run with steps left, scored against two files, saved; then nothing of it is open."""
    images = save_images(tmp_path / "images.npz", 8, 0)
    control = save_images(tmp_path / "control.npz", 8, 1)
    open_and_wait(qtbot, window, checkpoint(), images, control)
    start(qtbot, window, 100_000)
    until(qtbot, lambda: bool(window.stage.standing and window.stage.standing.pairs))
    window.pages.stop()
    settle(qtbot, window)
    path = tmp_path / "run.afterimage"
    window.exporter.write_to("session", path)
    settle(qtbot, window)
    open_and_wait(qtbot, window, checkpoint("other.pth"))
    assert window.pairs.pairs is None
    assert window.workspace.train is None
    return path


def test_a_session_brings_matches_scores_and_images_back(qtbot, window, saved):
    expected = load_session(saved).evidence
    open_and_wait(qtbot, window, saved)
    assert (len(window.workspace.train), len(window.workspace.control)) == (8, 8)
    assert window.pairs.pairs.evidence.as_dict() == expected
    assert window.pairs.isVisible()
    assert window.strip.text == ""


def test_what_goes_on_is_scored_against_the_same_images(qtbot, window, saved):
    open_and_wait(qtbot, window, saved)
    assert window.runner.would_go_on
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.is_active)
    until(qtbot, lambda: window.pairs.pairs is not None)
    window.pages.stop()
    settle(qtbot, window)
    kept = load_session(window.copies.last_run)
    assert kept.sets.train.origin == load_session(saved).sets.train.origin
    assert kept.sets.control.count == 8


def test_a_missing_file_is_named_and_found_again(qtbot, window, saved, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("images.npz", "control.npz"):
        (tmp_path / name).rename(elsewhere / name)
    expected = load_session(saved).evidence
    open_and_wait(qtbot, window, saved)
    assert window.workspace.session is not None
    assert window.workspace.train is None
    assert f"The 8 training images of images.npz ({tmp_path / 'images.npz'})" in window.strip.text
    assert "are not there any more" in window.strip.text
    assert "When it was saved: 0 of 8 recovered." in window.strip.text
    window.strip.offer_button.click()
    window.findChild(QFileDialog).fileSelected.emit(str(elsewhere / "images.npz"))
    settle(qtbot, window)
    assert window.pairs.pairs.evidence.as_dict() == expected
    assert len(window.workspace.control) == 8  # It lay beside the other.
    assert window.strip.text == ""


def test_what_is_missing_and_what_was_left_out_are_said_together(qtbot, window, saved, tmp_path):
    train, control = tmp_path / "images.npz", tmp_path / "control.npz"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    train.rename(elsewhere / train.name)
    control.unlink()
    open_and_wait(qtbot, window, saved)
    with np.load(elsewhere / train.name) as held:
        pixels = held["images"]
    shared = tmp_path / "shared.npz"
    np.savez(shared, images=np.concatenate([pixels[:2], 255 - pixels[:3]]), labels=np.zeros(5))
    window.opener.load_images("control", shared)
    until(qtbot, lambda: window.workspace.control is not None)
    window.strip.offer_button.click()
    window.findChild(QFileDialog).fileSelected.emit(str(elsewhere / train.name))
    settle(qtbot, window)
    assert (len(window.workspace.train), len(window.workspace.control)) == (8, 3)
    assert "control.npz" in window.strip.text
    assert "and left out of it: number 0, number 1." in window.strip.text
    assert window.strip.is_offering


def test_another_file_is_taken_only_deliberately_and_that_is_said(qtbot, window, saved, tmp_path):
    (tmp_path / "images.npz").unlink()
    open_and_wait(qtbot, window, saved)
    other = save_images(tmp_path / "others.npz", 6, 9)
    for choice, count in (("Not Now", None), ("Use Them", 6)):
        if not window.strip.is_offering:
            open_and_wait(qtbot, window, saved)
        window.strip.offer_button.click()
        window.findChildren(QFileDialog)[-1].fileSelected.emit(str(other))
        answer(qtbot, window, choice)
        settle(qtbot, window)
        train = window.workspace.train
        assert (None if train is None else len(train)) == count
    assert window.strip.text == (
        "Scored against others.npz, which are other training images than before."
    )
    assert window.pairs.pairs.evidence.train.reference_count == 6


def test_a_file_that_has_changed_is_not_taken_for_what_it_was(qtbot, window, saved, tmp_path):
    save_images(tmp_path / "images.npz", 8, 5)
    open_and_wait(qtbot, window, saved)
    assert window.workspace.train is None
    assert window.pairs.pairs is None
    assert "have changed since" in window.strip.text


def test_what_was_missing_stays_known_when_the_run_goes_on_without(qtbot, window, saved, tmp_path):
    (tmp_path / "images.npz").unlink()
    known = load_session(saved).sets.train.origin
    open_and_wait(qtbot, window, saved)
    window.pages.start_or_pause()
    until(qtbot, lambda: window.controller.is_active)
    window.pages.stop()
    settle(qtbot, window)
    assert load_session(window.copies.last_run).sets.train.origin == known
    assert window.workspace.session.sets.train.origin == known


def test_images_that_were_taken_away_are_not_brought_back(qtbot, window, saved, tmp_path):
    open_and_wait(qtbot, window, saved)
    window.adoption.remove_references()
    path = tmp_path / "again.afterimage"
    window.exporter.write_to("session", path)
    settle(qtbot, window)
    again = load_session(path)
    assert (again.sets.train, again.kept_score, again.evidence) == (None, None, None)


@pytest.mark.parametrize("keeps", [True, False])
def test_sessions_hold_images_where_that_is_preferred(qtbot, window, saved, tmp_path, keeps):
    window.preferences.show()
    (dialog,) = window.findChildren(PreferencesDialog)
    if keeps:
        dialog.keep_images.click()
    dialog.close()
    assert preferences.load().keeps_images == keeps
    open_and_wait(qtbot, window, saved)
    for kind in ("session", "reference", "away"):
        path = tmp_path / f"{kind}.afterimage"
        window.exporter.write_to(kind, path)
        settle(qtbot, window)
        assert (load_session(path).sets.train.images is not None) == (keeps and kind != "away")
    assert str(tmp_path).encode() not in path.read_bytes()


def test_a_run_reopened_from_its_copy_is_scored_again(qtbot, window, checkpoint, tmp_path):
    images = save_images(tmp_path / "images.npz", 8, 0)
    open_and_wait(qtbot, window, checkpoint(), images)
    run_to_end(qtbot, window)
    settle(qtbot, window)
    expected = window.pairs.pairs.evidence.as_dict()
    open_and_wait(qtbot, window, checkpoint("other.pth"))
    window.opener.open_last_run()
    settle(qtbot, window)
    assert window.pairs.pairs.evidence.as_dict() == expected
