"""What a viewer needs of a run, prepared on the run's own thread, within a small share of it.

Turning a thousand candidates into pixels, or scoring them, can cost more than a step. Each is
done as often as its share of the time allows, and always at the end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted
from engine.evidence.ranking import settled_order
from engine.evidence.references import References
from engine.evidence.similarity import warm_up
from engine.reconstruction.losses import Losses
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.lazy import torch
from engine.runtime.pace import Pace
from engine.viewing.mosaic import MOST_TILES, Mosaic, make_mosaic
from engine.viewing.pairs import Pairs, best_pairs, while_running

if TYPE_CHECKING:
    from torch import Tensor

_MOSAIC_SHARE = 0.03
_MOSAIC_INTERVAL = 1 / 25
_SCORE_SHARE = 0.015
_SCORE_INTERVAL = 1.0
_ORDER_SHARE = 0.01
_ORDER_INTERVAL = 2.0


@dataclass(frozen=True)
class Frame:
    """One moment of a run, ready to be shown.

    Attributes:
        step: steps taken, over all restarts.
        steps: steps that the run will take.
        where: which restart this is, in words; empty where there is but one.
        seconds: computing time.
        remaining_seconds: an estimate; None before the first step.
        losses: one row a step.
        mosaic: the candidates of the restart that is on.
        pairs: the best matches of all restarts so far.
        recorded: steps of the restart that is on before each frame of its drift.
        is_last: the run ends here.
        note: why it ended before its time; empty otherwise.
        scores_later: what there is to score takes too long to do it in passing.
    """

    step: int
    steps: int
    where: str
    seconds: float
    remaining_seconds: float | None
    losses: Losses
    mosaic: Mosaic | None
    pairs: Pairs | None
    recorded: tuple[int, ...]
    is_last: bool
    note: str
    scores_later: bool = False


class LiveView:
    """Makes frames of snapshots. One for each run, used by the run's thread alone.

    `references` may be replaced from any thread at any time.
    """

    def __init__(self, mean: Tensor | None, references: References | None = None) -> None:
        self.references = references
        self._mean = mean
        self._mosaic: Mosaic | None = None
        self._pairs: Pairs | None = None
        self._scored_with: References | None = None
        self._order: Tensor | None = None
        self._restart = 0
        self._kept: Tensor | None = None
        self._kept_numbers = np.arange(0)
        self._kept_restarts = 0
        self._mosaic_pace = Pace(_MOSAIC_SHARE, _MOSAIC_INTERVAL)
        self._order_pace = Pace(_ORDER_SHARE, _ORDER_INTERVAL)
        self._score_pace = Pace(_SCORE_SHARE, _SCORE_INTERVAL)

    def frame(self, snapshot: Snapshot, at_rest: bool = False) -> Frame:
        """A frame; mosaic and pairs are new where they were due, else those of before.

        Args:
            snapshot: the moment to show.
            at_rest: nothing else wants the time (the run ended or pauses): all is made new, but
                for scores that take long.
        """
        references = self.references
        if references is not self._scored_with:
            self._pairs, self._kept, self._kept_restarts = None, None, 0
            self._kept_numbers = np.arange(0)
            self._score_pace.hurry()
            self._scored_with = references
        if len(snapshot.finished) != self._restart:
            self._restart = len(snapshot.finished)
            self._order_pace.hurry()
        full = at_rest or snapshot.is_last
        if full or self._mosaic_pace.is_due():
            started = time.perf_counter()
            self._mosaic = self._render(snapshot, full)
            self._mosaic_pace.done(started)
        scores_later = False
        if references is not None and snapshot.step:
            each = len(snapshot.unknowns) + (0 if self._kept is None else len(self._kept))
            pool = len(snapshot.unknowns) * (len(snapshot.finished) + 1)
            whole = full and not references.is_long_to_score(pool)
            in_passing = not references.is_long_to_score(each)
            scores_later = not (whole if full else in_passing)
            if whole or (in_passing and (full or self._score_pace.is_due())):
                warm_up()  # Not to be counted as the price of a score.
                started = time.perf_counter()
                images, numbers = self._scored(snapshot, references, whole)
                pairs = best_pairs(images, references)
                pairs = replace(pairs, candidate=numbers[pairs.candidate])
                self._pairs = while_running(pairs, snapshot)
                self._score_pace.done(started)
        return Frame(
            step=snapshot.step,
            steps=snapshot.steps,
            where=snapshot.where,
            seconds=snapshot.seconds,
            remaining_seconds=snapshot.remaining_seconds,
            losses=snapshot.losses,
            mosaic=self._mosaic,
            pairs=self._pairs if references is not None else None,
            recorded=snapshot.recorded,
            is_last=snapshot.is_last,
            note=snapshot.note,
            scores_later=scores_later,
        )

    def _scored(
        self, snapshot: Snapshot, references: References, whole: bool
    ) -> tuple[Tensor, NDArray[np.int64]]:
        """What to score: this restart's candidates, and what earlier ones matched best.

        All candidates of all restarts only when nothing else wants the time: they are many. One
        more of the earlier restarts is taken in at a time.

        Returns:
            images, and which candidates they are, counted through all restarts.
        """
        if whole:
            pool = snapshot.pool()
            return pool, np.arange(len(pool))
        each = len(snapshot.unknowns)
        if self._kept_restarts < len(snapshot.finished):
            unknowns = snapshot.finished[self._kept_restarts].unknowns
            found = snapshot.problem.images(unknowns.to(snapshot.unknowns))
            numbers = np.append(self._kept_numbers, _numbers(self._kept_restarts, each))
            if self._kept is not None:
                found = torch.cat([self._kept, found])
            evidence = references.score(found)
            matched = [evidence.train.candidate]
            if evidence.control is not None:
                matched.append(evidence.control.candidate)
            kept = np.unique(np.concatenate(matched))
            self._kept, self._kept_numbers = found[torch.from_numpy(kept)], numbers[kept]
            self._kept_restarts += 1
        images = snapshot.images()
        numbers = np.append(self._kept_numbers, _numbers(len(snapshot.finished), each))
        return images if self._kept is None else torch.cat([self._kept, images]), numbers

    def _render(self, snapshot: Snapshot, full: bool) -> Mosaic:
        if self._order is None or full or self._order_pace.is_due():
            started = time.perf_counter()
            order = settled_order(snapshot.images(), snapshot.labels.cpu())
            self._order = order[:MOST_TILES]
            self._order_pace.done(started)
        count, shown = len(snapshot.unknowns), len(self._order)
        caption = counted(count, "candidates") + (
            f", the {shown} that have settled most" if shown < count else ", the most settled first"
        )
        earlier = len(snapshot.finished) * count
        return make_mosaic(snapshot.images(self._order), self._order + earlier, self._mean, caption)


def _numbers(restart: int, each: int) -> NDArray[np.int64]:
    """Which candidates those of a restart are, counted through all restarts."""
    return np.arange(restart * each, (restart + 1) * each)
