"""Safetensors, which keep neither the order of registering nor two names of one tensor."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import Chain, mlp, named

SAFETENSORS = Shelf("Safetensors")


@SAFETENSORS.opens("plain.safetensors", "a state dict, keys in their order")
def plain(path: Path) -> Function:
    network = mlp()
    safetensors.torch.save_file(network.state_dict(), path)
    return network


@SAFETENSORS.opens("sorted.safetensors", "thirteen layers of one width, keys sorted by name")
def sorted_keys(path: Path) -> Function:
    network = mlp(36, *[12] * 12, 1)
    safetensors.torch.save_file(dict(sorted(network.state_dict().items())), path)
    return network


@SAFETENSORS.opens("bfloat16.safetensors", "weights of 16 bits")
def bfloat16_safetensors(path: Path) -> Function:
    network = mlp().bfloat16()
    safetensors.torch.save_file(network.state_dict(), path)
    return network.float()


@SAFETENSORS.opens("said.safetensors", "the activation in the metadata")
def said(path: Path) -> Function:
    network = mlp(slope=0.1)
    metadata = {"activation": "leaky_relu:0.1", "classes": '["even", "odd"]'}
    safetensors.torch.save_file(network.state_dict(), path, metadata)
    return network


@SAFETENSORS.opens(
    "tied.safetensors", "two tied layers, of which `save_model` keeps one and an alias"
)
def tied(path: Path) -> Function:
    torch.manual_seed(3)
    shared = nn.Linear(12, 12)
    layers = {"fc1": nn.Linear(36, 12), "fc2": shared, "fc3": shared, "fc4": nn.Linear(12, 1)}
    network = Chain(layers, ["fc1", "fc2", "fc3", "fc4"])
    safetensors.torch.save_model(network, str(path))
    return network


@SAFETENSORS.opens("unordered.safetensors", "layers without numbers whose widths tell their order")
def unordered(path: Path) -> Function:
    network = mlp(36, 14, 12, 1)
    safetensors.torch.save_file(named(network, "input", "hidden", "output"), path)
    return network
