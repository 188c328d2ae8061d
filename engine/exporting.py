"""Files that people take away: GIF and MP4 of the drift, PNG grid, NPZ, CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.files import atomic_path
from engine.gallery import Gallery
from engine.history import Losses
from engine.progress import Progress
from engine.restarts import Drift

Pixels = NDArray[np.uint8]
GAP = 1
"""Pixels between two tiles of a mosaic."""

_FRAME_MILLISECONDS = 80
_HOLD_MILLISECONDS = 2500
_PALETTE_COLOURS = 256
_PALETTE_SAMPLES = 12
_TARGET_WIDTH = 500
_VIDEO_FRAMES_PER_SECOND = 25


def display_pixels(images: Tensor, mean: Tensor | None) -> Pixels:
    """Candidates as people see them: plus the mean where it is known, each stretched to [0, 255].

    Args:
        images: centred images, shape (n, c, h, w).
        mean: μ, shape (c, h, w), or None.

    Returns:
        uint8, shape (n, h, w, 3) for colour, (n, h, w) for grey images.
    """
    # In place from here on: a thousand colour images are 12 MB, and every copy is felt.
    shown = images.clone() if mean is None else images + mean
    low, high = shown.flatten(1).aminmax(dim=1)
    shown.sub_(low[:, None, None, None])
    shown.mul_((255 / (high - low).clamp_min(1e-12))[:, None, None, None])
    pixels = shown.add_(0.5).to(torch.uint8)
    pixels = pixels.squeeze(1) if images.shape[1] == 1 else pixels.permute(0, 2, 3, 1)
    return np.ascontiguousarray(pixels.numpy())


def mosaic(tiles: Pixels, columns: int, background: int = 0) -> Pixels:
    """Tiles (n, h, w[, 3]) in rows of `columns`, with a gap of one pixel around each."""
    count, height, width = tiles.shape[:3]
    rows = math.ceil(count / columns)
    canvas = np.full(
        (rows, columns, height + GAP, width + GAP, *tiles.shape[3:]), background, np.uint8
    )
    canvas.reshape(rows * columns, *canvas.shape[2:])[:count, GAP:, GAP:] = tiles
    joined = canvas.swapaxes(1, 2).reshape(
        rows * (height + GAP), columns * (width + GAP), *tiles.shape[3:]
    )
    padding = [(0, GAP), (0, GAP)] + [(0, 0)] * (joined.ndim - 2)
    return np.ascontiguousarray(np.pad(joined, padding, constant_values=background))


def enlarged(pixels: Pixels, factor: int) -> Pixels:
    """Each pixel as a square of `factor` × `factor`: nothing is blurred or invented."""
    return np.ascontiguousarray(pixels.repeat(factor, 0).repeat(factor, 1))


def enlargement(width: int, target: int = _TARGET_WIDTH) -> int:
    """The whole factor that brings an image close to the usual width of an export."""
    return max(1, round(target / width))


def write_gif(path: Path, frames: Sequence[Pixels], progress: Progress | None = None) -> None:
    """An endless GIF of equally large frames, its last one held.

    All frames share one palette, built from frames of the whole run; with one of their own
    each they would flicker. Grey frames share 64 greys.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    shared = _shared_palette(frames)
    quantised = []
    for index, frame in enumerate(frames):
        _report(progress, index / len(frames))
        if shared is None:
            image = Image.fromarray(_in_64_greys(frame))
        else:
            image = Image.fromarray(frame).quantize(palette=shared, dither=Image.Dither.NONE)
        quantised.append(image)
    durations = [_FRAME_MILLISECONDS] * (len(frames) - 1) + [_HOLD_MILLISECONDS]
    with atomic_path(path) as temporary:
        quantised[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=quantised[1:],
            duration=durations,
            loop=0,
            optimize=False,
            disposal=1,
        )
    _report(progress, 1.0)


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


def write_mp4(path: Path, frames: Sequence[Pixels], progress: Progress | None = None) -> None:
    """An H.264 film that any player shows, paced and held like the GIF.

    Raises:
        OSError: the file cannot be written, or ffmpeg failed.
    """
    import imageio_ffmpeg

    height, width = (n - n % 2 for n in frames[0].shape[:2])
    repeats = round(_FRAME_MILLISECONDS / 1000 * _VIDEO_FRAMES_PER_SECOND)
    hold = round(_HOLD_MILLISECONDS / 1000 * _VIDEO_FRAMES_PER_SECOND)
    with atomic_path(path) as temporary:
        writer = imageio_ffmpeg.write_frames(
            str(temporary),
            (width, height),
            fps=_VIDEO_FRAMES_PER_SECOND,
            macro_block_size=2,
            quality=8,
            output_params=["-f", "mp4"],
            ffmpeg_log_level="error",
        )
        writer.send(None)
        try:
            for index, frame in enumerate(frames):
                _report(progress, index / len(frames))
                colour = frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, 2)
                data = np.ascontiguousarray(colour[:height, :width])
                for _ in range(hold if index == len(frames) - 1 else repeats):
                    writer.send(data)
        finally:
            writer.close()
    _report(progress, 1.0)


def write_png(path: Path, pixels: Pixels) -> None:
    """One image, losslessly.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def write_npz(
    path: Path,
    images: Tensor,
    labels: Tensor,
    multipliers: Tensor,
    gallery: Gallery,
    mean: Tensor | None,
) -> None:
    """The reconstructions as numbers (design, section 4).

    Args:
        path: where to.
        images: centred, shape (R·m, c, h, w); stored as float32.
        labels: −1 or +1, shape (R·m,).
        multipliers: λ, shape (R·m,).
        gallery: stored as `confidence` (R·m,) and `gallery` (g,), indices of images.
        mean: μ, shape (c, h, w), or None, which leaves the array out.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    arrays = {
        "images": images.float().cpu().numpy(),
        "labels": labels.cpu().numpy().astype(np.int8),
        "multipliers": multipliers.float().cpu().numpy(),
        "confidence": gallery.of_each.numpy(),
        "gallery": gallery.candidate.numpy(),
    }
    if mean is not None:
        arrays["mean"] = mean.float().cpu().numpy()
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def write_csv(path: Path, losses: Losses) -> None:
    """The losses, one row a step.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(losses.column_names)
        for row in losses.rows:
            writer.writerow([int(row[0]), *(f"{value:.9g}" for value in row[1:])])


def drift_frames(
    drift: Drift, order: Tensor, mean: Tensor | None, columns: int, scale: int = 1
) -> list[Pixels]:
    """The drift as mosaics, one a recorded frame.

    Args:
        drift: what was recorded.
        order: which candidates to show, in this order; indices, shape (p,).
        mean: μ, shape (c, h, w), or None.
        columns: tiles in a row.
        scale: whole factor of enlargement.
    """
    return [
        enlarged(mosaic(display_pixels(drift.images(index, order), mean), columns), scale)
        for index in range(len(drift))
    ]


def _report(progress: Progress | None, share: float) -> None:
    if progress is not None:
        progress(share)
