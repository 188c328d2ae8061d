"""What is open in the window, without a widget in sight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.data.datasets import LabelledImages
from engine.data.neighbours import Neighbours
from engine.evidence.diagnostics import Health
from engine.evidence.other_run import OtherRun
from engine.evidence.references import References
from engine.network.network import Network
from engine.reconstruction.settings import Settings
from engine.session.session import Session


@dataclass(frozen=True)
class Workspace:
    """What is open: a network, images to score against, and what a run has left.

    Attributes:
        network: the network under attack.
        train: training images to score against.
        control: images that the network never saw.
        session: where the last run stands.
        asked: what the settings panel said when that run was started.
        health: what the network's weights alone tell of its chance.
        neighbours: embeddings by which reconstructed ones are shown.
        other: a run on another network, which stands beside this one in line-ups.
    """

    network: Network | None = None
    train: LabelledImages | None = None
    control: LabelledImages | None = None
    session: Session | None = None
    asked: Settings | None = None
    health: Health | None = None
    neighbours: Neighbours | None = None
    other: OtherRun | None = None

    @property
    def references(self) -> References | None:
        """The images as the engine scores against them."""
        if self.train is None or self.network is None:
            return None
        return References.of(self.network, self.train, self.control, self.other)

    def is_resumable(self, settings: Settings) -> bool:
        """Whether Start would go on with the run that is open, rather than start another.

        It would if the run has steps left and nothing that decides it has been changed since;
        device and time limit may.
        """
        if self.session is None or self.asked is None:
            return False
        same = replace(settings, device=self.asked.device, seconds=self.asked.seconds)
        return same == self.asked and self.session.state.step < self.session.state.steps


class CurrentWorkspace(QObject):
    """Holds the workspace that is open now; the parts of the window share it."""

    changed = Signal()
    """Emitted when something else is open than before, or a run has left what it found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = Workspace()

    def __call__(self) -> Workspace:
        """What is open now."""
        return self._workspace

    def open(self, workspace: Workspace) -> None:
        """Exchanges all of it."""
        self._workspace = workspace
        self.changed.emit()

    def change(self, **changes: Any) -> None:
        """Exchanges some of its attributes."""
        self.open(replace(self._workspace, **changes))

    def begin_run(self, asked: Settings | None) -> None:
        """A run is under way, by these settings; what is open changes when it has left something.

        Until then what was said of the run before stays to be read.
        """
        self._workspace = replace(self._workspace, session=None, asked=asked)
