"""What an ONNX graph does to images before its first layer, as a mean and a std."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.normalisation import of_channels
from engine.runtime.lazy import torch

_LARGEST_IN_UNITS = 1.5
"""A larger number of a mean image belongs to images from 0 to 255."""


class Scaling:
    """z = a x + b of an input x, worked out of the operators that come first.

    A network reads (x − mean)/std, so that mean = −b/a and std = 1/a.
    """

    def __init__(self) -> None:
        self._factor: NDArray[Any] = np.ones(1)
        self._shift: NDArray[Any] = np.zeros(1)
        self._is_touched = False

    def take(self, operator: str, value: NDArray[Any], is_turned: bool) -> bool:
        """Takes an operator; False where it does something that is not read.

        Args:
            operator: `Add`, `Sub`, `Mul` or `Div`.
            value: the constant.
            is_turned: whether the constant comes first, as in 1 − x.
        """
        value = np.asarray(value, dtype=np.float64)
        if value.ndim > 4 or (value.ndim == 4 and len(value) != 1) or not np.isfinite(value).all():
            return False
        value = value.reshape(value.shape[1:]) if value.ndim == 4 else value
        if value.size > 1 and value.ndim != 3:
            return False
        if operator in ("Sub", "Div") and is_turned:
            return False
        if operator in ("Mul", "Div") and not (value > 0).all():
            return False
        if operator in ("Add", "Sub"):
            shifted = self._shift + (value if operator == "Add" else -value)
            self._shift = np.asarray(shifted)
        else:
            factor = value if operator == "Mul" else 1 / value
            self._factor, self._shift = self._factor * factor, self._shift * factor
        self._is_touched = True
        return True

    @property
    def said(self) -> dict[str, Any] | None:
        """`mean` and `std` as checkpoints have them; None where they cannot be said so."""
        if not self._is_touched:
            return {}
        mean, std = -self._shift / self._factor, 1 / self._factor
        stds = _of_channels(std)
        if stds is None:
            return None
        means = _of_channels(mean)
        if means is not None:
            of_images = of_channels(means, stds, (max(len(means), len(stds)), 2, 2), "file")
            return None if of_images is None else {"mean": means, "std": stds}
        is_of_units = float(np.abs(mean).max()) <= _LARGEST_IN_UNITS and max(stds) <= 1
        return {"mean": torch.from_numpy(mean), "std": stds} if is_of_units else None


def _of_channels(values: NDArray[Any]) -> list[float] | None:
    """A number, or one a channel; None where pixels of a channel differ."""
    if values.size == 1:
        return [_rounded(values.reshape(-1)[0])]
    if values.ndim != 3:
        return None
    each = values.reshape(len(values), -1)
    return [_rounded(n) for n in each[:, 0]] if (each == each[:, :1]).all() else None


def _rounded(number: float) -> float:
    """Without the digits that a float of 32 bits adds to what was written."""
    return float(f"{number:.6g}")
