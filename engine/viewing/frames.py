"""What a viewer needs of a run, prepared within a small share of the run's time.

Three things are made, each as often as its share allows, and none waits for another. The picture
is the candidates that have a seat, as they are at this step: cheap, so that it is new at nearly
every one. The mosaic is all candidates, where somebody looks at it. And who is distinct, who
matches what and what is to be doubted (`viewing.standing`) is worked out on a thread beside the
run; it arrives when it arrives, and is of the step that it names.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted
from engine.data.pixels import Pixels
from engine.evidence.diagnostics import sees_no_chance
from engine.evidence.references import References
from engine.evidence.similarity import warm_up
from engine.reconstruction.losses import Losses
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.beside import Beside
from engine.runtime.lazy import torch
from engine.runtime.pace import Pace
from engine.viewing.mosaic import MOST_TILES, Mosaic, make_mosaic
from engine.viewing.outside import Outside, share_left
from engine.viewing.pairs import Pairs, best_pairs, while_running
from engine.viewing.seats import Seats, first_seats, seated
from engine.viewing.standing import Judge, Moment, Standing
from engine.viewing.tiles import TileMaker

if TYPE_CHECKING:
    from torch import Tensor

_PICTURE_SHARE, _PICTURE_INTERVAL, _PICTURE_LONGEST = 0.02, 1 / 40, 0.1
_MOSAIC_SHARE, _MOSAIC_INTERVAL = 0.03, 1 / 25
_JUDGE_SHARE, _JUDGE_INTERVAL = 0.02, 0.7


@dataclass(frozen=True)
class Picture:
    """The candidates that have a seat, at one step.

    Attributes:
        step: steps taken, over all restarts, when the candidates were so.
        seats: who sits where.
        tiles: uint8, one for each of `seats.candidates`, shape (p, h, w) or (p, h, w, 3).
    """

    step: int
    seats: Seats
    tiles: Pixels

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a tile in pixels."""
        return self.tiles.shape[1], self.tiles.shape[2]


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
        picture: the newest, of the step that it names.
        mosaic: the candidates of the restart that is on, where somebody looks at it.
        standing: what was known last, of the step that it names.
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
    picture: Picture
    mosaic: Mosaic | None
    standing: Standing | None
    recorded: tuple[int, ...]
    is_last: bool
    note: str
    scores_later: bool = False

    @property
    def pairs(self) -> Pairs | None:
        """The best matches of all restarts so far, of the step that `standing` names."""
        return None if self.standing is None else self.standing.pairs


