"""A film: pictures, and how long each is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.base.progress import Progress, unheard
from engine.data.pixels import Pixels

_PREVIEW_WIDTH = 480


@dataclass(frozen=True)
class Film:
    """Frames and how long each is shown.

    Attributes:
        frames: equally large uint8 pictures, (H, W) or (H, W, 3), not yet enlarged; those of a page
            are drawn as they are asked for.
        delays: hundredths of a second that each is shown, 2 at least; the last one's is the hold.
        scale: whole factor by which the frames are enlarged where they are written.
        most_bytes: that its file may have; None, as many as it takes.
        in_less_time: makes the same film with a share of its drift's duration; only of a page.
    """

    frames: Sequence[Pixels]
    delays: Sequence[int]
    scale: int = 1
    most_bytes: int | None = None
    in_less_time: Callable[[float], Film] | None = None

    @property
    def is_page(self) -> bool:
        """Whether it has a fixed size, and 25 frames a second."""
        return self.in_less_time is not None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, enlarged."""
        height, width = self.frames[0].shape[:2]
        return width * self.scale, height * self.scale

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the hold."""
        return sum(self.delays) / 100

    def preview(self, progress: Progress = unheard) -> tuple[list[Pixels], list[int]]:
        """Frames and delays for a small view: of a page every second frame, and smaller."""
        if not self.is_page:
            return list(self.frames), list(self.delays)
        shown = [*range(0, len(self.frames) - 1, 2), len(self.frames) - 1]
        frames: list[Pixels] = []
        for number, index in enumerate(shown):
            progress(number / len(shown))
            image = Image.fromarray(self.frames[index])
            image.thumbnail((_PREVIEW_WIDTH, _PREVIEW_WIDTH), Image.Resampling.BOX)
            frames.append(np.asarray(image))
        ends = [*np.cumsum([0, *self.delays])[shown[1:]].tolist(), sum(self.delays)]
        return frames, np.diff(ends, prepend=0).tolist()
