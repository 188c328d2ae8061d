"""One moment of a training: as it is looked at, and as it is gone on with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.training.curves import TrainingCurves
from engine.training.optimizers import Memory

_FIRST_RATE = 0.01


@dataclass(frozen=True)
class TrainingState:
    """What decides how a training goes on, beside recipe, images and weights.

    Attributes:
        step: steps so far.
        seconds: computing time so far.
        rate: step size of the fast schedule.
    """

    step: int = 0
    seconds: float = 0.0
    rate: float = _FIRST_RATE


@dataclass(frozen=True)
class TrainingStart:
    """Where a training goes on from; `engine.training.trained.load_start` reads it from a file.

    Attributes:
        network: the weights as they stood.
        state: the rest.
        memory: what the schedule remembers; empty where that starts anew.
    """

    network: Network
    state: TrainingState
    memory: Memory


@dataclass(frozen=True)
class TrainingSnapshot:
    """A training between two steps.

    Attributes:
        step: steps so far.
        seconds: computing time so far.
        share: how far the training is, from 0 to 1, as far as one can tell.
        curves: every step so far.
        end: why the training has ended, in a sentence; empty while it goes on.
        notes: what happened on the way, a sentence each (runtime/failover).
    """

    step: int
    seconds: float
    share: float
    curves: TrainingCurves
    end: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether the training has ended."""
        return bool(self.end)


@dataclass(frozen=True)
class HostState:
    """A training between two steps, on the host.

    Attributes:
        theta: θ.
        memory: what the schedule remembers.
        state: the rest.
        rows: how many rows the curves had.
    """

    theta: Parameters
    memory: Memory
    state: TrainingState
    rows: int = 0


def on_host(theta: Parameters) -> Parameters:
    """A copy on the CPU."""
    return theta.each(lambda p: p.detach().cpu().clone())
