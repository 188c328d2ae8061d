"""Where the arrow keys lead from an image of a comparison's gallery."""

from __future__ import annotations

from collections.abc import Sequence

from engine.comparison.cells import Section

Place = tuple[int, int]
"""Which section, and which cell of it."""


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
