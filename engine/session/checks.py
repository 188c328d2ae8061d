"""Whether the parts of a session file are such as its header says, and belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.data.normalisation import LEAST_FEATURE_STD, LEAST_STD
from engine.network.features import first_full
from engine.network.tensor_checks import LARGEST_WEIGHT, LEAST_WEIGHT
from engine.reconstruction.losses import Losses
from engine.reconstruction.restarts import Restart
from engine.runtime.lazy import torch
from engine.session.header import Header
from engine.session.session import Session
from engine.stationarity.cases import multipliers_for

if TYPE_CHECKING:
    from torch import Tensor

_MOST_ROOT = 1e6
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
        is_alone = std is None and (mean is None or mean.shape == inputs.shape)
        return is_alone and _is_embedding_alone(inputs)
    if inputs.preprocessing.embedding:
        return False
    if inputs.is_vector:
        is_std = std.shape in ((1, 1, 1), inputs.shape) and float(std.min()) >= LEAST_FEATURE_STD
        return is_std and mean.shape == inputs.shape
    fits = mean.shape == inputs.shape and std.shape == (inputs.shape[0], 1, 1)
    return fits and float(std.min()) >= LEAST_STD and float(std.max()) <= 1


def _is_embedding_alone(inputs: InputSpec) -> bool:
    """Whether nothing is done to embeddings besides, and only vectors are said to be some."""
    mean = inputs.preprocessing.mean
    is_plain = inputs.is_vector and mean is not None and not bool(mean.any())
    return not inputs.preprocessing.embedding or is_plain


def check_together(session: Session) -> None:
    """Holds the parts of a session against each other.

    Raises:
        ValueError: they do not belong together.
    """
    network, state, m = session.network, session.state, session.settings.candidates
    dimension = network.input_dimension
    k = dimension if state.space is None else state.space.rank
    sizes = network.layer_sizes
    if m < 1:
        raise ValueError("a run without candidates")
    each, reached = state.steps // session.settings.restarts, state.recording.steps[-1]
    goes_on = (
        each > 0
        and 0 <= reached <= each
        and state.step == len(state.finished) * each + reached
        and state.steps == each * session.settings.restarts
    )
    fits = [
        network.inputs.dimension == network.input_dimension,
        network.depth >= 2,
        network.structure is not None
        or all(w.shape[1] == n for w, n in zip(network.weights, sizes, strict=False)),
        all(
            bias is None or bias.shape == weight.shape[:1]
            for weight, bias in zip(network.weights, network.biases, strict=True)
        ),
        network.base is None or network.base.parameters.has_shapes_of(network.parameters),
        network.base is None or bool(network.explained.weights[first_full(network)].any()),
        session.settings.training != "tuned" or network.base is not None,
        is_preprocessing_of(network.inputs),
        len(network.class_names) in (0, network.classes.count),
        len(network.reading.layers) in (0, network.depth),
        session.settings.training != "auto",
        state.space is None or state.space.basis.shape == (k, dimension),
        state.space is None or state.space.scale.shape == (k,),
        0 <= state.step <= state.steps <= session.settings.steps * session.settings.restarts,
        state.step == state.steps or goes_on,
        state.space is None or len(state.space.spectrum.values) >= k,
        state.losses.rows.shape == (state.step, Losses.width(network.depth)),
        len(state.finished) < session.settings.restarts,
        *(_is_of(restart, session, k) for restart in session.every_restart),
        all(torch.equal(r.labels, state.tensors["labels"]) for r in state.finished),
    ]
    if not all(fits):
        raise ValueError("the parts of the session do not belong together")


def _is_of(restart: Restart, session: Session, k: int) -> bool:
    """Whether a restart is one of this run, in k coordinates."""
    m, classes = session.settings.candidates, session.network.classes
    kind = multipliers_for(session.settings.training, classes.outputs)
    return (
        restart.unknowns.shape == (m, k)
        and restart.multipliers.shape == kind.shape(m)
        and restart.labels.shape == (m,)
        and set(restart.labels.tolist()) <= set(classes.labels)
        and len(restart.recording) > 0
        and restart.recording.shape == (m, k)
    )


def _has_spectrum(header: Header, values: Tensor) -> bool:
    """Whether the header says where the noise of these singular values ends."""
    return header.floor is not None and header.rank is not None and header.rank <= len(values)


def _is_number_array(name: str, tensor: Tensor) -> bool:
    """Weights and row space are finite; where a run stands may be anything of that precision."""
    if name.startswith(("network.", "base.", "space.")):
        return (
            _is_float(tensor) and bool(torch.isfinite(tensor).all()) and _is_in_range(name, tensor)
        )
    if name.startswith(("images.", "matches.")):
        return True  # They are looked at where they are read.
    if name.endswith(("unknowns", "multipliers", "labels")):
        return _is_float(tensor)
    return True


def _is_in_range(name: str, tensor: Tensor) -> bool:
    """Weights are as large as a checkpoint's may be; directions of the row space have length 1.

    Their scale is 1 at most, times what images are stretched by, and a singular value at most the
    largest weight times the root of their number.
    """
    if name == "network.mean":  # That of embeddings is 0.
        return float(tensor.abs().max()) < LARGEST_WEIGHT
    if name.startswith(("network.", "base.")) and tensor.dim() >= 2:
        return LEAST_WEIGHT < float(tensor.abs().max()) < LARGEST_WEIGHT
    most = {
        "space.basis": _UNIT,
        "space.scale": _UNIT / LEAST_STD,
        "space.spectrum": _MOST_ROOT * LARGEST_WEIGHT,
    }
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
