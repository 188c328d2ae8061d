"""What a checkpoint leaves open and has to be assumed, held against the training images.

It is never taken over by itself: what enters a run was in the file, or a person has said it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.base.plain_text import percent
from engine.data.datasets import LabelledImages
from engine.data.inputs import Preprocessing
from engine.evidence.preprocessing import find_preprocessing
from engine.evidence.trials import Trial, Trials, ranked, try_out
from engine.network.activation import Activation
from engine.network.network import Network

_USUAL = tuple(Activation(slope) for slope in (0.0, 0.01, 0.1, 0.2))
_FITS = 0.99


@dataclass(frozen=True)
class Assumptions:
    """How a network fares with its training images, as it is read and otherwise.

    Attributes:
        as_read: the network as it is read; where its preprocessing is not known, less the images'
            own mean, as everything here is scored.
        is_prepared: whether its preprocessing is known, or somebody has said it.
        chance: the share that guessing would get right.
        preprocessing: ways to prepare an image, with the activation that fits best where the one
            that is assumed leaves images wrong whatever is done to them.
        activation: ways to go on below zero, with the best preprocessing.
        read_as: the activation that the network is read with, among them.
    """

    as_read: Trial[Network]
    is_prepared: bool
    chance: float
    preprocessing: Trials[Preprocessing]
    activation: Trials[Activation]
    read_as: Trial[Activation]

    @property
    def right(self) -> float:
        """Share of the images that are on their own side as the network is read."""
        return self.as_read.right

    @property
    def warning(self) -> str:
        """A sentence where the network gets too many of its own images wrong; else empty."""
        if self.right >= (1 + self.chance) / 2:
            return ""
        return (
            f"As it is read, the network gets {percent(1 - self.right)} of its training images "
            "wrong. Something is assumed wrongly: the activation, the preprocessing, the order of "
            "layers or classes, or these are not its images."
        )

    @property
    def advice(self) -> str:
        """What would fit better, or what a preprocessing that nobody knows seems to be."""
        best, sentences = self.preprocessing.best, []
        if not self.is_prepared:
            ties = " or ".join(trial.words for trial in self.preprocessing.ties)
            sentences.append(f"The preprocessing seems to be: {ties}.")
        elif best.is_clearly_better_than(self.as_read):
            sentences.append(f"Another preprocessing fits better: {best.words}.")
        if self.better_activation is not None:
            sentences.append(f"Another activation fits better: {self.better_activation.words}.")
        return " ".join(sentences)

    @property
    def better_activation(self) -> Trial[Activation] | None:
        """One that fits clearly better than that which is assumed, where there is one."""
        best = self.activation.best
        return best if best.is_clearly_better_than(self.read_as) else None

    @property
    def about_activation(self) -> str:
        """`ReLU: 100 % right; no other slope that was tried fits clearly better`."""
        better = self.better_activation
        if better is None:
            return f"{_fares(self.read_as)}; no other slope that was tried fits clearly better"
        return f"{_fares(self.read_as)}; {_fares(better)}, which fits clearly better"

    @property
    def about_preprocessing(self) -> str:
        """`less the mean image of these images: 100 % right, clearly best`."""
        found = self.preprocessing
        if found.is_clear:
            return f"{_fares(found.best)}, clearly the best"
        others = ", ".join(trial.words for trial in found.ties[1:])
        return f"{_fares(found.best)}; not told apart from: {others}"

    def as_dict(self) -> dict[str, Any]:
        """For the command line."""
        better = self.better_activation
        return {
            "right": round(self.right, 4),
            "preprocessing": {
                "about": self.about_preprocessing,
                "best": self.preprocessing.best.words,
                "is_clear": self.preprocessing.is_clear,
                "tried": self.preprocessing.as_dicts(),
            },
            "activation": {
                "about": self.about_activation,
                "better": None if better is None else better.words,
                "tried": self.activation.as_dicts(),
            },
            "advice": self.advice,
            "warning": self.warning,
        }


def _fares(trial: Trial[Any]) -> str:
    return f"{trial.words}: {percent(trial.right)} right"


def check_assumptions(network: Network, train: LabelledImages) -> Assumptions | None:
    """Tries what a checkpoint may have left open.

    Args:
        network: as it is read.
        train: images that it was trained on, of its shape.

    Returns:
        None where nobody knows what the network was taught of these images.
    """
    as_read = try_out(network, train, train.images.mean(0))
    found = find_preprocessing(network, train)
    if found is None or as_read is None:
        return None
    if found.best.right < _FITS:
        others = (find_preprocessing(_with(network, way), train) for way in _USUAL)
        found = max((found, *(each for each in others if each is not None)), key=_rank)
    best = network.with_preprocessing(found.best.way)
    trials = {
        way: Trial(way, way.name, *fares)
        for way in dict.fromkeys((network.activation, *_USUAL))
        if (fares := try_out(_with(best, way), train)) is not None
    }
    return Assumptions(
        Trial(network, "as it is read", *as_read),
        network.inputs.is_preprocessing_said,
        1 / network.classes.count,
        found,
        ranked(list(trials.values())),
        trials[network.activation],
    )


def _with(network: Network, activation: Activation) -> Network:
    return network.with_activation(activation, "references")


def _rank(found: Trials[Preprocessing]) -> tuple[float, float]:
    return found.best.right, found.best.margin
