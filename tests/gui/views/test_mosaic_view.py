"""Tiles stay apart, and look the same, however small the mosaic is shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.viewing.mosaic import make_mosaic
from gui.views.mosaic import MosaicView

TILES, SIDE = 400, 28


@pytest.fixture
def view(qtbot):
    made = MosaicView()
    qtbot.addWidget(made)
    made.show()
    return made


def striped(contrast=1.0):
    """Tiles that are bright all over, but for dark stripes one pixel wide."""
    images = torch.ones(TILES, 1, SIDE, SIDE)
    images[:, :, :, ::2] = 1 - contrast
    images[:, :, 0, 0] = 0  # So that nothing is stretched.
    return make_mosaic(images, torch.arange(TILES), None)


def drawn(view, side):
    """What is seen of it, brightness, shape (side, side)."""
    view.resize(side, side)
    view.fit()
    QApplication.processEvents()
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(side, picture.bytesPerLine())
    return rows[:, :side].astype(float)


@pytest.mark.parametrize("side", [250, 300, 410, 560, 700])
def test_every_gap_is_seen_at_every_size(view, side):
    view.show_mosaic(striped(contrast=0.0))
    seen = drawn(view, side)
    middle = seen[:, side // 2 - 4 : side // 2 + 5]
    dark = middle.max(1) < 60
    gaps = np.flatnonzero(np.diff(dark.astype(int)) == 1)
    assert len(gaps) >= TILES**0.5 - 1


def test_a_shrunk_tile_looks_much_like_its_neighbour(view):
    view.show_mosaic(striped())
    seen = drawn(view, 260)
    places = [view._box.mapViewToScene(QPointF(29 * tile + 3, 148)) for tile in range(3, 17)]
    size = round(22 * (places[1].x() - places[0].x()) / 29)
    corners = [(round(place.x()), round(place.y())) for place in places]
    means = [seen[y : y + size, x : x + size].mean() for x, y in corners]
    assert max(means) - min(means) < 60


def test_enlarged_each_pixel_is_a_square(view):
    view.show_mosaic(striped())
    smooth = QPainter.RenderHint.SmoothPixmapTransform
    drawn(view, 300)
    assert view.renderHints() & smooth
    drawn(view, 1200)
    assert not view.renderHints() & smooth


def test_nothing_is_left_of_the_gaps_once_it_is_cleared(view):
    view.show_mosaic(striped())
    assert not view._gaps.path().isEmpty()
    view.clear()
    assert view._gaps.path().isEmpty()
