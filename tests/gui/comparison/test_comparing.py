"""Two runs side by side in a window of their own: asked for, worked out, shown, and cancelled."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QToolTip

from engine.comparison.comparison import compare
from engine.comparison.recovered import UNKNOWN, count_recovered, recovered_in_words
from engine.comparison.text import CAUTION, as_text, headline, told_confidence
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import session_of
from engine.session.session_file import load_session, save_session
from gui.comparison.run_chooser import RunChooser
from gui.comparison.steps import step_rows
from gui.run.activity import Activity
from tests.gui.app.test_main_window import answer, open_and_wait, run_to_end, save_images, start
from tests.gui.conftest import settle, until
from tests.gui.wording import accessible_name, controls, cut_off, where


def run(network, seed, steps=12):
    settings = replace(fast(), seed=seed, candidates=24, steps=steps, rank=10, device="cpu")
    reconstruction = Reconstruction(network, settings)
    for _ in reconstruction.iterate():
        pass
    return session_of(reconstruction, "cpu")


@pytest.fixture(scope="module")
def network(make_network):
    return make_network(16, 12, 10, 1, shape=(1, 4, 4))


@pytest.fixture(scope="module")
def two_runs(network, tmp_path_factory):
    """Two seeds of one network, saved."""
    folder = tmp_path_factory.mktemp("runs")
    paths = [folder / f"seed-{seed}.afterimage" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        save_session(run(network, seed, 12 - 3 * seed), path)
    return paths


@pytest.fixture
def compared(qtbot, window, two_runs):
    """The window of a comparison that is done."""
    open_and_wait(qtbot, window, two_runs[0])
    window.comparison.compare_with(two_runs[1], two_runs[1].name)
    settle(qtbot, window)
    return window.comparison.window


def point_at(place, widget, kind=QEvent.Type.MouseMove):
    none, at = Qt.MouseButton.NoButton, QPointF(place)
    event = QMouseEvent(
        kind, at, widget.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def test_the_open_run_is_shown_beside_another(compared, two_runs):
    expected = compare(*(load_session(path) for path in two_runs))
    assert compared.isVisible()
    assert compared.headline.text() == headline(expected)
    assert CAUTION in compared.remarks
    titles = [section.title for section in compared.gallery.sections]
    only = [len(places) for places in expected.only]
    assert titles == [
        f"Found by both ({len(expected.both)})",
        f"Only in A ({only[0]})",
        f"Only in B ({only[1]})",
    ]
    assert [len(section.cells) for section in compared.gallery.sections] == [
        len(expected.both),
        *only,
    ]
    assert UNKNOWN in compared.known.text()
    assert "A the open run" in compared.plot.plot.words
    assert "B seed-1.afterimage" in compared.plot.plot.words


def test_all_of_it_can_be_copied_as_text(qtbot, compared, two_runs):
    expected = compare(*(load_session(path) for path in two_runs))
    qtbot.mouseClick(compared.copy_button, Qt.MouseButton.LeftButton)
    names = ("the open run", "seed-1.afterimage")
    assert QGuiApplication.clipboard().text() == as_text(expected, names)
    table = compared.table
    shown = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert "Recovered" in shown
    assert "Seed" in shown
    seed = shown.index("Seed")
    assert [table.item(seed, column).text() for column in (1, 2)] == ["0", "1"]


def test_the_tiles_are_those_of_both_galleries(compared):
    a, b = compared.comparison.sides
    gallery = compared.gallery
    cell = gallery.sections[0].cells[0]
    where = gallery.rect_of(0, 0)
    assert gallery.cell_at(where.center()) is cell
    assert gallery.cell_at(QPoint(where.right() + 5, where.top())) is None
    last = gallery.sections[2].cells[-1]
    assert gallery.cell_at(gallery.rect_of(2, len(gallery.sections[2].cells) - 1).center()) is last
    picture = gallery.grab().toImage()
    for side, place, left in ((a, cell.places[0], 0), (b, cell.places[1], 57)):
        tile = side.tiles[place]
        for row in range(4):
            for column in range(4):
                x, y = where.left() + left + 14 * column + 7, where.top() + 14 * row + 7
                ratio = picture.devicePixelRatio()
                drawn = picture.pixelColor(round(x * ratio), round(y * ratio)).red()
                assert abs(drawn - int(tile[row, column])) <= 1


def test_a_tile_says_what_it_is(qtbot, compared):
    gallery = compared.gallery
    centre = gallery.rect_of(0, 0).center()
    QApplication.sendEvent(
        gallery, QHelpEvent(QEvent.Type.ToolTip, centre, gallery.mapToGlobal(centre))
    )
    cell = gallery.sections[0].cells[0]
    candidate = int(compared.comparison.sides[1].gallery.candidate[cell.places[1]])
    assert f"B: candidate {candidate}, confidence" in QToolTip.text()
    QToolTip.hideText()
    alone = gallery.describe(gallery.sections[1].cells[0])
    assert alone.startswith("A: candidate ")
    assert "B:" not in alone


def test_a_click_on_a_tile_shows_both_images_large(qtbot, compared):
    gallery, closeup = compared.gallery, compared.closeup
    assert not closeup.isVisible()
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(gallery, left, pos=gallery.rect_of(0, 0).center())
    assert closeup.isVisible()
    assert closeup.where.text() == f"Found by both, 1 of {len(gallery.sections[0].cells)}"
    assert f"NCC {compared.comparison.measure[0]:.2f}" in closeup.alike.text()
    for column, side, place in zip(
        closeup.columns, compared.comparison.sides, gallery.current.places, strict=True
    ):
        shown = column.picture.image
        assert [shown.pixelColor(x, 0).red() for x in range(4)] == side.tiles[place][0].tolist()
        assert column.values["Candidate"].text() == str(int(side.gallery.candidate[place]))
        assert column.values["Confidence"].text() == told_confidence(side, place)
        assert UNKNOWN in column.values["Match"].text()
        assert column.training.isHidden()
    qtbot.mouseClick(gallery, left, pos=gallery.rect_of(2, 0).center())
    assert [column.isVisible() for column in closeup.columns] == [False, True]
    assert closeup.where.text().startswith("Only in B, 1 of ")
    assert closeup.alike.isHidden()


def test_tiles_are_reached_and_opened_with_keys_alone(qtbot, compared):
    gallery, closeup = compared.gallery, compared.closeup
    compared.copy_button.setFocus()
    while not gallery.hasFocus():
        QApplication.focusWidget().focusNextChild()
    assert gallery.where.startswith("Found by both, 1 of ")
    assert gallery.describe(gallery.current) in gallery.accessibleDescription()
    both, last = len(gallery.sections[0].cells), gallery.sections[2].cells[-1]
    for _ in range(both):
        qtbot.keyClick(gallery, Qt.Key.Key_Right)
    assert gallery.where.startswith("Only in A, 1 of ")
    qtbot.keyClick(gallery, Qt.Key.Key_Up)
    assert gallery.where.startswith("Found by both, ")
    qtbot.keyClick(gallery, Qt.Key.Key_Down)
    assert gallery.where.startswith("Only in A, ")
    qtbot.keyClick(gallery, Qt.Key.Key_End)
    assert gallery.current is last
    visible = gallery.visibleRegion().boundingRect()
    assert visible.contains(gallery.rect_of(2, len(gallery.sections[2].cells) - 1).center())
    qtbot.keyClick(gallery, Qt.Key.Key_Return)
    assert closeup.isVisible()
    place = last.places[1]
    number = str(int(compared.comparison.sides[1].gallery.candidate[place]))
    assert closeup.columns[1].values["Candidate"].text() == number
    qtbot.mouseClick(closeup.next_button, Qt.MouseButton.LeftButton)
    assert gallery.current is last
    qtbot.mouseClick(closeup.before_button, Qt.MouseButton.LeftButton)
    assert gallery.current is gallery.sections[2].cells[-2]
    qtbot.keyClick(closeup, Qt.Key.Key_Escape)
    assert not closeup.isVisible()


def test_rows_are_walked_down_and_up_again(compared):
    sections = compared.gallery.sections
    for columns in (1, 3, 7):
        each = [columns] * 3
        place, seen = (0, 0), []
        while place not in seen:
            seen.append(place)
            place = step_rows(sections, each, place, is_down=True)
        rows = [-(-len(section.cells) // columns) for section in sections]
        assert len(seen) == sum(rows)
        back = [seen[-1]]
        while len(back) < len(seen):
            back.append(step_rows(sections, each, back[-1], is_down=False))
        assert back[::-1] == seen


def test_the_large_view_shows_the_training_image_and_whether_it_is_recovered(
    qtbot, window, two_runs, tmp_path
):
    open_and_wait(qtbot, window, two_runs[0])
    images = [save_images(tmp_path / f"{n}.npz", 6, seed=s) for n, s in (("a", 0), ("control", 1))]
    open_and_wait(qtbot, window, *images)
    window.comparison.compare_with(two_runs[1], "b")
    settle(qtbot, window)
    shown = window.comparison.window
    found = shown.comparison.sides[0].found
    place = int(np.flatnonzero(found.reference >= 0)[0])
    cell = next(c for s in shown.gallery.sections for c in s.cells if c.places[0] == place)
    shown.gallery.chosen.emit(cell)
    column = shown.closeup.columns[0]
    assert column.training.isVisible()
    real = window.workspace.references.train[int(found.reference[place])]
    top = [column.training.image.pixelColor(x, 0).red() for x in range(4)]
    assert np.allclose(top, 255 * real[0, 0].numpy(), atol=1)
    verdict = "recovered" if found.is_recovered[place] else "not recovered"
    assert column.values["Match"].text().endswith(f": {verdict}")


def test_every_control_of_both_windows_has_a_name_and_an_explanation(qtbot, compared):
    compared.gallery.chosen.emit(compared.gallery.sections[0].cells[0])
    for each in (*controls(compared), *controls(compared.closeup)):
        waits_for_a_text = each is compared.strip.offer_button
        assert accessible_name(each) or waits_for_a_text, where(each)
        assert each.toolTip(), where(each)
    until(qtbot, lambda: cut_off(compared) == cut_off(compared.closeup) == [])


def choose_folder(qtbot, compared, folder):
    qtbot.mouseClick(compared.export_button, Qt.MouseButton.LeftButton)
    dialog = next(each for each in compared.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit(str(folder))
    dialog.reject()
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_it_is_exported_and_nothing_is_replaced_unasked(qtbot, compared, window, tmp_path):
    out = tmp_path / "out"
    choose_folder(qtbot, compared, out)
    assert compared.exporting.isVisible()
    settle(qtbot, window)
    assert not compared.exporting.isVisible()
    assert str(out) in compared.strip.text
    page = (out / "comparison.html").read_text(encoding="utf-8")
    assert headline(compared.comparison) in page
    assert "seed-1.afterimage" in page
    (out / "comparison.png").write_text("mine")
    choose_folder(qtbot, compared, out)
    settle(qtbot, window)
    assert (out / "comparison.png").read_text() == "mine"
    answer(qtbot, compared, "Not Now")
    assert (out / "comparison.png").read_text() == "mine"
    choose_folder(qtbot, compared, out)
    settle(qtbot, window)
    answer(qtbot, compared, "Replace")
    settle(qtbot, window)
    assert (out / "comparison.png").read_bytes()[:4] == b"\x89PNG"


def test_an_export_that_fails_says_so_where_it_was_asked_for(qtbot, compared, window, tmp_path):
    (tmp_path / "file").touch()
    choose_folder(qtbot, compared, tmp_path / "file")
    settle(qtbot, window)
    assert "file" in compared.strip.text
    assert compared.export_button.isVisible()


def test_the_plot_reads_out_both_losses_and_takes_other_losses_and_seconds(compared):
    plot = compared.plot
    losses = [side.session.state.losses for side in compared.comparison.sides]
    view = plot.plot._canvas.getPlotItem().getViewBox()
    viewport = plot.plot._canvas.viewport()
    point = plot.plot._canvas.mapFromScene(view.mapViewToScene(QPointF(5.2, view.viewRect().y())))
    place = QPointF(point.x(), viewport.height() / 2)
    point_at(place, viewport)
    assert "at step 5" in plot.plot.words
    for letter, each in zip("AB", losses, strict=True):
        assert f"{letter} {each.stationarity[4]:.5g}" in plot.plot.words
    assert len(plot.plot.cursors) == 1
    QApplication.sendEvent(plot.plot, QEvent(QEvent.Type.Leave))
    assert "the open run" in plot.plot.words
    assert plot.plot.cursors == []
    assert plot.which.count() == 2 + 3
    plot.which.setCurrentIndex(3)
    plot.over.setCurrentIndex(1)
    assert "layer 2" in plot.plot.words
    for curve, each in zip(plot.plot._curves, losses, strict=True):
        assert curve.xData.tolist() == each.seconds.tolist()
        assert curve.yData.tolist() == each.relative_per_layer[:, 1].tolist()


def test_a_loss_that_moves_little_still_has_numbers_beside_it(compared):
    axis = compared.plot.plot._canvas.getAxis("left")
    (spacing, ticks), *_ = axis.tickValues(math.log10(5328), math.log10(5392), 200)
    assert axis.tickStrings(ticks, 1, spacing) == ["5340", "5360", "5380"]
    (spacing, ticks), *_ = axis.tickValues(-3.2, 1.1, 200)
    assert axis.tickStrings(ticks, 1, spacing) == ["0.001", "0.01", "0.1", "1", "10"]


def test_beyond_its_last_step_a_shorter_run_has_no_loss(compared):
    compared.plot._read_out(11.0)
    assert "B –" in compared.plot.plot.words
    assert "A –" not in compared.plot.plot.words
    compared.plot._read_out(-1.0)
    assert "A –" in compared.plot.plot.words


def test_two_runs_made_here_are_compared_with_one_command(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    before, another = window.actions_.compare_with_before, window.actions_.compare
    assert not before.isEnabled()
    assert not another.isEnabled()
    run_to_end(qtbot, window, steps=12)
    assert another.isEnabled()
    assert not before.isEnabled()
    window.settings_panel.editor("seed").setValue(5)
    run_to_end(qtbot, window, steps=12)
    settle(qtbot, window)
    assert before.isEnabled()
    before.trigger()
    settle(qtbot, window)
    shown = window.comparison.window
    seeds = [side.session.settings.seed for side in shown.comparison.sides]
    assert seeds == [5, 0]
    assert "the run before" in shown.plot.plot.words


def test_a_run_is_compared_as_it_stands(qtbot, window, checkpoint, two_runs):
    open_and_wait(qtbot, window, checkpoint())
    start(qtbot, window, steps=1_000_000)
    window.comparison.compare_with(two_runs[0], "another")
    until(qtbot, lambda: window.comparison.window is not None)
    until(qtbot, lambda: window.comparison.window.comparison is not None)
    state = window.comparison.window.comparison.sides[0].session.state
    assert 0 <= state.step < state.steps
    assert window.controller.activity is Activity.RUNNING


def test_open_references_score_both_runs_of_one_network(
    qtbot, window, two_runs, tmp_path, make_network
):
    open_and_wait(qtbot, window, two_runs[0])
    open_and_wait(
        qtbot,
        window,
        save_images(tmp_path / "train.npz", 6),
        save_images(tmp_path / "control.npz", 6, seed=1),
    )
    window.comparison.compare_with(two_runs[1], "b")
    settle(qtbot, window)
    counts = [side.scores["control"]["count"] for side in window.comparison.window.comparison.sides]
    assert counts == [6, 6]
    comparison = window.comparison.window.comparison
    assert window.comparison.window.known.text() == recovered_in_words(comparison)
    assert UNKNOWN not in recovered_in_words(comparison)
    ticked = sum("✓" in cell.text for cell in window.comparison.window.gallery.sections[1].cells)
    assert ticked == count_recovered(comparison).of_only[0]
    other = make_network(16, 9, 1, seed=1, shape=(1, 4, 4))
    save_session(run(other, 0), tmp_path / "other.afterimage")
    window.comparison.compare_with(tmp_path / "other.afterimage", "other")
    settle(qtbot, window)
    a, b = window.comparison.window.comparison.sides
    assert a.scores is not None
    assert b.scores is None
    assert "different networks" in window.comparison.window.remarks


def test_what_cannot_be_compared_is_one_sentence(qtbot, window, two_runs, tmp_path, network):
    torn = tmp_path / "torn.afterimage"
    torn.write_bytes(two_runs[1].read_bytes()[:-200])
    other = tmp_path / "wide.afterimage"
    save_session(run(network.with_input_shape((1, 2, 8)), 0), other)
    open_and_wait(qtbot, window, two_runs[0])
    before = window.workspace
    for path, says in ((torn, "damaged"), (other, "one shape"), (tmp_path / "no", "not exist")):
        window.comparison.compare_with(path, path.name)
        settle(qtbot, window)
        assert says in window.strip.text
        assert window.comparison.window is None
    assert window.workspace is before


def test_waiting_can_be_cancelled(qtbot, window, two_runs):
    open_and_wait(qtbot, window, two_runs[0])
    window.comparison.compare_with(two_runs[1], "b")
    shown = window.comparison.window
    assert shown.cancel_button.isVisible()
    qtbot.mouseClick(shown.cancel_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.comparison.window is None
    assert window.strip.text == ""


def test_a_session_without_weights_is_compared(qtbot, window, checkpoint, tmp_path):
    open_and_wait(qtbot, window, checkpoint())
    run_to_end(qtbot, window, steps=12)
    settle(qtbot, window)
    slim = tmp_path / "slim.afterimage"
    save_session(window.workspace.session, slim, with_weights=False)
    window.comparison.compare_with(slim, "slim")
    settle(qtbot, window)
    comparison = window.comparison.window.comparison
    assert comparison.has_same_checkpoint
    assert [len(places) for places in comparison.only] == [0, 0]


def test_runs_at_hand_are_offered_but_not_the_open_one(qtbot, window, two_runs):
    for path in two_runs:
        open_and_wait(qtbot, window, path)
    window.actions_.compare.trigger()
    chooser = window.findChild(RunChooser)
    offered = [chooser.list.item(row).text() for row in range(chooser.list.count())]
    assert offered == ["seed-0.afterimage"]
    assert chooser.compare_button.isDefault()
    qtbot.mouseClick(chooser.compare_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    seeds = [side.session.settings.seed for side in window.comparison.window.comparison.sides]
    assert seeds == [1, 0]


def test_any_other_session_can_be_chosen(qtbot, window, two_runs):
    open_and_wait(qtbot, window, two_runs[0])
    window.actions_.compare.trigger()  # Nothing else is at hand.
    dialog = window.findChild(QFileDialog)
    dialog.fileSelected.emit(str(two_runs[1]))
    dialog.reject()
    settle(qtbot, window)
    assert "seed-1.afterimage" in window.comparison.window.plot.plot.words
    open_and_wait(qtbot, window, two_runs[1])
    window.actions_.compare.trigger()
    chooser = window.findChild(RunChooser)
    qtbot.mouseClick(chooser.file_button, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: any(d.isVisible() for d in window.findChildren(QFileDialog)))
    for dialog in window.findChildren(QFileDialog):
        dialog.reject()


def test_its_size_is_remembered_and_it_closes_with_the_window(qtbot, compared, window, two_runs):
    compared.resize(720, 500)
    compared.close()
    assert window.comparison.window is None
    window.comparison.compare_with(two_runs[1], "b")
    again = window.comparison.window
    assert (again.width(), again.height()) == (720, 500)
    settle(qtbot, window)
    window.close()
    until(qtbot, lambda: not window.isVisible())
    assert window.comparison.window is None


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Dark, Qt.ColorScheme.Light])
def test_it_follows_the_colour_scheme(qtbot, compared, window, scheme):
    window.choose_scheme(scheme)

    def is_painted():
        picture = compared.grab().toImage()
        table = compared.table.viewport().mapTo(compared, QPoint(2, 2))
        places = QPoint(2, picture.height() - 4), table, QPoint(10, 150)  # The last is the plot.
        return all(
            (picture.pixelColor(place).lightness() < 128) == (scheme == Qt.ColorScheme.Dark)
            for place in places
        )

    until(qtbot, is_painted)
