"""What earlier formats of sessions did not say, and what counts in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from engine.network.classes import Classes
from engine.network.said import said_classes
from engine.session.header import Header

if TYPE_CHECKING:
    from torch import Tensor

PACKED_SINCE = 4
"""Earlier formats hold their frames as float16."""
LABELLED_SINCE = 5
"""In earlier ones the first half of each restart is labelled −1."""
SAID_SINCE = 6
"""Earlier ones leave it to the checkpoint's own words who said what."""


def as_its_checkpoint_said(header: Header, tensors: Mapping[str, Tensor]) -> Header:
    """What earlier formats did not say of a network, of which there was one output."""
    _, _, details = header.origin
    return msgspec.structs.replace(
        header,
        class_names=said_classes({"classes": details.get("label_names")}, outputs=1),
        activation_said_by="file" if "afterimage" in details else "nobody",
        preprocessing_said_by="file" if "network.mean" in tensors else "nobody",
    )


def labels_by_position(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What earlier formats did not say: the first half of each restart is labelled −1."""
    names = [name for name in tensors if name.endswith(".unknowns")]
    labels = Classes(outputs=1).shared_out
    return {
        f"{name.removesuffix('.unknowns')}.labels": labels(len(tensors[name])).to(tensors[name])
        for name in names
    }
