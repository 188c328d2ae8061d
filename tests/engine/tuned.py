"""Small networks that were fine-tuned, with the base that they started from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from engine.network.fine_tuned import with_base
from engine.network.network import Network, Origin
from engine.network.parameters import Parameters

Step = Callable[[Tensor], Tensor]


def images_of(network: Network, count: int = 6, seed: int = 1) -> tuple[Tensor, Tensor]:
    """x, float64, shape (n, D), and labels in turn."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(count, network.input_dimension, generator=generator, dtype=torch.float64)
    return x, torch.arange(count) % network.output_count


def descended(
    base: Network, x: Tensor, labels: Tensor, steps: int, step: Step, frozen: tuple[int, ...] = ()
) -> Network:
    """The base after some steps along the cross-entropy's gradient; tensors may be frozen.

    Args:
        base: float64, with two outputs at least.
        x: what it reads.
        labels: what it is taught, from 0.
        steps: how many.
        step: what is taken from a tensor, of its gradient.
        frozen: places among `Parameters.tensors`.
    """
    theta = base.parameters
    for _ in range(steps):
        live = theta.each(lambda p: p.detach().clone().requires_grad_())
        outputs = replace(base, parameters=live).forward(x)
        torch.nn.functional.cross_entropy(outputs, labels).backward()
        theta = theta.with_tensors(
            [
                p if i in frozen else p - step(each.grad)
                for i, (p, each) in enumerate(zip(theta.tensors, live.tensors, strict=True))
            ]
        )
    origin = Origin("tuned.pth", "a" * 64)
    return replace(base, parameters=theta.each(torch.detach), origin=origin)


def tuned_network(
    base: Network, steps: int = 20, rate: float = 0.05, frozen: tuple[int, ...] = ()
) -> Network:
    """Fine-tuned on `images_of` by gradient descent, its base beside it."""
    base = replace(base, origin=Origin("base.pth", "b" * 64))
    there = descended(base, *images_of(base), steps, lambda g: rate * g, frozen)
    return with_base(there, base)


def with_head(network: Network, outputs: int) -> Network:
    """The same network with a last layer for so many classes."""
    last = torch.ones(outputs, network.weights[-1].shape[1], dtype=torch.float64)
    bias = None if network.biases[-1] is None else torch.zeros(outputs, dtype=torch.float64)
    parameters = Parameters((*network.weights[:-1], last), (*network.biases[:-1], bias))
    return replace(network, parameters=parameters, class_names=())
