"""What the runs of a study came to, one row each; what is not known is None.

A study's folder holds one small file for each run that has ended. A table reads those that are new
when it is asked to, so that ten thousand cost no more than the last few.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from engine.base.json_text import Count, Measure
from engine.base.version import VERSION
from engine.exports.writing import in_a_cell
from engine.study.measures import MEASURES
from engine.study.plan import Value

State = Literal["missing", "running", "done", "refused", "failed", "lost"]
"""Not begun; under way; ended; what cannot be used; failed for a reason that a second try would
find again; failed for one that it need not find again (a worker that died, a full disk)."""

Final = Literal["done", "refused", "failed", "lost"]
"""Those in which a run has ended."""

LASTING: tuple[State, ...] = ("done", "refused", "failed")
"""States that no second start of a study tries again."""


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one run came to.

    Attributes:
        id: of the run.
        state: `done`, or why not.
        reason: a sentence, where it is not done.
        recovered: training images that are good and above the control's best; None without both.
        good: training images with a good match.
        images: how many training images there were.
        control_good: images of the control with a good match.
        control_images: how many there were.
        above: distinct images with a confidence above 0.9; None where no confidence is known.
        precision: which share of those is recovered; None where there are none, or no control.
        exposure: share of the training images that their multipliers give away where 1 % of the
            control is accused wrongly; None without both.
        steps: of the search.
        seconds: of the search.
        attempts: how often it was begun.
        version: that computed it.
    """

    id: str
    state: Final
    reason: str = ""
    recovered: Count | None = None
    good: Count | None = None
    images: Count | None = None
    control_good: Count | None = None
    control_images: Count | None = None
    above: Count | None = None
    precision: Measure | None = None
    exposure: Measure | None = None
    steps: Count | None = None
    seconds: Measure | None = None
    attempts: Count = 1
    version: str = VERSION


class Row(msgspec.Struct, frozen=True, gc=False):
    """One run.

    Attributes:
        id: of the run.
        variables: what tells it from others.
        result: what it came to; None until then.
        is_running: whether it is under way.
    """

    id: str
    variables: Mapping[str, Value]
    result: Result | None = None
    is_running: bool = False

    @property
    def state(self) -> State:
        """How it stands."""
        if self.is_running:
            return "running"
        return "missing" if self.result is None else self.result.state

    def value(self, column: str) -> Value | None:
        """What stands in a column; None where nobody knows."""
        if column == "state":
            return self.state
        if column in MEASURES:
            found: Value | None = None if self.result is None else getattr(self.result, column)
            return found
        return self.variables.get(column)


class Table:
    """The rows of a study, in the order of its plan."""

    def __init__(
        self,
        runs: Iterable[tuple[str, Mapping[str, Value]]],
        read: Callable[[str], Result | None] | None = None,
        ended: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """
        Args:
            runs: id and variables of each.
            read: reads the result of a run; None where that is damaged, so that it is missing.
            ended: ids of runs whose result is there.
        """
        self._rows = {id_: Row(id_, variables) for id_, variables in runs}
        self._read, self._ended = read, ended
        self._seen: set[str] = set()

    @property
    def rows(self) -> Sequence[Row]:
        """All of them."""
        return list(self._rows.values())

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the columns that tell runs apart."""
        names: dict[str, None] = {}
        for row in self._rows.values():
            names |= dict.fromkeys(row.variables)
        return tuple(names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns."""
        return (*self.variables, *MEASURES)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, id_: str) -> Row:
        return self._rows[id_]

    def refresh(self) -> list[Row]:
        """Reads the results that have come since; returns their rows."""
        new = []
        for id_ in self._ended():
            if id_ in self._seen or id_ not in self._rows or self._read is None:
                continue
            self._seen.add(id_)
            result = self._read(id_)
            if result is not None:
                new.append(self.put(result))
        return new

    def put(self, result: Result) -> Row:
        """Takes over a result; returns its row."""
        self._seen.add(result.id)
        row = Row(result.id, self._rows[result.id].variables, result)
        self._rows[result.id] = row
        return row

    def mark(self, id_: str, is_running: bool) -> Row:
        """Says that a run is under way, or not any more."""
        before = self._rows[id_]
        row = Row(id_, before.variables, before.result, is_running)
        self._rows[id_] = row
        return row

    def counts(self) -> dict[State, int]:
        """How many runs are in each state."""
        found: dict[State, int] = {}
        for row in self._rows.values():
            found[row.state] = found.get(row.state, 0) + 1
        return found


def as_csv(table: Table) -> str:
    """All of a table; what is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = table.columns
    writer.writerow(["id", *columns])
    for row in table.rows:
        values = (row.value(name) for name in columns)
        writer.writerow([row.id, *(in_a_cell(v) if isinstance(v, str) else v for v in values)])
    return text.getvalue()


def as_records(table: Table) -> list[dict[str, Any]]:
    """The rows for programs."""
    columns = table.columns
    return [{"id": row.id, **{name: row.value(name) for name in columns}} for row in table.rows]
