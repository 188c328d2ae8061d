"""The one place where device and precision are chosen."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.base.errors import UnusableInput
from engine.runtime.lazy import torch

DEVICES = ("auto", "cpu", "cuda", "mps")

_MALLOC_OPTIONS = {
    -8: 1,  # M_ARENA_MAX
    -3: 32 << 20,  # M_MMAP_THRESHOLD, the largest that is allowed
    -2: 64 << 20,  # M_TOP_PAD
    -1: 1 << 30,  # M_TRIM_THRESHOLD
}
"""Numbers of malloc.h."""


def choose_device(name: str, dtype: torch.dtype) -> torch.device:
    """The device to compute on.

    Args:
        name: `auto` takes CUDA, then MPS, then the CPU; MPS only if it knows `dtype`.
        dtype: float32 or float64; MPS has no float64.

    Raises:
        UnusableInput: there is no such device here, or it cannot compute in `dtype`.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available() and dtype != torch.float64:
            return torch.device("mps")
        return torch.device("cpu")
    if name not in DEVICES:
        raise UnusableInput(f"There is no device “{name}”; choose one of {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise UnusableInput("There is no CUDA GPU that PyTorch can use here; choose the CPU.")
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise UnusableInput("There is no Apple GPU (MPS) here; choose the CPU.")
        if dtype == torch.float64:
            raise UnusableInput(
                "Apple GPUs (MPS) have no float64, which this preset needs; choose the CPU."
            )
    return torch.device(name)


def available_devices() -> list[str]:
    """`auto` and those devices that exist on this machine."""
    names = ["auto", "cpu"]
    if torch.cuda.is_available():
        names.append("cuda")
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def describe_device(device: torch.device) -> str:
    """For people and reports: the GPU's name, or the CPU with its number of threads."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    return device.type


def synchronize(device: torch.device) -> None:
    """Waits until everything that was started on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def keep_freed_memory() -> None:
    """Lets the C library keep what one step frees for the next; does nothing but on Linux.

    It gives large blocks back to the system at once, and getting them anew costs a page fault for
    every 4 kB: a quarter of a step of 2,900 candidates (decision 10). One arena for all threads,
    because those of threads are too small for such blocks.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # Not every C library has it.
    if mallopt is not None:
        for option, value in _MALLOC_OPTIONS.items():
            mallopt(option, value)


def give_back_freed_memory() -> None:
    """Lets the C library return what it kept; does nothing but on Linux.

    For when a run has ended: what is kept from run to run is broken into pieces, and grows (1,000
    short runs: by 150 MB). Takes some thousandths of a second.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # Not every C library has it.
    if trim is not None:
        trim(0)


@contextmanager
def quick_products() -> Iterator[None]:
    """Lets products of float32 matrices take the quickest way that the processor has.

    That is oneDNN on CPUs, which on some is twice as fast as what PyTorch takes otherwise, at the
    same accuracy; where the hardware has bfloat16 matrix units (AMX) or TF32 (NVIDIA), factors
    are rounded to that, which leaves the images as good as they were (decision 10). Products of
    float64 matrices stay as they are.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def free_cached_memory(device: torch.device) -> None:
    """Gives back what PyTorch holds on the device without using it."""
    gc.collect()  # A failed step may still be held by its own traceback.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
