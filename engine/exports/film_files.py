"""Films as files: GIF and MP4 of frames that are there already (`films` makes them)."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.progress import Progress, unheard
from engine.data.pixels import Pixels, enlarged
from engine.exports.writing import write_bytes

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

VIDEO_FRAMES_PER_SECOND = 25
USUAL_CODING = ("-crf", "10")
"""For ffmpeg; so fine that a pixel stays a square with sharp edges."""

_LARGEST_GIF = 65_535
_FRAME_DELAY = 8
_HOLD_DELAY = 250
_PALETTE_SAMPLES = 12
_PALETTE_PIXELS = 30_000
_PALETTE_ROUNDS = 8


def write_gif(
    path: Path,
    frames: Sequence[Pixels],
    delays: Sequence[int] | None = None,
    scale: int = 1,
    progress: Progress = unheard,
) -> None:
    """An endless GIF.

    Takes what `gif_bytes` takes.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
        Cancelled: `progress` said so.
    """
    write_bytes(path, gif_bytes(frames, delays, scale, progress))


def gif_bytes(
    frames: Sequence[Pixels],
    delays: Sequence[int] | None = None,
    scale: int = 1,
    progress: Progress = unheard,
) -> bytes:
    """An endless GIF as it stands in its file.

    All frames share one palette, built from frames of the whole run; with one of their own
    each they would flicker. Grey frames share 64 greys.

    Args:
        frames: equally large, (H, W) or (H, W, 3).
        delays: hundredths of a second that each is shown; without them 8, and 250 for the last.
        scale: whole factor of enlargement.
        progress: told the share that is done.

    Raises:
        UnusableInput: the frames are larger than a GIF can be.
        Cancelled: `progress` said so.
    """
    delays = _usual_delays(len(frames)) if delays is None else delays
    height, width = (n * scale for n in frames[0].shape[:2])
    if max(height, width) > _LARGEST_GIF:
        raise UnusableInput(
            f"The film would be {width:,} × {height:,} pixels; a GIF has {_LARGEST_GIF:,} at most "
            "each way.",
            "Make it narrower, or show fewer images.",
        )
    images = _quantised(frames, scale, progress)
    buffer = io.BytesIO()
    next(images).save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=images,
        duration=[10 * delay for delay in delays],
        loop=0,
        optimize=False,
        disposal=1,
    )
    progress(1.0)
    return buffer.getvalue()


def _usual_delays(count: int) -> list[int]:
    return [_FRAME_DELAY] * (count - 1) + [_HOLD_DELAY]


def _quantised(frames: Sequence[Pixels], scale: int, progress: Progress) -> Iterator[Image.Image]:
    """Frames with a shared palette, made as they are asked for."""
    is_grey = frames[0].ndim == 2
    palette = None if is_grey else shared_palette(frames)
    for index, frame in enumerate(frames):
        progress(index / len(frames))
        if palette is None:
            yield Image.fromarray(enlarged(_in_64_greys(frame), scale))
            continue
        nearest: Pixels = np.asarray(palette.query(frame.reshape(-1, 3))[1], np.uint8)
        # Enlarged last: each pixel is looked up once, and the result is the same.
        image = Image.fromarray(enlarged(nearest.reshape(frame.shape[:2]), scale))
        image.putpalette(palette.data.astype(np.uint8).tobytes())
        yield image


def shared_palette(frames: Sequence[Pixels], colours: int = 256, every: int = 1) -> cKDTree:
    """The colours of all frames, shape (colours, 3), as a tree that knows the nearest of them.

    Pillow's median cut is where a few rounds of k-means begin, which bring the palette a tenth
    nearer to the frames; Pillow's own search for the nearest colour rounds to 6 bits and gives
    that away again.

    Args:
        frames: (H, W, 3), of which twelve are looked at.
        colours: how many, 256 at most.
        every: so many rows of a frame are looked at as one.
    """
    from scipy.spatial import cKDTree

    chosen = np.linspace(0, len(frames) - 1, min(_PALETTE_SAMPLES, len(frames))).astype(int)
    sample = np.concatenate([frames[i][::every] for i in chosen])
    cut = Image.fromarray(sample).quantize(colours, method=Image.Quantize.MEDIANCUT)
    found = np.reshape(cut.getpalette() or [0, 0, 0], (-1, 3))[:colours].astype(float)
    points = sample.reshape(-1, 3)
    points = points[:: max(1, len(points) // _PALETTE_PIXELS)].astype(float)
    for _ in range(_PALETTE_ROUNDS):
        nearest = cKDTree(found).query(points)[1]
        counts = np.bincount(nearest, minlength=len(found))[:, None]
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, points)
        found = np.where(counts > 0, sums / np.maximum(counts, 1), found)
    return cKDTree(np.rint(found))


def _in_64_greys(frame: Pixels) -> Pixels:
    """The same to the eye, and a third smaller as a GIF."""
    return ((frame & 0xFC) | (frame >> 6)).astype(np.uint8)


def write_mp4(
    path: Path,
    frames: Sequence[Pixels],
    delays: Sequence[int] | None = None,
    scale: int = 1,
    progress: Progress = unheard,
    coding: Sequence[str] = USUAL_CODING,
) -> None:
    """An H.264 film that any player shows, of 25 frames a second.

    Takes what `gif_bytes` takes, and what ffmpeg is told of how it codes. An odd last row or column
    is cut off, which H.264 needs; of frames that follow each other faster than 25 a second some are
    left out.

    Raises:
        OSError: the file cannot be written, or ffmpeg failed.
        Cancelled: `progress` said so.
    """
    import imageio_ffmpeg

    delays = _usual_delays(len(frames)) if delays is None else delays
    cut_short = f"{path.name} could not be written to its end; see whether the disk has room"
    height, width = ((n * scale) // 2 * 2 for n in frames[0].shape[:2])
    with atomic_path(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            str(temporary),
            (width, height),
            fps=VIDEO_FRAMES_PER_SECOND,
            macro_block_size=2,
            quality=None,
            output_params=[*coding, "-movflags", "+faststart", "-f", "mp4"],
            ffmpeg_log_level="quiet",
        )
        writer.send(None)
        try:
            for index, repeats in enumerate(video_repeats(delays)):
                progress(index / len(frames))
                frame = frames[index]
                colour = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, 2)
                data = np.ascontiguousarray(enlarged(colour, scale)[:height, :width])
                for _ in range(repeats):
                    writer.send(data)
        except OSError as error:  # What it says is ffmpeg's whole command, and a broken pipe.
            raise OSError(cut_short) from error
        finally:
            writer.close()
        if not _is_whole(temporary):  # Nobody says so if ffmpeg fails on its way out.
            raise OSError(cut_short)
    progress(1.0)


def _is_whole(path: Path) -> bool:
    """Whether an MP4 has come to its end: its boxes fill the file, one tells where frames lie."""
    at, kinds = 0, set()
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        while at + 8 <= size:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length == 1:  # The length is one of 64 bits.
                length = int.from_bytes(file.read(8), "big")
            if length < 8:
                return False
            kinds.add(kind)
            at += length
    return at == size and b"moov" in kinds


def video_repeats(delays: Sequence[int]) -> list[int]:
    """How many frames of a video each frame fills; one at least for the last.

    Args:
        delays: hundredths of a second that each is shown.
    """
    ends = np.rint(np.cumsum(delays) * VIDEO_FRAMES_PER_SECOND / 100).astype(int)
    repeats: list[int] = np.diff(ends, prepend=0).tolist()
    return [*repeats[:-1], max(1, repeats[-1])]
