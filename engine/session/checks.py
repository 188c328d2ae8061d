"""Whether the tensors of a session file are such as its header says, before any is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.data.normalisation import LEAST_STD
from engine.network.tensor_checks import LARGEST_WEIGHT, LEAST_WEIGHT
from engine.runtime.lazy import torch
from engine.session.header import Header

if TYPE_CHECKING:
    from torch import Tensor

_UNIT = 1.001
_MEMORY = {"adam": {"step", "exp_avg", "exp_avg_sq"}, "sgd": {"momentum_buffer"}}


def check_kinds(header: Header, tensors: Mapping[str, Tensor]) -> None:
    """Holds tensors to the kinds that docs/session-format.md gives them.

    Raises:
        ValueError: something is of another kind.
        KeyError, TypeError: something is missing.
    """
    fits = [
        "space.basis" not in tensors or _has_spectrum(header, tensors["space.spectrum"]),
        tensors["losses"].dtype == torch.float64,
        all(_is_number_array(name, tensor) for name, tensor in tensors.items()),
        _is_memory(header.settings["optimizer"], tensors),
    ]
    if not all(fits):
        raise ValueError("something in the session is of another kind than it should be")


def is_preprocessing_of(inputs: InputSpec) -> bool:
    """Whether mean and std are of the image's shape, and such as images can have."""
    mean, std = inputs.preprocessing.mean, inputs.preprocessing.std
    if mean is None or std is None:
        return std is None and (mean is None or mean.shape == inputs.shape)
    fits = mean.shape == inputs.shape and std.shape == (inputs.shape[0], 1, 1)
    return fits and float(std.min()) >= LEAST_STD and float(std.max()) <= 1


def _has_spectrum(header: Header, values: Tensor) -> bool:
    """Whether the header says where the noise of these singular values ends."""
    return header.floor is not None and header.rank is not None and header.rank <= len(values)


def _is_number_array(name: str, tensor: Tensor) -> bool:
    """Weights and row space are finite; where a run stands may be anything of that precision."""
    if name.startswith(("network.", "space.")):
        return (
            _is_float(tensor) and bool(torch.isfinite(tensor).all()) and _is_in_range(name, tensor)
        )
    if name.endswith(("unknowns", "multipliers", "labels")):
        return _is_float(tensor)
    return True


def _is_in_range(name: str, tensor: Tensor) -> bool:
    """Weights are as large as a checkpoint's may be; directions of the row space have length 1.

    Their scale is 1 at most, times what images are stretched by.
    """
    if name.startswith("network.") and tensor.dim() == 2:
        return LEAST_WEIGHT < float(tensor.abs().max()) < LARGEST_WEIGHT
    most = {"space.basis": _UNIT, "space.scale": _UNIT / LEAST_STD}
    return name not in most or float(tensor.abs().max()) <= most[name]


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype in (torch.float32, torch.float64)


def _is_memory(optimizer: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the optimiser's memory is whole, or absent as before the first step."""
    prefix = "state.optimizer."
    found = {name.removeprefix(prefix) for name in tensors if name.startswith(prefix)}
    if not found:
        return True
    wanted = {0: tensors["state.unknowns"].shape, 1: tensors["state.multipliers"].shape}
    names = {f"{index}.{key}" for index in wanted for key in _MEMORY[optimizer]}
    return found == names and all(
        tensors[f"{prefix}{index}.{key}"].shape == (() if key == "step" else shape)
        and _is_float(tensors[f"{prefix}{index}.{key}"])
        for index, shape in wanted.items()
        for key in _MEMORY[optimizer]
    )
