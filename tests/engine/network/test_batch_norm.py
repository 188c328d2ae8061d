"""Batch normalisation that is folded in computes what PyTorch's module computes in `eval()`."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.base.errors import UnusableInput
from engine.evidence.altered import why_roughly
from engine.network.batch_norm import fold, fold_all
from engine.network.checkpoints import load_network


def seen(norm: nn.Module, seed: int) -> nn.Module:
    """Normalisation that has seen something: no number of it is left as it was made."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.1, 3, generator=generator)
        if norm.affine:
            norm.weight.normal_(generator=generator)
            norm.bias.normal_(generator=generator)
    return norm.eval()


@settings(deadline=None)
@given(
    st.integers(0, 1000),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from((1e-5, 1e-3)),
)
def test_it_is_exact(seed, is_convolution, has_bias, affine, epsilon):
    torch.manual_seed(seed)
    if is_convolution:
        layer = nn.Conv2d(4, 6, 3, groups=2, bias=has_bias).double()
        norm, x = nn.BatchNorm2d(6, epsilon, affine=affine), torch.randn(3, 4, 7, 7).double()
    else:
        layer = nn.Linear(9, 6, bias=has_bias).double()
        norm, x = nn.BatchNorm1d(6, epsilon, affine=affine), torch.randn(3, 9).double()
    norm = seen(norm.double(), seed)
    with torch.no_grad():
        expected = norm(layer(x))
        weight, bias = fold(
            layer.weight,
            layer.bias,
            norm.running_mean,
            norm.running_var,
            norm.weight,
            norm.bias,
            epsilon,
        )
        layer.weight.copy_(weight)
        layer.bias = nn.Parameter(bias)
        torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-12)


def conv_net(**modules: nn.Module) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    net = nn.ModuleDict(modules)
    for place, module in enumerate(net.values()):
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            seen(module, place)
    return net.state_dict()


@pytest.mark.parametrize(
    ("norms", "layers"),
    [
        (("bn1", "bn2"), ("conv1", "conv2")),
        (("conv1_bn", "conv2_bn"), ("conv1", "conv2")),
        (("norm_first", "norm_second"), ("first", "second")),
        (("bns_0", "bns_1"), ("convs_0", "convs_1")),
    ],
)
def test_names_tell_which_layer_it_stands_behind_wherever_it_lies_in_the_file(norms, layers):
    state = conv_net(
        **{norms[1]: nn.BatchNorm2d(4), norms[0]: nn.BatchNorm2d(4)},
        **{layers[0]: nn.Conv2d(1, 4, 3), layers[1]: nn.Conv2d(4, 4, 3), "out": nn.Linear(4, 2)},
    )
    expected = dict(zip(layers, norms, strict=True))
    assert fold_all(state, "a.pth").behind == expected
    assert fold_all(state, "a.pth", (True, True, False)).behind == expected


def test_a_list_of_normalisations_beside_one_of_layers():
    net = nn.ModuleDict(
        {
            "convs": nn.ModuleList([nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)]),
            "bns": nn.ModuleList([nn.BatchNorm2d(4), nn.BatchNorm2d(4)]),
            "out": nn.Linear(4, 2),
        }
    )
    found = fold_all(net.state_dict(), "a.pth").behind
    assert found == {"convs.0": "bns.0", "convs.1": "bns.1"}


def test_where_names_do_not_tell_an_architecture_does():
    state = conv_net(
        a=nn.Conv2d(1, 4, 3), b=nn.Conv2d(4, 4, 3), n=nn.BatchNorm2d(4), out=nn.Linear(4, 2)
    )
    with pytest.raises(UnusableInput, match=r"Behind which layer of a.pth .*“n”") as caught:
        fold_all(state, "a.pth")
    assert "--architecture" in caught.value.instead
    assert fold_all(state, "a.pth", (False, True, False)).behind == {"b": "n"}
    with pytest.raises(UnusableInput, match="1 times"):
        fold_all(state, "a.pth", (True, True, False))


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(nn.Linear(9, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Linear(6, 2)),
        nn.Sequential(nn.BatchNorm1d(9), nn.Linear(9, 6), nn.ReLU(), nn.Linear(6, 2)),
    ],
    ids=["behind the activation", "before the first layer"],
)
def test_where_it_stands_behind_no_layer_it_is_refused(net):
    with pytest.raises(UnusableInput, match="stands right behind no layer with weights"):
        fold_all(net.state_dict(), "a.pth")


def test_damaged_ones_are_refused():
    state = conv_net(fc=nn.Linear(9, 6), bn=nn.BatchNorm1d(6), out=nn.Linear(6, 2))
    with pytest.raises(UnusableInput, match="below 0"):
        fold_all({**state, "bn.running_var": -torch.ones(6)}, "a.pth")
    without = {n: t for n, t in state.items() if n != "bn.running_var"}
    with pytest.raises(UnusableInput, match="are missing"):
        fold_all(without, "a.pth")
    with pytest.raises(UnusableInput, match="computes nothing"):
        fold_all({**state, "bn.weight": torch.zeros(6)}, "a.pth")


def test_a_network_with_it_opens_and_says_that_its_weights_are_no_trained_ones(tmp_path):
    torch.manual_seed(0)
    norm = seen(nn.BatchNorm1d(12), 1)
    net = nn.Sequential(nn.Linear(36, 12), norm, nn.ReLU(), nn.Linear(12, 3)).eval()
    torch.save(net.state_dict(), tmp_path / "a.pth")
    network, x = load_network(tmp_path / "a.pth"), torch.randn(5, 36)
    with torch.no_grad():
        torch.testing.assert_close(network.forward(x), net(x))
    assert network.structure is None
    assert "Applied: 0: batch normalisation (1) folded in" in network.reading.notes
    assert "trained through batch normalisation (0)" in why_roughly(network)
    assert "only roughly" in why_roughly(network)
