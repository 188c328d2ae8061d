"""What a training leaves behind: a checkpoint, its images, and its control, side by side."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from engine.checkpoints import load_beside, load_network, save_network
from engine.datasets import TrainingData, save_images
from engine.errors import UnusableInput
from engine.samples import control_path, images_path
from engine.training import Training, TrainingStart, TrainingState

SUFFIX = ".safetensors"

_STATE_KEY = "training"


def check_target(path: Path) -> None:
    """Whether a trained network can be written under that name.

    Raises:
        UnusableInput: it has another suffix than Afterimage's own checkpoints.
    """
    if path.suffix.lower() != SUFFIX:
        raise UnusableInput(f"A trained network is written as {SUFFIX}; {path.name} is not.")


def save_trained(training: Training, data: TrainingData, path: Path, half: bool = False) -> None:
    """Writes the network, with what it takes to go on with its training.

    Args:
        training: between two steps.
        data: what it was trained on.
        path: of the checkpoint, ending in `.safetensors`.
        half: stores weights with 16 bits, at half the size; such a training cannot go on.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    network = training.network
    details = training.details(data.label_names, data.description)
    velocity: dict[str, Tensor] = {}
    if half:
        network = network.to("cpu", torch.float16)
    else:
        details[_STATE_KEY] = json.dumps(asdict(training.state))
        if not training.is_over:  # One that is over rests; the file stays half as large.
            velocity = {str(index): v for index, v in enumerate(training.velocity)}
    save_network(network, path, details, velocity)


def load_start(path: Path) -> TrainingStart:
    """Where the training of a network that `save_trained` wrote goes on.

    Raises:
        UnusableInput: the file cannot be used, or does not say.
    """
    network = load_network(path)
    try:
        state = TrainingState(**json.loads(network.origin.details[_STATE_KEY]))
        beside = load_beside(path)
        velocity = tuple(beside[str(index)] for index in range(len(beside)))
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableInput(f"{path.name} does not say how its training stood.") from error
    wanted = [p.shape for p in (*network.weights, network.bias) if p is not None]
    if velocity and [v.shape for v in velocity] != wanted:
        raise UnusableInput(f"{path.name} does not say how its training stood.")
    return TrainingStart(network, state, velocity)


def save_data(data: TrainingData, path: Path) -> list[Path]:
    """Writes training images and control beside a checkpoint, where opening it finds them.

    Returns:
        The files written.

    Raises:
        OSError: one cannot be written.
    """
    written = [images_path(path)]
    save_images(data.train, images_path(path))
    if data.control is not None:
        save_images(data.control, control_path(path))
        written.append(control_path(path))
    return written
