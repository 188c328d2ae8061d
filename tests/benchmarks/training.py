"""How fast networks are made, and how much the ones made by the default recipe give up.

The images are those of the bundled samples, so that nothing else is needed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.evidence.references import References
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.training.recipe import Recipe
from engine.training.training import Training

DIGITS, PHOTOS = "mnist_odd_even", "cifar10_vehicles_animals"
PLAIN = Recipe(schedule="plain", rate=0.1, dtype="float64", upper_layer_scale=1.0, device="cpu")
"""Plain gradient descent as published, with ten times its step."""


def images(sample: str) -> tuple[LabelledImages, LabelledImages]:
    """A sample's training images and control."""
    train, control = images_beside(sample_network(sample))
    assert train is not None
    assert control is not None
    return load_images(train), load_images(control)


def train_to(sample: str, recipe: Recipe) -> tuple[Training, dict[str, Any]]:
    """Trains; the clock includes drawing the first weights."""
    data = images(sample)[0]
    started = time.perf_counter()
    training = Training(data, recipe)
    *_, last = training.iterate()
    taken = time.perf_counter() - started
    found = {"log10_loss": round(float(last.curves.log10_loss[-1]), 2)}
    return training, {"seconds": round(taken, 2), "steps": last.step, **found}


def bench_train() -> dict[str, Any]:
    """100 digits, 784-1000-1000-1; both schedules to 1e-4 in one run, the fast one to 1e-40."""
    to_the_end = train_to(DIGITS, Recipe(device="cpu", until_exponent=-40))[1]
    fast_ = Recipe(device="cpu", until_exponent=-4)
    same_start = train_to(DIGITS, replace(fast_, upper_layer_scale=1.0))[1]
    default = train_to(DIGITS, fast_)[1]
    plain = train_to(DIGITS, replace(PLAIN, until_exponent=-4))[1]
    return {
        "to_1e-40": to_the_end,
        "to_1e-4": default,
        "to_1e-4_from_the_same_weights_as_plain": same_start,
        "plain_to_1e-4": plain,
        "ratio": round(plain["seconds"] / default["seconds"], 1),
        "ratio_from_the_same_weights": round(plain["seconds"] / same_start["seconds"], 1),
    }


def bench_photos() -> dict[str, Any]:
    """500 photographs, 3072-1000-1000-1, to 1e-10."""
    return train_to(PHOTOS, Recipe(device="cpu", until_exponent=-10))[1]


def bench_recipe() -> dict[str, Any]:
    """The same digits, learnt by the default recipe and plainly to 1e-5; three seeds each."""
    networks = {
        "default": train_to(DIGITS, Recipe(device="cpu"))[0].network,
        # float32 is three times as fast as float64 and leads to the same direction.
        "plain_to_1e-5": train_to(DIGITS, replace(PLAIN, dtype="float32", until_exponent=-5))[
            0
        ].network,
    }
    return {name: good(network, DIGITS) for name, network in networks.items()}


def bench_half() -> dict[str, Any]:
    """The photographs' sample as it is stored, and trained anew with its weights unrounded."""
    stored = load_sample(PHOTOS)
    recipe = Recipe(device="cpu")
    return {
        "stored_with_16_bits": good(stored, PHOTOS, 400),
        "as_trained": good(train_to(PHOTOS, recipe)[0].network, PHOTOS, 400),
    }


def load_sample(sample: str) -> Network:
    """A sample's network."""
    return load_network(sample_network(sample))


def good(network: Network, sample: str, steps: int = 600) -> list[dict[str, int | None]]:
    """Good images of three seeds, with those of the control."""
    references = References.of(network, *images(sample))
    found = []
    for seed in range(3):
        settings = replace(fast(), steps=steps, seed=seed, device="cpu")
        *_, last = Reconstruction(network, settings).iterate()
        evidence = references.score(last.images())
        assert evidence.control is not None
        found.append(
            {
                "good": evidence.train.good,
                "control": evidence.control.good,
                "recovered": evidence.recovered,
            }
        )
    return found
