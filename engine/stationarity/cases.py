"""Which kind of training set the weights, and which multipliers follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.network.fine_tuned import about_base
from engine.network.network import Network
from engine.stationarity.balance import decay_balance
from engine.stationarity.multipliers import (
    BinaryMargin,
    Free,
    Multipliers,
    PairwiseMargin,
    RunnerUp,
    TiedToOutputs,
)

TrainingKind = Literal["auto", "margin", "pairwise", "runner-up", "decay", "tuned", "free"]

NAMES: dict[TrainingKind, str] = {
    "auto": "Found out from the weights",
    "margin": "Towards a margin",
    "pairwise": "Towards a margin, each pair free",
    "runner-up": "Towards a margin, runner-up alone (published)",
    "decay": "With weight decay",
    "tuned": "Fine-tuned from a known base",
    "free": "Another loss (regression)",
}
"""For people; in the order in which they are offered."""

BALANCED = 0.15
"""Neighbouring layers that differ by less are as weight decay leaves them."""


@dataclass(frozen=True)
class Choice:
    """A kind of training that was found out.

    Attributes:
        training: which; never `auto`.
        why: a sentence.
    """

    training: TrainingKind
    why: str


def multipliers_for(training: TrainingKind, outputs: int) -> Multipliers:
    """What λ are.

    With several outputs they are tied to them whether a margin, weight decay or a few steps from a
    base set the weights. The
    exact multipliers of a margin are free for each pair of classes; tied, they find twice as much
    (decision 22), for softmax has shared them out in just that way at each step of training.

    Args:
        training: any but `auto`.
        outputs: C.
    """
    if training == "free":
        return Free(outputs)
    if outputs == 1:
        return BinaryMargin()
    if training == "pairwise":
        return PairwiseMargin(outputs)
    return RunnerUp(outputs) if training == "runner-up" else TiedToOutputs(outputs)


def choose_training(network: Network) -> Choice:
    """The kind that the weights look like, from their norms alone, and what its base says."""
    if network.base is not None:
        return Choice("tuned", about_base(network))
    has_upper_bias = any(bias is not None for bias in network.biases[1:])
    if network.output_count == 1 and not has_upper_bias:
        return Choice("margin", "One output, and no bias above the first layer: as in the paper.")
    apart = decay_balance(network)
    if apart < BALANCED:
        within = f"{max(100 * apart, 0.1):.1f} %"
        return Choice(
            "decay", f"Neighbouring layers balance within {within}, as weight decay leaves them."
        )
    if has_upper_bias:
        return Choice("decay", "There are biases above the first layer, as people usually train.")
    return Choice(
        "margin",
        "No bias above the first layer, and neighbouring layers do not balance as weight decay "
        "would leave them.",
    )


def why_training(network: Network, training: TrainingKind) -> str:
    """Why a network is taken to have been trained so, a sentence.

    Args:
        network: which.
        training: any but `auto`.
    """
    found = choose_training(network)
    if found.training == training:
        return found.why
    return f"It was set; the weights would be taken for “{NAMES[found.training]}”. {found.why}"
