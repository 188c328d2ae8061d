"""The drift: the path of every candidate from noise to its end, in few bytes.

Frames are kept in the coordinates that the run computes in, packed (frame_coding), and
spaced logarithmically in steps: most of what there is to see happens early.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.reconstruction.frame_coding import Levels, deflate, inflate, to_levels
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_MAX_FRAMES = 200
_MAX_BYTES = 256 << 20
_KEY_INTERVAL = 20
"""Every so many frames one stands for itself, so that none is more than so many away."""


def frame_steps(steps: int, numbers_per_frame: int) -> frozenset[int]:
    """The steps after which a frame is kept: 0, the last, and logarithmically between.

    Args:
        steps: length of the run.
        numbers_per_frame: m·k, a byte each at most; very large runs keep fewer frames, 256 MiB.
    """
    affordable = _MAX_BYTES // max(1, numbers_per_frame)
    return spaced_steps(steps, int(max(2, min(_MAX_FRAMES, affordable))))


def spaced_steps(steps: int, most: int) -> frozenset[int]:
    """0, the last step, and logarithmically spaced ones between; `most` of them at most."""
    spaced = np.geomspace(1, max(steps, 1), most - 1).round().astype(int)
    return frozenset({0, *spaced.tolist()})


class Recording:
    """Frames of unknowns, each with the number of steps taken before it."""

    def __init__(self, steps: Iterable[int] = (), frames: Iterable[Tensor] = ()) -> None:
        """
        Args:
            steps: taken before each frame, rising.
            frames: as many, each of shape (m, k).
        """
        self._steps: list[int] = []
        self._packed: list[bytes] = []
        self._units: list[NDArray[np.float32]] = []
        self._k = 0
        self._unpacked: tuple[int, Levels] | None = None
        """The frame that was looked at last: the next one is quickly found from it."""
        for step, frame in zip(steps, frames, strict=True):
            self.keep(step, frame)

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps taken before each frame, rising."""
        return tuple(self._steps)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, k) of each frame; there has to be one."""
        return len(self._units[0]), self._k

    def frame(self, index: int, chosen: Tensor | None = None) -> Tensor:
        """Unknowns of one frame, float32 on the CPU, within 4 % of a candidate's size.

        Args:
            index: which frame.
            chosen: indices of candidates, shape (p,); all m of them where not given.

        Returns:
            Shape (p, k).
        """
        return self._levels(index).unknowns(chosen)

    def keep(self, step: int, unknowns: Tensor) -> None:
        """Adds a frame; a step that is already the last one is replaced."""
        if self._steps and self._steps[-1] == step:
            self._drop_last()
        index, levels = len(self), to_levels(unknowns)
        self._packed.append(deflate(levels, self._before(index)))
        self._units.append(levels.units)
        self._steps.append(step)
        self._k = levels.values.shape[1]
        self._unpacked = index, levels

    def cut_after(self, step: int) -> None:
        """Forgets frames taken after a step."""
        while self._steps and self._steps[-1] > step:
            self._drop_last()

    def copy(self) -> Recording:
        """A recording that later frames do not reach; frames are shared."""
        twin = Recording()
        twin._steps, twin._packed, twin._units = self._steps[:], self._packed[:], self._units[:]
        twin._k, twin._unpacked = self._k, self._unpacked
        return twin

    def tensors(self) -> dict[str, Tensor]:
        """The frames as a session holds them (docs/session-format.md)."""
        return {
            "packed": torch.from_numpy(np.frombuffer(b"".join(self._packed), np.uint8).copy()),
            "sizes": torch.tensor([len(packed) for packed in self._packed]),
            "units": torch.from_numpy(np.concatenate([*self._units], 1).T.copy()),
        }

    @classmethod
    def from_tensors(cls, steps: Iterable[int], tensors: Mapping[str, Tensor], k: int) -> Recording:
        """The recording that gave these tensors.

        Args:
            steps: taken before each frame.
            tensors: by name, see `tensors`.
            k: numbers of a candidate.

        Raises:
            ValueError: they are no frames of such candidates.
        """
        wanted = {"packed": torch.uint8, "sizes": torch.int64, "units": torch.float32}
        if any(tensors[name].dtype != dtype for name, dtype in wanted.items()):
            raise ValueError("the drift is of another kind than it should be")
        recording = cls()
        recording._steps, recording._k = list(steps), k
        whole, start = tensors["packed"].numpy().tobytes(), 0
        for size in tensors["sizes"].tolist():
            recording._packed.append(whole[start : start + size])
            start += size
        units = tensors["units"].numpy()
        recording._units = [row[:, None] for row in units]
        if not (np.isfinite(units).all() and (units > 0).all()):
            raise ValueError("the units of the drift are not above zero")
        if not len(recording._steps) == len(recording._packed) == len(units) > 0:
            raise ValueError("the drift has another number of frames than it says")
        for index in range(len(recording)):
            recording._levels(index)  # A damaged frame is found now, not in the middle of a film.
        return recording

    def _levels(self, index: int) -> Levels:
        """Unpacks a frame, from the frame looked at last or from the last key before it."""
        index = range(len(self))[index]
        key = index - index % _KEY_INTERVAL
        known, levels = self._unpacked or (-1, None)
        if not key <= known <= index:
            known, levels = key - 1, None
        for later in range(known + 1, index + 1):
            before = None if later == key else levels
            levels = inflate(self._packed[later], self._units[later], self._k, before)
        assert levels is not None
        self._unpacked = index, levels
        return levels

    def _before(self, index: int) -> Levels | None:
        """What a frame is packed against; None where it stands for itself."""
        return self._levels(index - 1) if index % _KEY_INTERVAL else None

    def _drop_last(self) -> None:
        for values in (self._steps, self._packed, self._units):
            values.pop()
        if self._unpacked is not None and self._unpacked[0] >= len(self):
            self._unpacked = None
