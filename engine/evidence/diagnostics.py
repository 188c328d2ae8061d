"""What chance the attack has on a network, before any run.

From the weights alone (`check_weights`): what stands above the noise of the initialisation, how
far the layers are from the balance that stationarity asks for, and the least residual that any
candidates can leave. What the training images add: `stationarity_check`.

Two facts are used, all for Φ homogeneous of degree one in each layer θ_l.

1. Balance. With g_l = Σ λ_i y_i ∇_l Φ(x_i), Euler's theorem gives
   ⟨θ_l, g_l⟩ = Σ λ_i y_i Φ(x_i) = S for every layer, whatever the candidates. So

       Σ_l ‖θ_l − g_l‖² ≥ Σ_l (‖θ_l‖ − S/‖θ_l‖)²          (Cauchy and Schwarz),

   which is least at S = L / Σ_l ‖θ_l‖⁻². It is zero for layers of one norm, and else a floor of
   the residual that no candidates with hard gates can pass.
2. Rank. ∇_{W_l} Φ(x_i) is an outer product, so that k images explain at most the k leading
   singular directions of each layer: the rest of its norm is a floor for k images (Eckart and
   Young). More candidates than images can pass it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import counted, percent
from engine.network.network import Network
from engine.stationarity.spectrum import Spectrum, spectrum_of_matrix

Values = NDArray[np.float64]


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


def _rank_floor(values: Values, rank: int) -> float:
    """Norm of what k outer products cannot explain of a matrix (fact 2)."""
    return float(np.sqrt(np.square(values[rank:]).sum()))


def _balance_floor(squares: Values) -> float:
    """Least relative residual by fact 1."""
    common = len(squares) / (1 / squares).sum()
    return float(
        np.sqrt(np.square(np.sqrt(squares) - common / np.sqrt(squares)).sum() / squares.sum())
    )
