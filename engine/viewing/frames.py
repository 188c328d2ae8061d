"""What a viewer needs of a run, prepared on the run's own thread, within a small share of it.

Turning a thousand candidates into pixels, or scoring them, can cost more than a step. Each is
done as often as its share of the time allows, and always at the end.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted
from engine.evidence.gallery import Gallery
from engine.evidence.ranking import settled_order
from engine.evidence.scoring import Evidence, score, warm_up
from engine.exports.writing import Pixels, display_pixels, mosaic, unit_pixels
from engine.network.network import Network
from engine.reconstruction.history import Losses
from engine.reconstruction.snapshot import Snapshot
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_MOSAIC_SHARE = 0.03
_MOSAIC_INTERVAL = 1 / 25
_SCORE_SHARE = 0.015
_SCORE_INTERVAL = 1.0
_ORDER_SHARE = 0.01
_ORDER_INTERVAL = 2.0
_MOST_TILES = 400
"""More are too small to be seen."""

# More takes longer than a few tenths of a second to score. A score cannot be cut short, and
# a stop is answered within half a second.
_MOST_COMPARED = 5_000_000
"""Candidates times real images that are scored while a run is on."""
_MOST_PIXELS = 8_000_000
"""Numbers in all of the real images that are."""


@dataclass(frozen=True)
class References:
    """Images to score against.

    Attributes:
        train: training images in [0, 1], shape (n, c, h, w).
        control: images that the network never saw, or None.
        mean: μ, shape (c, h, w), where the checkpoint holds it.
        labels: class number of each training image, shape (n,); None where nobody said.
        network: what their outputs are those of.
    """

    train: Tensor
    control: Tensor | None
    mean: Tensor | None
    labels: Tensor | None = None
    network: Network | None = None

    @cached_property
    def outputs(self) -> NDArray[np.float64] | None:
        """Φ of each training image, shape (n,); worked out when it is first asked for."""
        if self.network is None:
            return None
        network = self.network.to("cpu", torch.float32)
        outputs: NDArray[np.float64] = (
            network.forward((self.train - self.shown_mean).flatten(1)).double().numpy()
        )
        return outputs

    @property
    def shown_mean(self) -> Tensor:
        """μ as the scoring rule takes it."""
        return self.train.mean(0) if self.mean is None else self.mean

    def is_long_to_score(self, candidates: int) -> bool:
        """Whether to score so many candidates would keep a stop waiting."""
        images = len(self.train) + (0 if self.control is None else len(self.control))
        pixels = images * self.train[0].numel()
        return candidates * images > _MOST_COMPARED or pixels > _MOST_PIXELS


@dataclass(frozen=True)
class Mosaic:
    """The candidates that have most settled, or the gallery, as one image.

    Attributes:
        pixels: uint8, grey (H, W) or colour (H, W, 3), tiles with a gap of one pixel.
        order: which candidate each tile shows, row by row, counted through all restarts.
        columns: tiles in a row.
        tile: (h, w) of a tile without its gap.
        caption: what is shown, in words.
        confidence: of each tile, shape (t,), where it is a gallery.
    """

    pixels: Pixels
    order: Tensor
    columns: int
    tile: tuple[int, int]
    caption: str = ""
    confidence: Tensor | None = None


@dataclass(frozen=True)
class Pairs:
    """All pairs of reconstruction and training image with their scores, the best first.

    Attributes:
        reconstructed: uint8 tiles (p, h, w[, 3]).
        real: uint8 tiles of the training images, alike.
        measure: SSIM or NCC of each pair, falling.
        candidate: which candidate each pair holds, counted through all restarts, shape (p,).
        is_recovered: good and above the control's best; without a control that is no pair.
        evidence: where all this comes from.
        labels: class number of each pair's training image, shape (p,), where it is known.
        outputs: Φ of each pair's training image, shape (p,), where it is known.
        confidence: of each pair's candidate, shape (p,), where there is a gallery.
    """

    reconstructed: Pixels
    real: Pixels
    measure: list[float]
    candidate: NDArray[np.int64]
    is_recovered: list[bool]
    evidence: Evidence
    labels: NDArray[np.int64] | None = None
    outputs: NDArray[np.float64] | None = None
    confidence: NDArray[np.float64] | None = None


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


class Pace:
    """Says when work is due again, so that it takes no more than a share of the time."""

    def __init__(self, share: float, interval: float) -> None:
        self._share, self._interval = share, interval
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether it is time."""
        return time.perf_counter() >= self._due_at

    def done(self, started: float) -> None:
        """The work that began at `started` (of `time.perf_counter`) is done."""
        now = time.perf_counter()
        self._due_at = now + max(self._interval, (now - started) / self._share)

    def hurry(self) -> None:
        """Makes the work due now."""
        self._due_at = 0.0


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
                self._pairs = replace(pairs, candidate=numbers[pairs.candidate])
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
            evidence = score(found, references.train, references.control, references.mean)
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
            self._order = order[:_MOST_TILES]
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


