"""What was opened, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.plain_text import plain
from engine.data.datasets import LabelledImages
from engine.evidence.assumptions import Assumptions
from engine.evidence.diagnostics import Health
from engine.evidence.stationarity_check import TrueStationarity
from engine.network.network import Network
from engine.session.finding_images import MissingImages
from engine.session.session import Session
from engine.stationarity.cases import Choice


@dataclass(frozen=True)
class Told:
    """What became of one of several paths.

    Attributes:
        path: which.
        what: it is, where it was opened.
        error: why it was not, where it was not.
    """

    path: Path
    what: str = ""
    error: UnusableInput | None = None

    def __str__(self) -> str:
        """`digits.npz: 100 training images`, or `notes.txt: not opened; it is plain text.`"""
        if self.error is None:
            return f"{self.path.name}: {self.what}"
        why, name = self.error.why, f"{plain(self.path.name)} "
        because = f"; it {why.removeprefix(name)}" if why.startswith(name) else f". {why}"
        return f"{self.path.name}: not opened{because}"


@dataclass(frozen=True)
class Displaced:
    """A control that others took the place of, and a sentence that says why."""

    control: LabelledImages
    sentence: str


@dataclass(frozen=True)
class Opened:
    """Everything that some paths held; what they did not hold is None.

    `training` is what the weights look like. `path` is the file that the network or session came
    from, where there is one. `is_beside` says that the images were not given, but lay beside it.
    `told` says of each path what became of it.
    `missing` are images that the session was scored against, and that were not found.
    `leaves_run` says that the run that was open belongs to the network as it was read before.
    `displaced` is a control that was open, and holds nothing but what is training images now.
    """

    network: Network | None = None
    health: Health | None = None
    training: Choice | None = None
    session: Session | None = None
    train: LabelledImages | None = None
    control: LabelledImages | None = None
    stationarity: TrueStationarity | None = None
    assumptions: Assumptions | None = None
    path: Path | None = None
    is_beside: bool = False
    told: tuple[Told, ...] = ()
    missing: tuple[MissingImages, ...] = ()
    leaves_run: bool = False
    displaced: Displaced | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was opened."""
        return self.network is None and self.train is None and self.control is None


@dataclass(frozen=True)
class SharedImages:
    """Images that networks are scored against which have none beside them."""

    train: LabelledImages
    control: LabelledImages | None


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be used."""

    sentence: str
