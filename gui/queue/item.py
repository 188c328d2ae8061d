"""One checkpoint of the queue: how far it is, and how that is said."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from engine.base.plain_text import percent
from engine.evidence.gallery import NO_CHANCE
from engine.exports.results import SESSION
from engine.exports.summary import DONE, FAILED, REFUSED, STOPPED, Outcome
from gui.run.run_bar import duration

NOT_KNOWN = "–"


class Phase(enum.Enum):
    """How far a checkpoint is."""

    WAITING = "waiting"
    OPENING = "opening …"
    RUNNING = "running"
    WRITING = "writing results …"
    ENDED = "ended"


@dataclass(eq=False)
class QueueItem:
    """A checkpoint in the queue.

    Attributes:
        path: its file.
        phase: how far it is.
        has_chance: whether its weights hold anything that images could be found in; None as long
            as nobody has looked.
        share: of the run that is done, from 0 to 1.
        remaining_seconds: of the run, where that can be said.
        is_paused: whether the run is held.
        outcome: what became of it, once it has ended.
        results: folder that holds its results, where there are some.
    """

    path: Path
    phase: Phase = Phase.WAITING
    has_chance: bool | None = None
    share: float = 0.0
    remaining_seconds: float | None = None
    is_paused: bool = False
    outcome: Outcome | None = None
    results: Path | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the queue is busy with it."""
        return self.phase not in (Phase.WAITING, Phase.ENDED)

    @property
    def has_failed(self) -> bool:
        """Whether something went wrong with it."""
        return self.outcome is not None and self.outcome.outcome in (REFUSED, FAILED)

    @property
    def session(self) -> Path | None:
        """The finished run, where it can be opened."""
        return None if self.results is None else self.results / SESSION

    @property
    def state(self) -> str:
        """`waiting`, `waiting: …`, `running 43 %`, `done, 35 recovered`, `refused: …`."""
        if self.phase is Phase.RUNNING:
            return f"{'paused at' if self.is_paused else 'running'} {percent(self.share)}"
        if self.phase is Phase.WAITING and self.has_chance is False:
            return f"{self.phase.value}: {NO_CHANCE}"
        if self.outcome is None:
            return str(self.phase.value)
        return _ended(self.outcome)

    @property
    def cells(self) -> tuple[str, ...]:
        """What the summary says of it: recovered, remembered, gallery above 0.9, seconds."""
        found = self.outcome
        if found is None:
            return ("",) * 4
        if found.recovered is None:
            recovered = NOT_KNOWN
        else:
            recovered = f"{found.recovered:,} of {found.training_images:,}"
        return (
            recovered,
            NOT_KNOWN if found.remembered is None else f"about {found.remembered:,}",
            NOT_KNOWN if found.gallery_above_0_9 is None else f"{found.gallery_above_0_9:,}",
            NOT_KNOWN if found.seconds is None else duration(found.seconds),
        )


def _ended(outcome: Outcome) -> str:
    if outcome.outcome in (REFUSED, FAILED):
        return f"{outcome.outcome}: {outcome.sentence}"
    words = outcome.outcome
    if outcome.outcome == STOPPED:
        words += f" at step {outcome.steps:,}" if outcome.steps else " before its first step"
    if outcome.recovered is not None:
        words += f", {outcome.recovered:,} recovered"
    if outcome.outcome == DONE and outcome.sentence:
        words += f": {outcome.sentence}"
    return words
