"""A film as it stands in its file; where that may have so many bytes only, what it takes to fit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.base.errors import UnusableInput
from engine.base.progress import Progress, unheard
from engine.exports.film import Film
from engine.exports.film_files import USUAL_CODING, gif_bytes, write_mp4
from engine.exports.page_gif import MOST_COLOURS, page_gif_bytes

_COLOURS, _GREYS = (MOST_COLOURS, 128, 64), (64, 32, 16)
_RATE_FACTORS = (17, 21, 25, 29, 33)
_PAGE_CODING = ("-preset", "veryfast", "-g", "3000")
"""Three times as fast as usual, and for squares of noise no larger. A second key frame would be
seen, as a jump in what stands still."""
_AIM = 0.95
"""Of the bytes that there may be, where a film is made shorter."""
_SHORTEST = 0.1


@dataclass(frozen=True)
class FilmFile:
    """A file as it will be.

    Attributes:
        data: its bytes.
        film: what is in it.
        note: what had to be done for it to fit; empty, if nothing.
    """

    data: bytes
    film: Film
    note: str = ""


def encode(kind: str, film: Film, progress: Progress = unheard) -> FilmFile:
    """A film as it stands in its file.

    A film that may have so many bytes gets fewer colours (GIF), or is pressed harder (MP4), step by
    step, and then shorter, until it fits. The same film always comes out the same.

    Args:
        kind: gif or mp4.
        film: the frames.
        progress: told the share that is done, from the beginning for each try.

    Raises:
        UnusableInput: it does not fit, whatever is done; or it is larger than a GIF can be.
        OSError: ffmpeg failed, or there is no room for temporary files.
        Cancelled: `progress` said so.
    """
    if not film.is_page:
        return FilmFile(_plain(kind, film, progress), film)
    sizes = _strengths(kind, film)
    if film.most_bytes is None:
        return FilmFile(_page(kind, film, sizes[0], progress), film)
    for strength in sizes:
        data = _page(kind, film, strength, progress)
        if len(data) <= film.most_bytes:
            note = "" if strength == sizes[0] else f"{_said(kind, film, strength)}, to fit"
            return FilmFile(data, film, note)
    return _shortened(kind, film, sizes[-1], len(data), progress)


def _shortened(kind: str, film: Film, strength: int, size: int, progress: Progress) -> FilmFile:
    assert film.most_bytes is not None
    assert film.in_less_time is not None
    share, made = 1.0, film
    while True:
        share *= _AIM * film.most_bytes / size
        if share < _SHORTEST:
            raise UnusableInput("This film does not fit; show fewer images, or another preset.")
        made = film.in_less_time(share)
        data = _page(kind, made, strength, progress)
        size = len(data)
        if size <= film.most_bytes:
            drift = sum(made.delays[:-1]) / 100
            return FilmFile(data, made, f"{_said(kind, film, strength)} and {drift:.1f} s, to fit")


def _strengths(kind: str, film: Film) -> tuple[int, ...]:
    if kind == "mp4":
        return _RATE_FACTORS
    return _GREYS if film.frames[0].ndim == 2 else _COLOURS


def _said(kind: str, film: Film, strength: int) -> str:
    if kind == "mp4":
        return f"compressed harder (CRF {strength})"
    return f"{strength} {'greys' if film.frames[0].ndim == 2 else 'colours'}"


def _page(kind: str, film: Film, strength: int, progress: Progress) -> bytes:
    if kind == "gif":
        return page_gif_bytes(film.frames, film.delays, strength, progress)
    return _mp4(film, progress, ("-crf", str(strength), *_PAGE_CODING))


def _plain(kind: str, film: Film, progress: Progress) -> bytes:
    if kind == "gif":
        return gif_bytes(film.frames, film.delays, film.scale, progress)
    return _mp4(film, progress, USUAL_CODING)


def _mp4(film: Film, progress: Progress, coding: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_mp4(path, film.frames, film.delays, film.scale, progress, coding)
        return path.read_bytes()
