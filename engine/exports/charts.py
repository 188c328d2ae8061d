"""Charts for the report, as SVG that browsers and Qt draw alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

from engine.base.colours import COLOURS, Meaning

Values = NDArray[np.float64]
Curves = Mapping[str, Meaning]

WIDTH, HEIGHT = 640, 250
"""Of a chart, in its own units; the page scales it."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 30, 36
_SCALE = 3
"""Qt draws an SVG at the size that it names: three times that of the page stays crisp in print."""
_MOST_POINTS = 600
_MOST_LETTERS = 72
"""That have room below a chart."""

_ASIDE = 0.06
"""How far series stand beside each other, as a share of the way between two places."""

_DASHES = "4 3"
_TEXT, _QUIET, _RULE = "#1f1d1a", "#6f6a63", "#cbc5bb"


@dataclass(frozen=True)
class Range:
    """Numbers of one kind: their mean, the least and the largest."""

    low: float
    mean: float
    high: float


Series = Mapping[str, tuple[Meaning, Sequence[Range | None]]]


@dataclass
class _Frame:
    """Where numbers are on a chart."""

    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)

    def across(self, value: float) -> float:
        share = (value - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        share = (value - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="1"{dashed}/>'
        )

    def text(self, x: float, y: float, words: str, anchor: str, colour: str = _QUIET) -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" '
            f'font-family="sans-serif" fill="{colour}">{words}</text>'
        )

    def path(self, x: Values, y: Values, colour: str, dash: str = "") -> None:
        """A line with a gap wherever a value is not finite."""
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        finite = np.isfinite(y)
        starts = np.flatnonzero(finite & ~np.concatenate([[False], finite[:-1]]))
        ends = np.flatnonzero(finite & ~np.concatenate([finite[1:], [False]]))
        for run in (slice(a, b + 1) for a, b in zip(starts, ends, strict=True)):
            points = " ".join(
                f"{self.across(a):.1f},{self.up(b):.1f}"
                for a, b in zip(x[run], y[run], strict=True)
            )
            self.parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" '
                f'stroke-width="1.5"{dashed}/>'
            )

    def ranges(self, ranges: Sequence[Range | None], aside: float, colour: str) -> None:
        """A line through means, with a bar and a dot at each; a gap where nothing is known."""
        x: Values = np.arange(len(ranges)) + np.float64(aside)
        means = np.array([math.nan if each is None else each.mean for each in ranges])
        self.path(x, means, colour)
        for place, each in zip(x, ranges, strict=True):
            if each is None:
                continue
            across = self.across(float(place))
            self.line(across, self.up(each.low), across, self.up(each.high), colour)
            for end in (each.low, each.high) if each.low < each.high else ():
                self.line(across - 4, self.up(end), across + 4, self.up(end), colour)
            self.parts.append(
                f'<circle cx="{across:.1f}" cy="{self.up(each.mean):.1f}" r="3" fill="{colour}"/>'
            )

    def axes(self, x_ticks: Sequence[float], y_ticks: Sequence[tuple[float, str]]) -> None:
        for value in x_ticks:
            self.text(self.across(value), HEIGHT - _BOTTOM + 16, f"{value:,.6g}", "middle")
        for value, words in y_ticks:
            self.line(_LEFT, self.up(value), WIDTH - _RIGHT, self.up(value), _RULE)
            self.text(_LEFT - 6, self.up(value) + 4, words, "end")
        self.line(_LEFT, HEIGHT - _BOTTOM, WIDTH - _RIGHT, HEIGHT - _BOTTOM, _QUIET)

    def legend(self, curves: Curves) -> None:
        x = float(_LEFT)
        for name, meaning in curves.items():
            colour = COLOURS[meaning].light
            self.parts.append(f'<rect x="{x:.0f}" y="12" width="18" height="3" fill="{colour}"/>')
            self.text(x + 23, 18, name, "start", _TEXT)
            x += 40 + 7 * len(name)

    def svg(self, x_name: str) -> str:
        self.text((WIDTH + _LEFT) / 2, HEIGHT - 4, x_name, "middle")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_SCALE * WIDTH}" '
            f'height="{_SCALE * HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(self.parts)}</svg>'
        )


