"""State dicts of networks as people write them in PyTorch."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import Chain, linear_layers, mlp, named

DESIGNS = Shelf("Networks in PyTorch")


@DESIGNS.opens("sequential.pth", "`nn.Sequential`: `0.weight`, `2.weight`, …")
def sequential(path: Path) -> Function:
    network = mlp()
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("attributes.pth", "layers called `fc1`, `fc2`, `fc3`")
def attributes(path: Path) -> Function:
    network = mlp()
    torch.save(named(network, "fc1", "fc2", "fc3"), path)
    return network


@DESIGNS.opens("words.pth", "layers called `input`, `hidden`, `output`, in their order")
def words(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    torch.save(named(network, "input", "hidden", "output"), path)
    return network


@DESIGNS.opens("module_list.pth", "`nn.ModuleList`: `layers.0.weight`, …, twelve of them")
def module_list(path: Path) -> Function:
    network = mlp(36, *[12] * 11, 1)
    torch.save(named(network, *(f"layers.{place}" for place in range(12))), path)
    return network


@DESIGNS.opens("nested.pth", "nested modules: `encoder.0`, `encoder.2`, `head.0`, `head.2`")
def nested(path: Path) -> Function:
    network = mlp(36, 12, 12, 12, 4)
    torch.save(named(network, "encoder.0", "encoder.2", "head.0", "head.2"), path)
    return network


@DESIGNS.opens("module_dict.pth", "`nn.ModuleDict` in blocks: `blocks.first.linear`, …")
def module_dict(path: Path) -> Function:
    network = mlp(36, 12, 10, 3)
    names = ("blocks.first.linear", "blocks.second.linear", "classifier")
    torch.save(named(network, *names), path)
    return network


@DESIGNS.opens("late.pth", "`fc3` registered before `fc2`, both of one shape")
def late(path: Path) -> Function:
    torch.manual_seed(1)
    layers = {
        "fc1": nn.Linear(36, 12),
        "fc3": nn.Linear(12, 12),
        "fc2": nn.Linear(12, 12),
        "fc4": nn.Linear(12, 1),
    }
    network = Chain(layers, ["fc1", "fc2", "fc3", "fc4"])
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("head_first.pth", "the last layer registered first: `head`, `fc1`, `fc2`")
def head_first(path: Path) -> Function:
    torch.manual_seed(2)
    layers = {"head": nn.Linear(12, 2), "fc1": nn.Linear(36, 12), "fc2": nn.Linear(12, 12)}
    network = Chain(layers, ["fc1", "fc2", "head"])
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("sorted_by_name.pth", "thirteen layers, keys sorted: `10.weight` before `2.weight`")
def sorted_by_name(path: Path) -> Function:
    network = mlp(36, *[12] * 12, 1)
    torch.save(dict(sorted(network.state_dict().items())), path)
    return network


@DESIGNS.opens("one_output.pth", "one output, two classes by its sign")
def one_output(path: Path) -> Function:
    network = mlp(36, 20, 1)
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("two_outputs.pth", "two outputs")
def two_outputs(path: Path) -> Function:
    network = mlp(36, 20, 2)
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("ten_outputs.pth", "ten outputs")
def ten_outputs(path: Path) -> Function:
    network = mlp(36, 20, 10)
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("more_outputs.pth", "more outputs than inputs", inputs=9)
def more_outputs(path: Path) -> Function:
    network = mlp(9, 20, 30)
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("no_bias.pth", "no biases")
def no_bias(path: Path) -> Function:
    network = mlp(36, 12, 12, 1, biases="none")
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("first_bias.pth", "a bias on the first layer alone")
def first_bias(path: Path) -> Function:
    network = mlp(36, 12, 12, 1, biases=(0,))
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("upper_bias.pth", "biases on the second layer and the last")
def upper_bias(path: Path) -> Function:
    network = mlp(36, 12, 12, 2, biases=(1, 2))
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("dropout.pth", "dropout layers, of which a file holds nothing")
def dropout(path: Path) -> Function:
    first, second, third = linear_layers(mlp())
    network = nn.Sequential(
        nn.Flatten(), first, nn.ReLU(), nn.Dropout(0.5), second, nn.ReLU(), nn.Dropout(0.5), third
    )
    torch.save(network.state_dict(), path)
    return network.eval()


@DESIGNS.opens("sigmoid_head.pth", "a sigmoid or softmax at the end: read without it, as logits")
def sigmoid_head(path: Path) -> Function:
    network = mlp()
    torch.save(nn.Sequential(*network, nn.Sigmoid()).state_dict(), path)
    return network


@DESIGNS.opens(
    "leaky.pth", "leaky ReLU of which the file says nothing: the slope has to be said", 0.2
)
def leaky(path: Path) -> Function:
    network = mlp(slope=0.2)
    torch.save(network.state_dict(), path)
    return network


@DESIGNS.opens("leaky_said.pth", "leaky ReLU that the file names beside the weights")
def leaky_said(path: Path) -> Function:
    network = mlp(slope=0.1)
    said = {"activation": "LeakyReLU", "negative_slope": 0.1}
    torch.save({"state_dict": network.state_dict(), "config": said}, path)
    return network


@DESIGNS.opens("tied.pth", "two layers that share one matrix, stored by both names")
def tied(path: Path) -> Function:
    network = mlp(36, 12, 12, 12, 1)
    first, second = linear_layers(network)[1:3]
    second.weight = first.weight
    torch.save(network.state_dict(), path)
    return network
