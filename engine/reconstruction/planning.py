"""How large a run is: how many candidates, how many steps, and what a time limit leaves of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.network.features import first_full
from engine.network.network import Network
from engine.network.structure import Pooling
from engine.reconstruction.noise import Noise
from engine.reconstruction.settings import MOST_SHARPNESS, Settings
from engine.runtime.devices import synchronize
from engine.stationarity.cases import NAMES, choose_training
from engine.stationarity.fine_tuning import gradients_at
from engine.stationarity.spectrum import Spectrum, images_spectrum

if TYPE_CHECKING:
    import torch

FEWEST_CANDIDATES = 100
"""Where nothing else says how many."""

_MOST_CANDIDATES = 3000
_CANDIDATES_PER_IMAGE = (4, 12), (4, 8)
"""Fewest and most, of one search and of each of several. The more there are in a pool, the more
match an unseen image by chance; more searches find more instead (decision 10)."""
_CANDIDATES_LED = 3, 4
"""The same where features lead: more come to the same images, and more by chance (decision 38)."""
_HIDDEN_IMAGES = 2
"""For each one that stands above a random start that is still there, one that it hides."""
_FEATURE_WEIGHT = 30.0
_SMOOTHNESS_AMONG_FEATURES = 3.0, 10.0
"""With convolutions, and with pooling too, which hardly sees a pattern as fine as its patches
(decision 38)."""
_FILLED = 0.8
"""Of the rows of a layer: as many directions leave none for what no image has."""
_RATE, _RATE_PIXELS = 0.3, 0.08
_SMOOTHNESS = 4.0, 2.0
"""Of one search, and of several. The more candidates there are, the more of them match an unseen
image by chance, and smooth ones do so first (decision 10). Features have no neighbours."""
_HIDDEN_WHITENING = 0.4
_TOWARDS_ONE_MARGIN = 0.2
_MARGIN_WEIGHT = {"decay": 0.1, "tuned": 0.0}
"""Where decay, or a few steps from a base, left each image its own."""
_NOISE, _NOISE_PIXELS = 1.5, 0.17
"""In coordinates of the row space, and in pixels: two thirds of what centred photographs have."""
_SHARPNESS, _RISE = 2.0, 5.0
"""α|z| at the start, and how much α grows until the end."""
_CALIBRATION_STEPS = 10
_CALIBRATION_SECONDS = 0.3
_USABLE_SHARE_OF_LIMIT = 0.85


@dataclass(frozen=True)
class Plan:
    """How one search goes.

    Attributes:
        steps: that it takes.
        frames: the steps after which a frame of its drift is kept, beside the last.
    """

    steps: int
    frames: frozenset[int] = frozenset()


def filled_in(settings: Settings, network: Network) -> Settings:
    """The settings, with what is left to us filled in, but for the number of candidates.

    Raises:
        UnusableInput: it was fine-tuned, it is said, but no base is known; or a setting asks for
            what such a network does not have.
    """
    settings = _of_its_layers(settings, network)
    if settings.training == "tuned" and network.base is None:
        raise UnusableInput(
            f"“{NAMES['tuned']}” was chosen for {network.origin.name}, of which no base is known.",
            "Give its base, or choose another training.",
        )
    if settings.training == "auto":
        settings = replace(settings, training=choose_training(network).training)
    if settings.training == "tuned" and settings.gradients_at < 0:
        settings = replace(settings, gradients_at=gradients_at(network))
    if settings.hidden_whitening < 0:
        is_towards_margin = settings.training not in ("decay", "tuned", "free")
        is_as_published = is_towards_margin and network.output_count == 1
        power = 0.0 if is_as_published else _HIDDEN_WHITENING
        settings = replace(settings, hidden_whitening=power)
    if settings.margin_weight < 0:
        weight = _MARGIN_WEIGHT.get(settings.training, _TOWARDS_ONE_MARGIN)
        settings = replace(settings, margin_weight=weight)
    if settings.smoothness < 0:
        settings = replace(settings, smoothness=_smoothness(settings, network))
    return settings


def _smoothness(settings: Settings, network: Network) -> float:
    if network.structure is not None:
        pools = any(isinstance(step, Pooling) for step in network.structure.steps)
        return _SMOOTHNESS_AMONG_FEATURES[pools]
    return 0.0 if network.inputs.is_vector else _SMOOTHNESS[settings.restarts > 1]


def _of_its_layers(settings: Settings, network: Network) -> Settings:
    """With convolutions the search is among pixels, and led by features; else by the row space."""
    is_convolutional = network.structure is not None
    if settings.feature_weight < 0:
        weight = _FEATURE_WEIGHT if is_convolutional and tells_features(network) else 0.0
        settings = replace(settings, feature_weight=weight)
    if not is_convolutional and settings.feature_weight:
        raise UnusableInput(
            f"{network.origin.name} has no convolutions, whose features candidates could be pulled "
            "to.",
            "Leave that pull at −1, or at 0.",
        )
    if is_convolutional and settings.space == "row":
        if settings.rank:
            raise UnusableInput(
                f"{network.origin.name} begins with a convolution, and has no row space of images "
                "that could have a rank.",
                "Leave the rank at 0.",
            )
        settings = replace(
            settings, space="pixel", scale_power=0.0, whitening=0.0, neuron_weighing=0.0
        )
    if not settings.candidate_rate:
        is_row = settings.space == "row"
        rate = _RATE if is_row else _RATE_PIXELS * network.inputs.stretch
        settings = replace(settings, candidate_rate=rate)
    return settings


def tells_features(network: Network) -> bool:
    """Whether the first fully connected layer says which features it was trained on.

    Its rows span those of all images where there are more rows than images. Where there are fewer,
    as in a last layer, each row is a sum over images, and none of them lies in their span.
    """
    if first_full(network) == network.depth - 1:
        return False
    spectrum = images_spectrum(network)
    return spectrum.clear < _FILLED * len(spectrum.values)


def fitted(settings: Settings, noise: Noise) -> Settings:
    """The settings, with initial noise and gate sharpness, where they are left to us, filled in.

    A gate is as soft as α|z| is small, and how large z is differs between networks by ten times.
    """
    usual = min(_NOISE, _in_three_digits(_NOISE_PIXELS / noise.pixel_scale))
    start, end = settings.alpha_start, settings.alpha_end
    if not start:
        start = _in_three_digits(_SHARPNESS / noise.typical_preactivation(usual))
        start = min(
            start, MOST_SHARPNESS
        )  # Weights that nobody has trained can be next to nothing.
    return replace(
        settings,
        initial_scale=settings.initial_scale or usual,
        alpha_start=start,
        alpha_end=end or min(_in_three_digits(_RISE * start), MOST_SHARPNESS),
    )


def _in_three_digits(value: float) -> float:
    """So that people can copy it, and get the same run."""
    return float(f"{value:.3g}")


def candidate_limits(settings: Settings, spectrum: Spectrum) -> tuple[int, int]:
    """Fewest and most candidates of one search.

    Args:
        settings: whether several searches are pooled.
        spectrum: of W_1: how many images the network seems to remember.
    """
    fewest, most = _CANDIDATES_PER_IMAGE[settings.restarts > 1]
    if settings.feature_weight > 0:
        fewest, most = _CANDIDATES_LED
    images = spectrum.remembered * (_HIDDEN_IMAGES if spectrum.is_start_there else 1)
    return _in_round_numbers(fewest * images), _in_round_numbers(most * images)


def affordable_candidates(settings: Settings, seconds_per_step: float, most: int) -> int:
    """As many candidates as a time limit lets take all steps, between those given and `most`.

    Args:
        settings: the limit, the steps, and the fewest candidates.
        seconds_per_step: of that many.
        most: what is never exceeded.
    """
    fewest = settings.candidates
    affordable = usable_seconds(settings) / seconds_per_step / settings.steps
    return max(fewest, min(most, _in_round_numbers(fewest * affordable)))


def affordable_steps(settings: Settings, seconds_per_step: float) -> int:
    """As many steps of one search as a time limit allows, one at least."""
    return max(1, min(settings.steps, int(usable_seconds(settings) / seconds_per_step)))


def usable_seconds(settings: Settings) -> float:
    """What a time limit leaves for the steps of one search."""
    return settings.seconds * _USABLE_SHARE_OF_LIMIT / settings.restarts


def fastest(evaluate: Callable[[], object], device: torch.device) -> float:
    """Seconds of the fastest of a few evaluations; soon over, so that a stop is heard.

    The fastest, because a busy moment must not decide the whole run: too few steps cost more
    good images than a run that the clock cuts off.
    """
    durations: list[float] = []
    began = time.perf_counter()
    while len(durations) < 2 or (
        len(durations) < _CALIBRATION_STEPS and time.perf_counter() - began < _CALIBRATION_SECONDS
    ):
        started = time.perf_counter()
        evaluate()
        synchronize(device)
        durations.append(time.perf_counter() - started)
    return min(durations)


def _in_round_numbers(count: float) -> int:
    """The next multiple of 50, within reason."""
    return int(min(_MOST_CANDIDATES, max(FEWEST_CANDIDATES, 50 * math.ceil(count / 50))))
