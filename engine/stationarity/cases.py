"""Which kind of training set the weights, and which multipliers follow from it."""

from __future__ import annotations

from typing import Literal

from engine.network.network import Network
from engine.stationarity.multipliers import (
    BinaryMargin,
    Free,
    Multipliers,
    PairwiseMargin,
    TiedToOutputs,
)

TrainingKind = Literal["auto", "margin", "decay", "free"]


def multipliers_for(training: TrainingKind, outputs: int) -> Multipliers:
    """What λ are.

    Args:
        training: `margin`, `decay` or `free`.
        outputs: C.
    """
    if training == "free":
        return Free(outputs)
    if outputs == 1:
        return BinaryMargin()
    return TiedToOutputs(outputs) if training == "decay" else PairwiseMargin(outputs)


def choose_training(network: Network) -> TrainingKind:
    """The kind that the weights look like."""
    return "margin" if network.output_count == 1 else "decay"
