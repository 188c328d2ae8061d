"""The singular values of a weight matrix, and how many of them stand above its random start.

Training adds to the random initialisation W_1(0) a matrix whose
rank is at most the number of training images, and leaves the rest of W_1(0) as it was. So the
spectrum is signal above the floor of a random matrix, and that floor is known: the singular
values of a p × q matrix of independent entries with standard deviation σ follow the law of
Marchenko and Pastur (1967) and end at σ(√p + √q). σ is fitted to the lower part of the spectrum,
k singular values lie above the end, and since a signal of rank k leaves noise of only
(p − k) × (q − k), the two are repeated until they agree (the idea of Gavish and Donoho 2014,
who stop after one round). The search takes those of them that are not faint.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.network.features import first_full
from engine.network.network import Network
from engine.runtime.lazy import torch

_FAINTEST = 0.009
_FAINTEST_TRACE = 0.003
_ROUNDINGS = 30
"""Times that of one step, the rounding of a thousand: about the root of their number."""
_FITTED_QUANTILES = np.linspace(0.1, 0.4, 13)
_MAX_ROUNDS = 100


@dataclass(frozen=True)
class Spectrum:
    """The singular values of W_1 and how many of them stand above the noise.

    Attributes:
        values: in falling order, shape (min(n_1, D),).
        floor: the largest singular value that the random initialisation explains.
        rank: how many values lie above `floor`.
    """

    values: NDArray[np.float64]
    floor: float
    rank: int

    @property
    def clear(self) -> int:
        """How many directions candidates are made of: those above the floor that are not faint.

        Faint is what is below 0.9 % of the largest. Such directions belong to few images each. Left
        to the search they are where it fits the weights with what is no image: without them it
        finds more (decision 10). Where the start of W_1 is still there, the floor lies higher than
        that, and all above it are needed.
        """
        least = max(self.floor, self._faintest)
        return max(int((self.values > least).sum()), 1)

    @property
    def remembered(self) -> int:
        """About how many training images carry a multiplier above 5 % of the largest.

        Each image leaves one direction in W_1, whatever the number of outputs. Those above the
        floor and above 0.3 % of the largest are counted: a smaller multiplier leaves less, and so
        does rounding to 16 bits. The share was fitted to binary networks of the default recipe
        (docs/decisions/0007). A random start that is still there hides images, which are not
        counted. Adam without weight decay in the loss leaves directions that are no image's, which
        are (docs/decisions/0023).
        """
        least = max(self.floor, _FAINTEST_TRACE * float(self.values[0]))
        return int((self.values > least).sum())

    @property
    def is_start_there(self) -> bool:
        """Whether the random start of W_1 hides directions that are not faint.

        Then there are more images than `remembered` says.
        """
        return self.floor > self._faintest

    @property
    def _faintest(self) -> float:
        return _FAINTEST * float(self.values[0])


def spectrum_of(network: Network, layer: int = 0) -> Spectrum:
    """The spectrum of W*_1, or of another layer counted from 0, without its singular vectors.

    A convolution's weights are taken as a matrix of so many rows as it has channels.
    """
    weight = network.explained.weights[layer].detach().cpu().double().flatten(1)
    return spectrum_in(network, torch.linalg.svdvals(weight).numpy(), layer)


def images_spectrum(network: Network) -> Spectrum:
    """That of the layer whose rows images have left traces in: the first fully connected one."""
    return spectrum_of(network, first_full(network))


def spectrum_in(network: Network, values: NDArray[np.float64], layer: int = 0) -> Spectrum:
    """What singular values of W*_l say, in falling order.

    Of what fine-tuning changed of a base no random start is left: what is noise there is rounding.
    """
    weight = network.weights[layer].flatten(1)
    if network.base is None:
        return read_spectrum(values, weight.shape)
    error = (
        _ROUNDINGS * torch.finfo(weight.dtype).eps * float(weight.double().square().mean().sqrt())
    )
    floor = error * sum(math.sqrt(size) for size in weight.shape)
    return Spectrum(values, floor, int((values > floor).sum()))


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
