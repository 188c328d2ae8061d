"""What the unknowns of a search are, and how they become network inputs and pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.stationarity.target import Target

if TYPE_CHECKING:
    from torch import Tensor


class Coordinates(Protocol):
    """Unknowns z, shape (m, k): pixels, or coordinates in the row space."""

    @property
    def per_candidate(self) -> int:
        """k."""
        ...

    @property
    def input_dimension(self) -> int:
        """D, numbers of an image."""
        ...

    @property
    def is_reduced(self) -> bool:
        """Whether there are fewer of them than pixels, so that pixels have to be made."""
        ...

    @property
    def to_pixels(self) -> Tensor | None:
        """The matrix (k, D) that makes pixels of them; None where they are pixels."""
        ...

    @property
    def pixel_scale(self) -> float:
        """Root mean square of the pixels that unknowns ~ N(0, 1) make."""
        ...

    def reduce(self, target: Target) -> tuple[Target, float]:
        """The problem as `to_input` shows it to the network, and the part of ‖θ*_1‖² it loses."""
        ...

    def to_input(self, unknowns: Tensor) -> Tensor:
        """What the reduced network reads, shape (m, k)."""
        ...

    def pull_back(self, gradient: Tensor) -> Tensor:
        """The gradient by the unknowns from that by `to_input`."""
        ...

    def pixels(self, unknowns: Tensor) -> Tensor:
        """Flat images, shape (m, D)."""
        ...

    def pull_back_pixels(self, gradient: Tensor) -> Tensor:
        """The gradient by the unknowns from that by `pixels`."""
        ...


@dataclass(frozen=True)
class Pixels:
    """The unknowns are the pixels, as published.

    Attributes:
        input_dimension: D.
    """

    input_dimension: int
    is_reduced = False
    to_pixels = None
    pixel_scale = 1.0

    @property
    def per_candidate(self) -> int:
        """D."""
        return self.input_dimension

    def reduce(self, target: Target) -> tuple[Target, float]:
        """Nothing is lost."""
        return target, 0.0

    def to_input(self, unknowns: Tensor) -> Tensor:
        """Themselves."""
        return unknowns

    def pull_back(self, gradient: Tensor) -> Tensor:
        """Itself."""
        return gradient

    def pixels(self, unknowns: Tensor) -> Tensor:
        """Themselves."""
        return unknowns

    def pull_back_pixels(self, gradient: Tensor) -> Tensor:
        """Itself."""
        return gradient
