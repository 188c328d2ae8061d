"""θ in a session, of a network and of its base, and how the layers follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.network.architecture import GlobalPooling, Layer, Normalised
from engine.network.architecture_text import parse_architecture
from engine.network.network import Base, Network, Origin
from engine.network.parameters import Parameters
from engine.network.structure import Structure
from engine.session.header import BaseSaid

if TYPE_CHECKING:
    from torch import Tensor


def parameter_tensors(parameters: Parameters, name: str = "network") -> dict[str, Tensor]:
    """θ by the names that a session has for it (docs/session-format.md)."""
    weights = {f"{name}.{i}": w for i, w in enumerate(parameters.weights)}
    biases = enumerate(parameters.biases)
    return weights | {f"{name}.bias.{i}": bias for i, bias in biases if bias is not None}


def read_parameters(tensors: Mapping[str, Tensor], depth: int, name: str) -> Parameters:
    """The inverse, of so many layers.

    Raises:
        KeyError: weights are missing.
    """
    weights = tuple(tensors[f"{name}.{i}"] for i in range(depth))
    return Parameters(weights, tuple(tensors.get(f"{name}.bias.{i}") for i in range(depth)))


def base_tensors(network: Network) -> dict[str, Tensor]:
    """θ_0 of a network with a base, but for another head, whose start is not known."""
    base = network.base
    if base is None:
        return {}
    known, start = network.depth - base.has_other_head, base.parameters
    return parameter_tensors(Parameters(start.weights[:known], start.biases[:known]), "base")


def read_base(said: BaseSaid, theta: Parameters, tensors: Mapping[str, Tensor]) -> Base:
    """The base of a network with the parameters θ.

    Raises:
        KeyError: weights are missing.
    """
    known = theta.depth - said.has_other_head
    start = read_parameters(tensors, known, "base")
    return Base(
        Parameters(
            (*start.weights, *theta.weights[known:]), (*start.biases, *theta.biases[known:])
        ),
        Origin(said.file, said.sha256),
        said.has_other_head,
    )


def read_structure(text: str) -> Structure | None:
    """How the layers of a network follow each other; None where all are full.

    Args:
        text: as `text_of` wrote it.

    Raises:
        ValueError: the text says something else.
    """
    if not text:
        return None
    try:
        architecture = parse_architecture(text)
    except UnusableInput as error:
        raise ValueError(str(error)) from error
    words = [word.step if isinstance(word, Layer) else word for word in architecture.words]
    steps = tuple(word for word in words if not isinstance(word, Normalised | GlobalPooling))
    if len(steps) < len(words):
        raise ValueError("an architecture that was not folded into its layers")
    return Structure(steps)
