"""What a session file says of itself, beside its tensors (docs/session-format.md)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import msgspec

from engine.base.errors import UnusableInput
from engine.base.json_text import Count, Measure, held_to, read_json
from engine.data.inputs import Embedding, Says
from engine.data.layout import Layout
from engine.evidence.scoring import Scored
from engine.network.network import Base
from engine.network.reading import AS_IT_STANDS, Reading
from engine.session.image_sets import SetsSaid, Sha256

FORMAT_VERSION = 7

Size = Annotated[int, msgspec.Meta(ge=1)]
Slope = Annotated[float, msgspec.Meta(ge=0, lt=1)]
FrameSteps = list[Count]
"""Steps before each frame of a drift, rising."""


class BaseSaid(msgspec.Struct, frozen=True):
    """What a network was fine-tuned from; θ_0 lies beside it as tensors.

    Attributes:
        file: its path.
        sha256: of that file.
        has_other_head: whether its last layer tells other classes apart.
    """

    file: str
    sha256: Sha256
    has_other_head: bool = False

    @classmethod
    def of(cls, base: Base | None) -> BaseSaid | None:
        """What is said of a base; None of none."""
        if base is None:
            return None
        return cls(base.origin.file, base.origin.sha256, base.has_other_head)


class Header(msgspec.Struct, frozen=True):
    """The JSON of a session; a field with a default came later than the first format.

    Attributes:
        format: from 1 to `FORMAT_VERSION`.
        version: of the Afterimage that wrote it.
        settings: as `Settings.as_dict` gave them at that time; `settings_from_dict` reads them.
        step: taken over all restarts.
        steps: planned over all restarts.
        seconds: of computing.
        frame_steps: of the restart that is on.
        input_shape: (c, h, w).
        shape_is_known: whether the checkpoint said so.
        origin: path of the checkpoint, its SHA-256, what it said of itself.
        device: where it ran.
        note: why it ended early.
        restart_frame_steps: of each restart that is over.
        floor: noise floor of W_1's spectrum; None in pixel space, as `rank`.
        rank: how many singular values lie above it.
        notes: what happened on the way, a sentence each.
        evidence: the score that was taken when it was saved.
        class_names: in the order of the labels; none where nobody said.
        activation_slope: 0 for the ReLU.
        activation_said_by: who said so.
        preprocessing_said_by: who said what was done to images.
        mean_is_laid_out: whether a mean image had rows and columns in the checkpoint.
        embedding: whether vectors are embeddings.
        images: what it was scored against.
        layout: of the checkpoint; the weights here are C×H×W whatever it is.
        layout_said_by: who said so.
        reading: how the checkpoint became layers.
        base: what the network was fine-tuned from; None where that is not known.
        architecture: of a network with convolutions, as `network/architecture_text` writes it;
            empty where all layers are full.
    """

    format: Annotated[int, msgspec.Meta(ge=1)]
    version: str
    settings: dict[str, Any]
    step: Count
    steps: Count
    seconds: Measure
    frame_steps: FrameSteps
    input_shape: tuple[Size, Size, Size]
    shape_is_known: bool
    origin: tuple[str, Sha256, dict[str, str]]
    device: str
    note: str
    restart_frame_steps: tuple[FrameSteps, ...] = ()
    floor: Measure | None = None
    rank: Count | None = None
    notes: tuple[str, ...] = ()
    evidence: Scored | None = None
    class_names: tuple[str, ...] = ()
    activation_slope: Slope = 0.0
    activation_said_by: Says = "nobody"
    preprocessing_said_by: Says = "nobody"
    images: SetsSaid | None = None
    layout: Layout = "chw"
    layout_said_by: Says = "nobody"
    mean_is_laid_out: bool = False
    reading: Reading = AS_IT_STANDS
    base: BaseSaid | None = None
    architecture: str = ""
    embedding: Embedding = ""

    def __post_init__(self) -> None:
        for steps in (self.frame_steps, *self.restart_frame_steps):
            if not all(a < b for a, b in pairwise(steps)):
                raise ValueError("the steps of frames do not rise")


class _Written(msgspec.Struct, frozen=True):
    """What every format says of itself, those to come as well."""

    format: int
    version: str


def read_header(text: str, name: str) -> Header:
    """Reads it, whatever it holds besides.

    Args:
        text: JSON.
        name: of the session file, for people.

    Raises:
        UnusableInput: a newer Afterimage wrote it.
        ValueError: it is no header of a session.
    """
    found = read_json(text, dict[str, Any])
    written = held_to(found, _Written)
    if written.format > FORMAT_VERSION:
        raise UnusableInput(
            f"{name} was saved by a newer Afterimage ({written.version}); update to open it."
        )
    return held_to(found, Header)
