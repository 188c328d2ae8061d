"""The drift as a film: which candidates, which recorded frames, and how long each is shown.

Every frame of a film is a frame of the recording. None is blended of two: what lies between
two recorded frames is unknown, and a candidate need not have gone straight. Between them the
earlier one stands still.
"""

from __future__ import annotations

import itertools
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.options import check_options, option
from engine.base.progress import Progress, portion, unheard
from engine.data.pixels import Pixels, display_pixels, mosaic, unit_pixels
from engine.evidence.references import References
from engine.evidence.scoring import Matches
from engine.exports.film_files import gif_bytes, write_mp4
from engine.reconstruction.recording import spaced_steps
from engine.reconstruction.restarts import Drift
from engine.runtime.lazy import torch
from engine.session.session import Session

if TYPE_CHECKING:
    from torch import Tensor

CONTENTS = {
    "gallery": "The gallery's first images",
    "chosen": "Chosen candidates",
    "pairs": "Pairs with training images",
}
"""What a film can show, with its name for people."""

EASINGS = {
    "even": "Even",
    "slow-end": "Slow end",
    "steps": "By steps",
}
"""How recorded frames are spread over the duration, with names for people."""

LEAST_DELAY = 2
"""Hundredths of a second; browsers slow down a GIF with shorter ones."""

_AUTOMATIC_DELAY = 8
_AUTOMATIC_FRAMES = 60
"""At most; as many as make a GIF that can be sent."""
_SLOWING = 1.5
_TILES, _COLOUR_TILES = 64, 36
_WIDEST = 20_000


@dataclass(frozen=True)
class FilmOptions:
    """What a film shows, how large, and how fast.

    Raises:
        UnusableInput: an option is outside its range.
    """

    what: str = "gallery"
    chosen: tuple[int, ...] = ()
    tiles: int = option(
        0,
        "Images, at most",
        "The first so many, the best first. Automatic is 64, or 36 in colour, which makes a GIF "
        "that can be sent.",
        0,
        400,
    )
    width: int = option(
        500,
        "Width in pixels",
        "At most so wide: every pixel becomes a whole number of pixels, one at least, so that "
        "nothing is blurred.",
        16,
        2000,
    )
    duration: float = option(
        0.0,
        "Duration in seconds",
        "Of the drift, from noise to its end. Automatic shows up to 60 recorded frames, each for "
        "0.08 s; a film of a given length is smoother, and larger.",
        0.0,
        60.0,
    )
    hold: float = option(
        2.5,
        "Hold in seconds",
        "For how long the last frame stands before the film ends.",
        0.0,
        60.0,
    )
    easing: str = "even"

    def __post_init__(self) -> None:
        check_options(self, {"what": tuple(CONTENTS), "easing": tuple(EASINGS)})
        if self.what == "chosen" and not self.chosen:
            raise UnusableInput("Say which candidates to show, like 3, 17, 20-25.")


@dataclass(frozen=True)
class Film:
    """Frames and how long each is shown.

    Attributes:
        frames: equally large uint8 mosaics, (H, W) or (H, W, 3), not yet enlarged.
        delays: hundredths of a second that each is shown, 2 at least; the last one's is the hold.
        scale: whole factor by which the frames are enlarged where they are written.
    """

    frames: Sequence[Pixels]
    delays: Sequence[int]
    scale: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, enlarged."""
        height, width = self.frames[0].shape[:2]
        return width * self.scale, height * self.scale

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the hold."""
        return sum(self.delays) / 100


def parse_candidates(text: str) -> tuple[int, ...]:
    """Numbers and ranges of candidates, like “3, 17, 20-25”, in the order given.

    Raises:
        UnusableInput: it is no such list.
    """
    numbers: list[int] = []
    for part in text.replace("–", "-").split(","):
        first, dash, last = part.partition("-")
        if not first.strip().isdecimal() or (dash and not last.strip().isdecimal()):
            raise UnusableInput("Candidates are given by number, like 3, 17, 20-25.")
        low, high = int(first), int(last or first)
        if not low <= high < low + 1_000_000:
            raise UnusableInput(f"“{part.strip()}” is no range of candidates.")
        numbers += range(low, high + 1)
    return tuple(dict.fromkeys(numbers))


