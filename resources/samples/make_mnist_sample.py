"""Makes the bundled sample: a network that tells odd digits from even ones, and its images.

    python resources/samples/make_mnist_sample.py FOLDER

FOLDER holds MNIST as torchvision lays it out (FOLDER/MNIST/raw). The network is trained on the
first 50 digits of each class; the next 50 of each, which it never sees, are the control.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from engine.checkpoints import save_network
from engine.training import Recipe, Training

NAME = "mnist_odd_even"
PER_CLASS = 50


def digits(root: Path, first: int) -> tuple[Tensor, Tensor]:
    """`PER_CLASS` even and as many odd digits of the training set, from the `first` of each on.

    Returns:
        images uint8 (n, 1, 28, 28), labels int64 (n,): 0 even, 1 odd.
    """
    dataset = torchvision.datasets.MNIST(str(root), train=True, download=False)
    odd = dataset.targets % 2
    chosen = torch.cat(
        [(odd == label).nonzero().flatten()[first : first + PER_CLASS] for label in (0, 1)]
    )
    return dataset.data[chosen].unsqueeze(1), odd[chosen]


def main() -> None:
    """Trains, and writes the three files beside this script."""
    root, here = Path(sys.argv[1]), Path(__file__).resolve().parent
    images, labels = digits(root, 0)
    control, control_labels = digits(root, PER_CLASS)
    recipe = Recipe()
    training = Training(images.float() / 255, labels * 2 - 1, recipe)
    for progress in training.iterate():
        if progress.step % 25 == 0:
            print(f"step {progress.step}: loss 1e{progress.log_loss / np.log(10):.1f}")
    details = {
        "label_names": json.dumps(["even", "odd"]),
        "recipe": json.dumps(
            {
                "data": f"MNIST, the first {PER_CLASS} of each class",
                "initialisation": recipe.first_layer_scale,
                "steps": progress.step,
                "log_loss": round(progress.log_loss, 2),
                "seed": recipe.seed,
            }
        ),
    }
    save_network(training.network, here / f"{NAME}.safetensors", details)
    for name, x, y in (
        ("images", images, labels),
        ("control_images", control, control_labels),
    ):
        np.savez_compressed(
            here / f"{NAME}_{name}.npz", images=x.numpy(), labels=y.numpy().astype(np.uint8)
        )
    print(f"wrote {NAME} to {here}")


if __name__ == "__main__":
    main()