class LiveView:
    """Makes frames of snapshots. One for each run, used by the run's thread alone.

    Attributes:
        references: to score against; may be replaced from any thread at any time.
        shows_mosaic: whether anybody looks at the mosaic; likewise.
        is_noisy: whether the noise outside the row space is shown; likewise.
    """

    def __init__(
        self, mean: Tensor | None, references: References | None = None, seed: int = 0
    ) -> None:
        """
        Args:
            mean: μ, shape (c, h, w), where it is known.
            references: to score against.
            seed: of the run.
        """
        self.references = references
        self.shows_mosaic = self.is_noisy = True
        self._mean, self._seed = mean, seed
        self._makers: TileMaker | None = None
        self._seats: Seats | None = None
        self._picture: Picture | None = None
        self._mosaic: Mosaic | None = None
        self._order: NDArray[np.int64] | None = None
        self._standing: Standing | None = None
        self._scores_later = False
        self._restart = 0
        self._judge: Judge | None = None
        self._beside = Beside[_Judged]("standing")
        self._pool = _Pool()
        self._picture_pace = Pace(_PICTURE_SHARE, _PICTURE_INTERVAL, _PICTURE_LONGEST)
        self._mosaic_pace = Pace(_MOSAIC_SHARE, _MOSAIC_INTERVAL)
        self._judge_pace = Pace(_JUDGE_SHARE, _JUDGE_INTERVAL)

    def frame(self, snapshot: Snapshot, at_rest: bool = False) -> Frame:
        """A frame; what was not due is as it was before.

        Args:
            snapshot: the moment to show.
            at_rest: nothing else wants the time (the run ended or pauses): all is made new, but
                for scores that take long.
        """
        full = at_rest or snapshot.is_last
        if len(snapshot.finished) != self._restart:
            self._begin_restart(snapshot)
        self._judge_if_due(snapshot, full)
        if self._picture is None or full or self._picture_pace.is_due():
            is_first, started = self._picture is None, time.perf_counter()
            self._picture = self._draw(snapshot, full)
            # What the first one takes, others do not.
            self._picture_pace.done(time.perf_counter() if is_first else started)
        if self.shows_mosaic and (self._mosaic is None or full or self._mosaic_pace.is_due()):
            started = time.perf_counter()
            self._mosaic = self._render(snapshot)
            self._mosaic_pace.done(started)
        return Frame(
            step=snapshot.step,
            steps=snapshot.steps,
            where=snapshot.where,
            seconds=snapshot.seconds,
            remaining_seconds=snapshot.remaining_seconds,
            losses=snapshot.losses,
            picture=self._picture,
            mosaic=self._mosaic if self.shows_mosaic else None,
            standing=self._standing,
            recorded=snapshot.recorded,
            is_last=snapshot.is_last,
            note=snapshot.note,
            scores_later=self._scores_later,
        )

    def end(self) -> None:
        """No further frame is wanted."""
        self._beside.end()

    # --- what is known ------------------------------------------------------------------------

    def _begin_restart(self, snapshot: Snapshot) -> None:
        """Noise again: whoever was seated has gone."""
        self._restart = len(snapshot.finished)
        self._seats, self._order = None, None
        self._beside.wait()
        self._judge_pace.hurry()

    def _judge_if_due(self, snapshot: Snapshot, full: bool) -> None:
        """Takes what has been worked out beside the run, and begins anew when it is due."""
        if full:
            self._beside.wait()
            self._take(self._judged(snapshot, self._sitting, True))
            return
        found = self._beside.take()
        if found is not None:
            self._take(found)
            self._judge_pace.done(time.perf_counter() - found.seconds)
        # Of noise there is nothing to know, and the first step is long enough as it is.
        if snapshot.step and not self._beside.is_busy and self._judge_pace.is_due():
            self._beside.begin(partial(self._judged, snapshot, self._sitting, False))

    @property
    def _sitting(self) -> tuple[int, ...]:
        return () if self._seats is None else self._seats.candidates

    def _take(self, found: _Judged) -> None:
        self._standing, self._scores_later = found.standing, found.scores_later
        if found.restart == self._restart:
            self._order = found.standing.order
            before = Seats() if self._seats is None else self._seats
            self._seats = seated(before, found.standing)

    def _judged(self, snapshot: Snapshot, sitting: tuple[int, ...], full: bool) -> _Judged:
        """What is known of a moment; on a thread of its own, but for a run at rest."""
        references = self.references
        if references is not None:
            warm_up()  # Not to be counted as the price of a score.
        began = time.perf_counter()
        images = snapshot.images()
        pairs, scores_later = self._pool.score(snapshot, images, references, full)
        moment = Moment(
            snapshot.step,
            images,
            snapshot.labels.cpu(),
            len(snapshot.finished) * len(images),
            _share(snapshot) > 0 and not snapshot.is_last,
            sitting,
            pairs,
        )
        if self._judge is None:
            space = snapshot.problem.space
            self._judge = Judge(space is None or not sees_no_chance(space.spectrum))
        standing = self._judge.judge(moment)
        seconds = time.perf_counter() - began
        return _Judged(standing, len(snapshot.finished), scores_later, seconds)

    # --- what is seen -------------------------------------------------------------------------

    def _draw(self, snapshot: Snapshot, full: bool) -> Picture:
        earlier = len(snapshot.finished) * len(snapshot.unknowns)
        if self._seats is None:
            self._seats = first_seats(range(earlier, earlier + len(snapshot.unknowns)))
        if self._makers is None:
            space = snapshot.problem.space
            space = None if space is None else space.to("cpu", torch.float32)
            outside = Outside(space, snapshot.problem.inputs, self._seed)
            self._makers = TileMaker(outside, self._mean)
        seats = self._seats
        candidates = torch.tensor(seats.candidates, dtype=torch.int64)
        images = snapshot.images(candidates - earlier)
        share = _share(snapshot) if self.is_noisy and not snapshot.is_last else 0.0
        tiles = self._makers.tiles(candidates, images, share, full)
        return Picture(snapshot.step, seats, tiles)

    def _render(self, snapshot: Snapshot) -> Mosaic:
        count = len(snapshot.unknowns)
        earlier = len(snapshot.finished) * count
        order = np.arange(count) if self._order is None else self._order
        order = order[:MOST_TILES]
        caption = counted(count, "candidates") + (
            f", the {len(order)} that have settled most"
            if len(order) < count
            else ", the most settled first"
        )
        shown = torch.from_numpy(order)
        images = snapshot.images(shown)
        return make_mosaic(images, shown + earlier, self._mean, caption, snapshot.step)


