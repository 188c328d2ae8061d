"""Small networks that the zoo's files hold."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def mlp(
    *sizes: int, biases: str | tuple[int, ...] = "all", slope: float = 0.0, seed: int = 0
) -> nn.Sequential:
    """A network with PyTorch's start.

    Args:
        sizes: D, n_1, …, C; 36, 12, 8, 1 where nothing is said.
        biases: `all`, `none`, or the places of the layers that have one.
        slope: of the activation below zero.
        seed: of the start.
    """
    torch.manual_seed(seed)
    pairs = list(pairwise(sizes or (36, 12, 8, 1)))
    layers: list[nn.Module] = []
    for place, (inputs, outputs) in enumerate(pairs):
        has_bias = biases == "all" or (biases != "none" and place in biases)
        layers.append(nn.Linear(inputs, outputs, bias=has_bias))
        if place < len(pairs) - 1:
            layers.append(nn.LeakyReLU(slope) if slope else nn.ReLU())
    return nn.Sequential(*layers)


def linear_layers(network: nn.Module) -> list[nn.Linear]:
    """W_1 … W_L."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def state(network: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """A state dict as a plain mapping, with something before each name."""
    return {f"{prefix}{name}": tensor for name, tensor in network.state_dict().items()}


def named(network: nn.Module, *names: str) -> dict[str, Tensor]:
    """A state dict whose layers have names of one's own."""
    found: dict[str, Tensor] = {}
    for name, layer in zip(names, linear_layers(network), strict=True):
        found |= {f"{name}.{key}": tensor for key, tensor in layer.state_dict().items()}
    return found


class Chain(nn.Module):
    """Layers by names, registered in one order and called in another."""

    def __init__(self, registered: dict[str, nn.Linear], called: list[str]) -> None:
        super().__init__()
        for name, layer in registered.items():
            self.add_module(name, layer)
        self.called = called

    def forward(self, x: Tensor) -> Tensor:
        for name in self.called[:-1]:
            x = torch.relu(self.get_submodule(name)(x))
        return self.get_submodule(self.called[-1])(x)
