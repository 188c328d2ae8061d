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
        """Decadic logarithm of the mean cross-entropy; that itself would underflow."""
        return self.column("log10_loss")

    @property
    def accuracy(self) -> Rows:
        """Share of the training images that the network gets right."""
        return self.column("accuracy")

    @property
    def margin(self) -> Rows:
        """Smallest margin over ‖θ‖^L: what grows towards stationarity (Lyu and Li 2019)."""
        return self.column("margin")

    @property
    def test_accuracy(self) -> Rows:
        """Share of the test images that it gets right; not a number where not measured."""
        return self.column("test_accuracy")
