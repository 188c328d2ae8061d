"""A network as its file says, or as somebody overrules it, with the base that it started from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.data.inputs import InputShape
from engine.data.layout import Layout
from engine.network.activation import Activation
from engine.network.checkpoints import load_base, load_network
from engine.network.fine_tuned import Head, with_base
from engine.network.network import Network


@dataclass(frozen=True)
class AsSaid:
    """What somebody says of a network; None where nobody does.

    Attributes:
        shape: of its inputs.
        architecture: a name of `known_architectures`, or as `architecture_text` has it.
        layout: how it reads a colour image.
        activation: of its hidden layers.
        order: its layers by their names, in the order of the forward pass.
    """

    shape: InputShape | None = None
    architecture: str | None = None
    layout: Layout | None = None
    activation: Activation | None = None
    order: Sequence[str] | None = None

    def of(self, network: Network) -> Network:
        """A network with order, layout and activation as they are said."""
        if self.order is not None:
            network = network.with_layers(self.order)
        if self.layout is not None:
            network = network.with_layout(self.layout, "user")
        if self.activation is not None:
            network = network.with_activation(self.activation, "user")
        return network


def load_as_said(
    path: str | Path, said: AsSaid, base: str | Path | None = None, head: Head | None = None
) -> Network:
    """Reads a network, and what it was fine-tuned from.

    Args:
        path: of its checkpoint.
        said: how it is to be read; its base alike.
        base: checkpoint of what it was fine-tuned from; None where that is not known.
        head: how its last layer began, as `with_base` takes it.

    Raises:
        UnusableInput: one of them cannot be used, or they do not go together.
    """
    network = said.of(load_network(path, said.shape, said.architecture))
    if base is None:
        return network
    return with_base(network, said.of(load_base(base, network)), head)
