"""What a training leaves behind: a checkpoint, its images, and its control, side by side."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.json_text import Count, Measure, held_to, read_json
from engine.base.resources import control_path, images_path
from engine.data.datasets import TrainingData, save_images
from engine.network.checkpoints import load_beside, load_network, save_network
from engine.network.network import Network
from engine.runtime.lazy import torch
from engine.training.recipe import Recipe
from engine.training.state import TrainingStart, TrainingState
from engine.training.training import Training

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".safetensors"

_STATE_KEY = "training"


class _Stand(msgspec.Struct, frozen=True):
    """A `TrainingState` as a checkpoint holds it; all of it has to be there."""

    step: Count
    seconds: Measure
    rate: Measure


def check_target(path: Path) -> None:
    """Whether a trained network can be written under that name.

    Raises:
        UnusableInput: it has another suffix than Afterimage's own checkpoints.
    """
    if path.suffix.lower() != SUFFIX:
        raise UnusableInput(f"A trained network is written as {SUFFIX}; {path.name} is not.")


@dataclass(frozen=True)
class Kept:
    """A training between two steps, copied; it may go on while this is written.

    Attributes:
        network: the weights, on the CPU.
        details: what made them.
        state: the rest of what it takes to go on.
        velocity: the last change of W_1 … W_L, b_1; empty for a training that is over.
    """

    network: Network
    details: dict[str, str]
    state: TrainingState
    velocity: tuple[Tensor, ...]


def keep(training: Training, data: TrainingData) -> Kept:
    """Copies a training between two steps; some hundredths of a second for millions of weights."""
    return Kept(
        training.network,
        training.details(data.label_names, data.description),
        training.state,
        # One that is over rests; its file stays half as large.
        () if training.is_over else tuple(training.velocity),
    )


def save_trained(kept: Kept, path: Path, half: bool = False) -> None:
    """Writes the network, with what it takes to go on with its training.

    Args:
        kept: what to write.
        path: of the checkpoint, ending in `.safetensors`.
        half: stores weights with 16 bits, at half the size; such a training cannot go on.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    if half:
        save_network(kept.network.to("cpu", torch.float16), path, kept.details)
        return
    details = {**kept.details, _STATE_KEY: json.dumps(asdict(kept.state))}
    beside = {str(index): v for index, v in enumerate(kept.velocity)}
    save_network(kept.network, path, details, beside)


def load_start(path: Path) -> TrainingStart:
    """Where the training of a network that `save_trained` wrote goes on.

    Raises:
        UnusableInput: the file cannot be used, or does not say.
    """
    network = load_network(path)
    try:
        stand = read_json(network.origin.details[_STATE_KEY], _Stand)
        beside = load_beside(path)
        velocity = tuple(beside[str(index)] for index in range(len(beside)))
    except (KeyError, ValueError) as error:
        raise UnusableInput(f"{path.name} does not say how its training stood.") from error
    wanted = [p.shape for p in network.parameters.tensors]
    if velocity and [v.shape for v in velocity] != wanted:
        raise UnusableInput(f"{path.name} does not say how its training stood.")
    state = TrainingState(stand.step, stand.seconds, stand.rate)
    return TrainingStart(network, state, velocity)


def save_with_data(kept: Kept, data: TrainingData, path: Path, half: bool = False) -> list[Path]:
    """Writes the network, and training images and control beside it, where opening it finds them.

    All of them or none, where one cannot be written: beside images of another training a network
    would be scored against what it never saw. A control of other images that stands there makes
    room.

    Returns:
        The files written beside it.

    Raises:
        OSError: one cannot be written; what stood there before is untouched.
    """
    beside = {images_path(path): data.train}
    if data.control is not None:
        beside[control_path(path)] = data.control
    with ExitStack() as files:
        save_trained(kept, files.enter_context(atomic_path(path)), half)  # Put in its place last.
        for target, images in beside.items():
            save_images(images, files.enter_context(atomic_path(target)))
    if data.control is None:
        control_path(path).unlink(missing_ok=True)
    return list(beside)


def recipe_of(network: Network) -> Recipe:
    """The recipe that a network was made by.

    Raises:
        UnusableInput: its file does not say.
    """
    try:
        made = read_json(network.origin.details["recipe"], dict[str, Any])
        return held_to({each.name: made[each.name] for each in fields(Recipe)}, Recipe)
    except (KeyError, ValueError) as error:
        raise UnusableInput(f"{network.origin.name} does not say how it was made.") from error
