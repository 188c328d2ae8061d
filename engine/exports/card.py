"""A run as a card: its headline, and a strip of its best images."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.base.plain_text import counted
from engine.base.progress import Progress, unheard
from engine.data.pixels import Pixels, display_pixels, mosaic
from engine.evidence.gallery import NOTHING_FOUND
from engine.evidence.headline import recovered_of
from engine.evidence.scoring import Evidence
from engine.exports.writing import png_bytes
from engine.runtime.lazy import torch
from engine.session.run_cards import STRIP_TILES, TILE, RunCard
from engine.session.session import Session


def make_card(
    session: Session, score: Evidence | None, path: Path, progress: Progress = unheard
) -> RunCard:
    """A card of a run at rest; takes seconds where its gallery is not worked out yet.

    Args:
        session: the run.
        score: of all its candidates, where there is one.
        path: of the session's file.
        progress: told the share that is done.

    Raises:
        OSError: there is no such file.
        Cancelled: `progress` said so.
    """
    stamp = path.stat().st_mtime_ns
    best = _best(session, score, progress)
    return RunCard(
        path,
        session.network.origin.name,
        headline_of(session, score),
        int(time.time()),
        stamp,
        png_bytes(_strip(session, best)) if len(best) else b"",
    )


def headline_of(session: Session, score: Evidence | None) -> str:
    """`37 of 50 recovered`, `nothing found`, or what else can be said in as few words."""
    state = session.state
    if state.step < state.steps and not session.note:
        return f"not finished: step {state.step:,} of {state.steps:,}"
    evidence = session.evidence if score is None else score.as_dict()
    if recovered_of(evidence):
        return recovered_of(evidence)
    gallery = session.gallery()
    if gallery.why_unknown in NOTHING_FOUND:
        return "nothing found"
    return counted(len(gallery), "distinct images")


def _best(session: Session, score: Evidence | None, progress: Progress) -> NDArray[np.int64]:
    """Candidates: those that are recovered, the best match first, then the gallery."""
    images = session.images()
    if not bool(torch.isfinite(images).all()):
        return np.empty(0, np.int64)
    gallery = np.asarray(session.gallery(progress).candidate)
    mask = None if score is None else score.is_recovered
    recovered = np.empty(0, np.int64)
    if score is not None and mask is not None:
        falling = np.argsort(-score.train.measure, kind="stable")
        recovered = score.train.candidate[falling[mask[falling]]]
    others = gallery[~np.isin(gallery, recovered)]
    return np.concatenate([recovered, others])[:STRIP_TILES]


def _strip(session: Session, candidates: NDArray[np.int64]) -> Pixels:
    """They in a row, as people see them."""
    images = session.images()[torch.from_numpy(candidates)]
    tiles = display_pixels(images, session.network.mean)
    if max(tiles.shape[1:3]) > TILE:
        tiles = np.stack([_smaller(tile) for tile in tiles])
    return mosaic(tiles, len(tiles))


def _smaller(tile: Pixels) -> Pixels:
    share = TILE / max(tile.shape[:2])
    height, width = (max(1, round(share * side)) for side in tile.shape[:2])
    return np.asarray(Image.fromarray(tile).resize((width, height), Image.Resampling.BOX))
