"""Kernels of Keras and Flax are turned around by their name, where shapes would not tell."""

from __future__ import annotations

import pytest
import torch

from engine.network.kernels import as_weights


@pytest.mark.parametrize(
    ("layer", "becomes"),
    [("dense/{}", "dense."), ("params/Dense_0/{}", "params.Dense_0."), ("dense/{}:0", "dense.")],
)
def test_a_kernel_becomes_a_weight_as_pytorch_has_it(layer, becomes):
    kernel, bias = torch.rand(3, 3), torch.rand(3)
    read = as_weights({layer.format("bias"): bias, layer.format("kernel"): kernel})
    assert list(read) == [f"{becomes}bias", f"{becomes}weight"]
    assert torch.equal(read[f"{becomes}weight"], kernel.T)
    assert torch.equal(read[f"{becomes}bias"], bias)


@pytest.mark.parametrize(
    "tensors",
    [
        {"kernel.weight": torch.rand(3, 3), "kernel.bias": torch.rand(3)},
        {"conv/kernel": torch.rand(3, 3, 1, 4)},
        {"a/kernel": torch.rand(3, 3), "a.kernel": torch.rand(3, 3)},
    ],
)
def test_what_is_no_kernel_of_a_dense_layer_stays(tensors):
    assert as_weights(tensors) is tensors
