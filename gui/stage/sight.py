"""What can be seen of the stage at one moment: which seats, where, how clearly, and their tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QRegion

from engine.data.pixels import Pixels


@dataclass(frozen=True)
class Seen:
    """A seat that can be seen, wholly or in part.

    Attributes:
        seat: which it is, in the order of `Seats.candidates`.
        candidate: who sits there.
        origin: its top left corner, from that of the stage as it is scrolled.
        opacity: how clearly it is seen.
        image: where the candidate's own image is.
    """

    seat: int
    candidate: int
    origin: QPointF
    opacity: float
    image: QRectF


@dataclass(frozen=True)
class Sight:
    """All that can be seen.

    Attributes:
        seats: those in sight.
        tiles: uint8, one for each of them, shape (p, h, w) or (p, h, w, 3).
    """

    seats: tuple[Seen, ...]
    tiles: Pixels

    @property
    def numbers(self) -> list[int]:
        """Which seats are in sight."""
        return [each.seat for each in self.seats]

    @cached_property
    def opacities(self) -> list[float]:
        """How clearly each is seen."""
        return [each.opacity for each in self.seats]

    @cached_property
    def images(self) -> QRegion:
        """Where the candidates' own images are."""
        return _region(self.seats)

    def later(self, tiles: Pixels) -> Sight:
        """The same seats in the same places, with other tiles."""
        following = replace(self, tiles=tiles)
        for known in ("opacities", "images"):  # They take longer than all else, and are the same.
            if known in self.__dict__:
                following.__dict__[known] = self.__dict__[known]
        return following

    def changed(self, before: Sight) -> QRegion:
        """Where own images differ from those of an earlier sight of the same seats."""
        differ = (self.tiles != before.tiles).any(tuple(range(1, self.tiles.ndim)))
        if differ.all():
            return self.images
        return _region([self.seats[index] for index in np.flatnonzero(differ)])


def _region(seats: tuple[Seen, ...] | list[Seen]) -> QRegion:
    region = QRegion()
    for each in seats:
        region += each.image.toAlignedRect()
    return region
