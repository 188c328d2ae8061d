"""How the signs of truth become one number: an order for any network, a confidence for some.

The logistic models were fitted to networks of our own (decision 45). What they were fitted
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

Case = Literal[
    "binary margin, grey",
    "binary margin, colour",
    "ten classes margin, grey",
    "ten classes decay, grey",
]
"""A kind of network, and of multipliers, that models were fitted to."""


@dataclass(frozen=True)
class Logistic:
    """A logistic model of the signs, each less its median over all candidates.

    Attributes:
        weights: across, within; margin, agreement; contrast, spread, roughness; multiplier, edges.
        bias: of the logit.
    """

    weights: tuple[float, ...]
    bias: float

    def logits(self, signs: Tensor) -> Tensor:
        """Log-odds, float64, shape (n,), of signs (n, 9)."""
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
    "binary margin, grey": Models(
        pooled=Logistic((7.897, 3.747, 0.989, 3.565, 2.467, 56.612, 37.9, -0.013, 4.817), -3.229),
        alone=Logistic((0, 6.155, 0.969, 4.775, 3.466, 40.449, 39.79, -0.362, 4.942), -3.109),
    ),
    "binary margin, colour": Models(
        pooled=Logistic((5.042, -1.826, 2.542, 12.65, 1.411, 29.955, -7.206, 1.628, 3.687), -2.645),
        alone=Logistic((0, 4.119, 2.317, 12.576, 0.897, 32.885, -12.417, 0.79, 4.103), -2.445),
    ),
    "ten classes margin, grey": Models(
        pooled=Logistic((3.373, 3.1, 3.136, 14.958, 1.549, 26.293, 32.578, 0.517, 4.846), -3.337),
        alone=Logistic((0, 4.437, 3.893, 18.927, 1.947, 29.891, 30.647, 0.5, 4.077), -3.43),
    ),
    "ten classes decay, grey": Models(
        pooled=Logistic((3.318, 5.341, 0.282, 9.24, 4.12, 33.982, 14.871, 1.199, 3.618), -1.799),
        alone=Logistic((0, 7.364, 0.752, 3.547, 3.527, 38.358, 17.458, 0.577, 3.75), -1.331),
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

_ORDERS: tuple[Case, Case] = "binary margin, grey", "binary margin, colour"
"""By whose models candidates are ordered where none were fitted: of grey images, and of colour."""


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
    is_colour = network.input_shape[0] > 1
    if network.output_count == 1:
        looks: Case = "binary margin, colour" if is_colour else "binary margin, grey"
        return looks if is_towards_margin else None
    if network.output_count != _TEN or is_colour or network.depth != _TWO_HIDDEN:
        return None
    if is_towards_margin:
        return "ten classes margin, grey"
    return "ten classes decay, grey" if training == "decay" and all(biased) else None


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


def nulls_of(case: Case, restarts: int) -> NullImages:
    """The null images that a run's candidates are held to.

    Args:
        case: of the run.
        restarts: how many searches were pooled.
    """
    return nulls_for(case, restarts)


def order_of(network: Network) -> Case:
    """Whose models order the candidates of a network that none were fitted to."""
    return _ORDERS[network.input_shape[0] > 1]


def log_odds(signs: Tensor, case: Case, restarts: int) -> Tensor:
    """Those of the trust in each candidate, float64, shape (R·m,), by its signs, shape (R·m, 9)."""
    return FITTED[case].for_restarts(restarts).logits(signs - signs.median(0).values)
