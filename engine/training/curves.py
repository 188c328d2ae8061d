"""How a training went, one row a step."""

from __future__ import annotations

from dataclasses import dataclass

from engine.base.rows import Rows, Table


@dataclass(frozen=True)
class TrainingCurves(Table):
    """How a training went; rows never change once they are there."""

    COLUMNS = ("step", "seconds", "log10_loss", "accuracy", "margin", "test_accuracy")

    @property
    def log10_loss(self) -> Rows:
        """Decadic logarithm of the mean logistic loss; the loss itself would underflow."""
        return self.column("log10_loss")

    @property
    def accuracy(self) -> Rows:
        """Share of the training images with y Φ(x) > 0."""
        return self.column("accuracy")

    @property
    def margin(self) -> Rows:
        """Smallest y_i Φ(x_i) over ‖θ‖^L: what grows towards stationarity (Lyu and Li 2019)."""
        return self.column("margin")

    @property
    def test_accuracy(self) -> Rows:
        """Share of the test images with y Φ(x) > 0; not a number where it was not measured."""
        return self.column("test_accuracy")
