"""What a training leaves behind: a checkpoint, its images, and its control, side by side."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from engine.base.errors import UnusableInput
from engine.base.files import atomic_path
from engine.base.json_text import Count, Measure, held_to, read_json
from engine.base.resources import control_path, images_path
from engine.base.version import VERSION
from engine.data.datasets import TrainingData, save_images
from engine.network.checkpoints import load_beside, load_network, save_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.runtime.lazy import torch
from engine.training.optimizers import Memory
from engine.training.recipe import Recipe
from engine.training.state import TrainingStart, TrainingState
from engine.training.training import Training

if TYPE_CHECKING:
    from torch import Tensor

SUFFIX = ".safetensors"

_STATE_KEY = "training"

_BEFORE_THEY_EXISTED = {
    "outputs": "one",
    "biases": "first",
    "start": "small",
    "optimizer": "gd",
    "cosine": False,
    "epochs": 0,
}
"""What trainings did that were saved before a recipe could say so."""


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
        raise UnusableInput(
            f"A trained network is written as {SUFFIX}, and {path.name} does not end so; call it "
            f"{path.stem}{SUFFIX}."
        )


def training_files(path: Path) -> tuple[Path, Path, Path]:
    """What `save_with_data` writes, or removes: a network, its images, and its control."""
    return path, images_path(path), control_path(path)


def images_in_the_way(path: Path) -> tuple[str, ...]:
    """Names of files beside a network's path that `save_with_data` would replace or remove."""
    return tuple(each.name for each in training_files(path)[1:] if os.path.lexists(each))


@dataclass(frozen=True)
class Kept:
    """A training between two steps, copied; it may go on while this is written.

    Attributes:
        network: the weights, on the CPU.
        details: what made them.
        state: the rest of what it takes to go on.
        memory: what its schedule remembers; empty where it can do without.
    """

    network: Network
    details: dict[str, str]
    state: TrainingState
    memory: Memory


def details_of(training: Training, data: TrainingData) -> dict[str, str]:
    """What a checkpoint says of its making, for people and reports."""
    curves, base = training.curves, training.base
    made = {
        **asdict(training.recipe),
        "images": data.description,
        "steps": training.state.step,
        "log10_loss": round(float(curves.log10_loss[-1]), 3) if len(curves) else None,
        "on": training.computed_on,
        "version": VERSION,
    }
    return {
        **({} if base is None else {"fine_tuned_from": base.origin.said}),
        "label_names": json.dumps(list(data.label_names)),
        "recipe": json.dumps(made),
    }


def keep(training: Training, data: TrainingData) -> Kept:
    """Copies a training between two steps; some hundredths of a second for millions of weights."""
    memory = training.memory
    # One that is at its end rests; its file stays half as large. Moments have to be kept.
    rests = training.is_over and not training.is_out_of_time and len(memory) == 1
    return Kept(
        replace(training.network, class_names=data.label_names),
        details_of(training, data),
        training.state,
        () if rests else memory,
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
    tensors = [tensor for part in kept.memory for tensor in part.tensors]
    beside = {str(index): tensor for index, tensor in enumerate(tensors)}
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
        memory = _parts([beside[str(index)] for index in range(len(beside))], network.parameters)
    except (KeyError, ValueError) as error:
        raise UnusableInput(
            f"{path.name} does not say how its training stood: it was not trained here, or its "
            "weights were stored with 16 bits.",
            "Train anew.",
        ) from error
    return TrainingStart(network, TrainingState(stand.step, stand.seconds, stand.rate), memory)


def _parts(tensors: list[Tensor], theta: Parameters) -> Memory:
    """Tensors as parts that are each like θ.

    Raises:
        ValueError: they are no such parts.
    """
    size = len(theta.tensors)
    parts = [tensors[at : at + size] for at in range(0, len(tensors), size)]
    wanted = [p.shape for p in theta.tensors]
    if any([tensor.shape for tensor in part] != wanted for part in parts):
        raise ValueError("tensors of other shapes than the weights")
    return tuple(theta.with_tensors(part) for part in parts)


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
        said = read_json(network.origin.details["recipe"], dict[str, Any])
        made = {**_BEFORE_THEY_EXISTED, **said}
        return held_to({each.name: made[each.name] for each in fields(Recipe)}, Recipe)
    except (KeyError, ValueError) as error:
        raise UnusableInput(
            f"{network.origin.name} does not say how it was made: its training cannot go on.",
            "Train anew.",
        ) from error


def steps_of(network: Network) -> int:
    """How many steps made a network whose recipe is known (`recipe_of`); 0 where none is said."""
    said = read_json(network.origin.details["recipe"], dict[str, Any])
    steps = said.get("steps")
    return steps if isinstance(steps, int) else 0
