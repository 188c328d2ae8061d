"""The neighbours of reconstructed embeddings, as pictures and words of a report's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.base.plain_text import counted
from engine.data.neighbours import Neighbours
from engine.evidence.neighbourhood import Agreement, Nearest, Neighbourhood
from engine.exports.page_parts import Grid, Tile, as_picture, in_rows

_SHOWN, _OF_CONTROL = 24, 8
_IN_ROW = 2
_ROOM, _ROOM_OF_WORDS = 20, 280
"""Beside pictures, and where there are names alone, in the page's pixels."""
_UNKNOWN = np.full((2, 2), 128, np.uint8)
"""Where nobody gave a picture, or none that opens."""


@dataclass(frozen=True)
class NeighboursOnPage:
    """What a page shows.

    Attributes:
        about: what was looked at, and what a neighbour is not.
        table: rows of words.
        gallery: neighbours of reconstructions.
        control: of real embeddings that the network never saw; None without a control.
    """

    about: str
    table: list[tuple[str, ...]]
    gallery: Grid
    control: Grid | None


def neighbours_on_page(found: Neighbourhood, gallery: dict[str, Any]) -> NeighboursOnPage:
    """The neighbours for the eye.

    Args:
        found: by the engine.
        gallery: the entry of `report.json`, in the same order.
    """
    marks = ["✓ " if entry["recovered"] else "" for entry in gallery["images"]]
    tiles = _tiles(found.neighbours, found.gallery, marks[:_SHOWN])
    control = None
    if found.control is not None:
        count = len(found.control.place)
        shown = _tiles(found.neighbours, found.control, [""] * min(count, _OF_CONTROL))
        control = _in_rows(shown, count)
    return NeighboursOnPage(
        about_neighbours(found),
        _table(found),
        _in_rows(tiles, len(found.gallery.place)),
        control,
    )


def about_neighbours(found: Neighbourhood) -> str:
    """What was looked at, and what a neighbour is not, in sentences."""
    said = (
        f"The nearest of {counted(len(found.neighbours), 'embeddings')} in "
        f"{found.neighbours.name}, by cosine. A neighbour is no reconstruction: it shows what a "
        "reconstructed embedding is like, among the images that were given."
    )
    if not found.given:
        return said
    them = "is a training embedding" if found.given == 1 else "are training embeddings"
    return f"{said} {found.given:,} of them {them}, because that file holds them."


def _table(found: Neighbourhood) -> list[tuple[str, ...]]:
    medians = (found.gallery, found.train, found.control)
    return [
        ("", "Reconstructions", "Training embeddings", "Control"),
        ("median cosine with the first neighbour", *(_median(each) for each in medians)),
        (
            "same first neighbour as the match",
            "",
            _of(found.train_pairs),
            _of(found.control_pairs),
        ),
    ]


def _median(found: Nearest | None) -> str:
    return "–" if found is None or found.median is None else f"{found.median:.2f}"


def _of(found: Agreement | None) -> str:
    return "–" if found is None else f"{found.same:,} of {found.pairs:,}"


def _in_rows(tiles: list[Tile], count: int) -> Grid:
    has_pictures = any(tile.pictures for tile in tiles)
    return in_rows(tiles, count, _IN_ROW, _ROOM if has_pictures else _ROOM_OF_WORDS)


def _tiles(neighbours: Neighbours, found: Nearest, marks: list[str]) -> list[Tile]:
    """The pictures of neighbours and their cosines; their names where none has a picture."""
    rows = zip(marks, found.place.tolist(), found.cosine.tolist(), strict=False)
    return [_tile(neighbours, mark, places, cosines) for mark, places, cosines in rows]


def _tile(neighbours: Neighbours, mark: str, places: list[int], cosines: list[float]) -> Tile:
    called = [neighbours.called(place) for place in places]
    pictures = [neighbours.picture(place) for place in places]
    said = [f"{cosine:.2f}" for cosine in cosines]
    if all(picture is None for picture in pictures):
        named = [f"{name} {cosine}" for name, cosine in zip(called, said, strict=True)]
        return Tile((), mark + ", ".join(named))
    shown = [
        as_picture(_UNKNOWN if picture is None else picture, f"{name}, cosine {cosine}")
        for picture, name, cosine in zip(pictures, called, said, strict=True)
    ]
    return Tile(shown, mark + " ".join(said))
