"""The bundled samples: networks small enough to ship, with their training images and a control."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def _root() -> Path:
    """The folder that holds all others, in a checkout and in a frozen application."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parents[2]


def resource_folder() -> Path:
    """Where icons and samples lie."""
    return _root() / "resources"


def guide_file() -> Path:
    """The guide, as Markdown; its pictures lie beside it."""
    return _root() / "docs" / "guide.md"


SAMPLES = {
    "mnist_ten_digits": "Digits: ten classes, trained as people usually do",
    "mnist_odd_even": "Digits: odd against even",
    "cifar10_vehicles_animals": "Photographs: vehicles against animals",
}
"""Names of the samples, and what they are called in the window; `make run` opens the first."""


STUDIES = ("epochs", "weight-decay", "images", "width")
"""Names of the ready-made studies."""


def ready_made_study(name: str) -> Path:
    """The file of a ready-made study."""
    return resource_folder() / "studies" / f"{name}.toml"


def sample_network(name: str = "mnist_odd_even") -> Path:
    """A sample's checkpoint; its images lie beside it."""
    return resource_folder() / "samples" / f"{name}.safetensors"


def images_path(network: Path) -> Path:
    """Where the training images of a checkpoint lie: `NAME_images.npz` beside NAME."""
    return network.with_name(f"{network.stem}_images.npz")


def control_path(network: Path) -> Path:
    """Where its control lies: `NAME_control_images.npz`."""
    return network.with_name(f"{network.stem}_control_images.npz")


def images_beside(network: Path) -> tuple[Path | None, Path | None]:
    """Training and control images that lie beside a checkpoint under its own name."""
    train, control = images_path(network), control_path(network)
    # Not by the path's own `exists`, which fails where the longer name is too long.
    return (
        train if os.path.isfile(train) else None,  # noqa: PTH113
        control if os.path.isfile(control) else None,  # noqa: PTH113
    )
