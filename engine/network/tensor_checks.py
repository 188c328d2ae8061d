"""Whether tensors out of a file are what a network can be made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

LEAST_WEIGHT, LARGEST_WEIGHT = 1e-15, 1e15
"""Of which float32 holds the square, and the sum of a hundred million such."""
_MOST_ARRAYS = 256


def check_storages(tensors: dict[str, Tensor], held: int, path: Path) -> None:
    """Refuses tensors that claim more than the bytes that the file holds, together."""
    ordinary = [t for t in tensors.values() if t.layout == torch.strided and not t.is_meta]
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in ordinary}
    if sum(storages.values()) > held:
        raise UnusableInput(
            f"{path.name} claims more numbers than the file holds; it is not opened."
        )


def check_kind(name: str, tensor: Tensor, path: Path) -> None:
    """Refuses what is no ordinary, dense tensor, backed by as much data as it claims."""
    ordinary = (
        tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    )
    if not ordinary or tensor.numel() == 0 or tensor.is_complex():
        raise UnusableInput(
            f"“{name}” in {path.name} is sparse, quantised, complex or empty; export plain float "
            "weights."
        )
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise UnusableInput(
            f"“{name}” in {path.name} claims more numbers than the file holds; it is not opened."
        )


def check_filled(tensors: dict[str, Tensor], pieces: list[bytes], path: Path) -> None:
    """Refuses numbers that are in none of these pieces of the file.

    In PyTorch's old format a storage may be announced and then not filled, and what happened to lie
    in that memory would pass for weights.
    """
    arrays = [tensor for tensor in tensors.values() if tensor.dim()]
    if len(arrays) > _MOST_ARRAYS:
        return  # More than any network has that is read; it is refused for that.
    for tensor in arrays:
        raw = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
        if all(piece.find(raw.numpy()) < 0 for piece in pieces):
            raise UnusableInput(
                f"{path.name} claims more numbers than the file holds; it is not opened."
            )


def check_tensor(name: str, tensor: Tensor, path: Path) -> Tensor:
    """A tensor of finite numbers, in float32 or float64."""
    if not tensor.is_floating_point():
        if tensor.dim() >= 1:
            raise UnusableInput(
                f"“{name}” in {path.name} holds whole numbers; export plain float weights."
            )
        return tensor
    if tensor.element_size() < 2:  # PyTorch stores them, and computes with none.
        raise UnusableInput(
            f"“{name}” in {path.name} holds numbers of 8 bits; export weights of 16 or 32."
        )
    if not bool(torch.isfinite(tensor).all()):
        raise UnusableInput(
            f"“{name}” in {path.name} has values that are not finite numbers; the training "
            "diverged, use an earlier checkpoint."
        )
    if tensor.dim() == 2 and not bool(tensor.any()):
        raise UnusableInput(
            f"“{name}” in {path.name} is all zero; such a network computes nothing."
        )
    wide = tensor.dtype if tensor.dtype == torch.float64 else torch.float32
    tensor = tensor.detach().to(wide).contiguous()
    if tensor.dim() == 2 and not LEAST_WEIGHT < float(tensor.abs().max()) < LARGEST_WEIGHT:
        raise UnusableInput(
            f"The largest value of “{name}” in {path.name} is {float(tensor.abs().max()):.0e}; "
            "that is no trained network."
        )
    return tensor
