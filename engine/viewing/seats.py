"""Who sits where: each candidate that is shown keeps its seat for as long as it can.

There are two rows of seats, above and below the line that divides what is trusted from what is
doubtful. A candidate changes its seat when it crosses the line, when it has overtaken many, or when
the one that it takes the place of has gone; whoever draws the seats lets it glide there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.viewing.standing import Standing

MOST_SEATS = 120
_OVERTAKEN = 6
"""Places by which a candidate has to be better than where it sits, until it moves up."""
_SWAPS = 3
"""At a time, so that eyes can follow."""


@dataclass(frozen=True)
class Seats:
    """Candidates by seat.

    Attributes:
        above: trusted ones.
        below: the others.
        marked: which of them are recovered, and have been for some scorings.
        doubt: why those below are not trusted; empty where it is too early to say.
    """

    above: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    marked: frozenset[int] = frozenset()
    doubt: str = ""

    @property
    def candidates(self) -> tuple[int, ...]:
        """All of them, seat by seat."""
        return (*self.above, *self.below)

    def first(self, most: int) -> Seats:
        """The first so many of them."""
        above = self.above[:most]
        return replace(self, above=above, below=self.below[: most - len(above)])


def first_seats(candidates: Sequence[int]) -> Seats:
    """Before anything is known."""
    return Seats(below=tuple(candidates[:MOST_SEATS]))


def seated(seats: Seats, standing: Standing) -> Seats:
    """The seats once a moment has been judged.

    Args:
        seats: those before.
        standing: who is to be seen now.
    """
    above = [c for c in standing.candidates if c in standing.trusted][:MOST_SEATS]
    others = [c for c in standing.candidates if c not in standing.trusted]
    below = others[: MOST_SEATS - len(above)]
    return Seats(
        tuple(_kept([standing.heirs.get(c, c) for c in seats.above], above)),
        tuple(_kept([standing.heirs.get(c, c) for c in seats.below], below)),
        standing.marked,
        standing.doubt,
    )


def _kept(before: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """The wanted ones, best first, each where it was, as far as that goes."""
    still, seats = set(wanted), []
    taken: set[int] = set()
    for candidate in before[: len(wanted)]:
        stays = candidate in still and candidate not in taken
        seats.append(candidate if stays else None)
        taken |= {candidate} if stays else set()
    newcomers = iter(candidate for candidate in wanted if candidate not in taken)
    filled = [next(newcomers) if each is None else each for each in seats]
    filled += newcomers
    return _overtaken(filled, wanted)


def _overtaken(seats: list[int], wanted: Sequence[int]) -> list[int]:
    """A few that sit far behind their place change seats with whoever sits there."""
    place = {candidate: index for index, candidate in enumerate(wanted)}
    for _ in range(_SWAPS):
        behind, seat = max(
            ((seat - place[candidate], seat) for seat, candidate in enumerate(seats)),
            default=(0, 0),
        )
        if behind < _OVERTAKEN:
            break
        to = place[seats[seat]]
        seats[seat], seats[to] = seats[to], seats[seat]
    return seats
