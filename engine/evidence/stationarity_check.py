"""How stationary a network truly is, seen with its training images.

Multipliers. For given images θ = Σ λ_i y_i ∇Φ(x_i) with λ_i ≥ 0 is a non-negative least squares
problem. Its matrix is n × (number of weights), but only the Gram matrix is needed, and that is
Σ_l (δ_l δ_lᵀ) ∘ (h_{l−1} h_{l−1}ᵀ), n × n, and δ_l δ_lᵀ once more for a bias of layer l.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.data.datasets import LabelledImages
from engine.evidence.nnls import solve_nonnegative
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.trace import Deltas, Trace, trace
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

MOST_IMAGES = 2000
"""Non-negative least squares over more images would take minutes."""

CARRIES = 0.05
"""An image carries a multiplier if it has more than this share of the largest."""


@dataclass(frozen=True)
class TrueStationarity:
    """How stationary a network is, seen with its training images.

    Attributes:
        multipliers: λ_i ≥ 0 that explain the weights best, shape (n,).
        margins: y_i Φ(x_i), shape (n,).
        relative: ‖θ − Σ λ_i y_i ∇Φ(x_i)‖ / ‖θ‖.
        relative_per_layer: the same for each layer.
    """

    multipliers: Values
    margins: Values
    relative: float
    relative_per_layer: tuple[float, ...]

    @property
    def carrying(self) -> int:
        """How many images carry a multiplier above 5 % of the largest."""
        largest = self.multipliers.max(initial=0.0)
        return int((self.multipliers > CARRIES * largest).sum())

    def heaviest(self, count: int) -> list[int]:
        """Places of the images with the largest multipliers, the largest first."""
        order = np.argsort(-self.multipliers, kind="stable")[:count]
        return [int(place) for place in order if self.multipliers[place] > 0]

    @property
    def wrong(self) -> int:
        """How many images the network gets wrong."""
        return int((self.margins <= 0).sum())


def check_stationarity(network: Network, images: Tensor, signs: Tensor) -> TrueStationarity:
    """Solves for the multipliers of known training images.

    Args:
        network: the network.
        images: centred as they were in training, flat, shape (n, D).
        signs: their labels −1 and +1, shape (n,).

    Raises:
        UnusableInput: there are more than `MOST_IMAGES`, or no solution is found.
    """
    if len(images) > MOST_IMAGES:
        raise UnusableInput(
            f"The multipliers of {len(images):,} images would take too long to solve for; "
            f"{MOST_IMAGES:,} are the most."
        )
    network = network.to("cpu", torch.float64)
    y = signs.cpu().double()
    there, back = gradients(network, images.cpu().double())
    outputs = there.outputs().squeeze(1)
    gram = _gram(network, there, back) * y[:, None] * y
    multipliers = solve_nonnegative(gram, y * along_parameters(network, there, back))
    residuals = _residuals(network, there, back, multipliers * y)
    squares = network.parameters.squared_norms()
    return TrueStationarity(
        multipliers=multipliers.numpy(),
        margins=(y * outputs).numpy(),
        relative=float((residuals.sum() / squares.sum()).sqrt()),
        relative_per_layer=tuple(float(share) for share in (residuals / squares).sqrt()),
    )


def gradients(network: Network, x: Tensor) -> tuple[Trace, Deltas]:
    """What ∇Φ(x_i) is made of, with the activation's own gate, for flat network inputs (n, D)."""
    there = trace(network, x)
    return there, there.backward(torch.ones(len(x), 1, dtype=x.dtype))


def along_parameters(network: Network, there: Trace, back: Deltas) -> Tensor:
    """⟨θ, ∇Φ(x_i)⟩ = Σ_l δ_l · (W_l h_{l−1} + b_l), shape (n,).

    L Φ(x_i) where Φ is homogeneous, by Euler's theorem; this holds with biases anywhere.
    """
    total = torch.zeros(len(there.h[0]), dtype=there.h[0].dtype)
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        z = there.h[layer] @ weight.T
        total += (back.delta[layer + 1] * (z if bias is None else z + bias)).sum(1)
    return total


def _gram(network: Network, there: Trace, back: Deltas) -> Tensor:
    """⟨∇Φ(x_i), ∇Φ(x_j)⟩, shape (n, n)."""
    total = torch.zeros(len(there.h[0]), len(there.h[0]), dtype=there.h[0].dtype)
    for h, delta, bias in zip(there.h, back.delta[1:], network.biases, strict=True):
        deltas = delta @ delta.T
        total += deltas * (h @ h.T)
        if bias is not None:
            total += deltas
    return total


def _residuals(network: Network, there: Trace, back: Deltas, cotangents: Tensor) -> Tensor:
    """‖θ_l − Σ_i u_i ∇_l Φ(x_i)‖² per layer, shape (L,), for cotangents u, shape (n,)."""
    deltas = [cotangents[:, None] * delta for delta in back.delta[1:]]
    explained = Parameters(
        tuple(delta.T @ h for delta, h in zip(deltas, there.h, strict=True)),
        tuple(
            None if bias is None else delta.sum(0)
            for delta, bias in zip(deltas, network.biases, strict=True)
        ),
    )
    return (network.parameters - explained).squared_norms()


def true_stationarity(network: Network, train: LabelledImages) -> TrueStationarity:
    """The multipliers of training images, centred as far as is known.

    The mean is the network's own, else that of the images. Labels are taken so that the network
    gets most of them right: which class is −1 is nowhere written in a checkpoint.

    Raises:
        UnusableInput: there are too many images, or not two classes of them.
    """
    if set(train.labels.tolist()) != {0, 1}:
        raise UnusableInput(
            f"{train.name} has other labels than 0 and 1, or one of them alone, so that nobody "
            "knows what the network was taught of its images."
        )
    mean = train.images.mean(0) if network.mean is None else network.mean
    x = (train.images - mean).flatten(1)
    outputs = network.to("cpu", x.dtype).forward(x).squeeze(1)
    signs = train.signs
    agreement = float((signs * outputs.double()).sign().sum())
    return check_stationarity(network, x, signs if agreement >= 0 else -signs)
