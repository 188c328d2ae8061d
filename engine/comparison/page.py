"""Two runs side by side as one HTML page that holds all it shows."""

from __future__ import annotations

import numpy as np

from engine.base.colours import RUNS
from engine.base.plain_text import plain
from engine.base.version import VERSION
from engine.comparison.cells import LETTERS, Cell, Section, describe, sections
from engine.comparison.comparison import Comparison
from engine.comparison.recovered import recovered_in_words
from engine.comparison.text import LOSSES_DO_NOT_RANK, Row, headline, remarks, table
from engine.exports.charts import Values, log_curves
from engine.exports.page_parts import Grid, Picture, Tile, as_chart, as_picture, in_rows, whole_page

_MOST = 60
"""Images of a section that are shown."""

_PAIRS_IN_ROW, _ALONE_IN_ROW = 6, 10


def comparison_page(comparison: Comparison, names: tuple[str, str]) -> str:
    """The whole page.

    Args:
        comparison: of two runs.
        names: what A and B are called; plain text.
    """
    return whole_page(
        "comparison.html.j2",
        version=VERSION,
        headline=headline(comparison),
        recovered=recovered_in_words(comparison),
        remarks=remarks(comparison),
        facts=_facts(comparison, names),
        caution=comparison.nouns.of(LOSSES_DO_NOT_RANK),
        nouns=comparison.nouns,
        losses=_losses(comparison),
        sections=[
            {"title": section.title, "note": section.note, "grid": _grid(comparison, section)}
            for section in sections(comparison)
        ],
    )


def _facts(comparison: Comparison, names: tuple[str, str]) -> list[tuple[str, ...]]:
    rows = [Row("", *LETTERS), Row("Run", *names), *table(comparison)]
    return [tuple(plain(words) for words in (row.name, row.a, row.b)) for row in rows]


def _losses(comparison: Comparison) -> Picture:
    """One curve a run over all steps that either has."""
    runs = [side.session.state.losses for side in comparison.sides]
    steps: Values = np.unique(np.concatenate([losses.step for losses in runs]))
    curves = [_at(losses.step, losses.stationarity, steps) for losses in runs]
    chart = log_curves(
        steps, np.column_stack(curves), dict(zip(LETTERS, RUNS, strict=True)), "step"
    )
    return as_chart(chart, "Stationarity loss of both runs over steps")


def _at(x: Values, y: Values, places: Values) -> Values:
    """A curve at other places; not a number where it has not begun, and beyond its end."""
    if not len(x):
        return np.full(len(places), np.nan)
    index = np.searchsorted(x, places, side="right") - 1
    return np.where((index >= 0) & (places <= x[-1]), y[index.clip(0)], np.nan)


def _grid(comparison: Comparison, section: Section) -> Grid:
    tiles = [_tile(comparison, cell) for cell in section.cells[:_MOST]]
    if section.cells and section.cells[0].is_pair:
        return in_rows(tiles, len(section.cells), _PAIRS_IN_ROW, 14)
    return in_rows(tiles, len(section.cells), _ALONE_IN_ROW, 10)


def _tile(comparison: Comparison, cell: Cell) -> Tile:
    shown = [
        (side, place)
        for side, place in zip(comparison.sides, cell.places, strict=True)
        if place is not None
    ]
    lines = describe(comparison, cell).splitlines()
    pictures = [
        as_picture(side.tiles[place], lines[line]) for line, (side, place) in enumerate(shown)
    ]
    return Tile(pictures, cell.text)
