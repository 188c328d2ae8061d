"""Batch normalisation folded into the layer before it, which computes the same in evaluation mode.

    γ (W h + b − μ)/√(σ² + ε) + β  =  W' h + b'
    W' = s W,   b' = s (b − μ) + β,   s = γ/√(σ² + ε)          (a row or a kernel for each output)

with the running mean μ and variance σ² (Ioffe and Szegedy 2015). Gradient descent moved W and γ,
and not W', so that θ* = Σ J(x_i)ᵀ u_i holds of the folded weights only about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.network.orders import in_numbered_order
from engine.network.other_layers import NETWORKS
from engine.network.reading import Noted
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-5
"""ε of PyTorch's modules where nobody says another; no state dict holds it."""
FOLDED = "batch normalisation"
"""What a note of a layer begins with that one was folded into."""
_MEAN, _VARIANCE = ".running_mean", ".running_var"
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Folded:
    """A state dict without batch normalisation.

    Attributes:
        tensors: of the layers, into which it was folded.
        behind: the normalisation behind each layer that has one, by their names.
        applied: a note for each.
    """

    tensors: dict[str, Tensor]
    behind: Mapping[str, str]
    applied: tuple[Noted, ...]


def fold_all(
    tensors: Mapping[str, Tensor], file_name: str, is_said: Sequence[bool] | None = None
) -> Folded:
    """Folds all batch normalisation of a state dict that is named as PyTorch's are.

    Args:
        tensors: by name; `bn1.running_mean`, `bn1.running_var`, and `weight` and `bias` of the same
            where it learned them.
        file_name: for messages.
        is_said: of each layer, in the order of the numbers in their names, convolutions first,
            whether somebody says that normalisation stands behind it. Which stands where is told by
            names, and by the numbers in them where nothing else tells.

    Raises:
        UnusableInput: it is not known which layer one belongs to, or it stands behind none.
    """
    norms = [n.removesuffix(_MEAN) for n in tensors if n.endswith(_MEAN)]
    if not norms:
        return Folded(dict(tensors), {}, ())
    layers = weighted(tensors)
    if is_said is None:
        told = {norm: _layer_before(norm, layers, tensors, file_name) for norm in norms}
    else:
        told = _as_said(norms, layers, is_said, file_name)
        told = _by_names(norms, layers, tensors, set(told.values())) or told
    behind: dict[str, str] = {}
    for norm, layer in told.items():
        length = tensors[norm + _MEAN].numel()
        if layer in behind or tensors[f"{layer}.weight"].shape[0] != length:
            raise _unclear(norm, file_name)
        behind[layer] = norm
    left = {n: t for n, t in tensors.items() if n.rpartition(".")[0] not in set(norms)}
    for layer, norm in behind.items():
        _fold_into(layer, norm, tensors, left, file_name)
    applied = tuple(Noted(layer, f"{FOLDED} ({norm}) folded in") for layer, norm in behind.items())
    return Folded(left, behind, applied)


