"""The Qt binding itself: a release of it once made every long run of the window crash."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_calls_into_qt_leave_the_count_of_none_as_it_was():
    """PySide6 6.12.0 drops one reference to None a call, which Python 3.11 does not survive."""
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(10_000):
        thing.setObjectName("name")
    assert abs(sys.getrefcount(None) - before) < 5_000
