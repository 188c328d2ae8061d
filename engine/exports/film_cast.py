"""Who is in a film: candidates, and the training images beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.progress import Progress
from engine.data.pixels import Pixels, real_pixels
from engine.evidence.references import References
from engine.evidence.scoring import Matches
from engine.exports.film_options import FilmOptions
from engine.runtime.lazy import torch
from engine.session.session import Session

if TYPE_CHECKING:
    from torch import Tensor

MOST_TILES = 64
"""Where nobody says how many."""


@dataclass(frozen=True)
class Cast:
    """Who is in a film.

    Attributes:
        chosen: numbers of candidates, the first first, shape (p,).
        mean: μ for what is shown, shape (c, h, w), where it is known.
        real: tiles of training images beside them, (p, h, w[, 3]); None without.
    """

    chosen: Tensor
    mean: Tensor | None
    real: Pixels | None = None

    def first(self, count: int) -> Cast:
        """The first so many."""
        return Cast(
            self.chosen[:count], self.mean, None if self.real is None else self.real[:count]
        )


def cast_of(
    session: Session,
    options: FilmOptions,
    references: References | None,
    ranking: Progress,
) -> Cast:
    """Whom the options ask for, the first first; see `make_film`."""
    mean, tiles = session.network.mean, options.tiles or MOST_TILES
    if options.shows_pairs:
        if references is None:
            raise UnusableInput("Pairs need training images: open them, or give --images.")
        chosen, real = _matched(session.score(references).train, references, tiles)
        cast = Cast(chosen, references.shown_mean, real)
    elif options.what == "chosen":
        cast = Cast(existing(options.chosen[:tiles], len(session.labels)), mean)
    else:
        cast = Cast(session.gallery(ranking, references).candidate[:tiles], mean)
    ranking(1.0)
    return cast


def existing(chosen: Sequence[int], count: int) -> Tensor:
    """Numbers of candidates as indices, shape (p,).

    Raises:
        UnusableInput: one is not below `count`.
    """
    beyond = [number for number in chosen if number >= count]
    if beyond:
        raise UnusableInput(
            f"There is no candidate {beyond[0]}: they are counted from 0 to {count - 1}."
        )
    return torch.tensor(chosen, dtype=torch.int64)


def _matched(matches: Matches, references: References, count: int) -> tuple[Tensor, Pixels]:
    """Candidates of the best pairs, shape (p,), and tiles of their training images."""
    best = np.argsort(-matches.measure, kind="stable")[:count]
    wanted = torch.from_numpy(matches.reference[best])
    return torch.from_numpy(matches.candidate[best]), real_pixels(references.train[wanted])
