"""Non-negative least squares for thousands of unknowns, where exact solutions take too long.

min ‖t − Σ z_i c_i‖² over z ≥ 0, the c_i of length 1, needs their products C and those with t. It is
solved in rounds of two parts, as in gradient projection with conjugate gradients (Moré and Toraldo
1991):

* Gauss and Seidel: each block of unknowns in turn is solved for exactly, all others held. This
  finds out who is zero.
* Conjugate gradients on those above zero, cut off at zero and shortened until the sum falls.

On its way such a method favours whom it takes first. Taken in the order in which they are given,
members before the control, a search that has not come to its end tells the two apart by their
places alone. So the order is drawn, and a solution says what there is left to gain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.progress import Progress, unheard
from engine.evidence.nnls import solve_nonnegative
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = 1e-4
"""The gap at which a search ends: single precision cannot tell much less of thousands."""

_BLOCK = 256
_MOST_ROUNDS = 100
_STEPS = 12
_HALVINGS = 6
_ENOUGH = 1e-6


@dataclass(frozen=True)
class Solution:
    """Unknowns, and how nearly they are the best.

    Attributes:
        unknowns: z ≥ 0, float64, shape (n,).
        gap: the largest derivative by an unknown that has the wrong sign, in units of ‖t‖: any
            where z_i > 0, one that pulls upwards where z_i = 0.
    """

    unknowns: Tensor
    gap: float


def solve_many(
    products: Tensor,
    target: Tensor,
    progress: Progress = unheard,
    tolerance: float = TOLERANCE,
) -> Solution:
    """z ≥ 0 that minimises zᵀCz − 2bᵀz.

    Args:
        products: C, the products of vectors of length 1, or 0; float32, shape (n, n).
        target: b, their products with t/‖t‖, float64, shape (n,).
        progress: told the share that is done, several times a second.
        tolerance: the gap at which it ends; after a hundred rounds it ends anyhow.

    Raises:
        Cancelled: `progress` said so.
    """
    problem = _Problem(products, target)
    z, gap, share = torch.zeros_like(target), 0.0, 0.0

    def beat() -> None:
        progress(share)

    for _ in range(_MOST_ROUNDS):
        for _ in problem.sweep(z):
            beat()
        slope = problem.slope(z)
        gap = float(torch.where(z > 0, slope.abs(), -slope).clamp_min(0).max())
        if gap <= tolerance:
            break
        share = max(share, min(math.log(gap) / math.log(tolerance), 1.0) if gap < 1 else 0.0)
        z = problem.moved(z, slope, problem.step(z, slope, beat))
    return Solution(z, gap)


@dataclass(frozen=True)
class _Problem:
    """C and b."""

    products: Tensor
    target: Tensor

    def slope(self, z: Tensor) -> Tensor:
        """Cz − b, half the derivative, shape (n,)."""
        return (self.products @ z.float()).double() - self.target

    def value(self, z: Tensor, slope: Tensor) -> float:
        """zᵀCz − 2bᵀz."""
        return float(z @ (slope - self.target))

    def sweep(self, z: Tensor) -> Iterator[None]:
        """Solves for one block after another, and puts the solutions into z."""
        order = torch.randperm(len(z), generator=torch.Generator().manual_seed(0))
        for block in torch.split(order, _BLOCK):
            rows = self.products[block]
            own = rows[:, block].double()
            slope = (rows @ z.float()).double() - self.target[block]
            z[block] = solve_nonnegative(own, own @ z[block] - slope)
            yield

    def step(self, z: Tensor, slope: Tensor, beat: Callable[[], None]) -> Tensor:
        """Where those above zero would go if nothing held them, by conjugate gradients."""
        free = z > 0
        left = -slope * free
        found, along, squared = torch.zeros_like(z), left, float(left @ left)
        enough = _ENOUGH * squared
        for _ in range(_STEPS):
            beat()
            pulled = (self.products @ along.float()).double() * free
            curvature = float(along @ pulled)
            if squared <= enough or curvature <= 0:
                break
            found = torch.add(found, along, alpha=squared / curvature)
            left = torch.sub(left, pulled, alpha=squared / curvature)
            before, squared = squared, float(left @ left)
            along = left + squared / before * along
        return found

    def moved(self, z: Tensor, slope: Tensor, step: Tensor) -> Tensor:
        """z + step, or a part of it, none below zero; z itself where no part is better."""
        now = self.value(z, slope)
        for halving in range(_HALVINGS):
            there = (z + step * 0.5**halving).clamp_min(0)
            if self.value(there, self.slope(there)) < now:
                return there
        return z
