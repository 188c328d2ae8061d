"""Vectors for the eye: one bar a feature, up or down from zero."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.bars import bars, tile_size
from engine.data.pixels import display_pixels, real_pixels, unit_pixels


def heights(tile):
    """Signed heights of the bars in pixels, one a column of pixels; up is positive."""
    middle = tile.shape[0] // 2
    lit = tile == tile.max()
    up = np.array([middle - rows.argmax() if rows.any() else 0 for rows in lit.T])
    down = np.array([rows[::-1].argmax() - middle if rows.any() else 0 for rows in lit.T])
    return np.where(up > 0, up, down)


def test_a_bar_is_as_high_as_its_feature_is_from_zero():
    tile = display_pixels(torch.tensor([[[[2.0, -1.0, 0.5, 0.0]]]]), torch.ones(1, 1, 4))[0]
    assert tile.shape == tile_size((1, 1, 4)) == (45, 92)
    columns = heights(tile).reshape(4, 23)
    assert (columns[:, 0] == [22, -11, 6, 0]).all()  # 22 pixels on either side of the middle.
    assert (columns[:3, :22] == columns[:3, :1]).all()
    assert (tile[:22, 22::23] == tile.min()).all()  # A gap between neighbours.


def test_no_vector_is_brighter_for_being_longer():
    rows = torch.randn(3, 1, 1, 20, generator=torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(display_pixels(rows, None), display_pixels(5 * rows, None))
    np.testing.assert_array_equal(real_pixels(rows), display_pixels(rows, None))


def test_zero_is_a_line_without_bars():
    tile = display_pixels(torch.zeros(1, 1, 1, 7), None)[0]
    assert len(np.unique(tile)) == 2
    assert (tile == tile.max()).any(1).sum() == 1


def test_many_features_share_columns_and_none_is_lost():
    values = torch.full((1, 1000), 0.5)
    values[0, 613], values[0, 700] = 1.0, 0.0
    tile = bars(values)[0]
    assert tile.shape == tile_size((1, 1, 1000)) == (65, 256)
    starts = np.arange(256) * 1000 // 256
    columns = np.searchsorted(starts, [613, 700], side="right") - 1
    assert np.flatnonzero(heights(tile)).tolist() == columns.tolist()


@pytest.mark.parametrize("shape", [(1, 4, 6), (3, 4, 6), (1, 6, 1)])
def test_images_stay_as_they_are(shape):
    images = torch.rand(2, *shape)
    assert tile_size(shape) == shape[1:]
    np.testing.assert_array_equal(real_pixels(images), unit_pixels(images))
    assert unit_pixels(images).shape[1:3] == shape[1:]
