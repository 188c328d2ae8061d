"""One moment of a run: as it is looked at, and as it is gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.reconstruction.losses import Losses
from engine.reconstruction.problem import Problem
from engine.reconstruction.recording import Recording
from engine.reconstruction.restarts import Restart
from engine.runtime.lazy import torch
from engine.stationarity.row_space import RowSpace

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Snapshot:
    """One moment of a run; nothing in it changes afterwards.

    Attributes:
        step: steps taken, over all restarts.
        steps: steps that the run will take.
        seconds: computing time, pauses not counted.
        losses: one row a step.
        unknowns: shape (m, k), in the problem's own coordinates, on its device.
        multipliers: λ, shape (m,).
        labels: y, −1 or +1, shape (m,).
        finished: the restarts before this one.
        restarts: how many there will be.
        recorded: steps of this restart before each frame of its drift so far.
        is_last: the run ends here.
        note: why the run ended before its time; empty otherwise.
        notes: what happened on the way, a sentence each (runtime/failover).
    """

    step: int
    steps: int
    seconds: float
    losses: Losses
    unknowns: Tensor
    multipliers: Tensor
    labels: Tensor
    problem: Problem
    finished: tuple[Restart, ...] = ()
    restarts: int = 1
    recorded: tuple[int, ...] = ()
    is_last: bool = False
    note: str = ""
    notes: tuple[str, ...] = ()

    def images(self, order: Tensor | None = None) -> Tensor:
        """Candidates of this restart as centred images, float32 on the CPU, shape (m, c, h, w).

        Args:
            order: indices of the candidates wanted, on the CPU; all of them where not given.
        """
        unknowns = self.unknowns
        if order is not None:
            unknowns = unknowns[order.to(unknowns.device)]
        return self.problem.images(unknowns)

    def pool(self) -> Tensor:
        """Candidates of all restarts so far, this one's last, as centred images."""
        unknowns = self.unknowns
        earlier = [restart.unknowns.to(unknowns) for restart in self.finished]
        return self.problem.images(torch.cat([*earlier, unknowns]))

    @property
    def where(self) -> str:
        """Which restart this is: `restart 2 of 5`, or nothing where there is but one."""
        if self.restarts == 1:
            return ""
        return f"restart {len(self.finished) + 1} of {self.restarts}"

    @property
    def remaining_seconds(self) -> float | None:
        """An estimate from the pace so far; None before the first step."""
        if self.step == 0:
            return None
        return self.seconds / self.step * (self.steps - self.step)


@dataclass(frozen=True)
class RunState:
    """Everything a run needs to go on: what `Reconstruction` can be made from again.

    Attributes:
        tensors: unknowns, multipliers, labels and the optimiser's memory, by name, on the CPU.
        space: the row space that the unknowns are coordinates in; another machine's might
            have other signs.
        recording: of the restart that is on.
        finished: the restarts before it.
        notes: what happened on the way, a sentence each.
    """

    step: int
    steps: int
    seconds: float
    tensors: dict[str, Tensor]
    space: RowSpace | None
    losses: Losses
    recording: Recording
    finished: tuple[Restart, ...] = ()
    notes: tuple[str, ...] = ()
