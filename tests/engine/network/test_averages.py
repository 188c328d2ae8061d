"""Averages of weights that lie beside them are left out, and nothing else is."""

from __future__ import annotations

import pytest
import torch

from engine.network.averages import without_averages
from engine.network.checkpoints import load_network

SIZES = {"0.weight": (12, 12), "0.bias": (12,), "2.weight": (12, 12), "2.bias": (12,)}


def held(prefix, value, sizes=SIZES):
    return {f"{prefix}{name}": torch.full(size, value) for name, size in sizes.items()}


@pytest.mark.parametrize("weights", ["", "model.", "online_model.", "model.net."])
@pytest.mark.parametrize("average", ["ema.", "ema_model.", "model_ema.module.", "swa_model."])
def test_the_weights_are_read_and_their_average_is_named(weights, average):
    content = held(average, 2.0) | held(weights, 1.0)
    left, noted = without_averages(content)
    assert list(left) == list(held(weights, 1.0))
    assert [str(each) for each in noted] == [f"{average[:-1]}: a running average of the weights"]


@pytest.mark.parametrize(
    "content",
    [
        held("ema_model.", 1.0),
        held("online.", 1.0) | held("target.", 2.0),
        held("model.", 1.0) | held("ema_model.", 2.0, {"0.weight": (12, 12)}),
        held("model.", 1.0) | held("ema_model.", 2.0, SIZES | {"2.weight": (10, 12)}),
        {"fc.weight": torch.ones(12, 12), "avg_fc.weight": torch.ones(12, 12)},
    ],
)
def test_what_may_be_layers_stays(content):
    assert without_averages(content) == (content, ())


def test_what_was_left_out_is_told(tmp_path):
    torch.manual_seed(0)
    weights = {name: torch.rand(size) for name, size in SIZES.items()}
    both = {f"model.{n}": t for n, t in weights.items()} | held("ema_model.", 1.0)
    torch.save(both, tmp_path / "network.pth")
    network = load_network(tmp_path / "network.pth")
    assert torch.equal(network.weights[0], weights["0.weight"])
    assert network.depth == 2
    assert network.reading.notes == ("Ignored: ema_model: a running average of the weights",)
