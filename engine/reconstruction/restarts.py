"""Restarts: the same search from other noise, one after the other, pooled.

A search finds a part of what there is to find, and another part each time. What several of them
found independently is, besides, more likely to be real (evidence/gallery).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.reconstruction.recording import Recording
from engine.runtime.lazy import torch
from engine.stationarity.row_space import RowSpace

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Restart:
    """Where one search stands, or stood at its end.

    Attributes:
        unknowns: shape (m, k), on the CPU, in the coordinates of the problem.
        multipliers: λ, in the shape of its kind.
        labels: y, shape (m,).
        recording: its drift.
    """

    unknowns: Tensor
    multipliers: Tensor
    labels: Tensor
    recording: Recording


@dataclass(frozen=True)
class Drift:
    """The frames of all restarts and what turns their numbers into images.

    Candidates are counted through: those of the first restart, those of the second, and so on.

    Attributes:
        restarts: each of m candidates; the recording of each ends with where it stands.
        space: the row space that unknowns are coordinates in; None where they are pixels.
        inputs: what a network input is.
    """

    restarts: Sequence[Restart]
    space: RowSpace | None
    inputs: InputSpec

    @property
    def recordings(self) -> list[Recording]:
        """Frames of unknowns, of one restart each."""
        return [restart.recording for restart in self.restarts]

    def __len__(self) -> int:
        """Frames of the restart that has most; others stay as they are at their end."""
        return max(len(recording) for recording in self.recordings)

    def images(self, index: int, chosen: Tensor) -> Tensor:
        """Chosen candidates (indices, shape (p,)) in one frame: centred, shape (p, c, h, w).

        Frames are as true as a screen shows (reconstruction/recording); the last is exact.
        """
        m, k = self.restarts[0].unknowns.shape
        unknowns = torch.empty(len(chosen), k)
        for number, restart in enumerate(self.restarts):
            is_here = chosen // m == number
            wanted = chosen[is_here] % m
            is_over = index >= len(restart.recording) - 1
            found = restart.unknowns[wanted] if is_over else restart.recording.frame(index, wanted)
            unknowns[is_here] = found.float()
        pixels = unknowns if self.space is None else self.space.pixels(unknowns)
        return self.inputs.centred(pixels)
