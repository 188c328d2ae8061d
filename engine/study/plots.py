"""What the runs of a study came to, over one of their variables."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.base.colours import Meaning
from engine.exports.charts import Range, ranges_over
from engine.study.measures import MEASURES
from engine.study.plan import Value
from engine.study.table import Row, Table

SEED = "seed"
_MOST_CHARTS = 8
"""Of one variable; beyond it the runs are pooled over all others."""

COUNTS: Mapping[str, Meaning] = {"recovered": "accent", "control_good": "control"}
SHARES: Mapping[str, Meaning] = {"precision": "curve", "exposure": "training"}
"""The measures that are drawn, from 0 on and from 0 to 1, in what their colours mean."""


@dataclass(frozen=True)
class Plot:
    """A chart with what it shows.

    Attributes:
        over: the variable that it is drawn over.
        words: what it shows, for people who do not see it, too.
        svg: the chart.
    """

    over: str
    words: str
    svg: str


def varied(table: Table) -> tuple[str, ...]:
    """The variables that differ between runs; the seed is one only where nothing else does."""
    names = [name for name in table.variables if len(values_of(table, name)) > 1]
    others = tuple(name for name in names if name != SEED)
    return others or tuple(names)


def values_of(table: Table, column: str) -> list[Value]:
    """What stands in a column, each once: numbers by their size, words as they come."""
    found = dict.fromkeys(
        value for row in table.rows for value in [row.value(column)] if value is not None
    )
    values = list(found)
    if all(isinstance(value, int | float) for value in values):
        return sorted(values)
    return values


def ranges(
    rows: Sequence[Row], column: str, places: Sequence[Value], measure: str
) -> list[Range | None]:
    """A measure at each value of a column: mean, least and largest; None where nobody knows.

    Args:
        rows: of a table.
        column: a variable.
        places: its values.
        measure: a column of numbers.
    """
    numbers: dict[Value, list[float]] = {place: [] for place in places}
    for row in rows:
        place, value = row.value(column), row.value(measure)
        if place in numbers and isinstance(value, int | float):
            numbers[place].append(float(value))
    return [
        Range(min(each), sum(each) / len(each), max(each)) if each else None
        for each in numbers.values()
    ]


def plots_over(table: Table, column: str) -> list[Plot]:
    """What is recovered, and how sure and exposed it is, over one variable.

    Beside it the others stay as they are: there is a chart for each combination of them, as long as
    those are few.
    """
    others = [name for name in varied(table) if name != column]
    combinations: list[tuple[Value, ...]]
    combinations = list(itertools.product(*(values_of(table, name) for name in others)))
    if len(combinations) > _MOST_CHARTS // 2:
        others, combinations = [], [()]
    found = []
    for values in combinations:
        fixed = dict(zip(others, values, strict=True))
        rows = [r for r in table.rows if all(r.value(n) == v for n, v in fixed.items())]
        found += _plots(rows, column, values_of(table, column), fixed)
    return found


def _plots(
    rows: Sequence[Row], column: str, places: Sequence[Value], fixed: Mapping[str, Value]
) -> list[Plot]:
    where = "".join(f", {name} {shown(value)}" for name, value in fixed.items())
    found = []
    for measures, top in ((COUNTS, None), (SHARES, 1.0)):
        series = {
            MEASURES[name]: (meaning, ranges(rows, column, places, name))
            for name, meaning in measures.items()
        }
        if any(each is not None for _, numbers in series.values() for each in numbers):
            svg = ranges_over([shown(place) for place in places], series, column, top)
            found.append(Plot(column, f"{' and '.join(series)} over {column}{where}", svg))
    return found


def shown(value: Value) -> str:
    """A value below a chart."""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
