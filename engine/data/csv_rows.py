"""Rows of numbers in a `.csv`, and which of its columns is the label.

The first line is a header if it has words above numbers. Commas, semicolons or tabs keep fields
apart; where it is semicolons, a comma is a decimal point.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.image_files import MAX_NUMBERS

LABELS = ("label", "labels", "target", "targets", "class", "y")
"""What a column, or an array, of labels is called, in lower case."""
HOW = "a table has one row of numbers an example, and its class in one more column."
_INDEX = ("", "index", "unnamed: 0")
_DELIMITERS = ",;\t"
_LONGEST_LINE = 16 << 20
_FEWEST_COUNTED = 4


@dataclass(frozen=True)
class CsvRows:
    """What a `.csv` holds.

    Attributes:
        rows: shape (n, d).
        features: names of the d columns; empty without a header.
        labels: as they are written; None where no column is the label.
        label_column: what that column is called, for people; empty without one.
    """

    rows: NDArray[np.float64]
    features: tuple[str, ...]
    labels: list[str] | None = None
    label_column: str = ""


def read_csv(path: Path, features: int | None) -> CsvRows:
    """Reads a `.csv` whose size has been looked at.

    Args:
        path: of the file.
        features: how many the network reads; a table of as many columns has no label, and one of
            more may begin with a column that only counts. None where that is not known.

    Raises:
        UnusableInput: it is no table of numbers; the message says where.
        csv.Error: it is no table at all.
    """
    header, cells = _cells(path)
    columns = list(range(len(cells[0])))
    if header and features != len(columns) and header[0].strip().lower() in _INDEX:
        columns = columns[1:]
    label = _label_column(header, columns, features)
    kept = [column for column in columns if column != label]
    if not kept:
        raise UnusableInput(f"{path.name} has one column alone; {HOW}")
    names = tuple(plain(header[column].strip()) for column in kept) if header else ()
    rows = np.column_stack([_numbers(cells, column, header, path) for column in kept])
    if label is None:
        return CsvRows(rows, names)
    return CsvRows(rows, names, [row[label].strip() for row in cells], _called(header, label))


def columns_of(path: Path) -> int:
    """How many fields the first line of a `.csv` has; 0 where it has none."""
    with path.open("rb") as file:
        line = file.readline(_LONGEST_LINE).decode("utf-8-sig", "surrogateescape").strip()
    return 1 + max(map(line.count, _DELIMITERS)) if line else 0


def is_number(text: str) -> bool:
    """Whether a text is one number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header, empty where there is none, and the fields of each row, all of one length."""
    text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise UnusableInput(
                f"Row {number:,} of {path.name} has {len(row):,} fields, the first one "
                f"{len(rows[0]):,}; {HOW}"
            )
    if delimiter == ";":  # Where fields are kept apart so, a comma is a decimal point.
        rows = [[field.replace(",", ".") for field in row] for row in rows]
    if not rows or len(rows) * len(rows[0]) > MAX_NUMBERS:
        raise UnusableInput(f"{path.name} holds {'no rows' if not rows else 'too much'}; {HOW}")
    has_header = any(
        not is_number(name) and len(rows) > 1 and is_number(below)
        for name, below in zip(rows[0], rows[min(1, len(rows) - 1)], strict=True)
    )
    if has_header or _only_counts(rows[0]):
        return rows[0], rows[1:]
    return [], rows


def _only_counts(row: list[str]) -> bool:
    """Whether a first row is 0, 1, 2, …, as programs call columns that have no names."""
    counted = [str(number) for number in range(len(row))]
    return len(row) >= _FEWEST_COUNTED and row[1:] == counted[1:] and row[0] in ("0", "")


def _label_column(
    header: Sequence[str], columns: Sequence[int], features: int | None
) -> int | None:
    named = [column for column in columns if header and header[column].strip().lower() in LABELS]
    if features == len(columns):
        return None
    return named[-1] if named else columns[-1]


def _called(header: Sequence[str], column: int) -> str:
    return f"the column “{plain(header[column].strip())}”" if header else f"column {column + 1}"


def _numbers(
    cells: list[list[str]], column: int, header: Sequence[str], path: Path
) -> NDArray[np.float64]:
    found = np.empty(len(cells))
    for place, row in enumerate(cells):
        try:
            found[place] = float(row[column])
        except ValueError:
            found[place] = np.nan
        if not np.isfinite(found[place]) or abs(found[place]) > np.finfo(np.float32).max:
            raise UnusableInput(
                f"Row {place + 1 + bool(header):,} of {path.name} has “{plain(row[column])}” in "
                f"{_called(header, column)}, which is no finite number; write words as numbers, "
                "and leave rows with gaps out."
            )
    return found
