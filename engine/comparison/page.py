"""Two runs side by side as one HTML page that holds all it shows."""

from __future__ import annotations

from html import escape

import numpy as np

from engine.base.plain_text import plain
from engine.base.version import VERSION
from engine.comparison.cells import LETTERS, Cell, Section, describe, sections
from engine.comparison.comparison import Comparison
from engine.comparison.recovered import recovered_in_words
from engine.comparison.text import LOSSES_DO_NOT_RANK, Row, headline, remarks, table
from engine.exports.charts import Values, log_curves
from engine.exports.page_parts import TILE, as_chart, as_grid, as_picture, as_table, whole_page

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
        "Afterimage: two runs side by side",
        [
            "<h1>Two runs side by side</h1>",
            '<p class="quiet">Reconstructions of training images out of the weights alone, by '
            f"Afterimage {escape(VERSION)}.</p>",
            f'<p class="headline">{escape(headline(comparison))}</p>',
            f"<p>{escape(recovered_in_words(comparison))}</p>",
            *(f'<p class="quiet">{escape(remark)}</p>' for remark in remarks(comparison)),
            f"<h2>What they are and what differs</h2>{_facts(comparison, names)}",
            f"<h2>Stationarity loss</h2><p>{escape(LOSSES_DO_NOT_RANK)}</p>{_losses(comparison)}",
            *(_section(comparison, section) for section in sections(comparison)),
        ],
    )


def _facts(comparison: Comparison, names: tuple[str, str]) -> str:
    rows = [Row("", *LETTERS), Row("Run", *names), *table(comparison)]
    return as_table([tuple(escape(plain(words)) for words in (r.name, r.a, r.b)) for r in rows])


def _losses(comparison: Comparison) -> str:
    """One curve a run over all steps that either has."""
    runs = [side.session.state.losses for side in comparison.sides]
    steps: Values = np.unique(np.concatenate([losses.step for losses in runs]))
    curves = [_at(losses.step, losses.stationarity, steps) for losses in runs]
    chart = log_curves(steps, np.column_stack(curves), list(LETTERS), "step")
    return as_chart(chart, "Stationarity loss of both runs over steps")


def _at(x: Values, y: Values, places: Values) -> Values:
    """A curve at other places; not a number where it has not begun, and beyond its end."""
    if not len(x):
        return np.full(len(places), np.nan)
    index = np.searchsorted(x, places, side="right") - 1
    return np.where((index >= 0) & (places <= x[-1]), y[index.clip(0)], np.nan)


def _section(comparison: Comparison, section: Section) -> str:
    shown = section.cells[:_MOST]
    more = f" The first {_MOST} are shown." if len(section.cells) > _MOST else ""
    is_pair = bool(shown) and shown[0].is_pair
    columns, width = (_PAIRS_IN_ROW, 2 * TILE + 14) if is_pair else (_ALONE_IN_ROW, TILE + 10)
    cells = [_cell(comparison, cell) for cell in shown]
    return (
        f"<h2>{escape(section.title)}</h2><p>{escape(section.note)}{more}</p>"
        f"{as_grid(cells, columns, width)}"
    )


def _cell(comparison: Comparison, cell: Cell) -> str:
    pictures = "".join(
        as_picture(side.tiles[place], describe(comparison, cell).splitlines()[line])
        for line, (side, place) in enumerate(
            (side, place)
            for side, place in zip(comparison.sides, cell.places, strict=True)
            if place is not None
        )
    )
    return f'{pictures}<br><span class="small">{escape(cell.text)}</span>'
