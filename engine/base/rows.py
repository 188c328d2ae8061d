"""Tables of numbers that grow by rows, one a step, and whose columns have names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Rows of numbers, one a step; what is in them never changes, so that any thread may read them.

    Attributes:
        rows: shape (steps, columns).
        COLUMNS: what each column is called, in the order in which they stand in a row.
    """

    rows: Rows

    COLUMNS: ClassVar[tuple[str, ...]] = ("step", "seconds")

    @classmethod
    def of(cls, **columns: Any) -> Self:
        """A table out of all its columns, each n numbers, or one where there is a single row."""
        if columns.keys() != set(cls.COLUMNS):
            raise TypeError(f"the columns are {', '.join(cls.COLUMNS)}")
        return cls(np.column_stack([columns[name] for name in cls.COLUMNS]))

    def column(self, name: str) -> Rows:
        """One column, shape (steps,)."""
        return self.rows[:, self.COLUMNS.index(name)]

    @property
    def step(self) -> Rows:
        """Number of the step, from 1."""
        return self.column("step")

    @property
    def seconds(self) -> Rows:
        """Computing time up to that step."""
        return self.column("seconds")

    def __len__(self) -> int:
        return len(self.rows)


class RowBuffer:
    """Grows by rows; hands out views whose content stays as it is."""

    def __init__(self, width: int, rows: Rows | None = None) -> None:
        self._buffer: Rows = np.empty((256, width))
        self._length = 0
        if rows is not None:
            self.extend(rows)

    def extend(self, rows: Rows) -> None:
        """Appends rows, shape (n, width)."""
        needed = self._length + len(rows)
        if needed > len(self._buffer):
            grown: Rows = np.empty((max(needed, 2 * len(self._buffer)), self._buffer.shape[1]))
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : needed] = rows
        self._length = needed

    def rows(self) -> Rows:
        """All rows so far, read-only."""
        rows = self._buffer[: self._length]
        rows.flags.writeable = False
        return rows
