"""How sure a network is of a record, beside networks that were, and were not, trained on it.

The likelihood-ratio attack of Carlini, Chien, Nasr, Song, Terzis and Tramèr 2022 (“Membership
Inference Attacks From First Principles”, section V, algorithm 1). *Shadow* networks are made as the
one in question was, of other images. φ = ln p/(1 − p) (`calibration.scaled_confidences`) of one
record over those that were trained on it, and over those that were not, is close to Gaussian, and
the score says which of the two the φ of the network in question is more like:

* *online*, where each record is among the images of some of them: ln N(φ; μ_in, σ_in²) −
  ln N(φ; μ_out, σ_out²).
* *offline*, where none was trained on any: −ln Pr(Z > φ), Z ~ N(μ_out, σ_out²), as the paper's
  Λ = 1 − Pr(Z > φ) orders them, but told apart also where that rounds to 1.

Means are of each record. So are variances from `OWN_VARIANCE` networks on; of fewer each of σ_in²
and σ_out² is one for all records, as the paper advises: a variance of a record's own would be
mostly noise. That one is of what lies around each record's own mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST = 4
"""Shadow networks below which there is no score: a mean of one network says nothing."""

OWN_VARIANCE = 16
"""Shadow networks from which on each record has variances of its own."""

_LEAST_DEVIATION = 1e-9


@dataclass(frozen=True)
class ShadowConfidences:
    """How sure shadow networks are of records.

    Attributes:
        values: φ of each record by each network, shape (s, n).
        inside: whether it was trained on the record, shape (s, n).
        diverged: networks whose training diverged, which are left out.
        reused: networks that were there already.
        made_by: the recipe, in words.
        made_of: which images each was trained on, in words.
        assumed: what nobody said of how the network was made, in words; empty where all is said.
    """

    values: Values
    inside: Flags
    diverged: int = 0
    reused: int = 0
    made_by: str = ""
    made_of: str = ""
    assumed: str = ""

    @property
    def is_online(self) -> bool:
        """Whether records in question are among the images that the networks were trained on."""
        return bool(self.inside.any())

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "networks": len(self.values),
            "diverged": self.diverged,
            "kept_from_before": self.reused,
            "attack": "online" if self.is_online else "offline",
            "made_by": self.made_by,
            "made_of": self.made_of,
            "assumed": self.assumed,
        }

    def scores(self, own: Values) -> Values:
        """What speaks for each record's membership, shape (n,).

        Args:
            own: φ by the network in question, shape (n,).

        Raises:
            UnusableInput: too few networks are left.
        """
        return likelihood_ratios(own, self.values, self.inside)


def likelihood_ratios(own: Values, values: Values, inside: Flags) -> Values:
    """The log likelihood ratio of each record, or its surprise where none is inside, shape (n,).

    Args:
        own: φ by the network in question, shape (n,).
        values: φ by shadow networks, shape (s, n).
        inside: whether each was trained on the record, shape (s, n).

    Raises:
        UnusableInput: there are fewer than `FEWEST` networks, or a record is among the images of
            some networks and another is not, so that they cannot be compared.
    """
    if len(values) < FEWEST:
        raise UnusableInput(
            f"{len(values)} shadow networks are left, and a score needs {FEWEST}.",
            "Ask for more of them, or say a recipe that does not diverge.",
        )
    if not inside.any():
        return _surprise(own, *_gaussians(values, ~inside))
    if not (inside.any(0) & ~inside.all(0)).all():
        raise UnusableInput(
            "Some records are among the images of all shadow networks that are left, or of none.",
            "Ask for more shadow networks.",
        )
    return _log_density(own, *_gaussians(values, inside)) - _log_density(
        own, *_gaussians(values, ~inside)
    )


def _gaussians(values: Values, counted: Flags) -> tuple[Values, Values]:
    """Mean and deviation of each record over those networks that count for it, shape (n,) each."""
    count = counted.sum(0)
    mean = np.where(counted, values, 0).sum(0) / count
    squares = np.where(counted, np.square(values - mean), 0).sum(0)
    if len(values) < OWN_VARIANCE or count.min() < 2:
        shared = squares.sum() / max((count - 1).sum(), 1)
        variance = np.full(len(mean), shared)
    else:
        variance = squares / np.maximum(count - 1, 1)
    return mean, np.maximum(np.sqrt(variance), _LEAST_DEVIATION)


def _log_density(own: Values, mean: Values, deviation: Values) -> Values:
    """ln N(φ; μ, σ²), without the constant that both have."""
    ratio: Values = -np.square((own - mean) / deviation) / 2 - np.log(deviation)
    return ratio


def _surprise(own: Values, mean: Values, deviation: Values) -> Values:
    """−ln Pr(Z > φ), which is ln 2 at the mean and never negative."""
    from scipy.special import log_ndtr

    return np.asarray(-log_ndtr(-(own - mean) / deviation))


def about_shadows(told: dict[str, Any]) -> list[str]:
    """What shadow networks are, and what is assumed of them, a sentence each.

    Args:
        told: as `ShadowConfidences.as_dict` has it.
    """
    said = [
        f"{told['networks']} shadow networks ({told['attack']}), each of {told['made_of']}: "
        f"{told['made_by']}."
    ]
    if told["diverged"]:
        others = "other diverged and is" if told["diverged"] == 1 else "others diverged and are"
        said.append(f"{told['diverged']} {others} left out.")
    if told["kept_from_before"]:
        said.append(f"{told['kept_from_before']} of them were there already.")
    if told["assumed"]:
        said.append(f"Assumed of how the network was trained: {told['assumed']}.")
    return said
