"""The drift: the path of every candidate from noise to its end, in few numbers.

Frames are kept in the coordinates that the run computes in, as float16, and spaced
logarithmically in steps: most of what there is to see happens early.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from engine.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_MAX_FRAMES = 60
_MAX_BYTES = 256 << 20
_FLOAT16_MAX = 65_504.0


def frame_steps(steps: int, numbers_per_frame: int) -> frozenset[int]:
    """The steps after which a frame is kept: 0, the last, and logarithmically between.

    Args:
        steps: length of the run.
        numbers_per_frame: m·k; very large runs keep fewer frames, 256 MiB at most.
    """
    affordable = _MAX_BYTES // max(1, 2 * numbers_per_frame)
    count = int(max(2, min(_MAX_FRAMES, affordable)))
    spaced = np.geomspace(1, max(steps, 1), count - 1).round().astype(int)
    return frozenset({0, *spaced.tolist()})


class Recording:
    """Frames of unknowns, each with the number of steps taken before it."""

    def __init__(self, steps: Iterable[int] = (), frames: Iterable[Tensor] = ()) -> None:
        self._steps = list(steps)
        self._frames = list(frames)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps taken before each frame, rising."""
        return tuple(self._steps)

    def frame(self, index: int) -> Tensor:
        """Unknowns (m, k) of one frame, float32 on the CPU."""
        return self._frames[index].float()

    def keep(self, step: int, unknowns: Tensor) -> None:
        """Adds a frame; a step that is already the last one is replaced."""
        half = unknowns.detach().clamp(-_FLOAT16_MAX, _FLOAT16_MAX).to(torch.float16).cpu()
        if self._steps and self._steps[-1] == step:
            self._frames[-1] = half
            return
        self._steps.append(step)
        self._frames.append(half)

    def cut_after(self, step: int) -> None:
        """Forgets frames taken after a step."""
        while self._steps and self._steps[-1] > step:
            self._steps.pop()
            self._frames.pop()

    def copy(self) -> Recording:
        """A recording that later frames do not reach; frames are shared."""
        return Recording(self._steps, self._frames)

    def stacked(self) -> Tensor:
        """All frames, float16, shape (frames, m, k)."""
        return torch.stack(self._frames)
