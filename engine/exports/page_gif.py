"""A GIF of large pictures, written frame by frame: only what changes, and nothing kept.

Pillow keeps all frames of a GIF until it is written, which takes gigabytes for films of a page.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import getdata

from engine.base.progress import Progress, unheard
from engine.data.pixels import Pixels
from engine.exports.film_files import shared_palette

MOST_COLOURS = 255
"""One of 256 stands for what stays as it is."""

_UNCHANGED = 255
_EVERY_ROW = 5
_LOOP = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


def page_gif_bytes(
    frames: Sequence[Pixels],
    delays: Sequence[int],
    colours: int = MOST_COLOURS,
    progress: Progress = unheard,
) -> bytes:
    """An endless GIF as it stands in its file.

    Args:
        frames: equally large, (H, W) or (H, W, 3), asked for in order.
        delays: hundredths of a second that each is shown.
        colours: or greys, 255 at most; the same for all frames.
        progress: told the share that is done.

    Raises:
        Cancelled: `progress` said so.
    """
    is_grey = frames[0].ndim == 2
    palette, indexed = _greys(colours) if is_grey else _colours(frames, colours)
    height, width = frames[0].shape[:2]
    buffer = io.BytesIO()
    buffer.write(b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little"))
    buffer.write(b"\xf7\x00\x00" + palette.tobytes() + _LOOP)
    before = None
    for number, delay in enumerate(delays):
        progress(number / len(delays))
        now = indexed(frames[number])
        _write_change(buffer, before, now, delay)
        before = now
    buffer.write(b";")
    progress(1.0)
    return buffer.getvalue()


def _write_change(buffer: io.BytesIO, before: Pixels | None, now: Pixels, delay: int) -> None:
    """Writes what differs from the frame before; a pixel of nothing, where all is the same."""
    y = x = slice(0, 1)
    shown = now
    if before is not None:
        changed = now != before
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        if len(rows):
            y, x = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        shown = np.where(changed, now, np.uint8(_UNCHANGED))[y, x]
    # Each keeps what is below it (disposal 1): a pixel that stays is left out.
    for block in getdata(
        Image.fromarray(shown),
        (int(x.start), int(y.start)),
        duration=10 * delay,
        transparency=_UNCHANGED,
        disposal=1,
    ):
        buffer.write(block)


def _greys(count: int) -> tuple[Pixels, Callable[[Pixels], Pixels]]:
    """Evenly spaced ones."""
    levels = np.rint(np.linspace(0, 255, count)).astype(np.uint8)
    nearest = np.rint(np.arange(256) * ((count - 1) / 255)).astype(np.uint8)
    return _whole(np.repeat(levels[:, None], 3, 1)), lambda frame: nearest[frame]


def _colours(frames: Sequence[Pixels], count: int) -> tuple[Pixels, Callable[[Pixels], Pixels]]:
    """Those of the whole film; the nearest of each colour is looked up in steps of four levels."""
    tree = shared_palette(frames, count, _EVERY_ROW)
    middles = np.stack(np.meshgrid(*[np.arange(2, 256, 4)] * 3, indexing="ij"), -1)
    nearest: NDArray[np.uint8] = np.asarray(tree.query(middles.reshape(-1, 3))[1], np.uint8)

    def indexed(frame: Pixels) -> Pixels:
        red, green, blue = (frame[..., k].astype(np.int32) >> 2 for k in range(3))
        found: Pixels = nearest[(red << 12) | (green << 6) | blue]
        return found

    return _whole(tree.data.astype(np.uint8)), indexed


def _whole(palette: Pixels) -> Pixels:
    """256 colours."""
    return np.concatenate([palette, np.zeros((256 - len(palette), 3), np.uint8)])