def make_mosaic(images: Tensor, order: Tensor, mean: Tensor | None, caption: str = "") -> Mosaic:
    """A mosaic with as many columns as rows.

    Args:
        images: centred candidates in the order in which they are shown, shape (t, c, h, w).
        order: which candidate each of them is, shape (t,).
        mean: μ, shape (c, h, w), or None.
        caption: what is shown, in words.
    """
    tiles = display_pixels(images, mean)
    columns = math.ceil(math.sqrt(len(tiles)))
    pixels = mosaic(tiles, columns)
    return Mosaic(pixels, order, columns, (tiles.shape[1], tiles.shape[2]), caption)


def gallery_mosaic(images: Tensor, gallery: Gallery, mean: Tensor | None) -> Mosaic:
    """The gallery's first images.

    Args:
        images: candidates of all restarts, centred, shape (R·m, c, h, w).
        gallery: which of them to show.
        mean: μ, shape (c, h, w), or None.
    """
    order = gallery.candidate[:_MOST_TILES]
    distinct, sure = len(gallery), int((gallery.confidence > 0.9).sum())
    caption = (
        f"Gallery: {counted(distinct, 'distinct images')} by confidence, {sure} of them above 0.9"
    )
    if not gallery.has_confidence:
        caption = (
            f"Gallery: {counted(distinct, 'distinct images')}, after too few steps for a confidence"
        )
    if len(order) < distinct:
        caption += f"; the first {len(order)}"
    drawn = make_mosaic(images[order], order, mean, caption)
    return replace(drawn, confidence=gallery.confidence[: len(order)])


def with_confidence(pairs: Pairs, confidence: Tensor) -> Pairs:
    """The same pairs once a gallery is there.

    Args:
        pairs: of all candidates of a run.
        confidence: of each candidate, shape (m,).
    """
    return replace(pairs, confidence=confidence[torch.from_numpy(pairs.candidate)].double().numpy())


def best_pairs(images: Tensor, references: References, confidence: Tensor | None = None) -> Pairs:
    """Scores candidates and prepares the pairs for display.

    Args:
        images: centred candidates, shape (m, c, h, w).
        references: images to score against.
        confidence: of each candidate, shape (m,), where there is a gallery.
    """
    evidence = score(images, references.train, references.control, references.mean)
    train = evidence.train
    best = np.argsort(-train.measure)
    chosen = torch.from_numpy(train.candidate[best])
    wanted = torch.from_numpy(train.reference[best])
    recovered = evidence.is_recovered
    if recovered is None:
        recovered = np.zeros(len(best), bool)
    return Pairs(
        reconstructed=display_pixels(images[chosen], references.shown_mean),
        real=unit_pixels(references.train[wanted]),
        measure=[float(v) for v in train.measure[best]],
        candidate=train.candidate[best],
        is_recovered=[bool(v) for v in recovered[best]],
        evidence=evidence,
        labels=None if references.labels is None else references.labels[wanted].long().numpy(),
        outputs=None if references.outputs is None else references.outputs[wanted.numpy()],
        confidence=None if confidence is None else confidence[chosen].double().numpy(),
    )
