"""What pages for people are made of: one HTML file each, which holds all it shows.

A page keeps to what Qt's text documents understand, too: tables for layout, sizes in attributes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from engine.data.pixels import Pixels, enlarged
from engine.exports.charts import HEIGHT, WIDTH

TILE = 44
"""Width of a tile on a page, in its pixels."""

_CHART = 520
_PRINTED = 3
"""How many of a tile's own pixels a pixel of the page has in print, at least."""
_STYLE = """
body { font-family: sans-serif; font-size: 14px; color: #1f1d1a; max-width: 700px;
       margin: 24px auto; padding: 0 16px; }
h1 { font-size: 26px; margin: 0 0 2px 0; }
h2 { font-size: 17px; margin: 22px 0 6px 0; color: #b3541e; page-break-after: avoid; }
p { margin: 6px 0; }
td { padding: 2px 10px 2px 0; vertical-align: top; }
.quiet { color: #76716a; }
.small { font-size: 11px; }
.headline { font-size: 21px; font-weight: bold; }
tr { page-break-inside: avoid; }
img { image-rendering: pixelated; }
img.chart { image-rendering: auto; max-width: 100%; height: auto; }
code { font-family: monospace; overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 16mm; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
"""


def whole_page(title: str, parts: Sequence[str]) -> str:
    """A page that loads nothing and runs nothing.

    Args:
        title: plain text.
        parts: HTML, in the order in which it is read.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def as_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of HTML, the first column quiet."""
    lines = [
        f'<tr><td class="quiet">{first}</td>' + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
        for first, *cells in rows
    ]
    return f'<table cellspacing="0">{"".join(lines)}</table>'


def as_grid(cells: list[str], columns: int, width: int) -> str:
    """Cells of HTML in rows, each so many of the page's pixels wide."""
    cell = f'<td align="center" width="{width}">{{}}</td>'
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    lines = ["<tr>" + "".join(cell.format(c) for c in row) + "</tr>" for row in rows]
    return f'<table cellspacing="0">{"".join(lines)}</table>'


def as_picture(tile: Pixels, words: str) -> str:
    """A tile as PNG, enlarged by a whole factor so that no viewer has to invent pixels."""
    factor = max(1, round(_PRINTED * TILE / tile.shape[1]))
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(enlarged(tile, factor))).save(buffer, "PNG")
    width, height = TILE, round(TILE * tile.shape[0] / tile.shape[1])
    return (
        f'<img width="{width}" height="{height}" alt="{escape(words)}" '
        f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
    )


def as_chart(svg: str, words: str) -> str:
    """A chart (`charts`) with what it shows in words."""
    data, height = base64.b64encode(svg.encode()).decode(), round(_CHART * HEIGHT / WIDTH)
    return (
        f'<p><img class="chart" width="{_CHART}" height="{height}" alt="{escape(words)}" '
        f'src="data:image/svg+xml;base64,{data}"></p>'
    )
