"""The gallery of a comparison as one picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.base.colours import COLOURS, RUNS
from engine.base.progress import Progress, unheard
from engine.comparison.cells import Cell, Section, sections
from engine.comparison.comparison import Comparison
from engine.data.pixels import Pixels, enlarged

_TILE = 56
_WIDTH = 1000
_MOST = 300
"""Images of a section that are drawn."""

_MARGIN, _SPACE, _BAR = 20, 10, 4
_TITLE_SIZE, _WORDS_SIZE = 20, 14
_PAPER, _INK, _QUIET, _TICK = "#ffffff", "#1f1d1a", "#6f6a63", COLOURS["accent"].light
_TICK_SIZE = 9
_TICK_SHAPE = ((0.0, 0.55), (0.38, 0.95), (1.0, 0.1))


@dataclass(frozen=True)
class _Grid:
    """Where the images of one section are."""

    section: Section
    shown: int
    top: int
    tile: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height, with the line of words below."""
        width, height = self.tile
        is_pair = bool(self.section.cells) and self.section.cells[0].is_pair
        return width * (1 + is_pair) + is_pair, height + _BAR + _WORDS_SIZE + 6

    @property
    def columns(self) -> int:
        return max(1, (_WIDTH - 2 * _MARGIN + _SPACE) // (self.cell[0] + _SPACE))

    @property
    def head(self) -> int:
        """Height of the words above the images."""
        return _TITLE_SIZE + _WORDS_SIZE + 20

    @property
    def bottom(self) -> int:
        rows = math.ceil(self.shown / self.columns)
        return self.top + self.head + rows * (self.cell[1] + _SPACE) + _MARGIN

    def corner(self, index: int) -> tuple[int, int]:
        """Upper left corner of an image."""
        row, column = divmod(index, self.columns)
        width, height = self.cell
        return (
            _MARGIN + column * (width + _SPACE),
            self.top + self.head + row * (height + _SPACE),
        )


def gallery_picture(comparison: Comparison, progress: Progress = unheard) -> Pixels:
    """What both found, then what A or B alone found; uint8, shape (H, W, 3).

    Blue is A and orange is B, as in the window; a green tick marks what is recovered.

    Args:
        comparison: of two runs.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    factor = max(1, round(_TILE / comparison.sides[0].tiles.shape[2]))
    height, width = (factor * size for size in comparison.sides[0].tiles.shape[1:3])
    grids, top = [], _MARGIN
    for section in sections(comparison):
        grids.append(_Grid(section, min(_MOST, len(section.cells)), top, (width, height)))
        top = grids[-1].bottom
    picture = Image.new("RGB", (_WIDTH, top), _PAPER)
    draw = ImageDraw.Draw(picture)
    title, words = (ImageFont.load_default(size) for size in (_TITLE_SIZE, _WORDS_SIZE))
    for number, grid in enumerate(grids):
        progress(number / len(grids))
        draw.text((_MARGIN, grid.top), grid.section.title, _INK, title)
        note = (_MARGIN, grid.top + _TITLE_SIZE + 6)
        draw.text(note, _note(grid), _QUIET, words)
        for index in range(grid.shown):
            cell = grid.section.cells[index]
            _draw_cell(picture, draw, comparison, cell, grid.corner(index), factor)
            _draw_number(draw, grid, cell, grid.corner(index), words)
    progress(1.0)
    return np.asarray(picture)


def _note(grid: _Grid) -> str:
    more = f" The first {grid.shown:,} are drawn." if grid.shown < len(grid.section.cells) else ""
    # The font has no such sign; what is drawn instead needs no explanation.
    return grid.section.note.replace("✓ marks", "Ticks mark") + more


def _draw_cell(
    picture: Image.Image,
    draw: ImageDraw.ImageDraw,
    comparison: Comparison,
    cell: Cell,
    corner: tuple[int, int],
    factor: int,
) -> None:
    """The image of each run that found it, with a bar below that says whose it is."""
    x, y = corner
    for index, (side, place) in enumerate(zip(comparison.sides, cell.places, strict=True)):
        if place is None:
            continue
        tile = Image.fromarray(enlarged(side.tiles[place], factor))
        picture.paste(tile.convert("RGB"), (x, y))
        bottom = y + tile.height
        bar = (x, bottom, x + tile.width - 1, bottom + _BAR - 1)
        draw.rectangle(bar, fill=COLOURS[RUNS[index]].light)
        if side.is_recovered is not None and side.is_recovered[place]:
            is_right = index == 1 and cell.is_pair
            _draw_tick(
                draw, x + (tile.width - _TICK_SIZE - 1 if is_right else 0), bottom + _BAR + 5
            )
        x += tile.width + 1


def _draw_tick(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    points = [(x + _TICK_SIZE * a, y + _TICK_SIZE * b) for a, b in _TICK_SHAPE]
    draw.line(points, fill=_TICK, width=2)


def _draw_number(
    draw: ImageDraw.ImageDraw,
    grid: _Grid,
    cell: Cell,
    corner: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    centre = corner[0] + grid.cell[0] / 2
    number = cell.text.replace("✓", "").strip()
    top = corner[1] + grid.tile[1] + _BAR + 2
    draw.text((centre, top), number, _QUIET, font, anchor="ma")
