"""Work in thousands of steps tells of its progress now and then."""

from __future__ import annotations

from engine.base.progress import seldom


def test_a_share_is_passed_on_once_enough_time_has_gone_by():
    now, passed_on = [0.0], []
    tell = seldom(passed_on.append, 0.5, lambda: now[0])
    for moment, share in ((0.0, 0.1), (0.4, 0.2), (0.5, 0.3), (0.9, 0.4), (3.0, 0.5)):
        now[0] = moment
        tell(share)
    assert passed_on == [0.1, 0.3, 0.5]
