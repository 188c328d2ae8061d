"""What comes too soon after another is left out, unless there is a hurry."""

from __future__ import annotations

import pytest

from gui.toolkit import throttle
from gui.toolkit.throttle import Throttle


@pytest.fixture
def clock(monkeypatch):
    """Seconds that a test sets."""
    now = [100.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])
    return now


def test_so_often_and_no_more(clock):
    drawing = Throttle(0.4)
    passed = []
    for step in range(20):
        clock[0] = 100 + 0.125 * step
        if drawing.lets_through():
            passed.append(step)
    assert passed == [0, 4, 8, 12, 16]


def test_who_is_in_a_hurry_comes_through_and_the_wait_begins_anew(clock):
    drawing = Throttle(1.0)
    assert drawing.lets_through()
    clock[0] += 0.9
    assert drawing.lets_through(hurry=True)
    clock[0] += 0.5
    assert not drawing.lets_through()
    clock[0] += 0.5
    assert drawing.lets_through()
    assert not drawing.lets_through()
    drawing.reset()
    assert drawing.lets_through()
