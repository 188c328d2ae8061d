"""The stage: what is shown, of which step, where, and what hands and keys do there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QFileDialog

from engine.viewing.frames import Picture
from engine.viewing.seats import Seats
from gui.exports.dialog import ExportDialog
from gui.run.activity import Activity
from gui.stage.blend import Blend
from gui.stage.drawing import as_image, faded, in_32_bits
from gui.stage.glide import SECONDS, Glide
from gui.stage.header import HEIGHT, StageHeader
from gui.stage.places import LEAST_SIDE, places
from gui.stage.sight import Seen, Sight
from gui.stage.stage import Stage
from tests.gui.app.test_main_window import open_and_wait, run_to_end, start
from tests.gui.conftest import has_gallery, settle, until
from tests.gui.inspector.test_looking_closely import some_images


def picture(step, candidates, level):
    tiles = np.full((len(candidates), 4, 5), level, np.uint8)
    return Picture(step, Seats(below=tuple(candidates)), tiles)


# --- between two states -------------------------------------------------------------------------


def test_what_is_shown_lies_between_two_states_and_so_does_its_step():
    """At one speed until the next state should come, then ever more slowly."""
    blend = Blend()
    blend.take(picture(10, (1, 2), 0), 0.0)
    blend.take(picture(30, (1, 2), 200), 1.0)
    for time, share in ((0.0, 0.0), (0.5, 0.325), (1.0, 0.65), (2.0, 0.9454), (3.0, 0.9915)):
        now = 1.0 + time
        assert abs(blend.tiles(now).astype(int) - 200 * share).max() <= 3
        assert blend.step(now) == 10 + int(20 * share)
        assert blend.is_moving(now)
    assert (blend.tiles(5.0) == 200).all()
    assert blend.step(5.0) == 30
    assert not blend.is_moving(5.0)


def test_nothing_stands_still_while_a_step_takes_two_and_a_half_times_as_long():
    blend, frame = Blend(), 0.045
    for number in range(4):
        blend.take(picture(number, (1,), 200 * (number % 2)), 0.1 * number)
    shown = [blend.tiles(0.3 + frame * each).tobytes() for each in range(int(0.25 / frame) + 1)]
    assert len(set(shown)) == len(shown) == 6


def test_two_states_that_happen_to_come_together_do_not_make_the_next_one_a_jump():
    blend = Blend()
    for number, now in enumerate((0.0, 0.1, 0.2, 0.3, 0.32)):
        blend.take(picture(number, (1,), 200 * (number % 2)), now)
    shown = [blend.tiles(0.32 + 0.02 * each).tobytes() for each in range(5)]
    assert len(set(shown)) == 5


def test_what_is_asked_of_a_moment_before_the_state_came_is_where_it_begins():
    blend = Blend()
    blend.take(picture(10, (1,), 100), 0.0)
    blend.take(picture(20, (1,), 200), 1.0)
    assert (blend.tiles(0.9) == 100).all()
    assert blend.step(0.9) == 10


def test_a_state_that_comes_early_is_gone_to_from_what_is_shown():
    blend = Blend()
    blend.take(picture(0, (1,), 0), 0.0)
    blend.take(picture(10, (1,), 100), 1.0)
    blend.take(picture(20, (1,), 100), 1.5)
    assert abs(int(blend.tiles(1.5)[0, 0, 0]) - 32) <= 2
    assert blend.step(1.5) == 3


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


# --- what can be seen ---------------------------------------------------------------------------


def seen(seat, opacity=1.0):
    return Seen(seat, seat, QPointF(0, 0), opacity, QRectF(20 * seat, 0, 10, 10))


def test_only_images_that_differ_are_drawn_anew():
    tiles = np.zeros((3, 4, 5), np.uint8)
    before = Sight((seen(0), seen(1), seen(2)), tiles)
    assert before.changed(before).isEmpty()
    tiles = tiles.copy()
    tiles[1, 2, 3] = 1
    assert before.later(tiles).changed(before) == QRegion(20, 0, 10, 10)
    after = before.later(tiles + 1)
    assert after.changed(before) == after.images == before.images
    assert before.images.rectCount() == 3


def test_a_doubtful_tile_is_as_if_drawn_with_its_opacity_on_the_ground():
    tiles = in_32_bits(np.arange(0, 240, 12, dtype=np.uint8).reshape(1, 4, 5).repeat(2, 0))
    ground, clear = QColor(30, 60, 200), tiles[0].copy()
    found = faded(tiles, [1.0, 0.45], ground)
    assert (found[0] == clear).all()
    drawn = QImage(5, 4, QImage.Format.Format_RGB32)
    drawn.fill(ground)
    painter = QPainter(drawn)
    painter.setOpacity(0.45)
    painter.drawImage(0, 0, as_image(clear))
    painter.end()
    expected = np.array(drawn.constBits()).reshape(4, 5, 4).astype(int)
    assert abs(found[1] - expected).max() <= 2


def test_a_frame_leaves_on_the_screen_what_drawing_everything_would(qtbot):
    """Image by image, in any order: the same pixels as if all had been drawn at once."""
    random = np.random.default_rng(0)
    seats = Seats((1, 2, 3), tuple(range(4, 12)), doubt="why")
    stage = Stage()
    qtbot.addWidget(stage)
    stage.resize(500, 420)
    stage.show()
    qtbot.waitExposed(stage)
    for step in range(3):
        tiles = random.integers(0, 256, (11, 28, 28), dtype=np.uint8)
        stage.show_picture(Picture(step, seats, tiles), at_once=step == 0)
        stage.select(2)
        until(qtbot, lambda: not stage._timer.isActive())
    assert stage.shown_tiles() == tiles[: len(stage.shown_tiles()) // 784].tobytes()
    kind = QImage.Format.Format_RGB32

    def is_whole():
        screen = stage.screen().grabWindow(stage.winId()).toImage()
        return screen.convertToFormat(kind) == stage.grab().toImage().convertToFormat(kind)

    until(qtbot, is_whole)


# --- in the window ------------------------------------------------------------------------------


def test_the_label_names_the_step_of_the_picture_whatever_the_run_has_done_since(
    qtbot, window, checkpoint
):
    open_and_wait(qtbot, window, checkpoint())
    seen, timeline = [], window.examiner.timeline
    window.stage.stepped.connect(
        lambda step: seen.append(
            (step, window.stage.picture, window.header.step_text, timeline.step_text)
        )
    )
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: len({step for step, *_ in seen}) > 5)
    window.pages.stop()
    settle(qtbot, window)
    named = [each for each in seen if each[1] is not None]
    for step, shown, text, beside in named:
        assert text == beside == f"step {step:,}"
        assert step <= shown.step
    end = window.workspace.session.state.step
    until(qtbot, lambda: window.stage.shown_step == end)
    assert window.header.step_text == timeline.step_text == f"step {end:,}"
    residuals = window.workspace.session.state.losses.relative_per_layer[:, 0]
    assert window.views.strip.value == f"{residuals[-1]:.3g}"
    until(qtbot, window.header.report_button.isVisible)
    timeline.slider.setValue(timeline.slider.maximum() - 3)
    earlier = timeline.steps[-4]
    until(qtbot, lambda: window.stage.shown_step == earlier)
    assert window.header.step_text == timeline.step_text == f"step {earlier:,}"
    assert window.views.strip.value == f"{residuals[earlier - 1]:.3g}"


def test_of_all_candidates_the_step_of_the_mosaic_is_named(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    window.header.all_button.click()
    seen, timeline = [], window.examiner.timeline
    window.mosaic.stepped.connect(
        lambda: seen.append((window.mosaic.step, window.header.step_text, timeline.step_text))
    )
    start(qtbot, window, 1_000_000)
    until(qtbot, lambda: len(set(seen)) > 5)
    window.pages.stop()
    settle(qtbot, window)
    for step, *texts in seen:
        assert texts == ["" if step < 0 else f"step {step:,}"] * 2
    end = window.workspace.session.state.step
    until(qtbot, window.header.report_button.isVisible)
    assert window.mosaic.step == end
    timeline.slider.setValue(timeline.slider.maximum() - 2)
    until(qtbot, lambda: not window.examiner.replay.is_busy)
    assert window.mosaic.step == timeline.steps[-3]
    window.header.all_button.click()
    assert window.header.step_text == f"step {window.stage.shown_step:,}"


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
    assert "of 8 recovered" in window.header.headline.words
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


def test_nothing_has_changed_where_nobody_sits():
    nobody = Sight((), np.zeros((0, 4, 5), np.uint8))
    assert nobody.changed(nobody.later(np.zeros((0, 4, 5), np.uint8))).isEmpty()


def test_the_stage_below_a_presentation_rests_until_it_is_seen_again(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, 120)
    until(qtbot, lambda: has_gallery(window))
    settle(qtbot, window)
    shown, stage = window.views.presentation, window.stage
    until(qtbot, lambda: stage.shown_step == stage.picture.step)
    window.header.present_button.click()
    until(qtbot, shown.isVisible)
    steps = []
    stage.stepped.connect(steps.append)
    before = stage.picture
    stage.show_picture(replace(before, step=before.step + 7, tiles=255 - before.tiles))
    until(qtbot, lambda: shown.stage.shown_step == before.step + 7)
    assert not steps
    assert stage.shown_step == before.step
    qtbot.keyClick(shown.stage, Qt.Key.Key_Escape)
    until(qtbot, lambda: stage.shown_step == before.step + 7)


def test_the_headline_takes_two_lines_before_it_is_cut(qtbot):
    header = StageHeader()
    qtbot.addWidget(header)
    header.show()
    words = "61 of 100 recovered; control's best NCC 0.85"
    header.say(words, is_over=True)
    header.resize(1200, HEIGHT)
    assert header.headline.text() == words
    one_line = header.headline.fontMetrics().horizontalAdvance(words)
    beside = header.width() - header.headline.width()
    header.resize(beside + int(0.7 * one_line), HEIGHT)
    first, second = header.headline.text().split("\n")
    assert f"{first} {second}" == words
    header.resize(beside + int(0.4 * one_line), HEIGHT)
    first, second = header.headline.text().split("\n")
    assert words.startswith(f"{first} {second.removesuffix('…')}")
    assert second.endswith("…")
    assert header.headline.words == words


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
