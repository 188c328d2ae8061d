"""What a viewer of a training needs, within a share of the training's own time."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from engine.base.errors import UnusableInput
from engine.evidence.diagnostics import Health, check_weights
from engine.evidence.stationarity_check import TrueStationarity
from engine.runtime.pace import Pace
from engine.stationarity.spectrum import Spectrum, spectrum_of
from engine.training.curves import TrainingCurves
from engine.training.state import TrainingSnapshot
from engine.training.training import Training

_SHARE, _INTERVAL = 0.05, 0.5
_SURE_SHARE = 0.02


@dataclass(frozen=True)
class TrainingFrame:
    """One moment of a training, ready to be shown.

    Attributes:
        step: steps so far.
        seconds: computing time so far.
        share: how far the training is, from 0 to 1.
        remaining_seconds: how long it will still take, as far as one can tell; None at first.
        curves: every step so far.
        spectrum: of the first layer, or of what was changed of a base's, some moments ago.
        end: why the training has ended, in a sentence; empty while it goes on.
    """

    step: int
    seconds: float
    share: float
    remaining_seconds: float | None
    curves: TrainingCurves
    spectrum: Spectrum | None
    end: str


@dataclass(frozen=True)
class Trained:
    """A training that has come to rest, looked at in full.

    Attributes:
        health: what the weights alone tell.
        stationarity: what they tell with the training images; None where those are too many.
    """

    health: Health
    stationarity: TrueStationarity | None


class TrainingView:
    """Makes frames of snapshots. One for each training, used by its thread alone."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._pace = Pace(_SHARE, _INTERVAL)
        self._started = 0.0
        self._spectrum: Spectrum | None = None
        # On a thread of its own: it may take a second, and a stop has to be answered sooner.
        self._reader = ThreadPoolExecutor(1, "spectrum")
        self._reading: Future[Spectrum | None] | None = None

    def close(self) -> None:
        """No more frames are wanted."""
        self._reader.shutdown(wait=False)

    def frame(self, snapshot: TrainingSnapshot, at_rest: bool = False) -> TrainingFrame:
        """A frame.

        Args:
            snapshot: what to show.
            at_rest: whether it is the last, to be shown in full.
        """
        if self._reading is not None and self._reading.done():
            self._spectrum, self._reading = self._reading.result(), None
            self._pace.done(self._started)
        if at_rest:
            self._spectrum = _spectrum_of(self._training)
        elif self._reading is None and self._pace.is_due():
            self._started = time.perf_counter()
            self._reading = self._reader.submit(_spectrum_of, self._training)
        remaining = None
        if snapshot.share > _SURE_SHARE:
            remaining = snapshot.seconds * (1 - snapshot.share) / snapshot.share
        return TrainingFrame(
            snapshot.step,
            snapshot.seconds,
            snapshot.share,
            remaining,
            snapshot.curves,
            self._spectrum,
            snapshot.end,
        )


def look_at(training: Training) -> Trained:
    """Looks at a training at rest; takes a second or two."""
    stationarity = None
    if training.is_solvable:
        with suppress(UnusableInput):
            stationarity = training.stationarity()
    return Trained(check_weights(training.tuned), stationarity)


def _spectrum_of(training: Training) -> Spectrum | None:
    """None while nothing of a base has changed."""
    network = training.tuned
    return None if (network.base is None) != (training.base is None) else spectrum_of(network)
