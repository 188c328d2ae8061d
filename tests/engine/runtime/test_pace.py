"""How often work is done that others have to wait for."""

from __future__ import annotations

import pytest

from engine.runtime.pace import Pace


@pytest.mark.parametrize(
    ("took", "waits"), [(0.0, 0.02), (0.001, 0.1), (0.003, 0.3), (0.02, 0.5), (9.0, 0.5)]
)
def test_work_takes_its_share_and_yet_is_never_rare(monkeypatch, took, waits):
    """One hundredth of the time, fifty times a second at most, and twice at least."""
    now = [100.0]
    monkeypatch.setattr("engine.runtime.pace.time.perf_counter", lambda: now[0])
    pace = Pace(0.01, 0.02, longest=0.5)
    assert pace.is_due()
    now[0] += took
    pace.done(100.0)
    now[0] += waits - 1e-6
    assert not pace.is_due()
    now[0] += 2e-6
    assert pace.is_due()
    pace.done(now[0])
    pace.hurry()
    assert pace.is_due()
