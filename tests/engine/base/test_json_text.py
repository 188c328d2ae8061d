"""JSON that is read back is what its type says, or one kind of error."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.json_text import Count, Measure, read_json


class Kind(msgspec.Struct, frozen=True):
    name: str
    count: Count
    measure: Measure
    later: tuple[int, ...] = ()


WHOLE = {"name": "a", "count": 1, "measure": 0.5, "later": [1]}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)  # fmt: skip


@given(PLAIN)
def test_all_that_is_written_is_read_as_it_was(value):
    assert read_json(json.dumps(value), Any) == value


@given(PLAIN)
def test_whatever_stands_there_it_is_of_the_kind_or_refused(value):
    for each in (value, {**WHOLE, "count": value}, {**WHOLE, "later": [value]}):
        try:
            found = read_json(json.dumps(each), Kind)
        except ValueError:
            continue
        assert type(found.count) is int
        assert all(type(number) is int for number in found.later)


def test_what_is_missing_counts_as_the_type_says_and_what_is_more_is_not_looked_at():
    assert read_json('{"name": "a", "count": 1, "measure": 2, "x": []}', Kind) == Kind("a", 1, 2.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 1},
        {"name": None},
        {"count": -1},
        {"count": True},
        {"count": 1.0},
        {"count": "1"},
        {"measure": -0.1},
        {"measure": 10**400},
        {"measure": float("nan")},
        {"measure": float("inf")},
        {"later": 1},
        {"later": ["1"]},
    ],
)
def test_nothing_is_converted(changes):
    assert read_json(json.dumps(WHOLE), Kind).count == 1
    with pytest.raises(ValueError, match=r"."):
        read_json(json.dumps({**WHOLE, **changes}), Kind)


@pytest.mark.parametrize(
    "text",
    ["", "[", "NaN", "-Infinity", "[1e999]", "[" * 100_000, '{"a":' * 100_000, "9" * 5000],
    ids=lambda text: text[:8],
)
def test_what_is_no_json_or_beyond_reason_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_json(text, Any)


def test_a_name_of_bytes_that_are_no_text_is_read():
    assert read_json(json.dumps({**WHOLE, "name": "\udcff.pth"}), Kind).name == "\udcff.pth"
