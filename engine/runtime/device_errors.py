"""What a device says when it fails, put into two kinds of sentence.

What PyTorch 2.10 to 2.14 raise (c10/cuda/CUDAException.cpp, c10/cuda/CUDACachingAllocator.cpp,
aten/src/ATen/mps/MPSAllocator.mm and c10/core/impl/alloc_cpu.cpp; the last one seen here):

* `torch.OutOfMemoryError`: an allocation that the caching allocator of a GPU could not serve. The
  device is as it was, and smaller work may fit.
* `torch.AcceleratorError`: every other failed CUDA call: “CUDA error: unspecified launch failure”,
  “… device-side assert triggered”, “… an illegal memory access was encountered”. It often comes
  later than its cause, and after these the process can never use the device again (PyTorch issues
  2300 and 17425), not even to copy from it. “CUDA error: out of memory” is the exception.
* `RuntimeError`: “CUDA error: CUBLAS_STATUS_…”, “CUDA driver error: …”, “MPS backend out of
  memory (…)” and “Invalid buffer size: …” of Apple's GPUs; “DefaultCPUAllocator: can't allocate
  memory: …” (“not enough memory” on Windows) of CPUs.
* `MemoryError`: Python and NumPy.

The first two are RuntimeErrors themselves. Apple's GPUs report a failed command to the log alone;
what comes of that is found out when values stop being finite.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from engine.base.errors import DeviceFailed, DeviceLost, OutOfMemory
from engine.runtime.devices import describe_device
from engine.runtime.lazy import torch

_NO_MEMORY_SIGNS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "invalid buffer size",
    "cublas_status_alloc_failed",
)
_LOST_SIGNS = (
    "cuda error",
    "cuda driver",
    "cudacachingallocator",
    "cublas",
    "hip error",
    "mps backend",
    "device-side",
)


@contextmanager
def device_errors(device: torch.device, count: int, what: str = "candidates") -> Iterator[None]:
    """Turns what a device says when it fails into a sentence that a person can act on.

    Args:
        device: that computes.
        count: how many things it was given.
        what: what they are.

    Raises:
        OutOfMemory: the device has no memory left.
        DeviceLost: the device does not answer any more.
    """
    try:
        yield
    except DeviceFailed:
        raise
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            # What the failed work had computed would lie in memory as long as its error does.
            traceback.clear_frames(error.__traceback__)
            instead = "" if device.type == "cpu" else ", or another device"
            raise OutOfMemory(
                f"{describe_device(device)} has not enough memory for {count:,} {what}; "
                f"take fewer {what}{instead}."
            ) from error
        if _is_lost(error):
            first_line = str(error).partition("\n")[0].rstrip(".")
            raise DeviceLost(
                f"The device {device.type} stopped answering ({first_line}). Restart Afterimage "
                "before you use it again, or go on with the CPU."
            ) from error
        raise


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that some memory did not suffice."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _has(error, _NO_MEMORY_SIGNS)


def _is_lost(error: BaseException) -> bool:
    return isinstance(error, torch.AcceleratorError) or _has(error, _LOST_SIGNS)


def _has(error: BaseException, signs: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in signs)
