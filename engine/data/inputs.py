"""What goes into a network: an image, as numbers in a row, less what was subtracted before."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

InputShape = tuple[int, int, int]


@dataclass(frozen=True)
class InputSpec:
    """What the D numbers that a network reads are.

    Attributes:
        shape: (c, h, w) of an image; c·h·w = D.
        mean: the training set's mean image that was subtracted before training, shape (c, h, w),
            in [0, 1]; None where nobody said.
        is_known: False where the shape was guessed from D alone.
    """

    shape: InputShape
    mean: Tensor | None = None
    is_known: bool = True

    @classmethod
    def flat(cls, dimension: int) -> InputSpec:
        """Numbers in a row that are no image: coordinates of a row space, for example."""
        return cls((1, 1, dimension))

    @property
    def dimension(self) -> int:
        """D."""
        return math.prod(self.shape)

    def with_shape(self, shape: InputShape) -> InputSpec:
        """The same numbers as an image of another shape, which somebody has said.

        Raises:
            ValueError: the shape does not hold D numbers.
        """
        if math.prod(shape) != self.dimension:
            raise ValueError(f"{shape} does not hold {self.dimension} numbers")
        mean = None if self.mean is None else self.mean.reshape(shape)
        return replace(self, shape=shape, mean=mean, is_known=True)
