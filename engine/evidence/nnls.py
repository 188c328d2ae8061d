"""Non-negative least squares on a Gram matrix, by block principal pivoting.

min ‖Jx − t‖² over x ≥ 0 needs no more than G = JᵀJ and b = Jᵀt. Its solution has x ≥ 0,
y = Gx − b ≥ 0 and x_i y_i = 0. The method guesses which x_i are positive, solves for them, and
exchanges all that break these conditions at once; if that stops helping, one at a time, which ends
for certain (Portugal, Júdice and Vicente 1994; Kim and Park 2011, section 3).

`scipy.optimize.nnls` gives the same numbers, but exchanges one at a time and keeps Python's lock
while it does: the window stood still for as long. It takes over where rounding keeps the exchange
of many from an end, as with far more images than weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.progress import silent
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

_PATIENCE = 3
_TOLERANCE = 1e-10
_RIDGES = (1e-14, 1e-11)
_MOST_ROUNDS = 100


def solve_nonnegative(gram: Tensor, target: Tensor, beat: Callable[[], None] = silent) -> Tensor:
    """x ≥ 0 that minimises xᵀGx − 2bᵀx.

    Args:
        gram: G, symmetric and positive semidefinite, float64, shape (n, n).
        target: b, float64, shape (n,).
        beat: called at each exchange; may raise to end the search.

    Returns:
        x, shape (n,); zeros where G is zero.

    Raises:
        UnusableInput: no solution is found.
    """
    count = len(target)
    scale = float(gram.diagonal().max()) if count else 0.0
    if scale <= 0:
        return torch.zeros_like(target)
    # Equal images, or more of them than weights, make G singular. A little more on its diagonal
    # settles which of the many solutions is meant: the one that shares.
    for ridge in _RIDGES:
        ridged = gram + ridge * scale * count * torch.eye(count, dtype=gram.dtype)
        x = _pivot(ridged, target, scale, beat)
        if x is not None:
            return x
    return torch.from_numpy(_one_at_a_time(gram.numpy(), target.numpy()))


def _one_at_a_time(gram: Values, target: Values) -> Values:
    """scipy's way: the same problem for a square root of G."""
    from scipy.optimize import nnls

    values, vectors = np.linalg.eigh(gram)
    kept = values > max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps
    roots = np.sqrt(values[kept])
    matrix = roots[:, None] * vectors[:, kept].T
    try:
        solution, _ = nnls(matrix, (vectors[:, kept].T @ target) / roots, maxiter=30 * len(gram))
    except (RuntimeError, ValueError) as error:
        raise UnusableInput(
            "The multipliers of these images could not be solved for: the search for them came to "
            "no end, or to no finite numbers.",
            "Give fewer images, or other ones.",
        ) from error
    return np.asarray(solution)


def _pivot(gram: Tensor, target: Tensor, scale: float, beat: Callable[[], None]) -> Tensor | None:
    """The solution for a positive definite G; None if rounding keeps it from being found."""
    count = len(target)
    is_positive = torch.zeros(count, dtype=torch.bool)
    x, y = torch.zeros_like(target), -target
    fewest, patience = count + 1, _PATIENCE
    slack = _TOLERANCE * float(target.abs().max())
    for _ in range(_MOST_ROUNDS + count):
        beat()
        wrong = torch.where(is_positive, x * scale < -slack, y < -slack)
        number = int(wrong.sum())
        if number == 0:
            return x.clamp_min(0)
        if number < fewest:
            fewest, patience = number, _PATIENCE
        elif patience > 0:
            patience -= 1
        else:
            last = int(wrong.nonzero()[-1])
            wrong = torch.zeros_like(wrong)
            wrong[last] = True
        is_positive ^= wrong
        solved = _solve_on(is_positive, gram, target)
        if solved is None:
            return None
        x, y = solved
    return None


def _solve_on(is_positive: Tensor, gram: Tensor, target: Tensor) -> tuple[Tensor, Tensor] | None:
    """x with zeros off a set, exact on it, and y = Gx − b with zeros on it; None if G is not
    positive definite there.
    """
    x, y = torch.zeros_like(target), -target
    chosen = is_positive.nonzero().squeeze(1)
    if len(chosen):
        factor, failed = torch.linalg.cholesky_ex(gram[chosen][:, chosen])
        if int(failed):
            return None
        x[chosen] = torch.cholesky_solve(target[chosen, None], factor).squeeze(1)
        y = gram @ x - target
        y[chosen] = 0
    return x, y
