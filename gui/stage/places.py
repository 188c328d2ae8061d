"""Where each seat is: rows above the line, the line with its words, rows below it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF

from engine.viewing.seats import Seats

LEAST_SIDE = 96
"""Pixels of an image on the stage, at least."""
GAP = 12
CAPTION = 18
_BESIDE = 2
_LINE = 40


@dataclass(frozen=True)
class Places:
    """The seats in a stage of some width.

    Attributes:
        image: width and height of one image.
        cell: width and height of a seat, with its original and its words, gaps included.
        columns: seats in a row.
        origins: top left corner of each seat, in the order of `Seats.candidates`.
        line: from the top, where the line is; None where there is none.
        height: of all of it.
    """

    image: tuple[int, int]
    cell: tuple[int, int]
    columns: int
    origins: tuple[QPointF, ...]
    line: float | None
    height: int

    def in_the_middle_of(self, height: int) -> Places:
        """The same, as far from the top as from the bottom of a stage of that height."""
        down = max(0, (height - self.height) // 2)
        origins = tuple(origin + QPointF(0, down) for origin in self.origins)
        line = None if self.line is None else self.line + down
        return replace(self, origins=origins, line=line)

    def image_at(self, origin: QPointF) -> QRectF:
        """The candidate's own image in a seat."""
        return QRectF(origin.x(), origin.y(), *self.image)

    def original_at(self, origin: QPointF) -> QRectF:
        """The training image beside it."""
        return QRectF(origin.x() + self.image[0] + _BESIDE, origin.y(), *self.image)

    def caption_at(self, origin: QPointF) -> QRectF:
        """The words below it."""
        width = self.cell[0] - GAP
        return QRectF(origin.x(), origin.y() + self.image[1], width, CAPTION)

    def seat_at(self, point: QPointF) -> int:
        """Which seat is there; −1 where there is none."""
        width, height = self.cell[0] - GAP, self.cell[1] - GAP
        for index, origin in enumerate(self.origins):
            if QRectF(origin.x(), origin.y(), width, height).contains(point):
                return index
        return -1


def image_size(tile: tuple[int, int], least: int = LEAST_SIDE) -> tuple[int, int]:
    """Width and height of an image: each pixel a whole number of the screen's.

    Args:
        tile: height and width in pixels.
        least: of the shorter side.
    """
    height, width = tile
    factor = max(1, math.ceil(least / min(height, width)))
    return factor * width, factor * height


def places(
    seats: Seats, tile: tuple[int, int], width: int, has_originals: bool, least: int = LEAST_SIDE
) -> Places:
    """Lays the seats out.

    Args:
        seats: who sits where.
        tile: height and width of an image in pixels.
        width: of the stage.
        has_originals: each seat has a training image beside it.
        least: of an image's shorter side on the screen.
    """
    image = image_size(tile, least)
    across = image[0] * 2 + _BESIDE if has_originals else image[0]
    cell = across + GAP, image[1] + CAPTION + GAP
    columns = max(1, (width - GAP) // cell[0])
    left = max(GAP, (width - columns * cell[0] + GAP) // 2)

    def rows(count: int, top: float) -> tuple[list[QPointF], float]:
        origins = [
            QPointF(left + index % columns * cell[0], top + index // columns * cell[1])
            for index in range(count)
        ]
        return origins, top + math.ceil(count / columns) * cell[1]

    above, top = rows(len(seats.above), GAP)
    line = None
    if seats.doubt and seats.below:
        line, top = top, top + _LINE
    below, bottom = rows(len(seats.below), top)
    return Places(image, cell, columns, (*above, *below), line, math.ceil(bottom))


def largest_places(
    seats: Seats, tile: tuple[int, int], room: tuple[int, int], has_originals: bool
) -> Places:
    """Lays the seats out as large as all of them fit, amid the height.

    Args:
        seats: who sits where.
        tile: height and width of an image in pixels.
        room: width and height of the stage.
        has_originals: each seat has a training image beside it.
    """
    width, height = room
    found, least = places(seats, tile, width, has_originals), LEAST_SIDE
    while least < height:
        larger = places(seats, tile, width, has_originals, least)
        if larger.height > height or larger.cell[0] > width:
            break
        found, least = larger, min(larger.image) + 1
    return found.in_the_middle_of(height)


NOWHERE = Places((1, 1), (1, 1), 1, (), None, 0)
"""Nobody is seated."""
