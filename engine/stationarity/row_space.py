"""The reduced problem: candidates in the row space of the first weight matrix.

At stationarity W_1 = Σ c_i δ_{1,i} x_iᵀ: every training image that carries a multiplier lies in
the row space of W_1. A candidate is written as x = (s ∘ z) B, with B the
k leading right singular vectors of W_1 and s a scale per coordinate. The problem keeps its
solutions, shrinks from D to k unknowns a candidate, and its cost no longer grows with D.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine.data.inputs import InputSpec
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.stationarity.spectrum import Spectrum, spectrum_in
from engine.stationarity.target import Target
from engine.stationarity.weighing import AlongAxes, whitened

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RowSpace:
    """Coordinates for candidates, and the way back to pixels.

    Attributes:
        basis: B, orthonormal rows, shape (k, D).
        scale: s = (S/S_0)^p, shape (k,); conditions the problem for Adam.
        spectrum: where k came from.
    """

    basis: Tensor
    scale: Tensor
    spectrum: Spectrum

    @property
    def rank(self) -> int:
        """k, the number of coordinates."""
        return self.basis.shape[0]

    def to(self, device: torch.device | str, dtype: torch.dtype) -> RowSpace:
        """The same space on another device and in another precision."""
        return replace(self, basis=self.basis.to(device, dtype), scale=self.scale.to(device, dtype))

    @property
    def per_candidate(self) -> int:
        """k; see `Coordinates`."""
        return self.rank

    @property
    def input_dimension(self) -> int:
        """D."""
        return self.basis.shape[1]

    @property
    def is_reduced(self) -> bool:
        """Always."""
        return True

    @cached_property
    def to_pixels(self) -> Tensor:
        """s ∘ B, shape (k, D)."""
        return self.scale[:, None] * self.basis

    @property
    def pixel_scale(self) -> float:
        """‖s‖/√D, the basis being orthonormal; of what the network reads."""
        return math.sqrt(float(self.scale.square().sum()) / self.input_dimension)

    def to_input(self, unknowns: Tensor) -> Tensor:
        """s ∘ z, what the reduced network reads, shape (m, k)."""
        return unknowns * self.scale

    def pull_back(self, gradient: Tensor) -> Tensor:
        """The gradient by z from that by s ∘ z."""
        return gradient * self.scale

    def pixels(self, unknowns: Tensor) -> Tensor:
        """z (m, k) → flat network inputs x = (s ∘ z) B (m, D)."""
        return unknowns @ self.to_pixels

    def pull_back_pixels(self, gradient: Tensor) -> Tensor:
        """The gradient by z from that by x."""
        return gradient @ self.to_pixels.T

    def weighing(self, power: float, bias_norm: float) -> AlongAxes:
        """How much the residual of W_1 is to count in each direction.

        Args:
            power: p of `weighing`.
            bias_norm: ‖b_1‖; 0 without one.
        """
        values = torch.from_numpy(self.spectrum.values[: self.rank])
        weights, _, bias = whitened(values, power, bias_norm)
        return AlongAxes(weights.to(self.basis.device, self.basis.dtype), bias)

    def reduce(self, target: Target) -> tuple[Target, float]:
        """The target as the coordinates s ∘ z see it, and what they cannot see.

        Returns:
            A target with W_1 Bᵀ (n_1 × k) for W_1, the network's and the explained one, in the
            basis' precision, and ‖W*_1 − W*_1 Bᵀ B‖². Candidates in the row space leave that part
            of the residual as it is: the full loss is the reduced loss plus this constant.
        """
        # On the CPU: Apple GPUs have no float64.
        first, basis = target.explained.weights[0].cpu().double(), self.basis.cpu().double()
        unseen = float((first - first @ basis.T @ basis).square().sum())
        network = replace(
            target.network,
            parameters=_reduced(target.network.parameters, basis),
            inputs=InputSpec.flat(self.rank),
        )
        if target.is_whole:
            reduced = Target.of(network)
        else:
            reduced = Target(network, _reduced(target.explained, basis))
        return reduced.to(self.basis.device, self.basis.dtype), unseen


def _reduced(parameters: Parameters, basis: Tensor) -> Parameters:
    """The same with W_1 Bᵀ for W_1."""
    first, *others = parameters.weights
    seen = first.cpu().double() @ basis.T
    return replace(parameters, weights=(seen.to(first.device), *others))


def row_space(network: Network, scale_power: float, rank: int | None = None) -> RowSpace:
    """The row space of W*_1 above its noise floor, in float64 on the CPU.

    Args:
        network: whose first weight matrix, or the change of it, is taken apart.
        scale_power: p in s = (S/S_0)^p, times what images are stretched by, so that coordinates are
            as large, and move as far, whatever their preprocessing.
        rank: k; the directions above the noise floor that are not faint, where not given.
    """
    first = network.explained.weights[0].detach().cpu().double()
    _, values, basis = torch.linalg.svd(first, full_matrices=False)
    spectrum = spectrum_in(network, values.numpy())
    k = max(1, min(rank or spectrum.clear, len(values)))
    scale = (values[:k] / values[0]).clamp_min(1e-12).pow(scale_power)
    return RowSpace(basis[:k].contiguous(), network.inputs.stretch * scale, spectrum)
