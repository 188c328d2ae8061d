"""ONNX files: checked before they are unpacked, and their constants as tensors.

A graph is data here: it is looked at, and no operator of it is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_MOST_BYTES = 2 << 30
"""Protobuf's own limit for a message."""
_MOST_ENTRIES, _MOST_BESIDE, _MOST_FIELDS = 4000, 8 << 20, 4000
"""Nodes and constants of a graph, bytes of it beside constants, and fields of a constant: more of
these would take many times the size of the file in memory."""
_GRAPH, _INITIALIZER = 7, 5
_EXTERNAL = 1


def read_model(path: Path, size: int) -> Any:
    """The model of a file, as `onnx.ModelProto`.

    Args:
        path: to the file, which `check_file` has seen.
        size: of the file in bytes.

    Raises:
        UnusableInput: it is damaged, too large, or holds its weights in other files.
    """
    import onnx

    if size > _MOST_BYTES:
        raise UnusableInput(f"{path.name} is larger than 2 GiB, more than an ONNX file holds.")
    content = path.read_bytes()
    try:
        _check_entries(content)
        model = onnx.ModelProto()
        model.ParseFromString(content)
    except _TooMany as error:
        raise UnusableInput(
            f"{path.name} has {error}, more than any network that is attacked; it is not opened."
        ) from error
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no ONNX file.", "Copy or export it again."
        ) from error
    if any(tensor.data_location == _EXTERNAL for tensor in model.graph.initializer):
        raise UnusableInput(
            f"{path.name} keeps its weights in another file, and other files are not followed.",
            'In Python: onnx.save(onnx.load("model.onnx"), "whole.onnx").',
        )
    return model


def array_of(tensor: Any, file_name: str) -> NDArray[Any]:
    """The numbers of a constant, `onnx.TensorProto`.

    Raises:
        UnusableInput: it is damaged, or in another file.
    """
    from onnx import numpy_helper

    try:
        if tensor.data_location == _EXTERNAL:
            raise ValueError("external")
        array = np.array(numpy_helper.to_array(tensor))
        if array.dtype.kind not in "fiubV":
            raise ValueError("no numbers")
    except Exception as error:  # As above.
        raise UnusableInput(
            f"The constant “{tensor.name}” in {file_name} is damaged, or kept in another file.",
            "Export it again.",
        ) from error
    # NumPy itself does not know bfloat16.
    return array.astype(np.float32) if array.dtype.kind == "V" else array


def as_tensor(array: NDArray[Any]) -> Tensor:
    """Numbers as a tensor of its own."""
    return torch.from_numpy(np.array(array, order="C"))


class _TooMany(Exception):
    """Of something in a graph."""


def _check_entries(content: bytes) -> None:
    """Looks along the fields of a model before they are unpacked, and stops at too many."""
    whole = memoryview(content)
    entries, beside = 0, 0
    for number, part in _fields(whole, _MOST_ENTRIES):
        if number != _GRAPH:
            beside += len(part)
            continue
        for inner, piece in _fields(part, _MOST_ENTRIES):
            entries += 1
            if inner == _INITIALIZER:
                for _ in _fields(piece, _MOST_FIELDS):
                    pass
            else:
                beside += len(piece)
    if entries > _MOST_ENTRIES:
        raise _TooMany(f"{entries:,} nodes and constants")
    if beside > _MOST_BESIDE:
        raise _TooMany(f"{beside >> 20} MiB of nodes")


def _fields(message: memoryview, most: int) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a protobuf message; numbers have no content.

    Raises:
        ValueError, IndexError: it is none.
    """
    place, count = 0, 0
    while place < len(message):
        count += 1
        if count > most:
            raise _TooMany(f"more than {most:,} fields in one message")
        tag, place = _number(message, place)
        kind, length = tag & 7, 0
        if kind == 2:
            length, place = _number(message, place)
        elif kind == 0:
            _, place = _number(message, place)
        elif kind in (1, 5):
            place += 8 if kind == 1 else 4
        else:
            raise ValueError("a group")
        if place + length > len(message):
            raise ValueError("cut short")
        yield tag >> 3, message[place : place + length]
        place += length


def _number(message: memoryview, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while shift < 70:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("no number")
