"""Non-negative least squares: the conditions of its solution, and scipy's numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from engine.evidence.nnls import solve_nonnegative


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 60), extra=st.integers(0, 40))
def test_the_solution_is_scipys_and_meets_its_conditions(seed, count, extra):
    rng = np.random.default_rng(seed)
    matrix, target = rng.normal(size=(count + extra, count)), rng.normal(size=count + extra)
    gram, product = matrix.T @ matrix, matrix.T @ target
    x = solve_nonnegative(torch.from_numpy(gram), torch.from_numpy(product)).numpy()
    expected, residual = nnls(matrix, target, maxiter=100 * count)
    assert (x >= 0).all()
    assert np.linalg.norm(matrix @ x - target) == pytest.approx(residual, rel=1e-6, abs=1e-7)
    if extra > count:  # Well conditioned: the solution itself is the same, too.
        np.testing.assert_allclose(x, expected, atol=1e-6)


def test_equal_columns_share():
    matrix = np.repeat(np.random.default_rng(0).normal(size=(20, 3)), 2, axis=1)
    target = matrix @ np.array([1.0, 1, 2, 2, 0, 0])
    x = solve_nonnegative(
        torch.from_numpy(matrix.T @ matrix), torch.from_numpy(matrix.T @ target)
    ).numpy()
    np.testing.assert_allclose(x, [1, 1, 2, 2, 0, 0], atol=0.05)


def test_nothing_to_explain_with():
    assert solve_nonnegative(torch.zeros(4, 4).double(), torch.ones(4).double()).tolist() == [0] * 4


def test_far_more_columns_than_rows():
    rng = np.random.default_rng(0)
    matrix, target = rng.normal(size=(40, 300)), rng.normal(size=40)
    x = solve_nonnegative(
        torch.from_numpy(matrix.T @ matrix), torch.from_numpy(matrix.T @ target)
    ).numpy()
    assert (x >= 0).all()
    assert np.linalg.norm(matrix @ x - target) < 1e-5
