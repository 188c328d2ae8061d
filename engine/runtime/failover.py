"""How work goes on whose device fails: the one place that decides.

Out of memory: the same step again, half as many at a time, until they are few. If that does not
help, or if the device is lost: the CPU, from the last copy of the state on the host. If it is the
CPU that fails, the work ends, with what was found. Whoever watches is told what happened.
"""

from __future__ import annotations

import time
from typing import Generic, TypeVar

from engine.base.errors import DeviceFailed, OutOfMemory
from engine.runtime.devices import describe_device, free_cached_memory
from engine.runtime.lazy import torch

State = TypeVar("State")

_FEWEST_AT_ONCE = 16
_COPY_EVERY = 2.0
_COPY_SHARE = 0.02


class HostCopy(Generic[State]):
    """The newest state that lies on the host, where no lost device takes it away.

    Copies are made every two seconds, or so seldom that they take a fiftieth of the time.
    """

    def __init__(self) -> None:
        self.state: State | None = None
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() >= self._due_at

    def keep(self, state: State, began: float) -> None:
        """Keeps a state whose copying began at `began`, of `time.monotonic`."""
        now = time.monotonic()
        self.state = state
        self._due_at = now + max(_COPY_EVERY, (now - began) / _COPY_SHARE)

    def forget(self) -> None:
        """What is kept is of no use any more."""
        self.state = None


class Recovery(Generic[State]):
    """What has been done about failures so far, and what can be done about the next one.

    Attributes:
        device: that computes now.
        at_once: how many candidates or images to work on at a time; None for all of them.
        copy: the newest state on the host; none is made for a CPU, which does not lose its memory.
        notes: what happened so far, a sentence each.
    """

    def __init__(self, device: torch.device, notes: tuple[str, ...] = ()) -> None:
        self.device = device
        self.at_once: int | None = None
        self.copy: HostCopy[State] = HostCopy()
        self._earlier = notes
        self._halved = ""
        self._names = [describe_device(device)]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for people, in the order in which things happened."""
        return (*self._earlier, self._halved) if self._halved else self._earlier

    @property
    def needs_copies(self) -> bool:
        """Whether the device can be lost."""
        return self.device.type != "cpu"

    @property
    def computed_on(self) -> str:
        """For people and reports: the device, or those that it was one after the other."""
        return ", then ".join(self._names)

    def take_fewer(self, failure: OutOfMemory, count: int, what: str, step: int) -> None:
        """Halves what is worked on at a time, and gives back what memory the device holds idle.

        Args:
            failure: why.
            count: how many candidates or images there are in all.
            what: what they are called.
            step: in which step it was.

        Raises:
            OutOfMemory: they are few already.
        """
        fewer = (self.at_once or count) // 2
        if fewer < _FEWEST_AT_ONCE:
            raise failure
        self.at_once = fewer
        free_cached_memory(self.device)
        self._halved = (
            f"{_named(self.device)} ran out of memory in step {step + 1:,}; since then it takes "
            f"{fewer:,} of {count:,} {what} at a time, which is slower."
        )

    def move_to_cpu(self, failure: DeviceFailed, what: str, step: int | None, back_to: int) -> None:
        """From here on the CPU computes.

        Args:
            failure: why.
            what: what goes on there: “run” or “training”.
            step: steps taken when the device failed; None where it had not begun.
            back_to: the step that it goes on from.
        """
        happened = "ran out of memory" if isinstance(failure, OutOfMemory) else "stopped answering"
        when = f"after step {step:,}" if step else "at the start"
        self._earlier = (
            *self.notes,
            f"{_named(self.device)} {happened} {when}; the {what} went on on the CPU from step "
            f"{back_to:,}.",
        )
        self._halved = ""
        self.device, self.at_once = torch.device("cpu"), None
        self._names.append(describe_device(self.device))


def _named(device: torch.device) -> str:
    return "The CPU" if device.type == "cpu" else f"The GPU ({device.type})"