def make_film(
    session: Session,
    options: FilmOptions,
    references: References | None = None,
    progress: Progress = unheard,
) -> Film:
    """The frames of a film of a run.

    Args:
        session: the run as it stands.
        options: what to show.
        references: needed for pairs: each candidate beside the training image that it matches
            at the end, one to one by the scoring rule, the best pair first.
        progress: told the share that is done.

    Raises:
        UnusableInput: pairs without references, or a candidate that the run does not have.
        Cancelled: `progress` said so.
    """
    mean, real = session.network.mean, None
    tiles = options.tiles or (_COLOUR_TILES if session.network.input_shape[0] == 3 else _TILES)
    ranking = portion(progress, 0.0, 0.5)
    if options.what == "pairs":
        if references is None:
            raise UnusableInput("Pairs need training images: open them, or give --images.")
        chosen, real = _matched(session.score(references).train, references, tiles)
        mean = references.shown_mean
    elif options.what == "chosen":
        chosen = _existing(options.chosen[:tiles], len(session.labels))
    else:
        chosen = session.gallery(ranking, references).candidate[:tiles]
    ranking(1.0)
    drift = session.drift
    shown, delays = schedule(_frame_steps(drift), options)
    frames: list[Pixels] = []
    for number, index in enumerate(shown):
        progress(0.5 + 0.5 * number / len(shown))
        pixels = display_pixels(drift.images(index, chosen), mean)
        pixels = pixels if real is None else _beside(pixels, real)
        frames.append(mosaic(pixels, _columns(pixels, is_square=real is None)))
    scale = max(1, options.width // (frames[0].shape[1] - 1))
    progress(1.0)
    return Film(frames, delays, scale)


def schedule(steps: Sequence[int], options: FilmOptions) -> tuple[list[int], list[int]]:
    """Which recorded frames are shown, and for how long.

    Recorded frames are spaced logarithmically in steps (recording), so `even` shows the
    early steps slowly and the late ones quickly; `steps` gives each step the same time; `slow-end`
    slows `even` down as the end comes near. A frame that would be shown for less than 0.02 s is
    left out, the first and the last never are. A film of automatic length shows 60 at most.

    Args:
        steps: steps taken before each recorded frame, rising.
        options: duration, hold and easing.

    Returns:
        Indices of recorded frames, rising, and hundredths of a second, equally many. All but the
        last add up to the duration, the last is the hold.
    """
    last = len(steps) - 1
    hold = max(LEAST_DELAY, round(100 * options.hold))
    if last == 0:
        return [0], [hold]
    frames = np.arange(last + 1)
    duration = round(100 * options.duration)
    if not duration:
        if len(frames) > _AUTOMATIC_FRAMES:
            wanted = sorted(spaced_steps(steps[-1], _AUTOMATIC_FRAMES))
            frames = np.unique(np.searchsorted(steps, wanted))
        duration = _AUTOMATIC_DELAY * (len(frames) - 1)
    duration = max(duration, LEAST_DELAY)
    position = np.linspace(0.0, 1.0, len(frames))
    if options.easing == "slow-end":
        begins = 1 - (1 - position) ** (1 / _SLOWING)
    elif options.easing == "steps" and steps[-1] > steps[0]:
        begins = (np.asarray(steps, float)[frames] - steps[0]) / (steps[-1] - steps[0])
    else:
        begins = position
    starts = np.rint(begins * duration).astype(int).tolist()
    shown = [0]
    for number in range(1, len(frames) - 1):
        if starts[number] - starts[shown[-1]] >= LEAST_DELAY and (
            starts[number] <= duration - LEAST_DELAY
        ):
            shown.append(number)
    shown.append(len(frames) - 1)
    delays = [starts[b] - starts[a] for a, b in itertools.pairwise(shown)]
    return frames[shown].tolist(), [*delays, hold]


def _frame_steps(drift: Drift) -> tuple[int, ...]:
    """The steps of the restart that has most frames, by which the others go."""
    return max((recording.steps for recording in drift.recordings), key=len)


def _existing(chosen: Sequence[int], count: int) -> Tensor:
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
    return torch.from_numpy(matches.candidate[best]), unit_pixels(references.train[wanted])


def _beside(tiles: Pixels, real: Pixels) -> Pixels:
    """Two sets of tiles (n, h, w[, 3]) side by side, with a dark line between."""
    line = np.zeros_like(tiles[:, :, :1])
    return np.concatenate([tiles, line, real], 2)


def _columns(tiles: Pixels, is_square: bool) -> int:
    """As many columns as rows; pairs, twice as wide as high, in fewer."""
    count, height, width = len(tiles), int(tiles.shape[1]) + 1, int(tiles.shape[2]) + 1
    square = count if is_square else count * height / width
    return max(1, min(math.ceil(math.sqrt(square)), count, _WIDEST // width))


def film_bytes(kind: str, film: Film, progress: Progress = unheard) -> bytes:
    """A film as it stands in its file, for its size to be known before it is saved.

    Args:
        kind: gif or mp4.
        film: the frames.
        progress: told the share that is done.

    Raises:
        OSError: ffmpeg failed, or there is no room for temporary files.
        Cancelled: `progress` said so.
    """
    if kind == "gif":
        return gif_bytes(film.frames, film.delays, film.scale, progress)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_mp4(path, film.frames, film.delays, film.scale, progress)
        return path.read_bytes()
