"""One moment of a run as it is looked at: who has a seat, and, where it is wanted, everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.data.pixels import Pixels
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.frames import Picture
from engine.viewing.mosaic import Mosaic, make_mosaic
from engine.viewing.outside import Outside, share_left
from engine.viewing.seats import Seats
from engine.viewing.tiles import TileMaker


@dataclass(frozen=True)
class Scene:
    """A moment.

    Attributes:
        picture: the candidates that have a seat.
        mosaic: all of them, or the gallery, as one image; None where nobody looks at it.
    """

    picture: Picture
    mosaic: Mosaic | None = None


def scene_at(session: Session, seats: Seats, index: int, mosaic: Mosaic | None) -> Scene:
    """An earlier moment of a run: the same seats, and the same tiles of the mosaic.

    Args:
        session: the run.
        seats: who sits where.
        index: which frame of its drift.
        mosaic: what is shown of all candidates at present, where it is shown.
    """
    recordings = session.drift.recordings
    steps = max((recording.steps for recording in recordings), key=len)
    picture = Picture(steps[index], seats, tiles_at(session, seats, index))
    if mosaic is None:
        return Scene(picture)
    images = session.drift.images(index, mosaic.order)
    drawn = make_mosaic(images, mosaic.order, session.network.mean, mosaic.caption)
    drawn = replace(drawn, is_gallery=mosaic.is_gallery, confidence=mosaic.confidence)
    return Scene(picture, drawn)


def picture_at_end(session: Session, seats: Seats) -> Picture:
    """Where a run stands."""
    return Picture(session.state.step, seats, tiles_at(session, seats, len(session.drift) - 1))


def tiles_at(session: Session, seats: Seats, index: int) -> Pixels:
    """The seats' tiles in a frame of the drift, with what is left of the noise outside."""
    candidates = torch.tensor(seats.candidates, dtype=torch.int64)
    drift, settings = session.drift, session.settings
    steps = max((recording.steps for recording in drift.recordings), key=len)
    each = max(1, session.state.steps // settings.restarts)
    share = 0.0 if index >= len(drift) - 1 else share_left(steps[index], each)
    outside = Outside(session.state.space, session.network.inputs, settings.seed)
    images = drift.images(index, candidates)
    return TileMaker(outside, session.network.mean).tiles(candidates, images, share, True)
