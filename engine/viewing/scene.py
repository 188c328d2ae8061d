"""One moment of a run as it is looked at: who has a seat, and, where it is wanted, everybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.data.pixels import display_pixels
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.frames import Picture
from engine.viewing.mosaic import Mosaic, make_mosaic
from engine.viewing.seats import Seats
from engine.viewing.watched import WatchedDrift


@dataclass(frozen=True)
class Scene:
    """A moment.

    Attributes:
        picture: the candidates that have a seat.
        mosaic: all of them, or the gallery, as one image; None where nobody looks at it.
    """

    picture: Picture
    mosaic: Mosaic | None = None


def scene_at(
    session: Session, seats: Seats, index: int, mosaic: Mosaic | None, is_noisy: bool = True
) -> Scene:
    """An earlier moment of a run: the same seats, and the same tiles of the mosaic.

    Args:
        session: the run.
        seats: who sits where.
        index: which frame of its drift.
        mosaic: what is shown of all candidates at present, where it is shown.
        is_noisy: whether the noise outside the row space is shown.
    """
    picture = _picture(session, seats, index, is_noisy)
    if mosaic is None:
        return Scene(picture)
    images = WatchedDrift(session, mosaic.order, is_noisy).images(index)
    mean = session.network.mean
    drawn = make_mosaic(images, mosaic.order, mean, mosaic.caption, picture.step)
    drawn = replace(drawn, is_gallery=mosaic.is_gallery, confidence=mosaic.confidence)
    return Scene(picture, drawn)


def picture_at_end(session: Session, seats: Seats) -> Picture:
    """Where a run stands."""
    end = _picture(session, seats, len(session.drift) - 1, is_noisy=False)
    return replace(end, step=session.state.step)


def _picture(session: Session, seats: Seats, index: int, is_noisy: bool) -> Picture:
    candidates = torch.tensor(seats.candidates, dtype=torch.int64)
    watched = WatchedDrift(session, candidates, is_noisy)
    tiles = display_pixels(watched.images(index), session.network.mean)
    return Picture(watched.steps[index], seats, tiles)
