"""Small random networks of every kind that is attacked, and short runs on them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import torch
from torch import Tensor

from engine.data.datasets import LabelledImages
from engine.data.inputs import InputSpec, Preprocessing
from engine.network.activation import Activation
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import Session, session_of
from engine.stationarity.cases import TrainingKind
from engine.training.recipe import Recipe
from engine.training.training import Training

CASES = {
    "one output": (1, 1),
    "one output, biases everywhere": (1, 3),
    "two outputs": (2, 1),
    "ten outputs, biases everywhere": (10, 3),
}
"""C, and how many of the three layers have a bias."""


def network_of(case: str, hidden: tuple[int, int] = (30, 20), slope: float = 0.0) -> Network:
    """A float64 network that reads 8×8 images less a mean, divided by 0.5."""
    outputs, biased = CASES[case]
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    sizes = (64, *hidden, outputs)
    weights = tuple(draw(n, k) / k**0.5 for k, n in itertools.pairwise(sizes))
    biases = tuple(0.3 * draw(n) if i < biased else None for i, n in enumerate(sizes[1:]))
    mean = torch.rand(1, 8, 8, generator=generator)
    preprocessing = Preprocessing(mean, torch.full((1, 1, 1), 0.5), "file")
    names = tuple(f"class {k}" for k in range(max(2, outputs)))
    return Network(
        Parameters(weights, biases),
        InputSpec((1, 8, 8), preprocessing),
        Activation(slope),
        class_names=names,
    )


def learnt(network: Network, count: int = 12) -> Network:
    """The same network after it has learnt some images, so that there is something to be found."""
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(count, *network.input_shape, generator=generator)
    points = LabelledImages(images, torch.arange(count) % 2, "points")
    hidden = network.layer_sizes[1:-1]
    training = Training(points, Recipe(hidden, dtype="float64", until_exponent=-6))
    assert [snapshot.is_last for snapshot in training.iterate()][-1]
    return replace(network, parameters=training.network.parameters)


def session_of_case(case: str, restarts: int = 1, training: TrainingKind = "auto") -> Session:
    """A run of a hundred steps, so that it is not early; with one output of what was learnt."""
    settings = replace(
        fast(training),
        candidates=20,
        steps=100,
        restarts=restarts,
        rank=8,
        smoothness=2.0,
        device="cpu",
    )
    network = network_of(case)
    run = Reconstruction(learnt(network) if case == "one output" else network, settings)
    list(run.iterate())
    return session_of(run, "cpu")


def by_autograd(network: Network, x: Tensor, cotangents: Tensor) -> Tensor:
    """J(x_i)ᵀ u_i, one column an image."""
    parameters = network.parameters.each(lambda p: p.clone().requires_grad_())
    live, leaves = replace(network, parameters=parameters), parameters.tensors
    columns = []
    for output in (live.forward(x) * cotangents).sum(1):
        by_theta = torch.autograd.grad(output, leaves, retain_graph=True)
        columns.append(torch.cat([g.flatten() for g in by_theta]))
    return torch.stack(columns, 1)


def theta(network: Network) -> Tensor:
    """All of θ in a row, in the order of `by_autograd`."""
    return torch.cat([p.flatten() for p in network.parameters.tensors])


def labels_for(network: Network, count: int) -> Tensor:
    """A label for each of some images, the classes in turn."""
    labels = network.classes.labels
    return torch.tensor([labels[i % len(labels)] for i in range(count)], dtype=torch.float64)
