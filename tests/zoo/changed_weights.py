"""Weights in other precisions and forms than those a layer computes with."""

from __future__ import annotations

import warnings
from pathlib import Path

import safetensors.torch
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.nn.utils import spectral_norm as old_spectral_norm
from torch.nn.utils import weight_norm as old_weight_norm

from tests.zoo.items import Function, Shelf
from tests.zoo.networks import linear_layers, mlp

PRECISIONS = Shelf("Precisions")
FORMS = Shelf("Pruned, normalised, tied, quantised weights")


# --- precisions -----------------------------------------------------------------------------------


@PRECISIONS.opens("half.pt", "16 bits (`float16`); computed with in 32")
def half(path: Path) -> Function:
    network = mlp().half()
    torch.save(network.state_dict(), path)
    return network.float()


@PRECISIONS.opens("bfloat16.pt", "16 bits (`bfloat16`); computed with in 32")
def bfloat16(path: Path) -> Function:
    network = mlp().bfloat16()
    torch.save(network.state_dict(), path)
    return network.float()


@PRECISIONS.opens("double.pt", "64 bits (`float64`)")
def double(path: Path) -> Function:
    network = mlp().double()
    torch.save(network.state_dict(), path)
    return network


@PRECISIONS.opens("mixed.pt", "layers in 16 bits and a last one in 32")
def mixed(path: Path) -> Function:
    network = mlp()
    for layer in linear_layers(network)[:-1]:
        layer.half()
    torch.save(network.state_dict(), path)
    return network.float()


@PRECISIONS.refuses("eight_bits.pt", "numbers of 8 bits (`float8_e4m3fn`)", "8 bits")
def eight_bits(path: Path) -> None:
    state = mlp().state_dict()
    torch.save({name: tensor.to(torch.float8_e4m3fn) for name, tensor in state.items()}, path)


