"""A study as one HTML page that holds all it shows: its plots and its table."""

from __future__ import annotations

from engine.base.plain_text import counted, listed, percent, plain
from engine.base.version import VERSION
from engine.exports.page_parts import Picture, as_chart, whole_page
from engine.study.plan import Value
from engine.study.plots import plots_over, varied
from engine.study.store import CSV, PAGE, Store
from engine.study.study import Study
from engine.study.table import Row, State, Table, as_csv

MOST_ROWS = 500
"""Of the table that are shown on a page."""

UNKNOWN = "–"

HEADINGS = (
    "Recovered",
    "Good in the control",
    "Confidence above 0.9",
    "Precision",
    "Exposed",
    "Seconds",
    "State",
)
"""What the columns beside the variables are called."""

STATES: dict[State, str] = {
    "done": "done",
    "running": "under way",
    "missing": "not begun",
    "refused": "refused",
    "failed": "failed",
    "lost": "lost",
}
"""What each state is called."""


def study_page(study: Study, table: Table) -> str:
    """The whole page."""
    rows = [tuple(plain(cell) for cell in each) for each in lines_of(table, MOST_ROWS)]
    return whole_page(
        "study.html.j2",
        version=VERSION,
        name=plain(study.name),
        about=plain(study.about),
        headline=headline(table),
        plots=[
            (plain(plot.words), _picture(plot.svg, plot.words))
            for column in varied(table)
            for plot in plots_over(table, column)
        ],
        rows=rows,
        shown=min(MOST_ROWS, len(table)),
        count=len(table),
    )


def write_results(study: Study, table: Table, store: Store) -> None:
    """Writes table and page into the study's folder.

    Raises:
        OSError: they cannot be written.
    """
    store.place.write(CSV, as_csv(table).encode("utf-8"))
    store.place.write(PAGE, study_page(study, table).encode("utf-8"))


def headline(table: Table) -> str:
    """How many runs are in which state."""
    counts = table.counts()
    said = [f"{counts[state]:,} {word}" for state, word in STATES.items() if state in counts]
    return f"{counted(len(table), 'runs')}: {listed(said)}." if said else "No runs."


def lines_of(table: Table, most: int) -> list[tuple[str, ...]]:
    """The table for people, its heading first; what is not known is a dash.

    Args:
        table: of a study.
        most: rows that are wanted.
    """
    names = table.variables
    return [(*names, *HEADINGS), *(line_of(row, names) for row in table.rows[:most])]


def line_of(row: Row, names: tuple[str, ...]) -> tuple[str, ...]:
    """A row for people.

    Args:
        row: of a table.
        names: of its variables; what stands beside them is called `HEADINGS`.
    """
    state = STATES[row.state]
    reason = row.value("reason")
    return (
        *(_told(row.value(name)) for name in names),
        _of(row, "recovered", "images"),
        _of(row, "control_good", "control_images"),
        _told(row.value("above")),
        _share(row.value("precision")),
        _share(row.value("exposure")),
        _told(row.value("seconds"), 1),
        f"{state}: {reason}" if reason else state,
    )


def _of(row: Row, part: str, whole: str) -> str:
    found, count = row.value(part), row.value(whole)
    return UNKNOWN if found is None else f"{found:,} of {count:,}"


def _share(value: Value | None) -> str:
    return percent(float(value)) if isinstance(value, int | float) else UNKNOWN


def _told(value: Value | None, decimals: int | None = None) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, float):
        return f"{value:,.6g}" if decimals is None else f"{value:,.{decimals}f}"
    return str(value)


def _picture(svg: str, words: str) -> Picture:
    return as_chart(svg, plain(words))
