"""What the gallery of a comparison is made of: what both found, then what A or B alone found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.comparison import Comparison, Side
from engine.comparison_text import facts

Place = tuple[int, int]
"""Which section, and which cell of it."""

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
        confidence = side.gallery.confidence
        cells = tuple(
            Cell(
                (place, None) if index == 0 else (None, place),
                f"{_tick(side, place)} {confidence[place]:.2f}".strip(),
            )
            for place in comparison.only[index].tolist()
        )
        legend = _legend((side,))
        note = f"With its confidence, the highest first.{legend}" if cells else "Nothing."
        found.append(Section(f"Only in {letter} ({len(cells):,})", note, cells))
    return tuple(found)


def step(sections: Sequence[Section], place: Place, by: int) -> Place:
    """The cell so many further on, or back, across all sections; at most the last, or first."""
    places = [(s, i) for s, section in enumerate(sections) for i in range(len(section.cells))]
    return places[max(0, min(len(places) - 1, places.index(place) + by))]


def step_rows(
    sections: Sequence[Section], columns: Sequence[int], place: Place, is_down: bool
) -> Place:
    """The cell below or above, as far as there is one; at a section's edge in the one beyond.

    Args:
        sections: all of them.
        columns: how many cells a row of each has.
        place: where to begin.
        is_down: which way.
    """
    section, index = place
    across, last = columns[section], len(sections[section].cells) - 1
    row, column = divmod(index, across)
    if is_down and row < last // across:
        return section, min(index + across, last)
    if not is_down and row > 0:
        return section, index - across
    beyond = range(section + 1, len(sections)) if is_down else range(section - 1, -1, -1)
    for other in beyond:
        count = len(sections[other].cells)
        if count:
            first = 0 if is_down else (count - 1) // columns[other] * columns[other]
            return other, min(first + min(column, columns[other] - 1), count - 1)
    return place


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
