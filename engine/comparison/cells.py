"""What the gallery of a comparison is made of: what both found, then what A or B alone found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.comparison.comparison import Comparison, Side
from engine.comparison.text import facts, told_class, told_confidence

LETTERS = "AB"
_TICK = "✓"


@dataclass(frozen=True)
class Cell:
    """An image: where it is in the galleries of A and B (None where it is not), and a number."""

    places: tuple[int | None, int | None]
    text: str

    @property
    def is_pair(self) -> bool:
        """Whether both runs found it."""
        return None not in self.places


@dataclass(frozen=True)
class Section:
    """A title, what is to be seen below it, and that."""

    title: str
    note: str
    cells: tuple[Cell, ...]


def sections(comparison: Comparison) -> tuple[Section, ...]:
    """What the gallery is made of; what both found comes first."""
    sides = comparison.sides
    both = tuple(
        Cell((one, other), f"{_tick(sides[0], one)} {measure:.2f} {_tick(sides[1], other)}".strip())
        for (one, other), measure in zip(
            comparison.both.tolist(), comparison.measure.tolist(), strict=True
        )
    )
    measure = comparison.rule.split()[0]
    found = [
        Section(
            f"Found by both ({len(both):,})",
            f"A left, B right, with their {measure}; the most alike first.{_legend(sides)}"
            if both
            else f"No image of one run is matched by one of the other ({comparison.rule}).",
            both,
        )
    ]
    for index, (letter, side) in enumerate(zip(LETTERS, sides, strict=True)):
        known = side.gallery.has_confidence
        tell = told_confidence if known else told_class
        cells = tuple(
            Cell(
                (place, None) if index == 0 else (None, place),
                f"{_tick(side, place)} {tell(side, place)}".strip(),
            )
            for place in comparison.only[index].tolist()
        )
        legend = _legend((side,))
        order = (
            "With its confidence, the highest first."
            if known
            else "With its class, in order of trust."
        )
        note = f"{order}{legend}" if cells else "Nothing."
        found.append(Section(f"Only in {letter} ({len(cells):,})", note, cells))
    return tuple(found)


def _tick(side: Side, place: int) -> str:
    """Marks an image that is recovered."""
    return _TICK if side.is_recovered is not None and side.is_recovered[place] else ""


def _legend(sides: Sequence[Side]) -> str:
    is_known = any(side.is_recovered is not None for side in sides)
    return f" {_TICK} marks recovered ones." if is_known else ""


def describe(comparison: Comparison, cell: Cell) -> str:
    """An image in words: one line for each run that found it."""
    return "\n".join(
        f"{letter}: {', '.join(f'{name.lower()} {value}' for name, value in facts(side, place))}"
        for letter, side, place in zip(LETTERS, comparison.sides, cell.places, strict=True)
        if place is not None
    )
