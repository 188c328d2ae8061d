"""What chance the attack has on a network, before any run.

From the weights alone (`check_weights`): what stands above the noise of the initialisation, how
far the layers are from the balance that stationarity asks for, and the least residual that any
candidates can leave. What the training images add: `stationarity_check`.

Two facts are used. They hold for any number of outputs, and with biases anywhere.

1. Balance. Whatever the candidates, what they explain of W_{l+1} along it is what they explain of
   W_l and b_l along these (`stationarity.balance`). Weights that are not balanced so leave a
   residual that no candidates with hard gates can pass.
2. Rank. The gradient by W_l of u_i · Φ(x_i) is an outer product, so that k images explain at most
   the k leading singular directions of each layer: the rest of its norm is a floor for k images
   (Eckart and Young). More candidates than images can pass it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.plain_text import percent
from engine.data.nouns import IMAGES, Nouns, nouns_of
from engine.evidence.altered import why_roughly
from engine.evidence.outlook import CROWDED, Outlook, about_images
from engine.evidence.tuning import Tuning, tuning_of
from engine.network.features import first_full
from engine.network.network import Network
from engine.stationarity.balance import balance_floor, decay_balance, level_norms
from engine.stationarity.cases import BALANCED
from engine.stationarity.spectrum import Spectrum, images_spectrum, spectrum_of

Values = NDArray[np.float64]


FIRST = "first layer"
LARGELY, MOSTLY = 0.9, 0.75
"""Shares of W_1 that come from training. The rest is its random start, which hides images: what is
left of it told best how many came back (decision 23)."""
_UNTRAINED = 0.05
"""A smaller share of W_1 stands above its random start in networks that nobody trained, too
(decision 25)."""
_LOOKS_THE_SAME = (
    "AdamW, and Adam without weight decay, can leave weights that look the same, but have given "
    "up nothing so far."
)
AT_REST = 0.01
"""Neighbouring layers that differ by less have been brought there by weight decay, to the end."""


@dataclass(frozen=True)
class LayerHealth:
    """One layer.

    Attributes:
        norm: ‖θ_l‖, its bias included.
        rank: singular values of W_l above the noise of a random initialisation; 1 for a layer
            of one row, which has but one.
        floor: share of ‖θ_l‖ that as many images as the network seems to remember cannot
            explain at best.
    """

    norm: float
    rank: int
    floor: float


@dataclass(frozen=True)
class TrainingSigns:
    """What the weights alone tell of how they were trained.

    Attributes:
        imbalance: how far neighbouring layers are from the balance of a stationary point, from 0 to
            1 (`decay_balance`).
        start: share of ‖W_1‖² that its random start left; near 0 where the start decayed, or never
            was of a usual size.
        noise: where that start ends in the spectrum of W_1: its floor over the largest value.
        has_upper_biases: whether layers after the first have biases, so that Φ is not homogeneous.
    """

    imbalance: float
    start: float
    noise: float
    has_upper_biases: bool

    @property
    def looks_decayed(self) -> bool:
        """Whether neighbouring layers balance, as weight decay leaves them."""
        return self.imbalance < BALANCED

    @property
    def is_at_rest(self) -> bool:
        """Whether they balance as only weight decay leaves them that has come to rest."""
        return self.imbalance < AT_REST

    @property
    def words(self) -> str:
        """For people, in a line."""
        share = 100 * self.imbalance
        apart = f"{share:.2g} %" if share < 1 else f"{share:.0f} %"
        if self.is_at_rest:
            return f"with weight decay, to rest: neighbouring layers balance to {apart}"
        if self.looks_decayed:
            return f"with weight decay, not quite to rest: neighbouring layers balance to {apart}"
        return (
            f"without weight decay, or not to rest: neighbouring layers are {apart} out of balance"
        )


@dataclass(frozen=True)
class Health:
    """What the weights alone tell.

    Attributes:
        spectrum: the singular values of W_1, their noise floor, and the knee where they reach it.
        signal: share of ‖W_1‖² that stands above the noise floor.
        layers: W_1 … W_L.
        balance: the smallest over the largest of what is one number for all layers in balance
            (`level_norms`: with a bias on the first layer at most, their norms); 1 at stationarity.
            It is no measure of the attack's chance: networks that weight decay has balanced to 1
            give up many images, and so do some with large upper layers that training has left as
            they started (docs/decisions/0006, 0023).
        floor: least relative residual ‖θ − Σ J(x_i)ᵀ u_i‖ / ‖θ‖ that as many images as the network
            seems to remember can leave, by facts 1 and 2. No measure of the chance, either.
        signs: what kind of training the weights look like.
        dimension: how many numbers that layer reads.
        nouns: for what the network reads.
        layer: which one the spectrum is of: with convolutions the first fully connected one, whose
            rows are made of features as those of W_1 are of images.
        caution: why the equation holds only roughly for them; empty where nothing says so.
        tuning: what fine-tuning did, where the base is known; spectrum, norms and floors are then
            of what it changed.
    """

    spectrum: Spectrum
    signal: float
    layers: tuple[LayerHealth, ...]
    balance: float
    floor: float
    signs: TrainingSigns
    dimension: int
    nouns: Nouns = IMAGES
    layer: str = FIRST
    caution: str = ""
    tuning: Tuning | None = None

    @property
    def remembered(self) -> int:
        """About how many training images left a trace (`Spectrum.remembered`)."""
        return self.spectrum.remembered

    @property
    def sees_no_chance(self) -> bool:
        """Whether W_1 holds no more than chance leaves there, so that nothing can be found."""
        return sees_no_chance(self.spectrum)

    @property
    def outlook(self) -> str:
        """What chance the attack has, in a sentence or two: verdict and reason."""
        found = self.judged
        return f"{found.verdict}: {found.reason[0].lower()}{found.reason[1:]}"

    @property
    def judged(self) -> Outlook:
        """What chance the attack has, and why; measured in decision 23."""
        found = self._judged_of_images
        caution = f" {self.caution}" if self.caution and found.chance != "none" else ""
        reason = self.nouns.of(found.reason).replace(FIRST, self.layer)
        return replace(found, reason=reason + caution)

    @property
    def training(self) -> str:
        """What kind of training it looks like, in a line."""
        return self.signs.words if self.tuning is None else self.tuning.words

    @property
    def about_remembered(self) -> str:
        """`about 82 images`, or `no image`, that left a trace."""
        return self.nouns.of(about_images(self.remembered))

    @property
    def _judged_of_images(self) -> Outlook:
        if self.tuning is not None:
            return self.tuning.outlook
        traces = f"the traces of {about_images(self.remembered)}"
        if self.spectrum.rank == 0:
            return Outlook(
                "none",
                "No chance",
                "Nothing in the first layer stands above its random start, so there is no image to "
                "be found in it.",
            )
        if self.sees_no_chance:
            return Outlook(
                "none",
                "No chance",
                f"{percent(1 - self.signal)} of the first layer is its random start. As much as "
                "stands above it does so in networks that nobody has trained.",
            )
        if self.signal < LARGELY:
            is_fair = self.signal > MOSTLY
            return Outlook(
                "fair" if is_fair else "poor",
                "A fair chance" if is_fair else "A poor chance",
                f"T{traces[1:]} stand out, but {percent(1 - self.signal)} of the first layer is "
                "still its random start, which hides images.",
            )
        most = len(self.spectrum.values)
        if self.remembered > CROWDED * most:
            return Outlook(
                "fair",
                "A fair chance at best",
                f"T{traces[1:]} fill the first layer's {most} directions, so that single images "
                "are hard to tell apart in it.",
            )
        made = f"The first layer is made of {traces}."
        if self.signs.looks_decayed:
            made = (
                "Weight decay has worn off all or nearly all of the random start, and left "
                f"{traces}."
            )
        return Outlook(
            "good", "A good chance if gradient descent trained it", f"{made} {_LOOKS_THE_SAME}"
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "remembered": self.remembered,
            "signal": round(self.signal, 5),
            "balance": round(self.balance, 4),
            "imbalance": round(self.signs.imbalance, 6),
            "looks_decayed": self.signs.looks_decayed,
            "training": self.training,
            "floor": round(self.floor, 4),
            "floor_per_layer": [round(layer.floor, 4) for layer in self.layers],
            "norm_per_layer": [round(layer.norm, 4) for layer in self.layers],
            "rank_per_layer": [layer.rank for layer in self.layers],
            "sees_no_chance": self.sees_no_chance,
            "outlook": self.outlook,
            "caution": self.caution,
            "layer": self.layer,
            "rank": self.spectrum.rank,
            "dimension": self.dimension,
        }


def sees_no_chance(spectrum: Spectrum) -> bool:
    """Whether a first layer with this spectrum holds no more than chance leaves in one."""
    return spectrum.rank == 0 or _signal(spectrum) < _UNTRAINED


def check_weights(network: Network) -> Health:
    """Looks at the weights alone; some tenths of a second for a thousand neurons a layer."""
    spectra = [spectrum_of(network, layer) for layer in range(network.depth)]
    images = first_full(network)
    first = spectra[images]
    squares = network.explained.squared_norms().cpu().double().numpy()
    # An image explains many directions of a convolution, one for each place that it looks at.
    floors = [
        0.0 if layer < images else _rank_floor(spectrum.values, first.rank)
        for layer, spectrum in enumerate(spectra)
    ]
    levels = level_norms(network)
    # What is left out has no norm, and nothing of it is to be explained.
    norms = np.sqrt(squares)
    balance = 0.0 if network.base is not None else balance_floor(network.parameters)
    return Health(
        spectrum=first,
        signal=_signal(first),
        layers=tuple(
            LayerHealth(
                float(norm),
                1 if len(spectrum.values) == 1 else spectrum.rank,
                floor / float(norm) if norm > 0 else 0.0,
            )
            for norm, spectrum, floor in zip(norms, spectra, floors, strict=True)
        ),
        balance=float(levels.min() / levels.max()),
        floor=max(
            balance,
            math.sqrt(sum(floor**2 for floor in floors) / squares.sum()),
        ),
        signs=training_signs(network, first),
        dimension=network.weights[images].shape[1],
        nouns=nouns_of(network.input_shape),
        layer=FIRST if network.structure is None else "first fully connected layer",
        caution=why_roughly(network),
        tuning=tuning_of(network, first),
    )


def training_signs(network: Network, spectrum: Spectrum | None = None) -> TrainingSigns:
    """What kind of training the weights look like.

    Args:
        network: the network.
        spectrum: of W_1, where it is at hand.
    """
    first = images_spectrum(network) if spectrum is None else spectrum
    return TrainingSigns(
        imbalance=decay_balance(network),
        start=1 - _signal(first),
        noise=first.floor / float(first.values[0]) if first.values[0] > 0 else 1.0,
        has_upper_biases=any(bias is not None for bias in network.biases[1:]),
    )


def _signal(spectrum: Spectrum) -> float:
    """Share of ‖W_1‖² that stands above the noise floor."""
    energy = np.square(spectrum.values)
    return float(energy[: spectrum.rank].sum() / energy.sum())


def _rank_floor(values: Values, rank: int) -> float:
    """Norm of what k outer products cannot explain of a matrix (fact 2)."""
    return float(np.sqrt(np.square(values[rank:]).sum()))
