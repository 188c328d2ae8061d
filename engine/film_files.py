"""Films as files: GIF and MP4 of frames that are there already (engine/films makes them)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engine.exporting import Pixels, enlarged, write_bytes
from engine.files import atomic_path
from engine.progress import Progress, unheard

VIDEO_FRAMES_PER_SECOND = 25

_FRAME_DELAY = 8
_HOLD_DELAY = 250
_PALETTE_COLOURS = 256
_PALETTE_SAMPLES = 12


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
        Cancelled: `progress` said so.
    """
    delays = _usual_delays(len(frames)) if delays is None else delays
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
    shared = _shared_palette(frames)
    for index, frame in enumerate(frames):
        progress(index / len(frames))
        if shared is None:
            yield Image.fromarray(enlarged(_in_64_greys(frame), scale))
            continue
        small = Image.fromarray(frame).quantize(palette=shared, dither=Image.Dither.NONE)
        # Enlarged last: each pixel is looked up once, and the result is the same.
        large = Image.fromarray(enlarged(np.asarray(small), scale))
        large.putpalette(small.getpalette() or [])
        yield large


def _shared_palette(frames: Sequence[Pixels]) -> Image.Image | None:
    """One palette for all frames; grey frames already share theirs, the 256 greys."""
    if frames[0].ndim == 2:
        return None
    chosen = np.linspace(0, len(frames) - 1, min(_PALETTE_SAMPLES, len(frames))).astype(int)
    sample = np.concatenate([frames[i] for i in chosen])
    return Image.fromarray(sample).quantize(_PALETTE_COLOURS, method=Image.Quantize.MEDIANCUT)


def _in_64_greys(frame: Pixels) -> Pixels:
    """The same to the eye, and a third smaller as a GIF."""
    return ((frame & 0xFC) | (frame >> 6)).astype(np.uint8)


def write_mp4(
    path: Path,
    frames: Sequence[Pixels],
    delays: Sequence[int] | None = None,
    scale: int = 1,
    progress: Progress = unheard,
) -> None:
    """An H.264 film that any player shows, of 25 frames a second.

    Takes what `gif_bytes` takes. An odd last row or column is cut off, which H.264 needs; of
    frames that follow each other faster than 25 a second some are left out.

    Raises:
        OSError: the file cannot be written, or ffmpeg failed.
        Cancelled: `progress` said so.
    """
    import imageio_ffmpeg

    delays = _usual_delays(len(frames)) if delays is None else delays
    height, width = ((n * scale) // 2 * 2 for n in frames[0].shape[:2])
    with atomic_path(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            str(temporary),
            (width, height),
            fps=VIDEO_FRAMES_PER_SECOND,
            macro_block_size=2,
            quality=8,
            output_params=["-f", "mp4"],
            ffmpeg_log_level="error",
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
        finally:
            writer.close()
    progress(1.0)


def video_repeats(delays: Sequence[int]) -> list[int]:
    """How many frames of a video each frame fills; one at least for the last.

    Args:
        delays: hundredths of a second that each is shown.
    """
    ends = np.rint(np.cumsum(delays) * VIDEO_FRAMES_PER_SECOND / 100).astype(int)
    repeats: list[int] = np.diff(ends, prepend=0).tolist()
    return [*repeats[:-1], max(1, repeats[-1])]
