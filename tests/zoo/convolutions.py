"""State dicts of convolutional networks and of batch normalisation, as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from tests.zoo.items import Function, Shelf

CONVOLUTIONS = Shelf("Convolutions and batch normalisation")


class Called(nn.Module):
    """Layers by names of their own, and steps that no name tells: `relu`, `pool`, `flat`."""

    def __init__(self, steps: str, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.steps = steps.split()

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            if step == "relu":
                x = x.relu()
            elif step == "pool":
                x = nn.functional.max_pool2d(x, 2)
            else:
                x = self.get_submodule(step)(x.flatten(1) if step.startswith("fc") else x)
        return x


def _seen(network: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """With statistics in its batch normalisation; in evaluation mode."""
    network.train()
    for _ in range(3):
        network(torch.rand(8, *shape) * 3 - 1)
    return network.eval()


def _on_images(network: nn.Module, shape: tuple[int, int, int]) -> Function:
    return lambda rows: network(rows.reshape(-1, *shape))


def _add(
    name: str, about: str, shape: tuple[int, int, int], network: Callable[[], nn.Module]
) -> None:
    def make(path: Path) -> Function:
        torch.manual_seed(0)
        made = _seen(network(), shape)
        if path.suffix == ".safetensors":
            safetensors.torch.save_file(made.state_dict(), path)
        else:
            torch.save(made.state_dict(), path)
        return _on_images(made, shape)

    CONVOLUTIONS.opens(name, about, inputs=shape[0] * shape[1] * shape[2])(make)


_GREY, _COLOUR = (1, 28, 28), (3, 32, 32)
_add(
    "conv_sequential.pth",
    "`nn.Sequential` with a stride, which the numbers of its steps tell from pooling",
    _GREY,
    lambda: nn.Sequential(
        nn.Conv2d(1, 4, 5, 2, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(784, 8),
        nn.ReLU(),
        nn.Linear(8, 3),
    ),
)
_add(
    "conv_pooling.pth",
    "`nn.Sequential` with pooling",
    _GREY,
    lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(576, 3),
    ),
)
_add(
    "lenet.pth",
    "LeNet-5 with ReLU: `conv1`, `conv2`, `fc1`, `fc2`, `fc3`",
    _GREY,
    lambda: Called(
        "conv1 relu pool conv2 relu pool fc1 relu fc2 relu fc3",
        conv1=nn.Conv2d(1, 6, 5, padding=2),
        conv2=nn.Conv2d(6, 16, 5),
        fc1=nn.Linear(400, 120),
        fc2=nn.Linear(120, 84),
        fc3=nn.Linear(84, 10),
    ),
)
_add(
    "mnist_example.pth",
    "the network of PyTorch's MNIST example",
    _GREY,
    lambda: Called(
        "conv1 relu conv2 relu pool fc1 relu fc2",
        conv1=nn.Conv2d(1, 32, 3),
        conv2=nn.Conv2d(32, 64, 3),
        fc1=nn.Linear(9216, 128),
        fc2=nn.Linear(128, 10),
    ),
)
_add(
    "conv_blocks.safetensors",
    "blocks of convolution, batch normalisation, ReLU and pooling, sorted by safetensors",
    _COLOUR,
    lambda: nn.Sequential(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(512, 3)),
    ),
)
_add(
    "depthwise.pth",
    "a depthwise convolution (one group a channel)",
    _GREY,
    lambda: nn.Sequential(
        *(nn.Conv2d(1, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, 1, groups=4), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(784, 3)),
    ),
)
_add(
    "batch_norm.pth",
    "batch normalisation between full layers",
    (1, 6, 6),
    lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(36, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)
    ),
)
_add(
    "batch_norm_plain.pth",
    "batch normalisation without parameters of its own",
    (1, 6, 6),
    lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(36, 8), nn.BatchNorm1d(8, affine=False), nn.ReLU(), nn.Linear(8, 3)
    ),
)


@CONVOLUTIONS.opens(
    "said_architecture.safetensors", "an architecture under the key `architecture`", inputs=784
)
def said(path: Path) -> Function:
    torch.manual_seed(0)
    network = Called(
        "first relu pool second relu pool fc",
        first=nn.Conv2d(1, 4, 3, padding=1),
        second=nn.Conv2d(4, 4, 3, padding=1),
        fc=nn.Linear(196, 3),
    )
    text = "conv padding 1, relu, maxpool 2, conv padding 1, relu, maxpool 2, flatten, linear"
    safetensors.torch.save_file(network.state_dict(), path, {"architecture": text})
    return _on_images(network, _GREY)
