"""Kernels of Keras and Flax, which stand the other way round than PyTorch's weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_KERNEL = re.compile(r"(?P<layer>.*[./])kernel(?::0)?")
_BESIDE = re.compile(r"(?P<layer>.*[./])bias(?::0)?")


def is_kernel(name: str) -> bool:
    """Whether a tensor of this name stands as Keras and Flax have it."""
    return _KERNEL.fullmatch(name) is not None


def as_weights(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same network with its layers named and standing as PyTorch's are.

    `dense/kernel`, `params/Dense_0/kernel` and `dense/kernel:0` are (inputs, outputs), and become
    `dense.weight`, (outputs, inputs). That Keras and Flax mean nothing else by the word tells what
    shapes do not, of square layers and of networks with more outputs than inputs.

    Args:
        tensors: by name, in the order of the file; without a kernel they stay as they are.
    """
    if not any(is_kernel(name) and t.dim() == 2 for name, t in tensors.items()):
        return tensors
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        kernel, beside = _KERNEL.fullmatch(name), _BESIDE.fullmatch(name)
        if kernel is not None and tensor.dim() == 2:
            name, tensor = _dotted(kernel["layer"], "weight"), tensor.T
        elif beside is not None:
            name = _dotted(beside["layer"], "bias")
        if name in renamed:  # `a.kernel` beside `a/kernel`: nobody knows what was meant.
            return tensors
        renamed[name] = tensor
    return renamed


def _dotted(layer: str, what: str) -> str:
    return f"{layer.replace('/', '.')}{what}"
