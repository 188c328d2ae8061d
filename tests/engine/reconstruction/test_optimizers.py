"""The optimisers are PyTorch's, number for number, and take rates that lie on the device."""

from __future__ import annotations

import pytest
import torch

from engine.reconstruction.optimizers import Adam, Momentum

RATES = [0.3, 0.25, 0.1, 0.02, 1e-4]


def gradients(dtype):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(5, 4, generator=generator, dtype=dtype) for _ in RATES]


def start(dtype):
    return torch.linspace(-1, 1, 20, dtype=dtype).reshape(5, 4)


def by_pytorch(kind, dtype):
    tensor = start(dtype).requires_grad_()
    if kind is Adam:
        optimizer = torch.optim.Adam([tensor], foreach=False)
    else:
        optimizer = torch.optim.SGD([tensor], lr=1.0, momentum=0.9, foreach=False)
    for gradient, rate in zip(gradients(dtype), RATES, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        tensor.grad = gradient
        optimizer.step()
    return tensor.detach(), optimizer.state_dict()["state"][0]


def by_ours(kind, dtype, rates):
    tensor = start(dtype)
    optimizer = kind(tensor)
    for gradient, rate in zip(gradients(dtype), rates, strict=True):
        optimizer.move(gradient, rate)
    return tensor, optimizer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", [Adam, Momentum])
def test_they_are_pytorchs_bit_for_bit(kind, dtype):
    wanted, memory = by_pytorch(kind, dtype)
    found, optimizer = by_ours(kind, dtype, RATES)
    assert torch.equal(found, wanted)
    assert optimizer.memory.keys() == memory.keys()
    for name, value in optimizer.memory.items():
        assert torch.equal(value, memory[name])
        assert value.dtype == memory[name].dtype


@pytest.mark.parametrize("kind", [Adam, Momentum])
def test_rates_may_lie_on_the_device(kind):
    wanted, _ = by_pytorch(kind, torch.float64)
    rates = [torch.tensor(rate, dtype=torch.float64) for rate in RATES]
    found, _ = by_ours(kind, torch.float64, rates)
    torch.testing.assert_close(found, wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", [Adam, Momentum])
def test_they_go_on_from_what_they_remember(kind):
    whole, _ = by_ours(kind, torch.float32, RATES)
    tensor = start(torch.float32)
    first = kind(tensor)
    assert first.memory == {}
    for gradient, rate in zip(gradients(torch.float32)[:3], RATES[:3], strict=True):
        first.move(gradient, rate)
    second = kind(tensor)
    second.restore({name: value.clone() for name, value in first.memory.items()})
    for gradient, rate in zip(gradients(torch.float32)[3:], RATES[3:], strict=True):
        second.move(gradient, rate)
    assert torch.equal(tensor, whole)
