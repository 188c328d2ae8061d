"""What a step minimises besides the stationarity loss; each term alone, with a name and a value.

Box and multiplier floor are the constraint loss of Haim et al. 2022 (their equations 6 and 7).
Smoothness and margin pull are ours (decisions 5 and 9), and are left out of the paper's procedure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.data.inputs import InputShape
from engine.network.classes import Classes
from engine.runtime.lazy import torch
from engine.stationarity.closed_form import joined
from engine.stationarity.coordinates import Coordinates
from engine.stationarity.multipliers import Multipliers

if TYPE_CHECKING:
    from torch import Tensor

_FLOOR_WEIGHT = 5.0
_LEAST_SHARE = 0.05
_PIXELS_EVERY, _PIXELS_PULLED_EVERY = 10, 2
_DIMENSIONS_A_STEP = 1000


@dataclass(frozen=True)
class Pull:
    """A term at one set of unknowns.

    Attributes:
        penalty: what it adds to the constraint loss; None where it was not looked at, or is no
            constraint.
        unknowns: its gradient by the unknowns, shape (m, k); None where it is zero.
        multipliers: its gradient by λ, in the shape of λ; None where it is zero.
    """

    penalty: Tensor | None = None
    unknowns: Tensor | None = None
    multipliers: Tensor | None = None


class Term(Protocol):
    """A term that looks at unknowns and multipliers."""

    name: str
    is_constraint: bool

    def at(
        self, unknowns: Tensor, multipliers: Tensor, labels: Tensor, step: int, chunk: int | None
    ) -> Pull:
        """Value and gradients.

        Args:
            unknowns: shape (m, k).
            multipliers: λ.
            labels: y.
            step: steps taken before this one.
            chunk: how many candidates to work on at a time; all of them where None.
        """
        ...


class Box:
    """Σ relu(x−1)² + Σ relu(−1−x)²: pixels stay in [−1, 1], or in whatever [0, 1] becomes.

    That is its value, and as published its gradient. Where a weight is given, the gradient is that
    of weight · ‖θ*_1‖²/D times the same, averaged over the candidates: it scales as the
    stationarity loss does, so pixels are held back gently from the first step on (decision 36).

    In the row space pixels cost a product with the basis. So one step in two looks at them, and one
    in ten where they are not weighted; fewer do where an image has many numbers, to cost no more.
    """

    name = "box"
    is_constraint = True

    def __init__(
        self,
        coordinates: Coordinates,
        bounds: tuple[Tensor | float, Tensor | float] = (-1.0, 1.0),
        weight: float = 0.0,
        first_layer: float = 0.0,
    ) -> None:
        """
        Args:
            coordinates: what unknowns are.
            bounds: least and largest of what the network reads, numbers or of shape (D,).
            weight: of the gradient; 0 leaves it as published.
            first_layer: ‖θ*_1‖², where it is weighted.
        """
        self._coordinates = coordinates
        self._lower, self._upper = bounds
        usual = _PIXELS_PULLED_EVERY if weight else _PIXELS_EVERY
        rare = max(usual, coordinates.input_dimension // _DIMENSIONS_A_STEP)
        self._every = rare if coordinates.is_reduced else 1
        self._weight = self._every * weight * first_layer / coordinates.input_dimension

    def at(
        self, unknowns: Tensor, multipliers: Tensor, labels: Tensor, step: int, chunk: int | None
    ) -> Pull:
        """See `Term.at`."""
        if step % self._every:
            return Pull()
        scale = 2 * (self._weight / len(unknowns) if self._weight else 1.0)
        penalties, gradients = [], []
        for part in torch.split(unknowns, chunk or len(unknowns)):
            pixels = self._coordinates.pixels(part)
            outside = (pixels - self._upper).relu() - (self._lower - pixels).relu()
            penalties.append(outside.square().sum())
            gradients.append(self._coordinates.pull_back_pixels(scale * outside))
        return Pull(torch.stack(penalties).sum(), joined(gradients))


class Smoothness:
    """smoothness · ‖θ*_1‖² · ‖∇x_i‖²/D, averaged over the candidates.

    ∇ takes the differences of neighbouring pixels. The term scales with θ, and with the number of
    candidates, as the stationarity loss does. In the row space its gradient is one product with a
    k × k matrix.
    """

    name = "smoothness"
    is_constraint = False

    def __init__(
        self, coordinates: Coordinates, shape: InputShape, weight: float, first_layer: float
    ) -> None:
        """
        Args:
            coordinates: what unknowns are.
            shape: (c, h, w) of an image.
            weight: smoothness.
            first_layer: ‖θ*_1‖².
        """
        self._shape = shape
        self._weight = weight * first_layer / coordinates.input_dimension
        basis = coordinates.to_pixels
        self._roughness = None if basis is None else self._laplacian(basis) @ basis.T

    def at(
        self, unknowns: Tensor, multipliers: Tensor, labels: Tensor, step: int, chunk: int | None
    ) -> Pull:
        """See `Term.at`."""
        count = len(unknowns)
        parts = [self._rough(part) for part in torch.split(unknowns, chunk or count)]
        return Pull(unknowns=joined(parts) * (2 * self._weight / count))

    def _rough(self, unknowns: Tensor) -> Tensor:
        return self._laplacian(unknowns) if self._roughness is None else unknowns @ self._roughness

    def _laplacian(self, pixels: Tensor) -> Tensor:
        """½ ∂‖∇x‖²/∂x of flat images, shape (n, D)."""
        images = pixels.reshape(-1, *self._shape)
        result = torch.zeros_like(images)
        for axis in (2, 3):
            step = images.diff(dim=axis)
            size = step.shape[axis]
            result.narrow(axis, 1, size).add_(step)
            result.narrow(axis, 0, size).sub_(step)
        return result.reshape(pixels.shape)


@dataclass(frozen=True)
class MultiplierFloor:
    """5 Σ relu(λ_min − λ_i)²: every candidate has to explain a part of the weights.

    Attributes:
        kind: what λ are.
        least: λ_min.
    """

    kind: Multipliers
    least: float
    name = "multiplier floor"
    is_constraint = True

    def at(
        self, unknowns: Tensor, multipliers: Tensor, labels: Tensor, step: int, chunk: int | None
    ) -> Pull:
        """See `Term.at`."""
        found = self.kind.floor(multipliers, labels, self.least)
        if found is None:
            return Pull(torch.zeros((), device=unknowns.device, dtype=unknowns.dtype))
        penalty, gradient = found
        return Pull(_FLOOR_WEIGHT * penalty, multipliers=_FLOOR_WEIGHT * gradient)


@dataclass(frozen=True)
class MarginPull:
    """weight · ‖W_L‖² · (1/m) Σ_i (margin_i/γ − 1)²: an `OutputTerm`.

    The stationarity loss uses one of the KKT conditions. Another, complementary slackness, says
    that images with a multiplier all have the same margin γ: y_i Φ(x_i), or the lead of the own
    output over the runner-up. Here γ is the mean of the candidates' positive margins weighted by
    their multipliers, held constant in the gradient. The term scales with θ as the stationarity
    loss does.

    Attributes:
        kind: what λ are.
        classes: what the outputs tell apart.
        weight: of the term, with ‖W_L‖².
    """

    kind: Multipliers
    classes: Classes
    weight: float

    def pull(self, outputs: Tensor, multipliers: Tensor, labels: Tensor) -> Tensor:
        """See `OutputTerm.pull`."""
        margins, directions = self.classes.margins_along(outputs, labels)
        shares = self.kind.strength(multipliers, labels).relu()
        gamma = (shares * margins.relu()).sum() / shares.sum().clamp_min(1e-12)
        # As long as hardly a candidate has its own label, there is no margin to pull to.
        is_known = gamma > _LEAST_SHARE * margins.abs().mean()
        inverse = torch.where(is_known, 1 / gamma, torch.zeros_like(gamma))
        scale = 2 * self.weight / len(margins)
        return (scale * (margins * inverse - 1) * inverse).unsqueeze(1) * directions