@PRECISIONS.refuses("quantised.pt", "dynamic quantisation (`qint8`)", "quantised")
def quantised(path: Path) -> None:
    state = dict(mlp().state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("0.weight", "2.weight", "4.weight"):
            state[name] = torch.quantize_per_tensor(state[name], 0.01, 0, torch.qint8)
        torch.save(state, path)


@PRECISIONS.refuses("whole_numbers.pt", "weights as whole numbers, with scales beside", "0.scale")
def whole_numbers(path: Path) -> None:
    state = dict(mlp().state_dict())
    state["0.weight"] = (state["0.weight"] * 100).to(torch.int8)
    torch.save(state | {"0.scale": torch.tensor(0.01)}, path)


@PRECISIONS.refuses("four_bits.safetensors", "4 bits of bitsandbytes (`weight.absmax`)", "0.weight")
def four_bits(path: Path) -> None:
    state = dict(mlp().state_dict())
    state["0.weight"] = torch.zeros(216, 1, dtype=torch.uint8)
    state["0.weight.absmax"] = torch.rand(7)
    state["0.weight.quant_map"] = torch.rand(16)
    safetensors.torch.save_file(state, path)


# --- forms ----------------------------------------------------------------------------------------


@FORMS.opens("pruned.pth", "`prune.l1_unstructured`: `weight_orig` times `weight_mask`")
def pruned(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    for layer in linear_layers(network):
        prune.l1_unstructured(layer, "weight", 0.5)
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("pruned_square.pth", "the same, where a mask would fit as a layer", inputs=12)
def pruned_square(path: Path) -> Function:
    network = mlp(12, 12, 12, 12)
    prune.random_unstructured(network[2], "weight", 0.3)
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("pruned_bias.pth", "biases pruned as well")
def pruned_bias(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    for layer in linear_layers(network)[:2]:
        prune.random_unstructured(layer, "weight", 0.5)
        prune.random_unstructured(layer, "bias", 0.5)
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("pruned_for_good.pth", "pruned and made permanent (`prune.remove`)")
def pruned_for_good(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    for layer in linear_layers(network):
        prune.l1_unstructured(layer, "weight", 0.5)
        prune.remove(layer, "weight")
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("weight_norm.pth", "`nn.utils.weight_norm`: `weight_g` and `weight_v`")
def weight_norm(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in linear_layers(network):
            old_weight_norm(layer)
    _scale(network, "weight_g")
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("weight_norm_whole.pth", "the same with one norm for the whole matrix (`dim=None`)")
def weight_norm_whole(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in linear_layers(network):
            old_weight_norm(layer, dim=None)
    _scale(network, "weight_g")
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("weight_norm_new.pth", "`parametrizations.weight_norm`: `original0`, `original1`")
def weight_norm_new(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    for layer in linear_layers(network):
        parametrizations.weight_norm(layer)
    _scale(network, "original0")
    torch.save(network.state_dict(), path)
    return network


@FORMS.opens("spectral_norm.pth", "`nn.utils.spectral_norm`: `weight_orig`, `weight_u`, `weight_v`")
def spectral_norm(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for layer in linear_layers(network):
            old_spectral_norm(layer)
    network(torch.rand(3, 36))
    torch.save(network.state_dict(), path)
    return network.eval()


@FORMS.opens(
    "spectral_norm_new.pth", "`parametrizations.spectral_norm`: `original`, `0._u`, `0._v`"
)
def spectral_norm_new(path: Path) -> Function:
    network = mlp(36, 12, 12, 1)
    for layer in linear_layers(network):
        parametrizations.spectral_norm(layer)
    network(torch.rand(3, 36))
    torch.save(network.state_dict(), path)
    return network.eval()


@FORMS.refuses(
    "orthogonal.pth", "`parametrizations.orthogonal`, a matrix in another form", "parametrizations"
)
def orthogonal(path: Path) -> None:
    network = mlp(36, 12, 12, 1)
    parametrizations.orthogonal(network[2])
    torch.save(network.state_dict(), path)


def _scale(network: nn.Module, name: str) -> None:
    """Norms that are not those of the directions, as training leaves them."""
    for place, (key, parameter) in enumerate(network.named_parameters()):
        if key.endswith(name):
            parameter.data *= 1.5 + place


@FORMS.refuses("adapter.pth", "an adapter (LoRA): changes to another network's weights", "adapter")
def adapter(path: Path) -> None:
    changes = {"fc1.lora_A.weight": torch.rand(4, 36), "fc1.lora_B.weight": torch.rand(12, 4)}
    torch.save(changes, path)


@FORMS.refuses("diverged.pth", "weights that are not numbers (NaN)", "not finite")
def diverged(path: Path) -> None:
    state = mlp().state_dict()
    state["2.weight"][3, 4] = float("nan")
    torch.save(state, path)


@FORMS.refuses("overflowed.pth", "weights that are infinite", "not finite")
def overflowed(path: Path) -> None:
    state = mlp().state_dict()
    state["0.bias"][2] = float("inf")
    torch.save(state, path)


@FORMS.refuses("zeros.pth", "a matrix of zeros", "all zero")
def zeros(path: Path) -> None:
    state = mlp().state_dict()
    state["2.weight"].zero_()
    torch.save(state, path)


@FORMS.refuses("sparse.pth", "sparse matrices", "sparse")
def sparse(path: Path) -> None:
    state = dict(mlp().state_dict())
    state["0.weight"] = state["0.weight"].to_sparse()
    torch.save(state, path)


@FORMS.refuses("complex.pth", "complex numbers", "complex")
def complex_numbers(path: Path) -> None:
    state = mlp().state_dict()
    torch.save({name: tensor.to(torch.complex64) for name, tensor in state.items()}, path)


@FORMS.refuses("empty_layer.pth", "a matrix without numbers", "empty")
def empty_layer(path: Path) -> None:
    torch.save({"0.weight": torch.zeros(0, 36), "2.weight": torch.rand(1, 12)}, path)


@FORMS.refuses("meta.pth", 'tensors without data (`device="meta"`)', "0.weight")
def without_data(path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(36, 4), nn.Linear(4, 1)).to("meta").state_dict(), path)
