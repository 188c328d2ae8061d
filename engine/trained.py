"""What a training leaves behind: a checkpoint, its images, and its control, side by side."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.checkpoints import save_network
from engine.datasets import TrainingData, save_images
from engine.errors import UnusableInput
from engine.samples import control_path, images_path
from engine.training import STATE_KEY, Training

SUFFIX = ".safetensors"


def check_target(path: Path) -> None:
    """Whether a trained network can be written under that name.

    Raises:
        UnusableInput: it has another suffix than Afterimage's own checkpoints.
    """
    if path.suffix.lower() != SUFFIX:
        raise UnusableInput(f"A trained network is written as {SUFFIX}; {path.name} is not.")


def save_trained(training: Training, data: TrainingData, path: Path, half: bool = False) -> None:
    """Writes the network; a training can go on from what is in the file.

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
    if half:
        del details[STATE_KEY]
        network = network.to("cpu", torch.float16)
    save_network(network, path, details)


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
