"""How a reconstruction or a training went, one row a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class _Steps:
    """Rows of numbers, one a step; what is in them never changes, so that any thread may read them.

    Attributes:
        rows: shape (steps, columns); the first two columns are those below.
    """

    rows: Rows

    @property
    def step(self) -> Rows:
        """Number of the step, from 1."""
        return self.rows[:, 0]

    @property
    def seconds(self) -> Rows:
        """Computing time up to that step."""
        return self.rows[:, 1]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Losses(_Steps):
    """Rows of losses; what is in them never changes, so that any thread may read them.

    Attributes:
        rows: shape (steps, 5 + L); columns as `column_names` gives them.
    """

    @property
    def column_names(self) -> tuple[str, ...]:
        """`step, seconds, stationarity, constraint, alpha, relative_1 … relative_L`."""
        depth = self.rows.shape[1] - 5
        layers = tuple(f"relative_{layer}" for layer in range(1, depth + 1))
        return ("step", "seconds", "stationarity", "constraint", "alpha", *layers)

    @property
    def stationarity(self) -> Rows:
        """‖stationarity residual‖², summed over layers."""
        return self.rows[:, 2]

    @property
    def constraint(self) -> Rows:
        """The constraint loss."""
        return self.rows[:, 3]

    @property
    def alpha(self) -> Rows:
        """Gate sharpness."""
        return self.rows[:, 4]

    @property
    def relative_per_layer(self) -> Rows:
        """‖R_l‖ / ‖θ_l‖, shape (steps, L)."""
        return self.rows[:, 5:]


@dataclass(frozen=True)
class TrainingCurves(_Steps):
    """How a training went; rows never change once they are there.

    Attributes:
        rows: shape (k, 6); columns as below.
    """

    @property
    def log10_loss(self) -> Rows:
        """Decadic logarithm of the mean logistic loss; the loss itself would underflow."""
        return self.rows[:, 2]

    @property
    def accuracy(self) -> Rows:
        """Share of the training images with y Φ(x) > 0."""
        return self.rows[:, 3]

    @property
    def margin(self) -> Rows:
        """Smallest y_i Φ(x_i) over ‖θ‖^L: what grows towards stationarity (Lyu and Li 2019)."""
        return self.rows[:, 4]

    @property
    def test_accuracy(self) -> Rows:
        """Share of the test images with y Φ(x) > 0; not a number where it was not measured."""
        return self.rows[:, 5]


class RowBuffer:
    """Grows by rows; hands out views whose content stays as it is."""

    def __init__(self, width: int, rows: Rows | None = None) -> None:
        self._buffer: Rows = np.empty((256, width))
        self._length = 0
        if rows is not None:
            self.extend(rows)

    def extend(self, rows: Rows) -> None:
        """Appends rows, shape (n, width)."""
        needed = self._length + len(rows)
        if needed > len(self._buffer):
            grown: Rows = np.empty((max(needed, 2 * len(self._buffer)), self._buffer.shape[1]))
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : needed] = rows
        self._length = needed

    def rows(self) -> Rows:
        """All rows so far, read-only."""
        rows = self._buffer[: self._length]
        rows.flags.writeable = False
        return rows


class LossHistory(RowBuffer):
    """The losses of a reconstruction."""

    def __init__(self, depth: int, rows: Rows | None = None) -> None:
        super().__init__(5 + depth, rows)

    def view(self) -> Losses:
        """All rows so far."""
        return Losses(self.rows())

    def add(
        self, step: int, seconds: Rows, losses: Rows, alphas: Rows, squared_norms: Rows
    ) -> None:
        """Adds the steps that were taken since the last time.

        Args:
            step: number of the last of them.
            seconds: computing time up to each, shape (n,).
            losses: shape (n, L + 1): the squared residual of each layer, then the constraint loss,
                which is not a number where it was not looked at; the one before stands for it.
            alphas: gate sharpness, shape (n,).
            squared_norms: ‖θ_l‖², shape (L,).
        """
        squared, constraint = losses[:, :-1], losses[:, -1].copy()
        before = self.rows()
        last = float(before[-1, 3]) if len(before) else math.nan
        for index, value in enumerate(constraint):
            if math.isnan(value):
                constraint[index] = last
            last = float(constraint[index])
        steps = np.arange(step - len(losses) + 1, step + 1)
        relative = np.sqrt(squared / squared_norms)
        self.extend(np.column_stack([steps, seconds, squared.sum(1), constraint, alphas, relative]))
