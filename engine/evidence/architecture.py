"""Which architecture a convolutional network was trained in, found out from its training images."""

from __future__ import annotations

from dataclasses import replace

from engine.data.datasets import LabelledImages
from engine.evidence.order import few_of
from engine.evidence.preprocessing import preprocessed_ways
from engine.evidence.trials import Trial, Trials, ranked, try_out
from engine.network.architecture import Architecture
from engine.network.architecture_text import written
from engine.network.network import Network
from engine.network.restructured import other_architectures, with_architecture
from engine.runtime.lazy import torch

_MOST_TRIED = 40


def find_architecture(network: Network, train: LabelledImages) -> Trials[Architecture] | None:
    """Tries the usual architectures that fit the weights.

    Where it is not known what was done to images, each is tried with nothing done to them and less
    their mean image, and the better of the two counts.

    Args:
        network: as it is read.
        train: images that it was trained on, of its shape.

    Returns:
        None without convolutions, where no other architecture fits, or where nobody knows what the
        network was taught of these images.
    """
    if network.structure is None:
        return None
    others = other_architectures(network)[:_MOST_TRIED]
    if len(others) == 1:
        return None
    network, few = network.to("cpu", torch.float32), few_of(train)
    ways = preprocessed_ways(network, train)
    trials: list[Trial[Architecture]] = []
    for other in others:
        tried = [try_out(with_architecture(way, other, "shapes"), few) for way in ways]
        fares = [each for each in tried if each is not None]
        if fares:
            trials.append(Trial(other, _words(other, network), *max(fares)))
    return ranked(trials) if len(trials) > 1 else None


def better_architecture(
    network: Network, found: Trials[Architecture] | None
) -> Trial[Architecture] | None:
    """One that fits clearly better than that which a network is read with, if there is one."""
    if found is None:
        return None
    own = other_architectures(network)[0]
    as_read = next((trial for trial in found.ranked if trial.way == own), None)
    best = found.best
    return best if as_read is not None and best.is_clearly_better_than(as_read) else None


def about_architecture(found: Trials[Architecture], better: Trial[Architecture] | None) -> str:
    """For people: `conv, …: 100 % right, which fits clearly better of 6 that fit the shapes`."""
    of = f"of {len(found.ranked)} usual architectures that fit the shapes"
    if better is None:
        return f"none {of} fits clearly better"
    return f"{better.fares}, which fits clearly better {of}"


def _words(architecture: Architecture, network: Network) -> str:
    return written(replace(architecture, activation=network.activation))