def weighted(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of layers that have weights: convolutions, then full ones, numbers in order."""
    found = [
        name.removesuffix(".weight")
        for name, tensor in tensors.items()
        if name.endswith(".weight") and tensor.dim() in (2, 4)
    ]
    ordered = [found[place] for place in in_numbered_order(found)]
    return sorted(ordered, key=lambda name: -tensors[f"{name}.weight"].dim())


def fold(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
    epsilon: float = EPSILON,
) -> tuple[Tensor, Tensor]:
    """W' and b' of a layer with batch normalisation behind it, worked out in float64.

    Args:
        weight: W, shape (n, …).
        bias: b, shape (n,); None for 0.
        mean: μ, shape (n,).
        variance: σ², shape (n,), 0 or more.
        scale: γ, shape (n,); None for 1.
        shift: β, shape (n,); None for 0.
        epsilon: ε.
    """
    wide = weight.double()
    factor = (variance.double() + epsilon).rsqrt()
    if scale is not None:
        factor = factor * scale.double()
    moved = -mean.double() if bias is None else bias.double() - mean.double()
    shifted = factor * moved + (0 if shift is None else shift.double())
    folded = wide * factor.reshape(-1, *(1 for _ in weight.shape[1:]))
    return folded.to(weight.dtype).contiguous(), shifted.to(weight.dtype)


def _fold_into(
    layer: str, norm: str, tensors: Mapping[str, Tensor], left: dict[str, Tensor], file_name: str
) -> None:
    weight, variance = tensors[f"{layer}.weight"], tensors.get(norm + _VARIANCE)
    parts = [tensors.get(f"{norm}.{part}") for part in ("weight", "bias")]
    vectors = [v for v in (variance, *parts) if v is not None]
    if variance is None or any(v.shape != tensors[norm + _MEAN].shape for v in vectors):
        raise UnusableInput(f"Parts of batch normalisation “{norm}” in {file_name} are missing.")
    if bool((variance < 0).any()):
        raise UnusableInput(f"“{norm}{_VARIANCE}” in {file_name} has values below 0.")
    folded = fold(
        weight, tensors.get(f"{layer}.bias"), tensors[norm + _MEAN], variance, parts[0], parts[1]
    )
    if not all(bool(torch.isfinite(each).all()) for each in folded) or not bool(folded[0].any()):
        raise UnusableInput(
            f"With batch normalisation “{norm}” folded in, “{layer}” in {file_name} computes "
            "nothing."
        )
    left[f"{layer}.weight"], left[f"{layer}.bias"] = folded


def _as_said(
    norms: Sequence[str], layers: Sequence[str], is_said: Sequence[bool], file_name: str
) -> dict[str, str]:
    """The layer of each, where somebody says behind which layers they stand."""
    ordered = [norms[place] for place in in_numbered_order(norms)]
    before = [name for name, said in zip(layers, is_said, strict=False) if said]
    if len(before) != len(ordered):
        raise UnusableInput(
            f"{file_name} has batch normalisation {len(ordered)} times ({', '.join(ordered)}), and "
            f"the architecture {len(before)} times."
        )
    return dict(zip(ordered, before, strict=True))


def _by_names(
    norms: Sequence[str],
    layers: Sequence[str],
    tensors: Mapping[str, Tensor],
    said: set[str],
) -> dict[str, str]:
    """The layer of each by names, where these are the ones that are said; else nothing."""
    try:
        found = {norm: _layer_before(norm, layers, tensors, "") for norm in norms}
    except UnusableInput:
        return {}
    return found if set(found.values()) == said else {}


def _layer_before(
    norm: str, layers: Sequence[str], tensors: Mapping[str, Tensor], file_name: str
) -> str:
    """The layer that a normalisation stands behind, by their names and sizes."""
    parent, _, own = norm.rpartition(".")
    siblings = [name for name in layers if name.rpartition(".")[0] == parent]
    length = tensors[norm + _MEAN].numel()
    if own.isdecimal() and len(own) < 10 and siblings:
        return _in_sequence(norm, siblings, file_name)
    if not siblings:  # A list of its own beside one of layers: `bns.0`, `convs.0`.
        siblings = [name for name in layers if name.rpartition(".")[2] == own]
    fitting = [name for name in siblings if len(tensors[f"{name}.weight"]) == length]
    same = [name for name in fitting if name.rpartition(".")[2] in own]
    numbered = [n for n in fitting if _numbers(n.rpartition(".")[2]) == _numbers(own)]
    for found in (same, numbered, fitting):
        if len(found) == 1:
            return found[0]
    raise _unclear(norm, file_name)


def _in_sequence(norm: str, siblings: Sequence[str], file_name: str) -> str:
    """The layer right before one of `nn.Sequential`, whose numbers count every step."""
    parent, _, own = norm.rpartition(".")
    before = f"{parent}.{int(own) - 1}".removeprefix(".")
    if before in siblings:
        return before
    raise UnusableInput(
        f"Batch normalisation “{norm}” in {file_name} stands right behind no layer with weights, "
        "and only there can it be folded into them.",
        "",
        NETWORKS,
    )


def _numbers(name: str) -> list[int]:
    return [int(number[:9]) for number in _DIGITS.findall(name)]


def _unclear(norm: str, file_name: str) -> UnusableInput:
    return UnusableInput(
        f"Behind which layer of {file_name} batch normalisation “{norm}” stands is not known.",
        "Say the architecture with “batchnorm” where it stands (--architecture).",
        NETWORKS,
    )
