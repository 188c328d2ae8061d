"""Images that stand still: the gallery as one grid, or each image of it as a file of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.base.options import check_options, option
from engine.base.progress import Progress, portion, unheard
from engine.data.pixels import Pixels, columns_for, display_pixels, enlarged, enlargement, mosaic
from engine.evidence.gallery import Gallery
from engine.evidence.references import References
from engine.exports.film_cast import existing
from engine.exports.writing import write_png
from engine.session.session import Session

_NAME = re.compile(r"\d{3,}_candidate-\d{4,}(_confidence-\d\.\d\d)?\.png")


@dataclass(frozen=True)
class GridOptions:
    """How large a grid comes out, and of what.

    Attributes:
        chosen: numbers of candidates; none, the gallery.

    Raises:
        UnusableInput: the scale is outside its range.
    """

    scale: int = option(
        0,
        "Scale",
        "Every pixel becomes a square of so many: nothing is blurred. Automatic comes out about "
        "500 pixels wide.",
        0,
        32,
    )
    chosen: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_options(self, {})


def grid(
    session: Session,
    options: GridOptions,
    progress: Progress = unheard,
    references: References | None = None,
) -> Pixels:
    """The gallery as one grid, the most trustworthy image first; uint8, (H, W) or (H, W, 3).

    Or chosen candidates, in the order in which they are named.

    Args:
        session: the run as it stands.
        options: how large it comes out.
        progress: told the share that is done.
        references: what is open to score against, as it decides who stands for whom.

    Raises:
        UnusableInput: a candidate that the run does not have.
        Cancelled: `progress` said so.
    """
    if options.chosen:
        chosen = existing(options.chosen, len(session.labels))
        tiles = display_pixels(session.images()[chosen], session.network.mean)
    else:
        tiles = _tiles(session, session.gallery(portion(progress, 0.0, 0.9), references))
    pixels = mosaic(tiles, columns_for(tiles))
    pixels = enlarged(pixels, options.scale or enlargement(pixels.shape[1]))
    progress(1.0)
    return pixels


def pngs_in(folder: Path) -> list[Path]:
    """Files in a folder that `write_pngs` has written there, by their names."""
    if not folder.is_dir():
        return []
    return sorted(
        each for each in folder.iterdir() if _NAME.fullmatch(each.name) and not each.is_dir()
    )


def write_pngs(
    session: Session,
    folder: Path,
    scale: int = 1,
    progress: Progress = unheard,
    references: References | None = None,
) -> int:
    """One PNG an image of the gallery, as `001_candidate-0123_confidence-0.97.png`.

    The confidence is left out where it is not known.

    Args:
        session: the run as it stands.
        folder: where to; made if need be. Those of another time in it (`pngs_in`) are removed
            first, so that none of two runs lie side by side; other files stay as they are.
        scale: whole factor of enlargement.
        progress: told the share that is done.
        references: what is open to score against, as it decides who stands for whom.

    Returns:
        How many were written.

    Raises:
        OSError: a file cannot be written; those before it are whole.
        Cancelled: `progress` said so; those written before are whole.
    """
    gallery = session.gallery(portion(progress, 0.0, 0.5), references)
    tiles = _tiles(session, gallery)
    places = max(3, len(str(len(tiles))))
    for earlier in pngs_in(folder):
        earlier.unlink()
    for index, tile in enumerate(tiles):
        progress(0.5 + 0.5 * index / len(tiles))
        candidate = int(gallery.candidate[index])
        name = f"{index + 1:0{places}}_candidate-{candidate:04}"
        confidence = gallery.confidence_of(candidate)
        if confidence is not None:
            name += f"_confidence-{confidence:.2f}"
        write_png(folder / f"{name}.png", enlarged(tile, scale))
    progress(1.0)
    return len(tiles)


def _tiles(session: Session, gallery: Gallery) -> Pixels:
    return display_pixels(session.images()[gallery.candidate], session.network.mean)
