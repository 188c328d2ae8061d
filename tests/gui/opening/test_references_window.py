"""All reference images can be looked at, thousands of them too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from engine.data.datasets import LabelledImages
from gui.opening.image_grid import ImageGrid
from gui.opening.references_window import ReferencesWindow
from tests.gui.app.test_main_window import open_and_wait, save_images
from tests.gui.conftest import settle, until


def shown(window):
    return window.findChild(ReferencesWindow)


def show(qtbot, window):
    qtbot.mouseClick(window.references_panel.show_all, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: any(sheet.is_ready for sheet in shown(window).sheets))
    settle(qtbot, window)
    return shown(window)


@pytest.fixture
def opened(qtbot, window, checkpoint, tmp_path):
    train, control = (
        save_images(tmp_path / name, count)
        for name, count in (("train.npz", 5), ("control.npz", 4))
    )
    open_and_wait(qtbot, window, checkpoint(), train, control)
    return window


def test_there_is_nothing_to_show_without_images(qtbot, window, checkpoint):
    open_and_wait(qtbot, window, checkpoint())
    assert not window.references_panel.show_all.isVisible()


def test_training_and_control_images_are_shown_with_numbers_and_classes(qtbot, opened):
    dialog = show(qtbot, opened)
    train, control = (sheet.grid for sheet in dialog.sheets)
    assert len(train.in_sight) == 5
    assert len(control.in_sight) == 4
    classes = opened.workspace.network.classes
    for index, label in enumerate(opened.workspace.train.signs.tolist()):
        said = train.described(QPoint(10 + index * 96, 20))
        assert said == f"{index} · {classes.numbered(label)}"
    assert train.described(QPoint(10, 500)) == ""
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_one_window_follows_what_is_open_and_closes_with_it(qtbot, opened):
    dialog = show(qtbot, opened)
    assert show(qtbot, opened) is dialog
    opened.workspace = replace(opened.workspace, control=None)
    assert dialog.tabs.isTabVisible(0)
    assert not dialog.tabs.isTabVisible(1)
    dialog.close()
    settle(qtbot, opened)
    dialog = show(qtbot, opened)
    assert dialog.isVisible()
    qtbot.mouseClick(opened.references_panel.remove, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_images_that_are_closed_before_they_are_ready_are_forgotten(qtbot, opened):
    qtbot.mouseClick(opened.references_panel.show_all, Qt.MouseButton.LeftButton)
    shown(opened).close()
    QApplication.processEvents()
    settle(qtbot, opened)


def test_of_very_many_images_those_in_sight_are_looked_at(qtbot, opened):
    count = 30_000
    labels = torch.arange(count) % 2
    many = LabelledImages(torch.rand(count, 1, 4, 4), labels, "many.npz")
    opened.workspace = replace(opened.workspace, train=many)
    grid = show(qtbot, opened).sheets[0].grid
    assert 0 < len(grid.in_sight) < 200
    assert grid.in_sight.start == 0
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert grid.in_sight.stop == count
    qtbot.keyClick(grid, Qt.Key.Key_PageUp)
    assert count - 200 < grid.in_sight.start < grid.in_sight.stop < count
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    assert grid.in_sight.start == 0


def test_the_first_image_in_sight_stays_so_when_the_window_is_resized(qtbot):
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.resize(500, 400)
    grid.show_images(np.zeros((1000, 8, 8), np.uint8), ["a"] * 1000)
    grid.show()
    grid.verticalScrollBar().setValue(3000)
    first = grid.in_sight.start
    grid.resize(900, 400)
    assert first in grid.in_sight


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 3), (3, 200, 100), (3, 1, 30)])
def test_what_is_drawn_is_the_image(qtbot, shape):
    """A tile of one colour, whatever its size and shape."""
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.resize(400, 200)
    grid.show_images(np.full(shape, 137, np.uint8), ["a"] * 3)
    grid.show()
    colour = grid.viewport().grab().toImage().pixelColor(48, 40)
    assert (colour.red(), colour.green(), colour.blue()) == (137, 137, 137)
