"""Networks that the method does not reach, each of which is called by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from tests.zoo.items import Shelf

OTHERS = Shelf("Networks that the method does not reach")


def _add(name: str, about: str, says: str, network: Callable[[], nn.Module]) -> None:
    def make(path: Path) -> None:
        torch.manual_seed(0)
        torch.save(network().state_dict(), path)

    OTHERS.refuses(name, about, says)(make)


_add(
    "convolution_1d.pth",
    "convolutions of one dimension",
    "is a convolution (4×1×3)",
    lambda: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1)),
)
_add(
    "convolution_3d.pth",
    "convolutions of three dimensions",
    "is a convolution (4×1×3×3×3)",
    lambda: nn.Sequential(nn.Conv3d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1)),
)
_add(
    "convolution_end.pth",
    "convolutions alone, without a full layer at the end",
    "ends in a convolution",
    lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.Flatten()),
)
_add(
    "several_fit.pth",
    "convolutions called `conv1`, `conv2`, of which several usual architectures fit",
    "several usual ones fit",
    lambda: nn.ModuleDict(
        {
            "conv1": nn.Conv2d(1, 4, 3, padding=1),
            "conv2": nn.Conv2d(4, 4, 3, padding=1),
            "fc": nn.Linear(196, 3),
        }
    ),
)
_add(
    "shortcuts.pth",
    "blocks with shortcuts, as in a ResNet",
    "blocks with shortcuts",
    lambda: nn.ModuleDict(
        {
            "conv1": nn.Conv2d(1, 4, 3, padding=1),
            "layer1": nn.ModuleDict(
                {"conv1": nn.Conv2d(4, 4, 3, padding=1), "conv2": nn.Conv2d(4, 4, 3, padding=1)}
            ),
            "fc": nn.Linear(3136, 3),
        }
    ),
)
_add(
    "norm_behind_relu.pth",
    "batch normalisation behind the activation",
    "stands right behind no layer",
    lambda: nn.Sequential(nn.Linear(36, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 1)),
)
_add(
    "layer_norm.pth",
    "layer normalisation",
    "normalisation",
    lambda: nn.Sequential(nn.Linear(36, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 1)),
)
_add(
    "prelu.pth",
    "a learned activation (`nn.PReLU`)",
    "a learned activation",
    lambda: nn.Sequential(nn.Linear(36, 8), nn.PReLU(), nn.Linear(8, 1)),
)
_add("lstm.pth", "a recurrent network (`nn.LSTM`)", "a recurrent network", lambda: nn.LSTM(8, 4))
_add("gru.pth", "a recurrent network (`nn.GRU`)", "a recurrent network", lambda: nn.GRU(8, 4, 2))
_add("rnn_cell.pth", "a recurrence (`nn.RNNCell`)", "a recurrent network", lambda: nn.RNNCell(8, 4))
_add(
    "transformer.pth",
    "a transformer",
    "a transformer",
    lambda: nn.TransformerEncoderLayer(8, 2, 16),
)
_add("attention.pth", "attention alone", "a transformer", lambda: nn.MultiheadAttention(8, 2))
_add(
    "embedding.pth",
    "words in, through a table (`nn.Embedding`)",
    "do not fit together",
    lambda: nn.Sequential(nn.Embedding(100, 8), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 1)),
)
_add(
    "bilinear.pth",
    "a bilinear layer",
    "bilinear.pth",
    lambda: nn.Bilinear(8, 8, 4),
)
_add("linear.pth", "a linear classifier", "a linear classifier", lambda: nn.Linear(36, 10))
_add(
    "two_heads.pth",
    "two heads on one trunk",
    "do not fit together",
    lambda: nn.ModuleDict(
        {"trunk": nn.Linear(36, 12), "digit": nn.Linear(12, 10), "parity": nn.Linear(12, 2)}
    ),
)


@OTHERS.refuses(
    "said_tanh.pth", "another activation, which the file names", "the method needs ReLU"
)
def said_tanh(path: Path) -> None:
    network = nn.Sequential(nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 1))
    torch.save({"state_dict": network.state_dict(), "config": {"activation": "tanh"}}, path)
