"""The reduced problem: candidates in the row space of the first weight matrix.

At stationarity W_1 = Σ c_i δ_{1,i} x_iᵀ: every training image that carries a multiplier lies in
the row space of W_1 (design, section 2). A candidate is written as x = (s ∘ z) B, with B the
k leading right singular vectors of W_1 and s a scale per coordinate. The problem keeps its
solutions, shrinks from D to k unknowns a candidate, and its cost no longer grows with D.

How k is read off the spectrum. Training adds to the random initialisation W_1(0) a matrix whose
rank is at most the number of training images, and leaves the rest of W_1(0) as it was. So the
spectrum is signal above the floor of a random matrix, and that floor is known: the singular
values of a p × q matrix of independent entries with standard deviation σ follow the law of
Marchenko and Pastur (1967) and end at σ(√p + √q). σ is fitted to the lower part of the spectrum,
k singular values lie above the end, and since a signal of rank k leaves noise of only
(p − k) × (q − k), the two are repeated until they agree (the idea of Gavish and Donoho 2014,
who stop after one round). The search takes those of them that stand clear of the noise.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.stationarity.closed_form import DirectionWeights

if TYPE_CHECKING:
    from torch import Tensor

_CLEAR = 3.0
_LEAST_SHARE = 0.01
_FITTED_QUANTILES = np.linspace(0.1, 0.4, 13)
_MAX_ROUNDS = 100


@dataclass(frozen=True)
class Spectrum:
    """The singular values of W_1 and how many of them stand above the noise.

    Attributes:
        values: in falling order, shape (min(n_1, D),).
        floor: the largest singular value that the random initialisation explains.
        rank: how many values lie above `floor`; an estimate, from the weights alone, of how
            many training images the network remembers.
    """

    values: NDArray[np.float64]
    floor: float
    rank: int

    @property
    def clear(self) -> int:
        """How many values stand clear of the floor: the directions that candidates are made of.

        Directions just above it belong to few images each. Left to the search they are where it
        fits the weights with what is no image: without them it finds more (decision 10).
        """
        return max(int((self.values > _CLEAR * self.floor).sum()), math.ceil(self.rank / 3), 1)


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

    def pixels(self, coordinates: Tensor) -> Tensor:
        """Coordinates z (m, k) → flat, centred images x = (s ∘ z) B (m, D)."""
        return (coordinates * self.scale) @ self.basis

    def coordinates(self, pixels: Tensor) -> Tensor:
        """Flat images (m, D) → coordinates (m, k) of their projection onto the space."""
        return (pixels @ self.basis.T) / self.scale

    def direction_weights(self, power: float, bias_norm: float) -> DirectionWeights:
        """How much the residual of W_1 is to count in each direction: w_k ∝ S_k^(−2·power).

        W_1 is a sum over images of u_i x_iᵀ, where u_i keeps to λ_i y_i δ_1,i only within a third
        or so: it gathered while the gates still moved. That misfit is largest in the few
        directions that all images share, and there it drowns what tells them apart (decision 9).
        Singular values below 1 % of the largest count as that, and the mean weight of ‖W_1‖² is 1.

        Args:
            power: 0 weighs all directions alike, 1 whitens W_1.
            bias_norm: ‖b_1‖, the bias being the direction of a constant input; 0 without one.
        """
        values = torch.from_numpy(self.spectrum.values[: self.rank])
        least = _LEAST_SHARE * float(values[0])
        weights = (values.square() + least**2).pow(-power)
        common = float(values.square().sum() / (weights * values.square()).sum())
        return DirectionWeights(
            input=(common * weights).to(self.basis.device, self.basis.dtype),
            bias=common * (bias_norm**2 + least**2) ** -power,
        )

    def reduce(self, network: Network) -> tuple[Network, float]:
        """The network as the coordinates s ∘ z see it, and what they cannot see.

        Returns:
            A network with W_1 Bᵀ (n_1 × k) for W_1, in the basis' precision, and
            ‖W_1 − W_1 Bᵀ B‖². Candidates in the row space leave that part of the residual as
            it is: the full loss is the reduced loss plus this constant.
        """
        # On the CPU: Apple GPUs have no float64.
        first, basis = network.weights[0].cpu().double(), self.basis.cpu().double()
        reduced_first = first @ basis.T
        unseen = float((first - reduced_first @ basis).square().sum())
        dtype, device = self.basis.dtype, self.basis.device
        reduced = replace(
            network,
            weights=(reduced_first.to(network.weights[-1].device), *network.weights[1:]),
            input_shape=(1, 1, self.rank),
            mean=None,
        )
        return reduced.to(device, dtype), unseen


def row_space(network: Network, scale_power: float, rank: int | None = None) -> RowSpace:
    """The row space of W_1 above its noise floor, in float64 on the CPU.

    Args:
        network: whose first weight matrix is taken apart.
        scale_power: p in s = (S/S_0)^p.
        rank: k; the directions clear of the noise floor where not given.
    """
    _, values, basis = torch.linalg.svd(
        network.weights[0].detach().cpu().double(), full_matrices=False
    )
    spectrum = read_spectrum(values.numpy(), network.weights[0].shape)
    k = max(1, min(rank or spectrum.clear, len(values)))
    scale = (values[:k] / values[0]).clamp_min(1e-12).pow(scale_power)
    return RowSpace(basis[:k].contiguous(), scale, spectrum)


def spectrum_of(network: Network) -> Spectrum:
    """The spectrum of W_1 without its singular vectors (several times faster)."""
    return spectrum_of_matrix(network.weights[0])


def spectrum_of_matrix(matrix: Tensor) -> Spectrum:
    """The spectrum of any weight matrix, in float64 on the CPU."""
    matrix = matrix.detach().cpu().double()
    return read_spectrum(torch.linalg.svdvals(matrix).numpy(), matrix.shape)


def read_spectrum(values: NDArray[np.float64], shape: tuple[int, ...]) -> Spectrum:
    """How many singular values stand above the noise of a random initialisation.

    Args:
        values: all singular values of a matrix, in falling order.
        shape: the matrix' shape.

    Returns:
        The spectrum with its floor and rank; a matrix of pure noise has rank 0.
    """
    small, large = min(shape), max(shape)
    resolution = float(values[0]) * large * sys.float_info.epsilon
    rank, floor = 0, resolution
    for _ in range(_MAX_ROUNDS):
        p, q = small - rank, large - rank
        if p < 2:
            break
        unit = np.sqrt(q * _marchenko_pastur_quantiles(p / q))
        sigma = float(np.median(np.quantile(values[rank:], _FITTED_QUANTILES) / unit))
        floor = max(sigma * (math.sqrt(p) + math.sqrt(q)), resolution)
        above = int((values > floor).sum())
        if above <= rank:
            break
        rank = above
    return Spectrum(values, floor, rank)


def _marchenko_pastur_quantiles(ratio: float) -> NDArray[np.float64]:
    """Quantiles of the squared singular values of a p × q noise matrix, over qσ²; ratio = p/q."""
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2
    # x = middle + half·cos φ removes the density's square-root ends.
    phi = np.linspace(math.pi, 0, 2001)[1:-1]
    x = (low + high) / 2 + (high - low) / 2 * np.cos(phi)
    density = np.sin(phi) ** 2 / x
    cumulative = np.cumsum(density) / density.sum()
    return np.asarray(np.interp(_FITTED_QUANTILES, cumulative, x))
