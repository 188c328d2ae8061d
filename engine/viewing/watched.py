"""The drift as people watch it: recorded frames, and the noise outside of them (decision 24).

Films, timeline and inspector take it from here, so that a moment is the same wherever it is shown.
What is scored and exported as a result comes from the session itself, without that noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.reconstruction.restarts import Drift
from engine.runtime.lazy import torch
from engine.session.session import Session
from engine.viewing.outside import Outside, share_left

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class WatchedDrift:
    """Chosen candidates of a session in each frame of their drift.

    Attributes:
        session: the run.
        chosen: numbers of candidates, counted through all restarts, shape (p,).
        is_noisy: whether the noise outside the row space is shown.
    """

    session: Session
    chosen: Tensor
    is_noisy: bool = True

    def __len__(self) -> int:
        """Frames of the restart that has most."""
        return len(self._drift)

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps before each frame, of the restart that has most; the others go by it."""
        return max((recording.steps for recording in self._drift.recordings), key=len)

    def images(self, index: int) -> Tensor:
        """The candidates in one frame, centred, float32, shape (p, c, h, w).

        Where the drift of a restart is over, its candidates are as they are scored.
        """
        images, shares = self._drift.images(index, self.chosen), self.shares(index)
        return images + shares[:, None, None, None] * self.noise if shares.any() else images

    def shares(self, index: int) -> Tensor:
        """How much of its noise outside each candidate has in one frame, shape (p,)."""
        settings, steps = self.session.settings, self.session.state.steps
        each = [
            0.0
            if not self.is_noisy or index >= len(recording) - 1
            else share_left(recording.steps[index], steps // settings.restarts)
            for recording in self._drift.recordings
        ]
        return torch.tensor(each)[self.chosen // settings.candidates]

    @cached_property
    def noise(self) -> Tensor:
        """All of the noise outside, centred, float32, shape (p, c, h, w)."""
        session = self.session
        outside = Outside(session.state.space, session.network.inputs, session.settings.seed)
        return outside.images(self.chosen)

    @cached_property
    def _drift(self) -> Drift:
        return self.session.drift
