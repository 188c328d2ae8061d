"""Layers that the method does not reach, told by the names and shapes of their tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.version import COMMAND

if TYPE_CHECKING:
    from torch import Tensor

NETWORKS = "networks-that-can-be-attacked"
"""The heading of the guide that says which networks the method reaches."""
REACHED = (
    "Afterimage attacks chains of fully connected layers with ReLU or leaky ReLU, and of "
    "convolutions before them as PyTorch stores them; other networks are not attacked so far."
)
OF_ADAPTERS = (
    f"Merge it into that network where it was made, and save the weights; or ask {COMMAND} adapter "
    "which records it was trained on."
)
_BY_NAME = (
    (
        re.compile(r"(?:^|[._])(?:attn|attention|self_attn|in_proj_\w+|[qkv]_proj|qkv)(?:[._]|$)"),
        "a transformer",
        "belongs to attention",
        REACHED,
    ),
    (
        re.compile(r"weight_(?:ih|hh)(?:_l\d|$)"),
        "a recurrent network",
        "belongs to a recurrence",
        REACHED,
    ),
)
_ADAPTER = (
    re.compile(r"lora_(?:[AB]|down|up)"),
    "an adapter of another network",
    "is a change to its weights",
    OF_ADAPTERS,
)
_COUNTERS = ("running_mean", "running_var", "num_batches_tracked")


def refuse_other_networks(tensors: Mapping[str, Tensor], file_name: str) -> None:
    """Refuses a network that is of another kind by the names of its tensors.

    Args:
        tensors: of a state dict, by name.
        file_name: for messages.

    Raises:
        UnusableInput: the message names the layer.
    """
    for pattern, network, why, instead in (_ADAPTER, *_BY_NAME):
        for name in tensors:
            if pattern.search(name):
                raise _refusal(f"{file_name} is {network}: “{name}” {why}.", instead)


def refuse_other_layers(tensors: Mapping[str, Tensor], file_name: str) -> None:
    """Refuses a network that holds any.

    What makes a network another kind of network is named before what it has besides.

    Args:
        tensors: of a state dict, by name.
        file_name: for messages.

    Raises:
        UnusableInput: the message names the layer.
    """
    refuse_other_networks(tensors, file_name)
    for name, tensor in tensors.items():
        if tensor.dim() in (3, 4, 5):
            raise _refusal(
                f"{file_name} is a convolutional network of a kind that is not read: “{name}” is a "
                f"convolution ({_shape(tensor)})."
            )
    for name in tensors:
        if name.endswith(_COUNTERS):
            raise _refusal(f"{file_name} has batch normalisation: “{name}”.")
    for name, tensor in tensors.items():
        if tensor.dim() > 2:
            raise _refusal(f"“{name}” in {file_name} is an unknown layer ({_shape(tensor)}).")
        if tensor.dim() == 1 and name.rsplit(".", 1)[-1] == "weight":
            raise _refusal(
                f"“{name}” in {file_name} belongs to a normalisation or a learned activation."
            )


def _refusal(why: str, instead: str = REACHED) -> UnusableInput:
    return UnusableInput(why, instead, NETWORKS)


def _shape(tensor: Tensor) -> str:
    return "×".join(str(n) for n in tensor.shape)
