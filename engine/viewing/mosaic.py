"""Many candidates as one image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted
from engine.data.nouns import nouns_of
from engine.data.pixels import Pixels, columns_for, display_pixels, mosaic
from engine.evidence.gallery import Gallery

if TYPE_CHECKING:
    from torch import Tensor


MOST_TILES = 400
"""More are too small to be seen."""


@dataclass(frozen=True)
class Mosaic:
    """The candidates that have most settled, or the gallery, as one image.

    Attributes:
        pixels: uint8, grey (H, W) or colour (H, W, 3), tiles with a gap of one pixel.
        order: which candidate each tile shows, row by row, counted through all restarts.
        columns: tiles in a row.
        tile: (h, w) of a tile without its gap.
        caption: what is shown, in words.
        is_gallery: whether it is the gallery of a run at rest.
        confidence: of each tile, shape (t,), where it is a gallery that has one; NaN where it is
            not known.
        is_recovered: of each tile, shape (t,), where it is a gallery that was scored beside a
            control.
        step: steps taken, over all restarts, when the candidates were so; −1 outside a run.
    """

    pixels: Pixels
    order: Tensor
    columns: int
    tile: tuple[int, int]
    caption: str = ""
    is_gallery: bool = False
    confidence: Tensor | None = None
    is_recovered: NDArray[np.bool_] | None = None
    step: int = -1


def make_mosaic(
    images: Tensor, order: Tensor, mean: Tensor | None, caption: str = "", step: int = -1
) -> Mosaic:
    """A mosaic about as wide as high.

    Args:
        images: centred candidates in the order in which they are shown, shape (t, c, h, w).
        order: which candidate each of them is, shape (t,).
        mean: μ, shape (c, h, w), or None.
        caption: what is shown, in words.
        step: steps taken, over all restarts.
    """
    tiles = display_pixels(images, mean)
    columns = columns_for(tiles)
    pixels = mosaic(tiles, columns)
    return Mosaic(pixels, order, columns, (tiles.shape[1], tiles.shape[2]), caption, step=step)


def gallery_mosaic(
    images: Tensor,
    gallery: Gallery,
    mean: Tensor | None,
    is_recovered: NDArray[np.bool_] | None = None,
) -> Mosaic:
    """The gallery's first images.

    Args:
        images: candidates of all restarts, centred, shape (R·m, c, h, w).
        gallery: which of them to show.
        mean: μ, shape (c, h, w), or None.
        is_recovered: of each of its images, shape (g,), where that is known.
    """
    order = gallery.candidate[:MOST_TILES]
    distinct, confidence = len(gallery), gallery.confidence
    things = f"distinct {nouns_of(images.shape[1:]).several}"
    found, sure = f"Gallery: {counted(distinct, things)}", gallery.above(0.9)
    caption = f"{found} by confidence, {sure} of them above 0.9"
    if not gallery.has_confidence:
        caption = f"{found} in order of trust; {gallery.why_unknown}"
    if is_recovered is not None:
        caption += f"; {is_recovered.sum()} recovered"
    if len(order) < distinct:
        caption += f"; the first {len(order)}"
    drawn = make_mosaic(images[order], order, mean, caption)
    known = None if confidence is None else confidence[: len(order)]
    marks = None if is_recovered is None else is_recovered[: len(order)]
    return replace(drawn, is_gallery=True, confidence=known, is_recovered=marks)
