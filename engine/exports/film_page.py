"""A page of exactly so many pixels: tiles in its middle, words above, step and losses below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.base.errors import UnusableInput
from engine.data.pixels import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

Curve = Sequence[tuple[float, float]]
"""Points of a curve, each from 0 to 1 across and from 0 (low) to 1 (high)."""

BACKGROUND = 20
_TEXT, _QUIET, _FAINT = 232, 150, 84
_SMOOTHING = 4
_SEEN = 96
"""Pixels that a tile is high, at least, where as many are taken as fit."""
_ENOUGH = 0.75
"""Share of as many as fit that is shown, at least, for the sake of larger tiles."""
_LINE = 2
"""Pixels between the two of a pair."""


@dataclass(frozen=True)
class Layout:
    """Where tiles are.

    Attributes:
        scale: whole factor by which each is enlarged.
        columns: tiles in a row.
        gap: pixels between two.
    """

    scale: int
    columns: int
    gap: int


def arrange(count: int, tile: tuple[int, int], room: tuple[int, int], gap: int) -> Layout:
    """The layout with the largest tiles; of several the one with the fullest rows.

    Args:
        count: of tiles.
        tile: height and width of one.
        room: height and width that there are.
        gap: pixels between two.

    Returns:
        A layout whose scale is 0 where so many tiles do not fit.
    """
    found = []
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        high = (room[0] - (rows - 1) * gap) // (rows * tile[0])
        wide = (room[1] - (columns - 1) * gap) // (columns * tile[1])
        found.append((max(0, min(high, wide)), count - rows * columns, columns))
    scale, _, columns = max(found)
    return Layout(scale, columns, gap)


@dataclass(frozen=True)
class Page:
    """What is the same on all frames of a film.

    Attributes:
        size: width and height in pixels.
        caption: a line of words at the top; empty, without.
        longest: the longest words below, which get as much room; empty, without.
        curves: of the losses, below; none, without.
        is_of_pairs: whether tiles come in twos, which are further apart than what they are of.
    """

    size: tuple[int, int]
    caption: str = ""
    longest: str = ""
    curves: Sequence[Curve] = ()
    is_of_pairs: bool = False

    @property
    def room(self) -> tuple[int, int]:
        """Height and width for tiles."""
        top, bottom = self._bands
        return self.size[1] - top - bottom, self.size[0] - 2 * self._margin

    @property
    def gap(self) -> int:
        """Pixels between two tiles, or two pairs."""
        return max(2, self._font // 4) * (3 if self.is_of_pairs else 1)

    def fitting(self, tile: tuple[int, int], count: int, most: int) -> int:
        """How many of `count` tiles (h, w) are shown: all, where they are few enough to be seen.

        Else about as many as fit, `most` at most, in full rows: those that cover most of the page.
        """
        least = max(1, math.ceil(_SEEN / tile[0]))
        if count < most and arrange(count, tile, self.room, self.gap).scale >= least:
            return count
        (high, wide), gap = self.room, self.gap
        found = [(0, 1)]
        for scale in range(least, max(self.size) // min(tile) + 1):
            columns = (wide + gap) // (scale * tile[1] + gap)
            rows = (high + gap) // (scale * tile[0] + gap)
            for row in range(1, rows + 1):
                shown = row * min(columns, min(count, most) // row)
                found.append((scale * scale * shown, shown))
        enough = _ENOUGH * max(shown for _, shown in found)
        return max(each for each in found if each[1] >= enough)[1]

    def drawn(self, tiles: Pixels, beside: Pixels | None, words: str, share: float) -> Pixels:
        """One frame, uint8, (H, W) where tiles are grey, else (H, W, 3).

        Args:
            tiles: shape (p, h, w[, 3]).
            beside: as many, to the right of each; None, without.
            words: below.
            share: how far along the curves the cursor is, from 0 to 1.

        Raises:
            UnusableInput: there are more tiles than fit, or they are larger than the page.
        """
        frame = self._ground.copy()
        if tiles.ndim == 4:
            frame = np.repeat(frame[..., None], 3, 2)
        self._place(frame, tiles, beside)
        top = self.size[1] - self._margin - self._band_below // 2
        if self.longest:
            _write(frame, words, self._font, self._margin, top)
        if self.curves:
            self._mark(frame, share)
        return frame

    def _place(self, frame: Pixels, tiles: Pixels, beside: Pixels | None) -> None:
        count, height, width = tiles.shape[:3]
        whole = width if beside is None else 2 * width
        layout = arrange(count, (height, whole), self.room, self.gap)
        if not layout.scale:
            raise UnusableInput(
                f"{count} images of {width} × {height} pixels do not fit on a film of "
                f"{self.size[0]} × {self.size[1]}; show fewer."
            )
        scale, columns = layout.scale, layout.columns
        line = 0 if beside is None else _LINE
        high, wide = scale * height, scale * whole + line
        rows = math.ceil(count / columns)
        top, _ = self._bands
        top += (self.room[0] - rows * (high + self.gap) + self.gap) // 2
        left = (self.size[0] - columns * (wide + self.gap) + self.gap) // 2
        parts = [(tiles, 0)] if beside is None else [(tiles, 0), (beside, scale * width + line)]
        for part, offset in parts:
            large = part.repeat(scale, 1).repeat(scale, 2)
            for number, tile in enumerate(large):
                row, column = divmod(number, columns)
                y, x = top + row * (high + self.gap), left + column * (wide + self.gap) + offset
                frame[y : y + high, x : x + tile.shape[1]] = tile

    def _mark(self, frame: Pixels, share: float) -> None:
        """The part of the curves that is behind the cursor is bright."""
        y, x, height, width = self._strip
        faint, bright = self._lines
        at = round(share * (width - 1))
        strip = faint.copy()
        strip[:, :at] = bright[:, :at]
        strip[:, max(0, at - 1) : at + 1] = _TEXT
        frame[y : y + height, x : x + width] = strip if frame.ndim == 2 else strip[..., None]

    @cached_property
    def _ground(self) -> Pixels:
        ground = np.full(self.size[::-1], BACKGROUND, np.uint8)
        if self.caption:
            room = self.size[0] - 2 * self._margin
            words = _elided(self.caption, self._font, room)
            _write(ground, words, self._font, self._margin, self._margin + self._font // 2)
        return ground

    @cached_property
    def _strip(self) -> tuple[int, int, int, int]:
        """Top, left, height and width of the losses."""
        left = self._margin
        if self.longest:
            left += _width(self.longest, self._font) + self._font
        top = self.size[1] - self._margin - self._band_below
        return top, left, self._band_below, self.size[0] - self._margin - left

    @cached_property
    def _lines(self) -> tuple[Pixels, Pixels]:
        """The strip before the cursor has passed, and after."""
        _, _, height, width = self._strip
        faint, bright = (self._curve(height, width, shade) for shade in (_FAINT, _QUIET))
        words = "stationarity loss"
        size = max(10, round(0.75 * self._font))
        # Below the curves' beginning: they fall.
        y = height - size // 2 - 1
        for strip in (faint, bright):
            _write(strip, words, size, size // 2, y, _QUIET)
        return faint, bright

    def _curve(self, height: int, width: int, shade: int) -> Pixels:
        """The curves, drawn large and made small, which smooths them."""
        n = _SMOOTHING
        large = Image.new("L", (n * width, n * height), BACKGROUND)
        draw = ImageDraw.Draw(large)
        for curve in self.curves:
            points = [(n * (width - 1) * x, n * (2 + (height - 5) * (1 - y)) + n) for x, y in curve]
            draw.line(points, shade, 2 * n, joint="curve")
        return np.array(large.reduce(n))

    @property
    def _font(self) -> int:
        return max(12, round(0.026 * min(self.size)))

    @property
    def _margin(self) -> int:
        return self._font

    @property
    def _band_below(self) -> int:
        return round(1.9 * self._font)

    @property
    def _bands(self) -> tuple[int, int]:
        """Pixels above and below the tiles."""
        top = self._margin + (2 * self._font if self.caption else 0)
        is_below = self.longest or self.curves
        return top, self._margin + (self._band_below + self._margin if is_below else 0)


@lru_cache(8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _width(words: str, size: int) -> int:
    return math.ceil(_font(size).getlength(words))


def _elided(words: str, size: int, room: int) -> str:
    """Where there is no room, the name before the colon loses its end."""
    if _width(words, size) <= room:
        return words
    name, _, rest = words.partition(":")
    while name and _width(f"{name}…:{rest}", size) > room:
        name = name[:-1]
    return f"{name}…:{rest}"


@lru_cache(256)
def _mask(words: str, size: int) -> NDArray[np.float32]:
    """How much of each pixel is covered, from 0 to 1, on as much height as the font takes."""
    width = max(1, _width(words, size))
    image = Image.new("L", (width, 2 * size), 0)
    ImageDraw.Draw(image).text((0, size), words, 255, _font(size), "lm")
    return np.asarray(image).astype(np.float32) / np.float32(255)


def _write(
    frame: Pixels, words: str, size: int, left: int, middle: int, shade: int = _TEXT
) -> None:
    """Words in one line, with their middle at a height."""
    mask = _mask(words, size)[:, : max(0, frame.shape[1] - left)]
    top = max(0, middle - size)
    mask = mask[max(0, size - middle) :][: frame.shape[0] - top]
    part = frame[top : top + mask.shape[0], left : left + mask.shape[1]]
    covered = mask if frame.ndim == 2 else mask[..., None]
    part[:] = np.rint(part + covered * (np.float32(shade) - part)).astype(np.uint8)
