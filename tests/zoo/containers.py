"""The ways of PyTorch to store a network."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import mlp, state

CONTAINERS = Shelf("Ways of PyTorch to store them")


@CONTAINERS.opens(
    "loop.pt", "a plain loop: `epoch`, `model_state_dict`, `optimizer_state_dict`, `loss`"
)
def loop(path: Path) -> Function:
    network = mlp()
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(4, 36)).sum().backward()
    optimizer.step()
    torch.save(
        {
            "epoch": 12,
            "model_state_dict": network.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "loss": 0.25,
        },
        path,
    )
    return network


@CONTAINERS.opens(
    "best.pth.tar", "ImageNet's example: `arch`, `state_dict`, `best_acc1`, `optimizer`"
)
def imagenet_example(path: Path) -> Function:
    network = mlp()
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    network(torch.rand(4, 36)).sum().backward()
    optimizer.step()
    torch.save(
        {
            "epoch": 90,
            "arch": "mlp",
            "state_dict": network.state_dict(),
            "best_acc1": torch.tensor(71.2),
            "optimizer": optimizer.state_dict(),
            "scheduler": {"last_epoch": 90, "_last_lr": [0.001]},
        },
        path,
    )
    return network


@CONTAINERS.opens("old_format.pt", "PyTorch's format before 1.6, no zip archive")
def old_format(path: Path) -> Function:
    network = mlp()
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=False)
    return network


@CONTAINERS.opens("protocol_4.pt", "a state dict pickled with protocol 4")
def protocol_4(path: Path) -> Function:
    network = mlp()
    torch.save(network.state_dict(), path, pickle_protocol=4)
    return network


@CONTAINERS.opens("renamed.bin", "a state dict under another ending (`.bin`, `.pkl`, none)")
def renamed(path: Path) -> Function:
    network = mlp()
    torch.save(network.state_dict(), path)
    return network


@CONTAINERS.opens("unknown_key.pt", "a state dict under one key that nobody has heard of")
def unknown_key(path: Path) -> Function:
    network = mlp()
    torch.save({"ema_shadow": network.state_dict(), "decay": 0.999}, path)
    return network


@CONTAINERS.opens(
    "deep.pt", "a state dict inside several mappings: `checkpoint`, `model`, `state_dict`"
)
def deep(path: Path) -> Function:
    network = mlp()
    torch.save({"checkpoint": {"model": {"state_dict": network.state_dict()}}}, path)
    return network


@CONTAINERS.opens(
    "parameters.pt", "parameters instead of tensors: `dict(model.named_parameters())`"
)
def parameters(path: Path) -> Function:
    network = mlp()
    torch.save(dict(network.named_parameters()), path)
    return network


@CONTAINERS.opens("numpy_scalar.pth", "scalars of NumPy beside the weights: `best_acc`")
def numpy_scalar(path: Path) -> Function:
    network = mlp()
    beside = {"best_acc": np.float64(0.93), "history": np.linspace(1, 0, 5)}
    torch.save({"state_dict": network.state_dict(), **beside}, path)
    return network


@CONTAINERS.opens("views.pt", "weights that are views of one large storage")
def views(path: Path) -> Function:
    network = mlp()
    flat = torch.cat([tensor.flatten() for tensor in network.state_dict().values()])
    found, start = {}, 0
    for name, tensor in network.state_dict().items():
        found[name] = flat[start : start + tensor.numel()].view_as(tensor)
        start += tensor.numel()
    torch.save(found, path)
    return network


@CONTAINERS.refuses("two_networks.pt", "two networks in one file", "discriminator")
def two_networks(path: Path) -> None:
    one, other = mlp(), mlp(36, 10, 2)
    torch.save({"generator": one.state_dict(), "discriminator": other.state_dict()}, path)


@CONTAINERS.refuses("same_names.pt", "two networks under two prefixes of one name", "model.")
def same_names(path: Path) -> None:
    torch.save(state(mlp(), "model.") | state(mlp(seed=1), "module."), path)


@CONTAINERS.refuses("whole.pt", "a whole model: `torch.save(model)`", "Python objects")
def whole(path: Path) -> None:
    torch.save(mlp(), path)


@CONTAINERS.opens("pickled.pkl", "a state dict through `pickle.dump`")
def pickled(path: Path) -> Function:
    network = mlp()
    path.write_bytes(pickle.dumps(network.state_dict()))
    return network


@CONTAINERS.refuses("optimizer.pt", "the state of an optimiser alone", "no state dict")
def optimizer_alone(path: Path) -> None:
    network = mlp()
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9)
    network(torch.rand(4, 36)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), path)


@CONTAINERS.refuses("list.pt", "weights in a list, without names", "no state dict")
def listed(path: Path) -> None:
    torch.save(list(mlp().state_dict().values()), path)


@CONTAINERS.refuses("tensor.pt", "a single tensor", "no state dict")
def tensor_alone(path: Path) -> None:
    torch.save(torch.rand(10, 36), path)
