"""Between two states of the run: what the eye sees while the next step is worked out."""

from __future__ import annotations

import math

import numpy as np

from engine.data.pixels import Pixels
from engine.viewing.frames import Picture
from engine.viewing.seats import Seats

_AT_ONCE = 0.045
"""Seconds that pictures usually come apart, under which nothing is put between two of them."""
_LONGEST = 1.0
_IN_TIME = 0.65
"""Of the way that is behind when the next state should come. Steps are not equally long: what is
left is gone ever more slowly, so that nothing stands still while a step takes three times as long.
"""
_ARRIVED = 0.998
"""Of the way, from which on no pixel would change."""
_LEARNT = 0.3
"""Of a new interval, in the usual one."""


class Blend:
    """Goes from each picture to the next in the time that the next one after it will take.

    What is shown lies on the straight line between two states that the run was in, and the step
    that is named is between theirs.
    """

    def __init__(self) -> None:
        self._to: Picture | None = None
        self._from: Pixels | None = None
        self._from_step = 0
        self._began, self._lasts = 0.0, 0.0
        self._arrived = self._usual = 0.0

    @property
    def seats(self) -> Seats:
        """Who sits where, at the newest."""
        return Seats() if self._to is None else self._to.seats

    @property
    def picture(self) -> Picture | None:
        """The newest state."""
        return self._to

    def clear(self) -> None:
        """Nothing is shown."""
        self._to, self._from = None, None

    def take(self, picture: Picture, now: float, at_once: bool = False) -> None:
        """Begins to go to another state.

        Args:
            picture: the state.
            now: seconds, of any clock that does not go back.
            at_once: nothing lies between what is shown and it: another run, or a moment that a
                person has chosen.
        """
        before = self._to
        if picture is before:
            return
        interval, self._arrived = now - self._arrived, now
        self._usual += _LEARNT * (interval - self._usual)
        if before is None or at_once or before.tiles.shape[1:] != picture.tiles.shape[1:]:
            self._from, self._from_step, self._lasts = None, picture.step, 0.0
            self._usual = 0.0
        else:
            shown, self._from_step = self.tiles(now), self.step(now)
            self._from = _as_far_as_known(before.seats, shown, picture)
            longest = max(interval, self._usual)
            self._lasts = 0.0 if longest < _AT_ONCE else min(longest, _LONGEST)
        self._to, self._began = picture, now

    def is_moving(self, now: float) -> bool:
        """Whether another frame would differ."""
        return self._to is not None and self._share(now) < 1

    def step(self, now: float) -> int:
        """The step that is shown."""
        if self._to is None:
            return 0
        return int(self._from_step + (self._to.step - self._from_step) * self._share(now))

    def tiles(self, now: float, chosen: slice | list[int] = slice(None)) -> Pixels:
        """What is shown of the seats: uint8, shape (p, h, w) or (p, h, w, 3).

        Args:
            now: seconds.
            chosen: which seats.
        """
        assert self._to is not None
        to, share = self._to.tiles[chosen], self._share(now)
        if self._from is None or share >= 1:
            return to
        before = self._from[chosen].astype(np.int16)
        way = (to - before) * np.int16(round(256 * share) // 2) // np.int16(128)
        return np.asarray((before + way).astype(np.uint8))

    def _share(self, now: float) -> float:
        """How much of the way is behind, from 0 to 1: at one speed first, then ever more slowly."""
        if self._lasts <= 0:
            return 1.0
        time = max(0.0, (now - self._began) / self._lasts)
        if time <= 1:
            return _IN_TIME * time
        rest = 1 - _IN_TIME
        share = 1 - rest * math.exp((1 - time) * _IN_TIME / rest)
        return share if share < _ARRIVED else 1.0


def _as_far_as_known(seats: Seats, shown: Pixels, picture: Picture) -> Pixels:
    """What is shown now of those in the next picture; a newcomer as it will be.

    Who takes over the seat of a look-alike comes out of its picture.
    """
    where = {candidate: index for index, candidate in enumerate(seats.candidates)}
    result = picture.tiles.copy()
    for index, candidate in enumerate(picture.seats.candidates):
        if candidate in where:
            result[index] = shown[where[candidate]]
    return result
