"""What chance the attack has on a network, before any run.

From the weights alone (`check_weights`): what stands above the noise of the initialisation, how
far the layers are from the balance that stationarity asks for, and the least residual that any
candidates can leave. With the training images (`check_stationarity`): how stationary the network
really is, and which images carry a multiplier.

Three facts are used, all for Φ homogeneous of degree one in each layer θ_l.

1. Balance. With g_l = Σ λ_i y_i ∇_l Φ(x_i), Euler's theorem gives
   ⟨θ_l, g_l⟩ = Σ λ_i y_i Φ(x_i) = S for every layer, whatever the candidates. So

       Σ_l ‖θ_l − g_l‖² ≥ Σ_l (‖θ_l‖ − S/‖θ_l‖)²          (Cauchy and Schwarz),

   which is least at S = L / Σ_l ‖θ_l‖⁻². It is zero for layers of one norm, and else a floor of
   the residual that no candidates with hard gates can pass.
2. Rank. ∇_{W_l} Φ(x_i) is an outer product, so that k images explain at most the k leading
   singular directions of each layer: the rest of its norm is a floor for k images (Eckart and
   Young). More candidates than images can pass it.
3. Multipliers. For given images θ = Σ λ_i y_i ∇Φ(x_i) with λ_i ≥ 0 is a non-negative least
   squares problem. Its matrix is n × (number of weights), but only the Gram matrix is needed, and
   that is Σ_l (δ_l δ_lᵀ) ∘ (h_{l−1} h_{l−1}ᵀ), n × n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, percent
from engine.data.datasets import LabelledImages
from engine.evidence.nnls import solve_nonnegative
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.network.trace import Deltas, Trace, trace
from engine.runtime.lazy import torch
from engine.stationarity.spectrum import Spectrum, spectrum_of_matrix

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float64]

MOST_IMAGES = 2000
"""Non-negative least squares over more images would take minutes."""

CARRIES = 0.05
"""An image carries a multiplier if it has more than this share of the largest."""

_FAINTEST = 0.003
_LARGELY, _PARTLY = 0.9, 0.3
_CROWDED = 0.8


@dataclass(frozen=True)
class LayerHealth:
    """One layer.

    Attributes:
        norm: ‖θ_l‖, a first-layer bias included.
        rank: singular values of W_l above the noise of a random initialisation; 1 for a layer
            of one row, which has but one.
        floor: share of ‖θ_l‖ that as many images as the network seems to remember cannot
            explain at best.
    """

    norm: float
    rank: int
    floor: float


@dataclass(frozen=True)
class Health:
    """What the weights alone tell.

    Attributes:
        spectrum: the singular values of W_1, their noise floor, and the knee where they reach it.
        signal: share of ‖W_1‖² that stands above the noise floor.
        layers: W_1 … W_L.
        balance: the smallest layer norm over the largest; 1 at stationarity. It is no measure of
            the attack's chance: large upper layers, which training leaves as they started, made
            more images come back (docs/decisions/0006).
        floor: least relative residual ‖θ − Σ λ y ∇Φ‖ / ‖θ‖ that as many images as the network
            seems to remember can leave, by facts 1 and 2.
    """

    spectrum: Spectrum
    signal: float
    layers: tuple[LayerHealth, ...]
    balance: float
    floor: float

    @property
    def remembered(self) -> int:
        """About how many training images carry a multiplier above 5 % of the largest.

        That is, how many singular values of W_1 stand above the noise floor and above 0.3 % of the
        largest: an image with so small a multiplier leaves less. The share was fitted to networks
        of the default recipe (docs/decisions/0007); `spectrum.rank` counts fainter traces, too.
        """
        least = max(self.spectrum.floor, _FAINTEST * float(self.spectrum.values[0]))
        return int((self.spectrum.values > least).sum())

    @property
    def outlook(self) -> str:
        """One plain sentence."""
        most = len(self.spectrum.values)
        if self.spectrum.rank == 0:
            return (
                "No chance: nothing in the first layer stands above its random start, so there is "
                "no image to be found in it."
            )
        if self.spectrum.rank > _CROWDED * most:
            return (
                f"A poor chance: {self.spectrum.rank} of the first layer's {most} directions are "
                "in use, so that single images can hardly be told apart in it."
            )
        if self.signal < _PARTLY:
            return (
                f"A poor chance: only {percent(self.signal)} of the first layer comes from "
                "training, the rest is its random start."
            )
        if self.signal < _LARGELY:
            return (
                f"A fair chance: the traces of {about_images(self.remembered)} stand out, but "
                f"{percent(1 - self.signal)} of the first layer is its random start, so the "
                "training may have stopped early."
            )
        return (
            "A good chance: the first layer is made by training, with the traces of "
            f"{about_images(self.remembered)}."
        )


def about_images(remembered: int) -> str:
    """`about 82 images`, or `no image`."""
    return f"about {counted(remembered, 'images')}" if remembered else "no image"


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


def check_weights(network: Network) -> Health:
    """Looks at the weights alone; some tenths of a second for a thousand neurons a layer."""
    spectra = [spectrum_of_matrix(weight) for weight in network.weights]
    first = spectra[0]
    squares = network.parameters.squared_norms().cpu().double().numpy()
    floors = [_rank_floor(spectrum.values, first.rank) for spectrum in spectra]
    energy = np.square(first.values)
    return Health(
        spectrum=first,
        signal=float(energy[: first.rank].sum() / energy.sum()),
        layers=tuple(
            LayerHealth(
                math.sqrt(square),
                1 if len(spectrum.values) == 1 else spectrum.rank,
                floor / math.sqrt(square),
            )
            for square, spectrum, floor in zip(squares, spectra, floors, strict=True)
        ),
        balance=float(np.sqrt(squares.min() / squares.max())),
        floor=max(
            _balance_floor(squares),
            math.sqrt(sum(floor**2 for floor in floors) / squares.sum()),
        ),
    )


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


def _rank_floor(values: Values, rank: int) -> float:
    """Norm of what k outer products cannot explain of a matrix (fact 2)."""
    return float(np.sqrt(np.square(values[rank:]).sum()))


def _balance_floor(squares: Values) -> float:
    """Least relative residual by fact 1."""
    common = len(squares) / (1 / squares).sum()
    return float(
        np.sqrt(np.square(np.sqrt(squares) - common / np.sqrt(squares)).sum() / squares.sum())
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
