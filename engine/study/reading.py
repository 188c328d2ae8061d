"""How a checkpoint of a study is read where its file does not say it, as `reconstruct` is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.data.inputs import parse_shape
from engine.data.layout import LAYOUTS, Layout
from engine.network.activation import parse_activation
from engine.network.as_said import AsSaid, load_as_said
from engine.network.fine_tuned import HEADS, Head
from engine.network.known_architectures import said_architecture
from engine.network.network import Network


class Reading(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a study's file says of a checkpoint, in the words of the command line.

    Attributes:
        shape: of its inputs, as `1x28x28`, `30` or `vector`.
        architecture: a known one, or its steps.
        layout: `chw` or `hwc`.
        activation: `relu`, or `leaky_relu:SLOPE`.
        order: its layers in the order of the forward pass, with commas.
        preprocessing: `none`, `mean`, a name such as `mnist`, or `MEAN/STD`.
        base: what it was fine-tuned from: an address in a plan, a SHA-256 in a study.
        base_head: `known` or `new`.
    """

    shape: str = ""
    architecture: str = ""
    layout: str = ""
    activation: str = ""
    order: str = ""
    preprocessing: str = ""
    base: str = ""
    base_head: str = ""

    @property
    def as_said(self) -> AsSaid:
        """The same as networks are read by it.

        Raises:
            UnusableInput: a value says nothing.
        """
        if self.layout and self.layout not in LAYOUTS:
            raise UnusableInput(
                f"There is no layout “{self.layout}”.", f"Choose {listed(LAYOUTS, 'or')}."
            )
        if self.architecture:
            said_architecture(self.architecture)
        return AsSaid(
            parse_shape(self.shape) if self.shape else None,
            self.architecture or None,
            next((each for each in get_args(Layout) if each == self.layout), None),
            parse_activation(self.activation) if self.activation else None,
            [name.strip() for name in self.order.split(",")] if self.order else None,
        )

    @property
    def head(self) -> Head | None:
        """How the last layer began; None where nobody says.

        Raises:
            UnusableInput: it is neither, or no base is named.
        """
        if self.base_head and not self.base:
            raise UnusableInput(
                "“base_head” says how the last layer of a fine-tuned network began, and no base is "
                "named.",
                "Name a base as well, or leave it out.",
            )
        if self.base_head and self.base_head not in HEADS:
            raise UnusableInput(
                f"There is no base_head “{self.base_head}”.", f"Choose {listed(HEADS, 'or')}."
            )
        return next((each for each in HEADS if each == self.base_head), None)


AS_FILED = Reading()
"""A checkpoint of which nobody says more than its file does."""

READING: tuple[str, ...] = Reading.__struct_fields__
"""What of it a study's file may say."""


def reading_of(said: Mapping[str, Any]) -> Reading:
    """What a table of a study's file says of a checkpoint.

    Raises:
        UnusableInput: a value is no text, or says nothing.
    """
    given = {name: said[name] for name in READING if name in said}
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise UnusableInput(
                f"“{name}” is no text: it is the same for all checkpoints that it is said of.",
                f'Write it like {name} = "…".',
            )
    reading = Reading(**given)
    _ = reading.as_said, reading.head  # They refuse what says nothing.
    return reading


def read_network(path: Path, reading: Reading, base: Path | None) -> Network:
    """A network as it is said, but for its preprocessing, which may be made of images.

    Args:
        path: of its checkpoint.
        reading: what is said of it.
        base: where the base lies that `reading` names; None where it names none.

    Raises:
        UnusableInput: they do not go together.
    """
    return load_as_said(path, reading.as_said, base, reading.head)
