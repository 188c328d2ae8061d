"""A network that reads rows of a table, in the window: assumed, corrected, run, looked at."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel

from engine.base.resources import sample_network
from engine.data.bars import tile_size
from engine.data.inputs import vector_shape
from gui.opening.preprocessing_dialog import PreprocessingDialog
from tests.gui.app.test_main_window import open_and_wait, run_to_end
from tests.gui.conftest import has_gallery, settle, until

FEATURES = 10


@pytest.fixture
def table(tmp_path):
    """Writes a `.csv` of rows with a header and a class."""

    def write(name, seed):
        rows = np.random.default_rng(seed).normal(5, 40, (8, FEATURES))
        lines = [",".join(f"{v:.4g}" for v in row) + f",{n % 2}" for n, row in enumerate(rows)]
        header = ",".join(f"f{n}" for n in range(FEATURES)) + ",class"
        (tmp_path / name).write_text("\n".join([header, *lines]), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def opened(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint("rows.pth", FEATURES, 12, 8, 1))
    return window


def enter_shape(qtbot, window, text):
    edit = window.model_panel.shape
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    settle(qtbot, window)


def test_features_are_assumed_said_and_corrected(qtbot, opened):
    assert "10 features, is a guess" in opened.strip.text
    assert opened.model_panel.shape.text() == "10 features  (guessed)"
    assert opened.model_panel.preprocessing == "none (assumed: the file does not say)"
    enter_shape(qtbot, opened, "1x2x5")
    assert opened.workspace.network.input_shape == (1, 2, 5)
    assert opened.model_panel.preprocessing == "not known"
    enter_shape(qtbot, opened, "vector")
    assert opened.workspace.network.input_shape == vector_shape(FEATURES)
    assert opened.model_panel.shape.text() == "10 features"
    enter_shape(qtbot, opened, "11")
    assert "10 numbers" in opened.strip.text
    assert opened.workspace.network.input_shape == vector_shape(FEATURES)


def test_words_follow_a_corrected_shape_everywhere(qtbot, opened):
    def words():
        row_space = opened.model_panel.row_space
        return opened.health.value("Remembered"), row_space.text(), row_space.toolTip()

    rows = words()
    assert all("rows" in each and "images" not in each for each in rows)
    enter_shape(qtbot, opened, "1x2x5")
    assert words() == tuple(each.replace("rows", "images") for each in rows)
    assert opened.workspace.health.nouns.several == "images"


def test_a_run_stays_open_where_a_shape_leaves_the_columns_as_they_are(qtbot, opened):
    run_to_end(qtbot, opened, 20)
    settle(qtbot, opened)
    step = opened.workspace.session.state.step
    enter_shape(qtbot, opened, "1x2x5")
    assert opened.workspace.session.state.step == step
    assert opened.workspace.session.network.input_shape == (1, 2, 5)


def test_tables_are_references_and_rows_are_drawn_as_bars(qtbot, opened, table):
    open_and_wait(qtbot, opened, table("train.csv", 1), table("control.csv", 2))
    train = opened.workspace.train
    assert train.features == tuple(f"f{n}" for n in range(FEATURES))
    assert train.labels.tolist() == [0, 1] * 4
    shown = [label.text() for label in opened.references_panel.findChildren(QLabel)]
    assert shown.count("8 rows") == 2
    run_to_end(qtbot, opened, 20)
    size = tile_size(vector_shape(FEATURES))
    assert opened.stage.picture.tiles.shape[1:] == size
    until(qtbot, lambda: has_gallery(opened))
    assert opened.mosaic.mosaic.tile == size
    assert "distinct rows" in opened.mosaic.mosaic.caption
    evidence = opened.workspace.session.score(opened.workspace.references)
    assert evidence.train.reference_count == evidence.control.reference_count == 8
    assert "standardised features" in evidence.rule


def test_preprocessing_is_that_of_features(qtbot, opened, table):
    open_and_wait(qtbot, opened, table("train.csv", 1))
    opened.model_panel.change.click()
    (dialog,) = opened.findChildren(QDialog)
    assert isinstance(dialog, PreprocessingDialog)
    assert "rows" in dialog.nothing.text()
    assert dialog.constants.count() == 0
    dialog.image.setChecked(True)
    dialog.accept()
    until(qtbot, lambda: opened.workspace.network.inputs.is_preprocessing_said)
    settle(qtbot, opened)
    read = opened.workspace.network.inputs.of_images(opened.workspace.train.images)
    np.testing.assert_allclose(read.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(read.std(0, correction=0), 1, atol=1e-5)


@pytest.mark.parametrize("is_of_rows", [True, False])
def test_rows_are_exported_where_there_are_some(qtbot, window, checkpoint, is_of_rows):
    path = checkpoint("rows.pth", FEATURES, 8, 1) if is_of_rows else sample_network()
    open_and_wait(qtbot, window, path)
    bar = window.menuBar().actions()
    (menu,) = [
        action.menu()
        for top in bar
        for action in top.menu().actions()
        if action.menu() is not None and "Export" in action.text().replace("&", "")
    ]
    menu.aboutToShow.emit()
    (rows,) = [a for a in menu.actions() if a.text().replace("&", "").startswith("Rows as CSV")]
    assert rows.isVisible() == is_of_rows