@dataclass(frozen=True)
class _Judged:
    """What has been worked out, of which restart, and what it took."""

    standing: Standing
    restart: int
    scores_later: bool
    seconds: float


class _Pool:
    """The candidates that are scored: this restart's, and what earlier ones matched best.

    All candidates of all restarts only when nothing else wants the time: they are many. One more
    of the earlier restarts is taken in at a time.
    """

    def __init__(self) -> None:
        self._scored_with: References | None = None
        self._forget()

    def _forget(self) -> None:
        self._kept: Tensor | None = None
        self._kept_numbers = np.arange(0)
        self._kept_restarts = 0

    def score(
        self, snapshot: Snapshot, images: Tensor, references: References | None, full: bool
    ) -> tuple[Pairs | None, bool]:
        """The matches of a moment.

        Args:
            snapshot: the moment.
            images: its candidates.
            references: to score against.
            full: nothing else wants the time.

        Returns:
            the pairs, where there are references and it is soon done; whether it would take long.
        """
        if references is not self._scored_with:
            self._forget()
            self._scored_with = references
        if references is None or not snapshot.step:
            return None, False
        each = len(images) + (0 if self._kept is None else len(self._kept))
        pool = len(images) * (len(snapshot.finished) + 1)
        whole = full and not references.is_long_to_score(pool)
        in_passing = not references.is_long_to_score(each)
        if not whole and not in_passing:
            return None, True
        scored, numbers = self._chosen(snapshot, images, references, whole)
        pairs = best_pairs(scored, references)
        pairs = replace(pairs, candidate=numbers[pairs.candidate])
        return while_running(pairs, snapshot), full and not whole

    def _chosen(
        self, snapshot: Snapshot, images: Tensor, references: References, whole: bool
    ) -> tuple[Tensor, NDArray[np.int64]]:
        """What to score, and which candidates these are, counted through all restarts."""
        if whole:
            pool = snapshot.pool()
            return pool, np.arange(len(pool))
        each = len(images)
        if self._kept_restarts < len(snapshot.finished):
            unknowns = snapshot.finished[self._kept_restarts].unknowns
            found = snapshot.problem.images(unknowns.to(snapshot.unknowns))
            numbers = np.append(self._kept_numbers, _numbers(self._kept_restarts, each))
            if self._kept is not None:
                found = torch.cat([self._kept, found])
            evidence = references.score(found, in_passing=True)
            matched = [evidence.train.candidate]
            if evidence.control is not None:
                matched.append(evidence.control.candidate)
            kept = np.unique(np.concatenate(matched))
            self._kept, self._kept_numbers = found[torch.from_numpy(kept)], numbers[kept]
            self._kept_restarts += 1
        numbers = np.append(self._kept_numbers, _numbers(len(snapshot.finished), each))
        return images if self._kept is None else torch.cat([self._kept, images]), numbers


def _share(snapshot: Snapshot) -> float:
    """How much of the noise outside the row space is left."""
    each = max(1, snapshot.steps // snapshot.restarts)
    return share_left(snapshot.step - len(snapshot.finished) * each, each)


def _numbers(restart: int, each: int) -> NDArray[np.int64]:
    """Which candidates those of a restart are, counted through all restarts."""
    return np.arange(restart * each, (restart + 1) * each)
