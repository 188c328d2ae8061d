"""Films of 25 frames a second on a page of a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np

from engine.base.plain_text import plain
from engine.base.progress import Progress, portion
from engine.data.bars import tile_size
from engine.data.nouns import nouns_of
from engine.data.pixels import Pixels
from engine.exports.film import Film
from engine.exports.film_cast import MOST_TILES, Cast
from engine.exports.film_options import FilmOptions
from engine.exports.film_pace import FRAME_DELAY
from engine.exports.film_page import Curve, Page
from engine.exports.reels import Reel, make_reel
from engine.session.session import Session
from engine.viewing.watched import WatchedDrift

_MOST_PAIRS = 12


def page_film(
    session: Session,
    options: FilmOptions,
    size: tuple[int, int],
    cast: Cast,
    progress: Progress,
) -> Film:
    """A page of a fixed size, 25 frames a second."""
    steps = WatchedDrift(session, cast.chosen).steps
    page = Page(
        size,
        caption=_words(session, cast) if options.caption else "",
        longest=_step_words(steps[max(0, len(steps) - 2)], steps[-1]) if options.step else "",
        curves=_curves(session) if options.strip else (),
        is_of_pairs=cast.real is not None,
    )
    if not options.tiles:
        height, width = tile_size(session.network.input_shape)
        tile = (height, width if cast.real is None else 2 * width)
        most = MOST_TILES if cast.real is None else _MOST_PAIRS
        cast = cast.first(page.fitting(tile, len(cast.chosen), most))
    drift = WatchedDrift(session, cast.chosen, options.noise)
    reel = make_reel(drift, cast.mean, portion(progress, 0.0, 0.9))
    seconds = options.duration or options.format.seconds
    film = _paced(page, reel, cast.real, seconds, options)
    film.frames[0]  # Whether it fits is found out now.
    progress(1.0)
    return film


def _paced(
    page: Page, reel: Reel, real: Pixels | None, seconds: float, options: FilmOptions
) -> Film:
    count = max(1, round(100 * seconds / FRAME_DELAY))
    hold = FRAME_DELAY * max(1, round(100 * options.hold / FRAME_DELAY))
    positions = reel.even_positions(count + 1) if len(reel.steps) > 1 else [0.0]
    return Film(
        _PageFrames(page, reel, real, [float(position) for position in positions]),
        [FRAME_DELAY] * (len(positions) - 1) + [hold],
        most_bytes=options.format.most_bytes,
        in_less_time=lambda share: _paced(page, reel, real, share * seconds, options),
    )


@dataclass(frozen=True)
class _PageFrames(Sequence[Pixels]):
    """The frames of a page, drawn as they are asked for: a film of them all takes gigabytes."""

    page: Page
    reel: Reel
    real: Pixels | None
    positions: list[float]

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pixels]: ...
    def __getitem__(self, index: int | slice) -> Pixels | Sequence[Pixels]:
        if isinstance(index, slice):
            return replace(self, positions=self.positions[index])
        position, steps = self.positions[index], self.reel.steps
        words = _step_words(*self.reel.between(position))
        step = np.interp(position, np.arange(len(steps)), np.log1p(steps))
        share = float(step / max(np.log1p(steps[-1]), 1e-12))
        return self.page.drawn(self.reel.at(position), self.real, words, share)


def _words(session: Session, cast: Cast) -> str:
    """What the film is, in one line."""
    name = plain(Path(session.network.origin.name).stem) or "A network"
    several = nouns_of(session.network.input_shape).several
    if cast.real is None:
        return f"{name}: {several} reconstructed from the weights alone"
    return f"{name}: from the weights alone (left), beside training {several} (right)"


def _step_words(before: int, after: int) -> str:
    # A hyphen: the font that Pillow brings has no longer dash.
    return f"step {after:,}" if before == after else f"steps {before:,}-{after:,}"


def _curves(session: Session) -> list[Curve]:
    """The stationarity loss of each restart, both axes logarithmic, from 0 to 1 each way."""
    losses, each = session.state.losses, session.state.steps // session.settings.restarts
    step, loss = losses.column("step"), losses.stationarity
    is_shown = np.isfinite(loss) & (loss > 0)
    step, high = step[is_shown], np.log(loss[is_shown])
    if len(high) < 2:
        return []
    high = (high - high.min()) / max(float(np.ptp(high)), 1e-12)
    restart = (step - 1) // each
    last = max(recording.steps[-1] for recording in session.drift.recordings)
    across = np.log1p(step - restart * each) / np.log1p(max(1, last))
    return [
        list(zip(across[restart == r].tolist(), high[restart == r].tolist(), strict=True))
        for r in np.unique(restart)
        if (restart == r).sum() > 1
    ]
