"""How alike images are whose sides are shorter than a window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.evidence.similarity import ncc_features, structural_similarity


def draw(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("axis", [2, 3])
def test_the_ssim_of_a_line_is_that_of_its_stripes(axis):
    from kornia.metrics import ssim

    ones, others = draw(4, 1, 12, 12)[:2, :, :1], draw(4, 1, 12, 12)[2:, :, :1]
    stripes = [each.expand(-1, -1, 9, -1) for each in (ones, others)]
    inside = ssim(*stripes, 3)[:, :, 4].flatten(1).mean(1)
    if axis == 3:
        ones, others = ones.mT, others.mT
    np.testing.assert_allclose(structural_similarity(ones, others), inside, atol=1e-6)


def test_a_single_pixel_is_like_itself():
    pixel = draw(2, 3, 1, 1)
    np.testing.assert_allclose(structural_similarity(pixel, pixel), 1, atol=1e-5)


def test_colour_lines_are_halved_along_the_line_alone():
    assert ncc_features(draw(2, 3, 1, 10)).shape == (2, 15)
    assert ncc_features(draw(2, 3, 10, 1)).shape == (2, 15)
    squeezed = ncc_features(draw(2, 3, 1, 10))
    np.testing.assert_allclose((squeezed @ squeezed.T).diagonal(), 1, atol=1e-5)
