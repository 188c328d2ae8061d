"""Memory that a run frees is kept for its next step, and given back when it has ended."""

from __future__ import annotations

import sys

import pytest
import torch

from engine.runtime.devices import give_back_freed_memory, keep_freed_memory
from tests.memory import megabytes, megabytes_in_use


@pytest.mark.skipif(sys.platform != "linux", reason="only there is anything kept")
def test_what_was_kept_is_given_back():
    keep_freed_memory()
    give_back_freed_memory()
    before = megabytes("VmRSS")
    blocks = [torch.ones(1 << 20) for _ in range(50)]  # 4 MiB each.
    in_use = megabytes_in_use()
    del blocks
    assert in_use - megabytes_in_use() > 200
    assert megabytes("VmRSS") - before > 150
    give_back_freed_memory()
    assert megabytes("VmRSS") - before < 50
