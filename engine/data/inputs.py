"""What goes into a network: an image, as numbers in a row, less what was subtracted before."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput

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


def infer_input_shape(dimension: int) -> InputShape:
    """The image shape that D numbers most likely are.

    One grey square, else one colour square (784 → 1×28×28, 3072 → 3×32×32); for any other
    number the grey rectangle closest to a square, which the user can correct.
    """
    side = math.isqrt(dimension)
    if side * side == dimension:
        return (1, side, side)
    side = math.isqrt(dimension // 3)
    if 3 * side * side == dimension:
        return (3, side, side)
    height = next(h for h in range(math.isqrt(dimension), 0, -1) if dimension % h == 0)
    return (1, height, dimension // height)


def parse_shape(text: str) -> InputShape:
    """`1x28x28` → (1, 28, 28).

    Raises:
        UnusableInput: not three positive whole numbers, or not 1 or 3 channels.
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*", text)
    if not match or int(match[1]) not in (1, 3) or not all(int(n) for n in match.groups()):
        raise UnusableInput(
            f"“{text}” is not an input shape; write channels (1 or 3), height and width "
            "like 1x28x28 or 3x32x32."
        )
    return (int(match[1]), int(match[2]), int(match[3]))


def format_shape(shape: InputShape) -> str:
    """(1, 28, 28) → `1x28x28`."""
    return "x".join(str(n) for n in shape)
