"""The bundled sample: a network small enough to ship, with its training images and a control."""

from __future__ import annotations

import sys
from pathlib import Path


def resource_folder() -> Path:
    """Where `resources/` lies, in a checkout and in a frozen application."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root / "resources"


def sample_network() -> Path:
    """The sample's checkpoint; its images lie beside it."""
    return resource_folder() / "samples" / "mnist_odd_even.safetensors"


def images_path(network: Path) -> Path:
    """Where the training images of a checkpoint lie: `NAME_images.npz` beside NAME."""
    return network.with_name(f"{network.stem}_images.npz")


def control_path(network: Path) -> Path:
    """Where its control lies: `NAME_control_images.npz`."""
    return network.with_name(f"{network.stem}_control_images.npz")


def images_beside(network: Path) -> tuple[Path | None, Path | None]:
    """Training and control images that lie beside a checkpoint under its own name."""
    train, control = images_path(network), control_path(network)
    return (train if train.exists() else None, control if control.exists() else None)
