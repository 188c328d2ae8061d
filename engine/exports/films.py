"""The drift as a film: whatever is asked for, made out of a session.

*Recorded frames only* blends nothing: between two recorded frames the earlier one stands still.
Every other preset is a page of a fixed size at 25 frames a second (`page_films`).
"""

from __future__ import annotations

import numpy as np

from engine.base.progress import Progress, portion, unheard
from engine.data.pixels import GAP, Pixels, columns_for, display_pixels, mosaic
from engine.evidence.references import References
from engine.exports.film import Film
from engine.exports.film_cast import Cast, cast_of
from engine.exports.film_options import FilmOptions
from engine.exports.film_pace import schedule
from engine.exports.page_films import page_film
from engine.session.session import Session
from engine.viewing.watched import WatchedDrift

_COLOUR_TILES = 36
_WIDEST = 20_000


def make_film(
    session: Session,
    options: FilmOptions,
    references: References | None = None,
    progress: Progress = unheard,
) -> Film:
    """The frames of a film of a run.

    Args:
        session: the run as it stands.
        options: what to show.
        references: needed for pairs: each candidate beside the training image that it matches
            at the end, one to one by the scoring rule, the best pair first.
        progress: told the share that is done.

    Raises:
        UnusableInput: pairs without references, a candidate that the run does not have, or more
            images than fit on the page.
        Cancelled: `progress` said so.
    """
    cast = cast_of(session, options, references, portion(progress, 0.0, 0.5))
    made = portion(progress, 0.5, 1.0)
    if options.format.size is None:
        return _recorded_film(session, options, cast, made)
    return page_film(session, options, options.format.size, cast, made)


def _recorded_film(session: Session, options: FilmOptions, cast: Cast, progress: Progress) -> Film:
    """Recorded frames alone, as mosaics, each tile stretched by itself."""
    if not options.tiles and session.network.input_shape[0] == 3:
        cast = cast.first(_COLOUR_TILES)
    drift = WatchedDrift(session, cast.chosen, options.noise)
    shown, delays = schedule(drift.steps, options)
    frames: list[Pixels] = []
    for number, index in enumerate(shown):
        progress(number / len(shown))
        pixels = display_pixels(drift.images(index), cast.mean)
        pixels = pixels if cast.real is None else _beside(pixels, cast.real)
        frames.append(mosaic(pixels, min(columns_for(pixels), _WIDEST // (pixels.shape[2] + GAP))))
    scale = max(1, options.width // (frames[0].shape[1] - 1))
    progress(1.0)
    return Film(frames, delays, scale)


def _beside(tiles: Pixels, real: Pixels) -> Pixels:
    """Two sets of tiles (n, h, w[, 3]) side by side, with a dark line between."""
    line = np.zeros_like(tiles[:, :, :1])
    return np.concatenate([tiles, line, real], 2)
