"""The stage: what is shown, of which step, where, and what hands and keys do there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QFileDialog

from engine.viewing.frames import Picture
from engine.viewing.seats import Seats
from gui.exports.dialog import ExportDialog
from gui.run.activity import Activity
from gui.stage.blend import Blend
from gui.stage.glide import SECONDS, Glide
from gui.stage.places import LEAST_SIDE, places
from tests.gui.app.test_main_window import open_and_wait, run_to_end, start
from tests.gui.conftest import has_gallery, settle, until
from tests.gui.inspector.test_looking_closely import some_images


def picture(step, candidates, level):
    tiles = np.full((len(candidates), 4, 5), level, np.uint8)
    return Picture(step, Seats(below=tuple(candidates)), tiles)


# --- between two states -------------------------------------------------------------------------


def test_what_is_shown_lies_between_two_states_and_so_does_its_step():
    blend = Blend()
    blend.take(picture(10, (1, 2), 0), 0.0)
    blend.take(picture(20, (1, 2), 200), 1.0)
    for share in (0.0, 0.25, 0.5, 0.9):
        now = 1.0 + share
        assert abs(blend.tiles(now).astype(int) - 200 * share).max() <= 2
        assert blend.step(now) == 10 + int(10 * share)
        assert blend.is_moving(now)
    assert (blend.tiles(2.0) == 200).all()
    assert blend.step(2.0) == 20
    assert not blend.is_moving(2.0)


def test_a_state_that_comes_early_is_gone_to_from_what_is_shown():
    blend = Blend()
    blend.take(picture(0, (1,), 0), 0.0)
    blend.take(picture(10, (1,), 100), 1.0)
    blend.take(picture(20, (1,), 100), 1.5)
    assert abs(int(blend.tiles(1.5)[0, 0, 0]) - 50) <= 2
    assert blend.step(1.5) == 5


def test_newcomers_are_as_they_are_and_the_others_keep_their_way():
    blend = Blend()
    blend.take(picture(0, (1, 2), 0), 0.0)
    blend.take(picture(10, (2, 3), 100), 1.0)
    shown = blend.tiles(1.0)
    assert (shown[0] == 0).all()
    assert (shown[1] == 100).all()


def test_what_a_person_chose_is_shown_at_once():
    blend = Blend()
    blend.take(picture(30, (1,), 0), 0.0)
    blend.take(picture(5, (1,), 100), 1.0, at_once=True)
    assert (blend.tiles(1.0) == 100).all()
    assert blend.step(1.0) == 5
    assert not blend.is_moving(1.0)


def test_states_that_follow_fast_are_shown_as_they_are():
    blend = Blend()
    blend.take(picture(0, (1,), 0), 0.0)
    blend.take(picture(1, (1,), 100), 0.03)
    assert blend.step(0.03) == 1


# --- where seats are ----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 300, 1280, 3000])
@pytest.mark.parametrize("has_originals", [False, True])
def test_seats_are_large_enough_apart_and_in_the_window(width, has_originals):
    seats = Seats((1, 2, 3), (4, 5, 6, 7, 8), doubt="why")
    laid = places(seats, (28, 28), width, has_originals)
    assert min(laid.image) >= LEAST_SIDE
    assert laid.image[0] % 28 == laid.image[1] % 28 == 0
    rects = [laid.image_at(origin) for origin in laid.origins]
    rects += [laid.original_at(origin) for origin in laid.origins] if has_originals else []
    for index, one in enumerate(rects):
        assert not any(one.intersects(other) for other in rects[:index])
        assert one.left() >= 0
        assert one.bottom() <= laid.height
        assert one.right() <= width or laid.columns == 1
    above = [laid.origins[i].y() + laid.cell[1] for i in range(3)]
    assert max(above) <= laid.line < min(origin.y() for origin in laid.origins[3:])
    for index, origin in enumerate(laid.origins):
        assert laid.seat_at(origin + QPointF(3, 3)) == index


def test_nothing_jumps():
    """At whatever moment it is sent elsewhere, a seat begins where it is seen."""
    glide, now = Glide(), 0.0
    glide.move({1: (QPointF(0, 0), 1.0)}, now, at_once=True)
    random = np.random.default_rng(0)
    for _ in range(50):
        before = glide.at(1, now)
        glide.move({1: (QPointF(*random.uniform(0, 900, 2)), random.choice([0.4, 1.0]))}, now)
        after = glide.at(1, now)
        assert (before[0] - after[0]).manhattanLength() < 1e-6
        assert before[1] == pytest.approx(after[1])
        now += random.uniform(0, 2 * SECONDS)
    now += SECONDS
    assert not glide.is_moving(now)


# --- in the window ------------------------------------------------------------------------------


def test_the_label_names_the_step_of_the_picture_whatever_the_run_has_done_since(
    qtbot, window, checkpoint
):
    open_and_wait(qtbot, window, checkpoint())
    seen = []
    window.stage.stepped.connect(
        lambda step: seen.append((step, window.stage.picture, window.header.step_text))
    )
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: len({step for step, *_ in seen}) > 5)
    window.pages.stop()
    settle(qtbot, window)
    named = [(step, shown, text) for step, shown, text in seen if shown is not None]
    assert all(text == f"step {step:,}" and step <= shown.step for step, shown, text in named)
    end = window.workspace.session.state.step
    until(qtbot, lambda: window.stage.shown_step == end)
    assert window.header.step_text == f"step {end:,}"


def test_a_run_ends_with_a_sentence_and_its_gallery_in_the_seats(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.workspace = replace(
        window.workspace, train=some_images(8, 0), control=some_images(8, 1, "control")
    )
    run_to_end(qtbot, window, 120)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    session, stage = window.workspace.session, window.stage
    assert set(session.gallery().candidate.tolist()) <= set(stage.seats.candidates)
    assert "of 8 training images recovered" in window.header.headline.words
    assert not window.header.headline.words.startswith("As of")
    assert window.header.headline.font().bold()
    window.choose_scheme(Qt.ColorScheme.Dark)
    assert window.header.headline.font().bold()
    for button in (window.header.export_button, window.header.report_button):
        assert button.isVisible()
    assert stage.standing.step == 120
    until(qtbot, lambda: stage.shown_step == 120)
    assert stage.standing.pairs.evidence is window.pairs.pairs.evidence


def test_keys_and_clicks_choose_and_the_inspector_follows(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    stage = window.stage
    seated = stage.seats.candidates
    where = stage.places.origins[1] + QPointF(5, 5)
    qtbot.mouseClick(
        stage.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(int(where.x()), int(where.y()))
    )
    assert stage.chosen == seated[1]
    until(qtbot, lambda: window.examiner.inspector.portrait is not None)
    settle(qtbot, window)
    assert window.examiner.inspector.portrait.candidate == seated[1]
    for key, expected in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_End, -1)):
        qtbot.keyClick(stage, key)
        assert stage.chosen == seated[expected]


@pytest.mark.parametrize(("size", "share"), [((1280, 820), 0.6), ((1024, 700), 0.5)])
def test_panels_give_way_to_the_stage_and_come_back(qtbot, window, checkpoint, size, share):
    window.resize(*size)
    open_and_wait(qtbot, window, checkpoint())
    left = window.model_panel
    assert left.isVisible()
    for dock in (window.log_panel, window.queue_panel):
        dock.show()
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: window.stage.picture is not None and not left.isVisible())

    def stage_share():
        stage = window.stage
        return stage.width() * stage.height() / (window.width() * window.height())

    until(qtbot, lambda: stage_share() >= share)
    assert window.controller.activity is Activity.RUNNING
    window.pages.stop()
    settle(qtbot, window)
    until(qtbot, left.isVisible)


def test_a_presentation_shows_the_best_twelve_the_same_words_and_ends_with_escape(
    qtbot, window, checkpoint
):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 120)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    shown = window.views.presentation
    window.header.present_button.click()
    until(qtbot, shown.isVisible)
    stage = shown.stage
    assert stage.seats.candidates == window.stage.seats.candidates[:12]
    assert shown.words == window.header.headline.words
    assert stage.places.height <= max(stage.height(), stage.places.cell[1] + 60)
    qtbot.keyClick(shown.stage, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_the_losses_are_a_strip_until_somebody_opens_them(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    strip = window.views.strip
    assert not strip.isVisible()
    run_to_end(qtbot, window, 30)
    assert strip.isVisible()
    assert not window.lower_tabs.isVisible()
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)
    assert window.lower_tabs.isVisible()
    assert window.lower_tabs.currentWidget() is window.curves
    assert not strip.isVisible()


def test_what_gave_way_is_there_again_at_the_next_start(qtbot, window, checkpoint, another_window):
    open_and_wait(qtbot, window, checkpoint())
    window.arrangement.actions["&Right Panel"].setChecked(False)
    run_to_end(qtbot, window, 30)
    assert not window.lower_tabs.isVisible()
    settle(qtbot, window)
    window.close()
    until(qtbot, lambda: not window.isVisible())
    other = another_window()
    assert other.arrangement.actions["Lo&wer Panel"].isChecked()
    assert not other.arrangement.actions["&Right Panel"].isChecked()


def test_what_is_found_is_taken_away_from_the_header_and_from_a_seat(
    qtbot, window, checkpoint, tmp_path
):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 30)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    candidate = window.stage.seats.candidates[1]
    look, film, image = window.stage.menu_of(candidate).actions()
    look.trigger()
    assert window.stage.chosen == candidate
    settle(qtbot, window)
    for action in (film, image):
        action.trigger()
        (dialog,) = (each for each in window.findChildren(ExportDialog) if each.isVisible())
        until(qtbot, lambda dialog=dialog: dialog.is_ready)
        assert dialog.form.options().chosen == (candidate,)
        dialog.reject()
    window.header.report_button.click()
    (where,) = (each for each in window.findChildren(QFileDialog) if each.isVisible())
    assert where.selectedFiles()[0].endswith("-report.html")
    where.reject()
