"""Checkpoint files ↔ networks: what the tensors and words of a file mean (`readers` reads it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.base.files import read_tensors, save_tensors, sha256_of
from engine.data.inputs import (
    InputShape,
    InputSpec,
    format_shape,
    parse_shape,
)
from engine.network.architecture import architecture_of
from engine.network.architecture_text import written
from engine.network.contents import Contents
from engine.network.convolutional import NeedsArchitecture, Said
from engine.network.interpreted import Interpreted, Shapes, interpret, stated_activation
from engine.network.kernels import as_weights
from engine.network.kinds import checkpoint_of
from engine.network.known_architectures import said_architecture
from engine.network.network import Network, Origin
from engine.network.readers import BESIDE, read_checkpoint
from engine.network.reading import Reading, first_of
from engine.network.said import (
    METADATA_KEYS,
    metadata_of,
    said_activation,
    said_classes,
    said_preprocessing,
    stated_architecture,
)
from engine.network.said_layout import pixels_first, said_layout, shape_of_mean

if TYPE_CHECKING:
    from torch import Tensor

_FORMAT_VERSION = "1"
_MOST_SIDE = 10_000_000


def load_network(
    path: str | Path, input_shape: InputShape | None = None, architecture: str | None = None
) -> Network:
    """Reads a trained network from a checkpoint.

    Args:
        path: a file of PyTorch's, of safetensors or an `.npz`, or a folder that holds one in
            Hugging Face's layout.
        input_shape: (c, h, w), or `ANY_VECTOR`; read from the file's metadata or inferred from the
            number of inputs where not given.
        architecture: a name of `known_architectures`, or as `architecture_text` has it; of
            convolutions it is read from the file's metadata or told by shapes where not given.

    Raises:
        UnusableInput: the file cannot be used; the message says why and what would work.
        NeedsArchitecture: it holds convolutions, and their architecture is not known.
    """
    path = checkpoint_of(Path(path))
    contents = read_checkpoint(path)
    metadata, name = contents.metadata, path.name
    activation, activation_said_by = said_activation(metadata, name)
    said_shape = metadata.get("input_shape")
    stored = _parse_stored_shape(pixels_first(said_shape) or said_shape)
    shapes = Shapes(input_shape, stored, shape_of_mean(metadata.get("mean")))
    said = _said_architecture(architecture, metadata)
    try:
        found = interpret(as_weights(contents.tensors), said, shapes, name)
    except NeedsArchitecture as error:
        error.path = path
        raise
    stated = stated_activation(found.said, activation, activation_said_by, name)
    outputs = len(found.parameters.weights[-1])
    network = Network(
        found.parameters,
        InputSpec(found.shape, said_preprocessing(metadata, found.shape, name), found.is_known),
        stated[0],
        Origin(str(path), sha256_of(path), _details(metadata)),
        said_classes(metadata, outputs),
        stated[1],
        _reading(contents, found),
        structure=found.structure,
    )
    if found.structure is not None:
        return network.with_layout("chw", "file")  # A kernel has its channels first.
    return network.with_layout(*said_layout(said_shape, found.shape, contents.tensors))


def load_base(path: str | Path, network: Network) -> Network:
    """Reads what a network was fine-tuned from; its convolutions stand in the same architecture.

    Raises:
        UnusableInput: as `load_network`.
    """
    if network.structure is None:
        return load_network(path)
    return load_network(path, network.input_shape, _stored_architecture(network))


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
        "architecture": _stored_architecture(network),
        "input_shape": format_shape(network.input_shape),
    }
    save_tensors(tensors, Path(path), metadata)


def load_beside(path: str | Path) -> dict[str, Tensor]:
    """What `save_network` was given as `beside`, from a file that `load_network` has read."""
    _, tensors = read_tensors(Path(path), lambda name: name.startswith(BESIDE))
    return {name.removeprefix(BESIDE): tensor for name, tensor in tensors.items()}


def _stored_architecture(network: Network) -> str:
    """As text where it has convolutions, which is read again; else in words for people."""
    if network.structure is None:
        return network.architecture
    return written(architecture_of(network.structure, network.activation))


# --- reading --------------------------------------------------------------------------------


def _said_architecture(said: str | None, metadata: Mapping[str, Any]) -> Said | None:
    """What a person says of the architecture, else the file."""
    if said is not None:
        architecture, known_as = said_architecture(said)
        return Said(architecture, "user", known_as)
    stated = stated_architecture(metadata)
    return None if stated is None else Said(stated, "file")


def _reading(contents: Contents, found: Interpreted) -> Reading:
    said = found.said
    return Reading(
        found.names,
        found.ordered_by,
        first_of((*contents.applied, *found.applied)),
        first_of(contents.ignored),
        "nobody" if said is None else said.by,
        "" if said is None else said.known_as,
    )


def _parse_stored_shape(stored: object) -> InputShape | None:
    """The shape that the file states; None where it states none."""
    if isinstance(stored, list | tuple):
        # Lists of lists of lists would grow without end as text.
        if len(stored) != 3 or not all(type(n) is int and 0 < n <= _MOST_SIDE for n in stored):
            return None
        stored = "x".join(str(n) for n in stored)
    if not isinstance(stored, str) or len(stored) > 40:
        return None
    try:
        return parse_shape(stored)
    except UnusableInput:
        return None


def _details(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    """What an own checkpoint says of its making, as text."""
    details = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in metadata.items()
        if key not in METADATA_KEYS and isinstance(value, str | int | float)
    }
    return MappingProxyType(details)
