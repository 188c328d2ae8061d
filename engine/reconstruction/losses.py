"""How a reconstruction went, one row a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.base.rows import RowBuffer, Rows, Table

_FEW = 3
"""Values that differ, of which no usual distance can be told."""


@dataclass(frozen=True)
class Losses(Table):
    """Rows of losses: the named columns, then one of relative residuals for each layer.

    Attributes:
        rows: shape (steps, `Losses.width(L)`); columns as `column_names` gives them.
    """

    COLUMNS = ("step", "seconds", "stationarity", "constraint", "alpha")

    @classmethod
    def width(cls, depth: int) -> int:
        """How many columns the losses of a network of so many layers have."""
        return len(cls.COLUMNS) + depth

    @classmethod
    def none(cls, depth: int) -> Losses:
        """Those of a run that has taken no step."""
        return cls(np.empty((0, cls.width(depth))))

    @property
    def column_names(self) -> tuple[str, ...]:
        """`step, seconds, stationarity, constraint, alpha, relative_1 … relative_L`."""
        depth = self.relative_per_layer.shape[1]
        return (*self.COLUMNS, *(f"relative_{layer}" for layer in range(1, depth + 1)))

    @property
    def stationarity(self) -> Rows:
        """‖stationarity residual‖², summed over layers."""
        return self.column("stationarity")

    @property
    def constraint(self) -> Rows:
        """The constraint loss."""
        return self.column("constraint")

    @property
    def constraint_seen(self) -> NDArray[np.intp]:
        """Rows whose constraint loss was worked out; others repeat the one before them.

        Which they are is not kept, but they come at even distances (`terms.Box`), and hardly two in
        a row are alike: so the usual distance between two that differ tells.
        """
        values, rows = self.constraint, np.arange(len(self))
        is_new = np.append(True, values[1:] != values[:-1])[: len(rows)]
        changes = np.flatnonzero(is_new)
        if len(changes) < _FEW:
            return changes
        usual = int(np.bincount(np.diff(changes)).argmax())
        since_change = rows - changes[is_new.cumsum() - 1]
        return np.flatnonzero(since_change % usual == 0)

    @property
    def alpha(self) -> Rows:
        """Gate sharpness."""
        return self.column("alpha")

    @property
    def relative_per_layer(self) -> Rows:
        """‖R_l‖ / ‖θ*_l‖, shape (steps, L); not a number of a layer that is left out."""
        return self.rows[:, len(self.COLUMNS) :]


class LossHistory(RowBuffer):
    """The losses of a reconstruction, as they come."""

    def __init__(self, depth: int, rows: Rows | None = None) -> None:
        super().__init__(Losses.width(depth), rows)

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
            squared_norms: ‖θ*_l‖², shape (L,); 0 of a layer that is left out.
        """
        squared, constraint = losses[:, :-1], losses[:, -1].copy()
        before = self.view().constraint
        last = float(before[-1]) if len(before) else math.nan
        for index, value in enumerate(constraint):
            if math.isnan(value):
                constraint[index] = last
            last = float(constraint[index])
        named = Losses.of(
            step=np.arange(step - len(losses) + 1, step + 1),
            seconds=seconds,
            stationarity=squared.sum(1),
            constraint=constraint,
            alpha=alphas,
        )
        shares = squared / np.where(squared_norms > 0, squared_norms, math.nan)
        self.extend(np.column_stack([named.rows, np.sqrt(shares)]))
