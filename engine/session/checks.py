"""Whether what a session file holds is of the kind that it should be, before any of it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.network.tensor_checks import LARGEST_WEIGHT, LEAST_WEIGHT
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_UNIT = 1.001
_MEMORY = {"adam": {"step", "exp_avg", "exp_avg_sq"}, "sgd": {"momentum_buffer"}}


def check_kinds(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Holds header and tensors to the kinds that docs/session-format.md gives them.

    Raises:
        ValueError: something is of another kind.
        KeyError, TypeError: something is missing.
    """
    file, sha256, details = header["origin"]
    texts = [header["version"], header["device"], header["note"], file, sha256]
    texts += [*details.keys(), *details.values()]
    steps = [header["frame_steps"], *header.get("restart_frame_steps", ())]
    has_space = "space.basis" in tensors
    fits = [
        all(type(text) is str for text in texts),
        type(header["shape_is_known"]) is bool,
        len(header["input_shape"]) == 3,
        all(type(n) is int and n > 0 for n in header["input_shape"]),
        _is_measure(header["seconds"]),
        all(_are_rising(each) for each in steps),
        not has_space or _is_measure(header["floor"]),
        not has_space or 0 <= header["rank"] <= len(tensors["space.spectrum"]),
        not has_space or type(header["rank"]) is int,
        tensors["losses"].dtype == torch.float64,
        all(_is_number_array(name, tensor) for name, tensor in tensors.items()),
        _is_memory(header["settings"]["optimizer"], tensors),
    ]
    if not all(fits):
        raise ValueError("something in the session is of another kind than it should be")


def _is_measure(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _are_rising(steps: Any) -> bool:
    whole = all(type(step) is int for step in steps)
    return whole and all(a < b for a, b in pairwise(steps))


def _is_number_array(name: str, tensor: Tensor) -> bool:
    """Weights and row space are finite; where a run stands may be anything of that precision."""
    if name.startswith(("network.", "space.")):
        return (
            _is_float(tensor) and bool(torch.isfinite(tensor).all()) and _is_in_range(name, tensor)
        )
    if name.endswith(("unknowns", "multipliers")):
        return _is_float(tensor)
    return True


def _is_in_range(name: str, tensor: Tensor) -> bool:
    """Weights are as large as a checkpoint's may be; directions of the row space have length 1."""
    if name.startswith("network.") and tensor.dim() == 2:
        return LEAST_WEIGHT < float(tensor.abs().max()) < LARGEST_WEIGHT
    return name not in ("space.basis", "space.scale") or float(tensor.abs().max()) <= _UNIT


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
