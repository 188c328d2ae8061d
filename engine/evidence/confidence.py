"""How the signs of truth become one number: an order for any network, a confidence for some.

The logistic models were fitted to networks of our own (decision 11). What they were fitted to says
for which networks their number is a share of good images. Elsewhere it is an order, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.stationarity.cases import TrainingKind

if TYPE_CHECKING:
    from torch import Tensor

Case = Literal["binary margin"]
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

    def of(self, signs: Tensor) -> Tensor:
        """From 0 to 1, float64, shape (n,), of signs (n, 7)."""
        weights = torch.tensor(self.weights, dtype=torch.float64)
        return torch.sigmoid(signs.double() @ weights + self.bias)


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
}
"""All there are. Whoever fits another case adds it here, and says in `case_of` when it holds."""

_ORDER: Case = "binary margin"
"""By whose models candidates are ordered where none were fitted."""


def case_of(network: Network, training: TrainingKind) -> Case | None:
    """Which case a run is; None where nothing was fitted to its like.

    Args:
        network: under attack.
        training: the kind that its multipliers are of.
    """
    if network.inputs.is_vector:
        return None
    is_homogeneous = all(bias is None for bias in network.biases[1:])
    is_binary_margin = network.output_count == 1 and training == "margin" and is_homogeneous
    return "binary margin" if is_binary_margin else None


def models_for(case: Case | None) -> Models:
    """Those that order the candidates of a case."""
    return FITTED[case or _ORDER]
