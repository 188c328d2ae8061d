"""Checkpoint files ↔ networks: what the tensors and words of a file mean (`readers` reads it)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.base.files import read_tensors, save_tensors, sha256_of
from engine.data.inputs import (
    InputShape,
    InputSpec,
    fitted_shape,
    format_shape,
    infer_input_shape,
    is_usual_image,
    parse_shape,
    shape_in_words,
)
from engine.network.kernels import as_weights
from engine.network.kinds import checkpoint_of
from engine.network.network import Network, Origin
from engine.network.readers import BESIDE, read_checkpoint
from engine.network.reading import Reading, first_of
from engine.network.said import (
    METADATA_KEYS,
    metadata_of,
    said_activation,
    said_classes,
    said_preprocessing,
)
from engine.network.said_layout import pixels_first, said_layout, shape_of_mean
from engine.network.state_dict import infer_layers

if TYPE_CHECKING:
    from torch import Tensor

_FORMAT_VERSION = "1"


def load_network(path: str | Path, input_shape: InputShape | None = None) -> Network:
    """Reads a trained network from a checkpoint.

    Args:
        path: a file of PyTorch's, of safetensors or an `.npz`, or a folder that holds one in
            Hugging Face's layout.
        input_shape: (c, h, w), or `ANY_VECTOR`; read from the file's metadata or inferred from the
            number of inputs where not given.

    Raises:
        UnusableInput: the file cannot be used; the message says why and what would work.
    """
    path = checkpoint_of(Path(path))
    contents = read_checkpoint(path)
    metadata = contents.metadata
    activation, activation_said_by = said_activation(metadata, path.name)
    layers = infer_layers(as_weights(contents.tensors), path.name)
    dimension, outputs = layers.parameters.weights[0].shape[1], len(layers.parameters.weights[-1])
    said_shape = metadata.get("input_shape")
    stored = _parse_stored_shape(pixels_first(said_shape) or said_shape, dimension)
    said = None if input_shape is None else fitted_shape(input_shape, dimension)
    of_mean = shape_of_mean(metadata.get("mean"))
    if of_mean is not None and stored is None and math.prod(of_mean) == dimension:
        stored = of_mean
    shape = said or stored or infer_input_shape(dimension)
    if math.prod(shape) != dimension:
        raise UnusableInput(
            f"The input shape {shape_in_words(shape)} holds {math.prod(shape)} numbers, but "
            f"{path.name} reads {dimension}."
        )
    is_known = bool(said or stored or is_usual_image(shape))
    network = Network(
        layers.parameters,
        InputSpec(shape, said_preprocessing(metadata, shape, path.name), is_known),
        activation,
        Origin(str(path), sha256_of(path), _details(metadata)),
        said_classes(metadata, outputs),
        activation_said_by,
        Reading(
            layers.names, layers.ordered_by, first_of(contents.applied), first_of(contents.ignored)
        ),
    )
    return network.with_layout(*said_layout(said_shape, shape, contents.tensors))


def save_network(
    network: Network,
    path: str | Path,
    details: Mapping[str, str],
    beside: Mapping[str, Tensor] = MappingProxyType({}),
) -> None:
    """Writes a network as one of Afterimage's own checkpoints (safetensors).

    Args:
        network: its weights are stored in the precision they have.
        path: where to; replaced only once the new file is whole.
        details: what made the network, for people and reports (label names, recipe, …).
        beside: tensors that are not the network's, by name; reading it leaves them out.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    parameters = network.parameters
    tensors = dict(zip(parameters.names, parameters.tensors, strict=True))
    tensors |= network.inputs.preprocessing.tensors
    tensors.update({f"{BESIDE}{name}": tensor for name, tensor in beside.items()})
    metadata = {
        **details,
        **metadata_of(network.activation, network.activation_said_by, network.class_names),
        "afterimage": _FORMAT_VERSION,
        "architecture": network.architecture,
        "input_shape": format_shape(network.input_shape),
    }
    save_tensors(tensors, Path(path), metadata)


def load_beside(path: str | Path) -> dict[str, Tensor]:
    """What `save_network` was given as `beside`, from a file that `load_network` has read."""
    _, tensors = read_tensors(Path(path), lambda name: name.startswith(BESIDE))
    return {name.removeprefix(BESIDE): tensor for name, tensor in tensors.items()}


# --- reading --------------------------------------------------------------------------------


def _parse_stored_shape(stored: object, dimension: int) -> InputShape | None:
    """The shape that the file states; None where it states none that fits."""
    if isinstance(stored, list | tuple):
        # Lists of lists of lists would grow without end as text.
        if len(stored) != 3 or not all(type(n) is int and 0 < n <= dimension for n in stored):
            return None
        stored = "x".join(str(n) for n in stored)
    if not isinstance(stored, str) or len(stored) > 40:
        return None
    try:
        shape = parse_shape(stored)
    except UnusableInput:
        return None
    return shape if math.prod(shape) == dimension else None


def _details(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    """What an own checkpoint says of its making, as text."""
    details = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in metadata.items()
        if key not in METADATA_KEYS and isinstance(value, str | int | float)
    }
    return MappingProxyType(details)