def log_curves(x: Values, columns: Values, curves: Curves, x_name: str) -> str:
    """Curves on a logarithmic axis; zeros, negative and other odd values are gaps.

    Args:
        x: shape (n,).
        columns: one curve a column, shape (n, curves); thinned to what can be seen.
        curves: their names, plain text without markup, and what their colours mean. The second of
            two with one colour is dashed.
        x_name: what x is.

    Returns:
        An SVG document.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(columns > 0, np.log10(columns), np.nan)
    finite = logs[np.isfinite(logs)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (-1.0, 0.0)
    margin = 0.05 * (high - low) or 0.02
    frame = _Frame((float(x[0]), float(x[-1])) if len(x) else (0, 1), (low - margin, high + margin))
    frame.axes(_round_ticks(*frame.x), [(t, f"{10**t:.6g}") for t in _log_ticks(*frame.y)])
    drawn: set[Meaning] = set()
    for values, meaning in zip(logs.T, curves.values(), strict=True):
        dash = _DASHES if meaning in drawn else ""
        frame.path(*_thinned(x, values), COLOURS[meaning].light, dash)
        drawn.add(meaning)
    frame.legend(curves)
    return frame.svg(x_name)


def histograms(
    samples: Sequence[Values], curves: Curves, x_name: str, mark: tuple[float, str] | None
) -> str:
    """Histograms over the same bins, as outlines.

    Args:
        samples: what is counted, one array a histogram.
        curves: names of the histograms, plain text without markup, and what their colours mean.
        x_name: what is counted.
        mark: a place on x, with what is there.

    Returns:
        An SVG document.
    """
    low = min([0.0, *(float(s.min()) for s in samples if len(s))])
    edges = np.linspace(low, 1.0, 41)
    counts = [np.histogram(s.clip(low, 1), edges)[0] for s in samples]
    top = max(1, *(int(c.max()) for c in counts))
    frame = _Frame((low, 1.0), (0.0, 1.05 * top))
    frame.axes(_round_ticks(low, 1.0), [(t, f"{t:.0f}") for t in _round_ticks(0, top, whole=True)])
    for count, meaning in zip(counts, curves.values(), strict=True):
        heights = np.concatenate([[0.0], np.repeat(count.astype(float), 2), [0.0]])
        frame.path(np.repeat(edges, 2), heights, COLOURS[meaning].light)
    if mark is not None:
        place = frame.across(mark[0])
        frame.line(place, _TOP, place, HEIGHT - _BOTTOM, _TEXT, _DASHES)
        frame.text(place + 4, _TOP + 12, mark[1], "start", _TEXT)
    frame.legend(curves)
    return frame.svg(x_name)


def ranges_over(places: Sequence[str], series: Series, x_name: str, top: float | None) -> str:
    """Means with bars from the least to the largest, at places that lie evenly beside each other.

    Args:
        places: what each is called; any text.
        series: by name (plain text without markup), what its colour means, and its range at each
            place, None where nobody knows.
        x_name: what the places are; any text.
        top: the largest number that there can be; None takes the largest that there is.

    Returns:
        An SVG document.
    """
    known = [each for _, ranges in series.values() for each in ranges if each is not None]
    high = top if top is not None else max([1.0, *(each.high for each in known)])
    frame = _Frame((-0.5, len(places) - 0.5), (0.0, 1.05 * high))
    ticks = _round_ticks(0.0, high, whole=high > 1)
    frame.axes((), [(tick, f"{tick:,.6g}") for tick in ticks])
    every = max(1, math.ceil(len(places) * max(map(len, places), default=1) / _MOST_LETTERS))
    for place in range(0, len(places), every):
        words = escape(places[place])
        frame.text(frame.across(place), HEIGHT - _BOTTOM + 16, words, "middle")
    for number, (meaning, ranges) in enumerate(series.values()):
        aside = (number - (len(series) - 1) / 2) * _ASIDE
        frame.ranges(ranges, aside, COLOURS[meaning].light)
    frame.legend({name: meaning for name, (meaning, _) in series.items()})
    return frame.svg(escape(x_name))


def _thinned(x: Values, y: Values) -> tuple[Values, Values]:
    """Least and largest value of each of some hundred stretches, so that no peak is lost."""
    if len(x) <= _MOST_POINTS:
        return x, y
    chosen: list[int] = []
    for stretch in np.array_split(np.arange(len(x)), _MOST_POINTS // 2):
        values = y[stretch]
        if np.isfinite(values).any():
            ends = {int(np.nanargmin(values)), int(np.nanargmax(values))}
            chosen += [int(stretch[0]) + end for end in sorted(ends)]
        else:
            chosen.append(int(stretch[0]))
    return x[chosen], y[chosen]


def _round_ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """About five round numbers between two."""
    span = (high - low) or 1.0
    size = 10 ** math.floor(math.log10(span / 5))
    step = next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= 6)
    step = max(1.0, step) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Decades where there are some, else 1, 2 and 5, else round numbers."""
    factors = (1.0,) if high - low > 2 else (1.0, 2.0, 5.0)
    spacing = max(1, math.ceil((high - low) / 6))
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [d + math.log10(f) for d in decades if d % spacing == 0 for f in factors]
    ticks = [tick for tick in ticks if low <= tick <= high]
    if len(ticks) > 1:
        return ticks
    return [math.log10(value) for value in _round_ticks(10**low, 10**high) if value > 0]
