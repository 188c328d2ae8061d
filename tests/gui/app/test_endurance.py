"""Opening, starting and stopping, over and over, leaves nothing behind."""

from __future__ import annotations

import sys

import pytest
import torch

from tests.endurance import footprint, is_flat, settle, turn

TURNS = 16

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures as Linux tells it")


def test_turns_leave_no_thread_no_file_and_no_memory(window, tmp_path):
    """Objects tell of leaks too small to see; `make bench BENCH=cycles` takes a thousand."""
    network = tmp_path / "network.pth"
    first = torch.randn(64, 8) @ torch.randn(8, 784)  # Else Start asks whether it is to search it.
    weights = {"0.weight": first, "1.weight": torch.randn(1, 64)}
    torch.save(weights, network)
    window.settings_panel.editor("candidates").setValue(12)
    kept = window.copies.last_run
    for _ in range(4):
        turn(window, [network])
        turn(window, [kept])
    before = footprint()
    for _ in range(TURNS // 2):
        turn(window, [network])
        turn(window, [kept])
    settle(window)
    after = footprint()
    assert after.threads <= before.threads + 2  # One of the last turn may be about to end.
    assert after.files <= before.files
    assert after.objects <= before.objects + 3  # Of the turn that was last, more or less.
    assert after.megabytes - before.megabytes < 30
    assert after.in_use - before.in_use < 3


def test_what_is_flat():
    assert is_flat([100.0] * 40)[0]
    assert is_flat([10.0] * 10 + [100.0] * 30)[0]  # What it takes to get going does not count.
    assert not is_flat([100.0 + turn for turn in range(40)])[0]
