"""Thousands of unknowns above zero: the conditions of the solution, whoever comes first."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from engine.base.progress import Cancelled
from engine.evidence.large_nnls import TOLERANCE, solve_many


def problem(rows: int, columns: int, seed: int = 0):
    """Unit vectors that have much in common, and something that some of them explain in part."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, columns)) + 0.5 * rng.normal(size=(rows, 1))
    matrix /= np.linalg.norm(matrix, axis=0)
    weights = np.where(rng.random(columns) < 0.3, rng.random(columns), 0.0)
    target = matrix @ weights + 0.3 * rng.normal(size=rows)
    return matrix, target / np.linalg.norm(target)


def solve(matrix, target, **options):
    products = torch.from_numpy((matrix.T @ matrix).astype(np.float32))
    return solve_many(products, torch.from_numpy(matrix.T @ target), **options)


@pytest.mark.parametrize(("rows", "columns"), [(900, 700), (500, 700), (40, 30)])
def test_the_solution_is_scipys(rows, columns):
    matrix, target = problem(rows, columns)
    found = solve(matrix, target, tolerance=1e-5)
    expected, residual = nnls(matrix, target, maxiter=100 * columns)
    z = found.unknowns.numpy()
    assert found.gap <= 1e-5
    assert (z >= 0).all()
    assert 0 < (z > 0).sum() < columns
    assert np.linalg.norm(matrix @ z - target) == pytest.approx(residual, abs=1e-5)
    np.testing.assert_allclose(z, expected, atol=1e-3)


def test_the_gap_is_the_largest_broken_condition():
    matrix, target = problem(600, 500)
    found = solve(matrix, target)
    slope = matrix.T @ (matrix @ found.unknowns.numpy() - target)
    broken = np.where(found.unknowns.numpy() > 0, np.abs(slope), -slope).max()
    assert found.gap <= TOLERANCE
    assert found.gap == pytest.approx(broken, abs=1e-6)


def test_the_order_does_not_matter():
    """On its way a search favours whom it takes first; at its end nobody may be favoured."""
    matrix, target = problem(700, 600)
    order = np.random.default_rng(1).permutation(600)
    one, other = solve(matrix, target), solve(matrix[:, order], target)
    np.testing.assert_allclose(one.unknowns[order], other.unknowns, atol=2e-3)


def test_vectors_without_length_explain_nothing():
    matrix, target = problem(400, 300)
    matrix[:, ::7] = 0
    found = solve(matrix, target)
    assert (found.unknowns[::7] == 0).all()
    assert float(found.unknowns.max()) > 0


def test_nothing_is_found_where_all_pull_away():
    matrix, target = problem(400, 300)
    away = -np.abs(matrix).T @ np.abs(target)
    products = torch.from_numpy((matrix.T @ matrix).astype(np.float32))
    found = solve_many(products, torch.from_numpy(away))
    assert found.unknowns.tolist() == [0] * 300
    assert found.gap == 0


def test_progress_rises_and_can_end_it():
    matrix, target = problem(700, 600)
    told: list[float] = []
    solve(matrix, target, progress=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    assert told[-1] > 0.5

    def stop(_share: float) -> None:
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        solve(matrix, target, progress=stop)
