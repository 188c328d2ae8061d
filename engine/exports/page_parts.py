"""What pages for people are made of: templates, and the pictures that go into them.

The templates lie in `resources/pages`. All that goes into them is plain text, which they escape,
and every picture is part of its page, as the address of an image.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from engine.base.resources import resource_folder
from engine.data.pixels import Pixels, enlarged
from engine.exports.charts import HEIGHT, WIDTH

if TYPE_CHECKING:
    from jinja2 import Environment

TILE = 44
"""Width of a square tile on a page, in its pixels."""

_CHART = 520
_PRINTED = 3
"""How many of a tile's own pixels a pixel of the page has in print, at least."""


@dataclass(frozen=True)
class Picture:
    """A picture on a page.

    Attributes:
        source: all of it, as a `data:` address.
        words: what it shows.
        width: in the page's pixels.
        height: alike.
    """

    source: str
    words: str
    width: int
    height: int


@dataclass(frozen=True)
class Tile:
    """Pictures side by side, with words below."""

    pictures: Sequence[Picture]
    words: str


@dataclass(frozen=True)
class Grid:
    """Tiles in rows.

    Attributes:
        tiles: those that are shown.
        count: how many there are.
        columns: tiles in a row.
        width: of each, in the page's pixels.
    """

    tiles: Sequence[Tile]
    count: int
    columns: int
    width: int

    @property
    def shown(self) -> int:
        """How many are shown."""
        return len(self.tiles)

    @property
    def rows(self) -> list[Sequence[Tile]]:
        """The tiles, row by row."""
        starts = range(0, len(self.tiles), self.columns)
        return [self.tiles[start : start + self.columns] for start in starts]


def whole_page(template: str, **words: Any) -> str:
    """A page that loads nothing and runs nothing.

    Args:
        template: name of a file in `resources/pages`.
        words: what it asks for, as plain text, pictures and grids.

    Raises:
        jinja2.UndefinedError: it asks for more.
    """
    return _environment().get_template(template).render(words)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resource_folder() / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def as_picture(tile: Pixels, words: str) -> Picture:
    """A tile as PNG, enlarged by a whole factor so that no viewer has to invent pixels."""
    width, height = shown_size(tile)
    factor = max(1, round(_PRINTED * width / tile.shape[1]))
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(enlarged(tile, factor))).save(buffer, "PNG")
    return Picture(_address("image/png", buffer.getvalue()), words, width, height)


def shown_size(tile: Pixels) -> tuple[int, int]:
    """Width and height of a tile on a page, in its pixels.

    The shorter side is `TILE`, but no side is longer than three times that.
    """
    height, width = tile.shape[:2]
    scale = min(TILE / min(height, width), 3 * TILE / max(height, width))
    return max(1, round(scale * width)), max(1, round(scale * height))


def in_rows(tiles: Sequence[Tile], count: int, columns: int, room: int) -> Grid:
    """Tiles in rows as wide as that of so many whose pictures are `TILE` wide.

    Args:
        tiles: those that are shown, each of as many pictures.
        count: how many there are.
        columns: of tiles that are `TILE` wide.
        room: beside each tile, in the page's pixels.
    """
    pictures = tiles[0].pictures if tiles else ()
    usual = max(1, len(pictures)) * TILE + room
    width = sum(picture.width for picture in pictures) + room if pictures else usual
    return Grid(tiles, count, max(1, columns * usual // width), width)


def as_chart(svg: str, words: str) -> Picture:
    """A chart (`charts`) with what it shows in words."""
    height = round(_CHART * HEIGHT / WIDTH)
    return Picture(_address("image/svg+xml", svg.encode()), words, _CHART, height)


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
