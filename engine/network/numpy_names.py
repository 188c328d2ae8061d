"""What NumPy's names stand for in a pickle: classes that hold numbers and do nothing.

NumPy's own would be executed as the file says, and trust what it says of sizes and types.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.runtime.lazy import torch

_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_ORDERS = ("<", ">", "=", "|")
_NOT_OF_TORCH = (np.uint16, np.uint32, np.uint64)


class _Type:
    """Stands for numpy.dtype."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def numbers(self, data: object) -> NDArray[Any] | None:
        """What bytes hold; None where they are no numbers."""
        if self.code not in _NUMBERS or self.order not in _ORDERS or not isinstance(data, bytes):
            return None
        return np.frombuffer(data, np.dtype(f"{self.order}{self.code}"))


class _Array:
    """Stands for numpy.ndarray; `numbers` is None where it holds none."""

    def __init__(self, *_: object) -> None:
        self.numbers: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, is_fortran, data = state
        self.fill(data, kind, shape, "F" if is_fortran else "C")

    def fill(self, data: object, kind: object, shape: Any, order: Any) -> None:
        """Takes numbers in."""
        flat = kind.numbers(data) if isinstance(kind, _Type) else None
        self.numbers = None if flat is None else flat.reshape(shape, order=order)


def _array_of(data: object, kind: object, shape: Any, order: Any) -> _Array:
    """Stands for numpy's `_frombuffer`."""
    array = _Array()
    array.fill(data, kind, shape, order)
    return array


def _scalar(kind: object, data: object = None) -> Any:
    """Stands for numpy's `scalar`: a number of Python's; None where it is none."""
    numbers = kind.numbers(data) if isinstance(kind, _Type) else None
    return None if numbers is None or len(numbers) != 1 else numbers[0].item()


def _storage(data: bytes) -> Any:
    """Stands for torch's `_load_from_bytes`, which would execute what it is given."""
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def know_numpy() -> None:
    """Tells PyTorch's restricted reader what stands for NumPy's names; from then on it knows."""
    modules = [f"numpy.{core}.multiarray" for core in ("core", "_core")]
    numeric = [f"numpy.{core}.numeric" for core in ("core", "_core")]
    torch.serialization.add_safe_globals(
        [
            *((_scalar, f"{module}.scalar") for module in modules),
            *((_Array, f"{module}._reconstruct") for module in modules),
            *((_array_of, f"{module}._frombuffer") for module in numeric),
            (_Type, "numpy.dtype"),
            (_Array, "numpy.ndarray"),
            (_storage, "torch.storage._load_from_bytes"),
        ]
    )


def arrays_as_tensors(content: object) -> set[int]:
    """Puts tensors in the place of arrays in mappings of mappings; None for what holds no numbers.

    Returns:
        The `id` of each of these tensors, which `content` keeps alive.
    """
    seen: set[int] = set()
    made: set[int] = set()
    left = [content]
    while left:
        mapping = left.pop()
        if not isinstance(mapping, dict) or id(mapping) in seen:
            continue
        seen.add(id(mapping))
        for key, value in mapping.items():
            if isinstance(value, _Array):
                mapping[key] = _tensor(value.numbers)
                made.add(id(mapping[key]))
            elif isinstance(value, Mapping):
                left.append(value)
    return made


def _tensor(numbers: NDArray[Any] | None) -> Any:
    if numbers is None or numbers.dtype.kind not in "fiub":
        return None
    native = numbers.astype(numbers.dtype.newbyteorder("="), copy=True, order="C")
    return (
        torch.from_numpy(native) if native.dtype not in (np.uint16, np.uint32, np.uint64) else None
    )
