"""ONNX files: graphs of operators."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from tests.engine.network.onnx_models import model, node, striding
from tests.zoo.items import Function, Shelf
from tests.zoo.networks import mlp

ONNX = Shelf("ONNX")


class _Rows(nn.Module):
    """A network of images, of rows."""

    def __init__(self, network: nn.Module, *shape: int) -> None:
        super().__init__()
        self.network, self.shape = network, shape

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x.reshape(-1, *self.shape))


def _exported(network: nn.Module, path: Path, *shape: int) -> Function:
    """As PyTorch's own exporter writes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(network.eval(), (torch.zeros(1, *shape),), str(path), dynamo=False)
    return _Rows(network, *shape)


@ONNX.opens("exported.onnx", "full layers, as `torch.onnx.export` writes them")
def exported(path: Path) -> Function:
    return _exported(mlp(), path, 36)


@ONNX.opens("exported_leaky.onnx", "leaky ReLU, whose slope stands in the graph")
def exported_leaky(path: Path) -> Function:
    return _exported(mlp(slope=0.2), path, 36)


@ONNX.opens("exported_conv.onnx", "convolutions, batch normalisation and pooling", inputs=784)
def exported_conv(path: Path) -> Function:
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(4, 4, 5, 3, 1, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)),
    )
    network(torch.rand(8, 1, 28, 28))
    return _exported(network, path, 1, 28, 28)


@ONNX.opens("by_hand.onnx", "Conv, Gemm, MatMul and Add, as other tools write them", inputs=784)
def by_hand(path: Path) -> Function:
    network, made = striding()
    onnx.save(made, path)
    return _Rows(network, 1, 28, 28)


@ONNX.refuses("tanh.onnx", "another activation", "holds Tanh")
def tanh(path: Path) -> None:
    _exported(nn.Sequential(nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 3)), path, 36)


@ONNX.refuses("shortcut.onnx", "a shortcut around a layer", "joins two branches")
def shortcut(path: Path) -> None:
    onnx.save(model([node("Relu", "x", "r"), node("Add", "r x", "y")], {}), path)
