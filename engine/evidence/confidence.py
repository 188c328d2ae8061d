"""How the signs of truth become one number: an order for any network, a confidence for some.

The logistic models were fitted to networks of our own (decisions 11 and 35). What they were fitted
to says for which networks their number is a share of good images. Elsewhere it is an order, and no
more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.evidence.nulls import NullImages, nulls_for
from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.stationarity.cases import TrainingKind

if TYPE_CHECKING:
    from torch import Tensor

Case = Literal["binary margin", "ten classes margin", "ten classes decay"]
"""A kind of network, and of multipliers, that models were fitted to."""


@dataclass(frozen=True)
class Logistic:
    """A logistic model of the signs, each less its median over all candidates.

    Attributes:
        weights: across, within; margin, agreement; contrast, spread, roughness.
        bias: of the logit.
    """

    weights: tuple[float, ...]
    bias: float

    def logits(self, signs: Tensor) -> Tensor:
        """Log-odds, float64, shape (n,), of signs (n, 7)."""
        return signs.double() @ torch.tensor(self.weights, dtype=torch.float64) + self.bias


@dataclass(frozen=True)
class Models:
    """What was fitted to one case: of several searches that were pooled, and of one alone."""

    pooled: Logistic
    alone: Logistic

    def for_restarts(self, restarts: int) -> Logistic:
        """The one for so many searches."""
        return self.alone if restarts == 1 else self.pooled


FITTED: dict[Case, Models] = {
    "binary margin": Models(
        pooled=Logistic((14.701, 5.304, 1.982, 14.767, 2.203, 29.108, 31.535), -4.118),
        alone=Logistic((0.0, 12.663, 2.043, 15.494, 2.505, 25.481, 34.631), -3.724),
    ),
    "ten classes margin": Models(
        pooled=Logistic((6.429, 0.916, 1.895, 24.22, 4.218, 54.936, 24.658), -5.291),
        alone=Logistic((0.0, 10.598, 1.041, 26.318, 7.45, 15.328, 43.338), -5.089),
    ),
    "ten classes decay": Models(
        pooled=Logistic((4.225, 5.441, -1.223, 1.549, 5.68, 62.254, 46.851), -4.586),
        alone=Logistic((0.0, 6.202, -0.834, -7.001, 7.031, 28.524, 67.594), -4.159),
    ),
}
"""All there are. Whoever fits another case adds it here, and says in `case_of` when it holds."""

FEWEST_NEURONS = 250
"""In a hidden layer. Fitted to 500 and more, it held for 300, and for a hundred it did not."""

LARGE = 8.0
"""Norms of layers between over that of the first. It was 15 and more on colour networks of which
confidences held, 4 and less on those of which they did not."""

_TEN, _TWO_HIDDEN = 10, 3
"""Classes, and layers of weights, of what confidences for several classes were fitted to."""

_ORDER: Case = "binary margin"
"""By whose models candidates are ordered where none were fitted."""


def case_of(network: Network, training: TrainingKind) -> Case | None:
    """Which case a run is; None where nothing was fitted to its like.

    Args:
        network: under attack.
        training: the kind that its multipliers are of.
    """
    if network.structure is not None:
        return None
    if network.base is not None or network.inputs.is_vector or not _is_built_as_fitted(network):
        return None
    biased = [bias is not None for bias in network.biases]
    is_towards_margin = training == "margin" and not any(biased[1:])
    if network.output_count == 1:
        return "binary margin" if is_towards_margin else None
    if network.output_count != _TEN or network.input_shape[0] > 1 or network.depth != _TWO_HIDDEN:
        return None
    if is_towards_margin:
        return "ten classes margin"
    return "ten classes decay" if training == "decay" and all(biased) else None


def _is_built_as_fitted(network: Network) -> bool:
    """Whether confidences held for networks of these layers, as far as was measured.

    With one hidden layer they did not, nor with narrow ones (decision 32), nor for colour images
    where the layers between were not large beside the first: of what was above 0.7 a third was good
    (decision 11).
    """
    between = network.weights[1:-1]
    if not between or min(len(each) for each in network.weights[:-1]) < FEWEST_NEURONS:
        return False
    first = float(network.weights[0].norm())
    is_colour = network.input_shape[0] > 1
    return not is_colour or all(float(each.norm()) > LARGE * first for each in between)


def nulls_of(case: Case, network: Network, restarts: int) -> NullImages:
    """The null images that a run's candidates are held to.

    Args:
        case: of the run.
        network: under attack.
        restarts: how many searches were pooled.
    """
    return nulls_for(f"{case}, {'colour' if network.input_shape[0] > 1 else 'grey'}", restarts)


def models_for(case: Case | None) -> Models:
    """Those that order the candidates of a case."""
    return FITTED[case or _ORDER]


def log_odds(signs: Tensor, case: Case | None, restarts: int) -> Tensor:
    """Those of the trust in each candidate, float64, shape (R·m,), by its signs, shape (R·m, 7)."""
    return models_for(case).for_restarts(restarts).logits(signs - signs.median(0).values)
