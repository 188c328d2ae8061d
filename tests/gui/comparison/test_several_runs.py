"""More than two runs: chosen from the start page or the list, one table, any two of them closer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.data.datasets import LabelledImages
from engine.evidence.references import References
from engine.session.session_file import load_session, save_session
from gui.comparison.run_chooser import RunChooser
from tests.gui.app.test_main_window import open_and_wait, run_to_end, save_images
from tests.gui.conftest import settle, until


@pytest.fixture
def saved(qtbot, window, checkpoint, tmp_path):
    """Three runs of one network, scored and saved; the last is open."""
    images = save_images(tmp_path / "images.npz", 8)
    control = save_images(tmp_path / "control.npz", 8, 1)
    open_and_wait(qtbot, window, checkpoint(), images, control)
    paths = []
    for number in range(3):
        window.settings_panel.editor("seed").setValue(number)
        run_to_end(qtbot, window, 20)
        settle(qtbot, window)
        paths.append(tmp_path / f"run{number}.afterimage")
        window.exporter.write_to("session", paths[-1])
        settle(qtbot, window)
    return paths


def several(qtbot, window):
    until(qtbot, lambda: window.comparison.several.window is not None)
    return window.comparison.several.window


def row(shown, name):
    table = shown.table
    names = [table.item(place, 0).text() for place in range(table.rowCount())]
    place = names.index(name)
    return [table.item(place, column).text() for column in range(1, table.columnCount())]


def test_three_saved_runs_stand_in_one_table_and_two_of_them_side_by_side(qtbot, window, saved):
    window.network_page.run_cards.compare_wanted.emit(saved)
    shown = several(qtbot, window)
    assert shown.isVisible()
    assert row(shown, "Run") == ["run0.afterimage", "run1.afterimage", "run2.afterimage"]
    assert row(shown, "Seed") == ["0", "1", "2"]
    expected = load_session(saved[0]).evidence["train"]
    assert row(shown, "Recovered")[0].startswith(f"{expected['recovered']} of 8")
    assert shown.headline.text() == "None of the runs recovered an image."
    qtbot.mouseClick(shown.copy_button, Qt.MouseButton.LeftButton)
    assert "run1.afterimage" in QGuiApplication.clipboard().text()
    shown.pair[0].setCurrentIndex(2)
    shown.pair[1].setCurrentIndex(2)
    assert not shown.pair_button.isEnabled()
    shown.pair[1].setCurrentIndex(0)
    qtbot.mouseClick(shown.pair_button, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert window.comparison.window.names == ("run2.afterimage", "run0.afterimage")
    assert window.comparison.window.comparison is not None
    shown.close()
    window.comparison.end()


def test_images_that_were_found_are_shown_with_the_runs_that_found_them(qtbot, window, saved):
    """The candidates of one run are images that another run is scored against."""
    session = load_session(saved[0])
    images = session.images()[:4]
    low, high = images.amin(), images.amax()
    planted = LabelledImages(
        (images - low) / (high - low), session.labels[:4].long() * 0, "planted"
    )
    control = LabelledImages(planted.images.flip(-1, 0) * 0.1 + 0.4, planted.labels, "control")
    for path in saved:
        each = load_session(path)
        references = References.of(each.network, planted, control)
        scored = each.scored_with(references, references.score(each.images()))
        save_session(scored.with_sets(scored.sets.kept()), path)
    window.comparison.compare_saved(saved)
    shown = several(qtbot, window)
    found = shown.several.images
    assert found
    assert shown.images.count() == len(found)
    assert shown.images.item(0).text() == found[0].letters
    assert not shown.images.item(0).icon().isNull()
    shown.close()
    settle(qtbot, window)


def test_two_saved_runs_go_side_by_side_at_once(qtbot, window, saved):
    window.comparison.compare_saved(saved[:2])
    until(qtbot, lambda: window.comparison.window is not None)
    settle(qtbot, window)
    assert window.comparison.several.window is None
    assert window.comparison.window.names == ("run0.afterimage", "run1.afterimage")
    window.comparison.end()


def test_the_open_run_is_compared_with_several_of_the_list(qtbot, window, saved):
    window.comparison.choose()
    chooser = window.findChild(RunChooser)
    chooser.list.selectAll()
    chosen = [item.text() for item in chooser.list.selectedItems()]
    assert len(chosen) >= 2
    qtbot.mouseClick(chooser.compare_button, Qt.MouseButton.LeftButton)
    shown = several(qtbot, window)
    assert row(shown, "Run") == ["the open run", *chosen]
    shown.close()
    settle(qtbot, window)


def test_a_run_that_cannot_be_read_is_named(qtbot, window, saved):
    saved[1].write_bytes(b"damaged")
    window.comparison.compare_saved(saved)
    settle(qtbot, window)
    assert "run1.afterimage is damaged" in window.strip.text
    assert window.comparison.several.window is None
