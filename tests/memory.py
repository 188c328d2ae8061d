"""What memory this process takes, as Linux tells it."""

from __future__ import annotations

import ctypes
from pathlib import Path

_PROCESS = Path("/proc/self")


def megabytes(name: str) -> float:
    """`VmRSS`: resident now. `VmHWM`: its highest. `VmSize`: mapped."""
    status = (_PROCESS / "status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) * 1024 / 1e6


def forget_highest() -> None:
    """Lets `VmHWM` begin anew."""
    (_PROCESS / "clear_refs").write_text("5", encoding="ascii")


class _Allocations(ctypes.Structure):
    """What glibc's `mallinfo2` gives."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def megabytes_in_use() -> float:
    """What has been asked of the C library and not given back.

    Resident memory is more: the engine lets the library keep what is freed (decision 10).
    """
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Allocations
    found = library.mallinfo2()
    return float(found.uordblks + found.hblkhd) / 1e6
