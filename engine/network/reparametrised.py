"""Weights that a state dict holds in parts, as PyTorch's pruning and parametrisations store them.

What is worked out of the parts is what the module computes with in evaluation mode:

    pruning          W = W_orig ∘ mask
    weight norm      W = g v/‖v‖, the norm over all but one axis (Salimans and Kingma 2016)
    spectral norm    W = W_orig/σ, σ = uᵀ W_orig v with u and v as stored (Miyato et al. 2018)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.plain_text import percent
from engine.network.other_layers import NETWORKS
from engine.network.reading import Noted

if TYPE_CHECKING:
    from torch import Tensor

_PART = re.compile(
    r"(?P<stem>(?:.*\.)?)(?:"
    r"(?P<old>weight|bias)_(?P<old_part>orig|mask|g|v|u)"
    r"|parametrizations\.(?P<new>\w+)\.(?P<new_part>.+))"
)
_PARTS = {"0._u": "u", "0._v": "v", "original0": "g", "original1": "v", "original": "orig"}
"""What the parts of `torch.nn.utils.parametrizations` are called by the older functions."""
_MASK = re.compile(r"(?P<stem>(?:.*\.)?)(?:(?P<of>weight|bias)_)?mask")
PRUNED, NORMED = "pruned", ("weight norm", "spectral norm")
"""What a note of a weight that was worked out of its parts begins with."""
MASKED = "a mask that has been applied already"
_REMOVE = (
    "Where it was made, make the weights plain before they are saved: "
    "torch.nn.utils.parametrize.remove_parametrizations, torch.nn.utils.prune.remove."
)


def worked_out(
    tensors: Mapping[str, Tensor], path: Path
) -> tuple[dict[str, Tensor], tuple[Noted, ...], tuple[Noted, ...]]:
    """The weights that the parts stand for, in the place of the first part of each.

    Args:
        tensors: name → float tensor, prefixes stripped, in the order of the file.
        path: for messages.

    Returns:
        All tensors; what was worked out; masks that had been applied already.

    Raises:
        UnusableInput: parts that are not understood; the message names one.
    """
    parts: dict[str, dict[str, str]] = {}
    found: dict[str, str | None] = {}
    for name in tensors:
        belongs = _part_of(name)
        if belongs is None or _is_left_over(*belongs, tensors):
            found.setdefault(name, None)
        else:
            whole, part = belongs
            found[whole] = whole
            parts.setdefault(whole, {})[part] = name
    plain: dict[str, Tensor] = {}
    applied: list[Noted] = []
    for name, worked in found.items():
        if worked is None:
            plain[name] = tensors[name]
            continue
        plain[name], what = _whole(name, parts[name], tensors, path)
        applied.append(Noted(name, what))
    left, ignored = _without_masks(plain, path)
    return left, tuple(applied), ignored


def _part_of(name: str) -> tuple[str, str] | None:
    """The tensor that one is a part of, and which part: `fc.weight_g` → `fc.weight`, `g`."""
    found = _PART.fullmatch(name)
    if found is None:
        return None
    if found["old"]:
        return f"{found['stem']}{found['old']}", found["old_part"]
    return f"{found['stem']}{found['new']}", _PARTS.get(found["new_part"], found["new_part"])


def _is_left_over(whole: str, part: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether it is a mask beside weights that are whole."""
    return part == "mask" and whole in tensors and f"{whole}_orig" not in tensors


def _whole(
    name: str, parts: Mapping[str, str], tensors: Mapping[str, Tensor], path: Path
) -> tuple[Tensor, str]:
    """A weight out of its parts, and in words how it came about."""
    held = {part: tensors[each] for part, each in parts.items()}
    worked: tuple[Tensor, str] | None = None
    if set(held) == {"orig", "mask"}:
        worked = _pruned(held["orig"], held["mask"])
    elif set(held) == {"g", "v"}:
        worked = _of_magnitude(held["g"], held["v"])
    elif set(held) == {"orig", "u", "v"}:
        worked = _of_unit_norm(held["orig"], held["u"], held["v"])
    if worked is None:
        raise _refusal(next(iter(parts.values())), "is part of a weight in a way that", path)
    if not bool(worked[0].isfinite().all()):
        raise _refusal(next(iter(parts.values())), "makes no finite weight, which", path)
    stored = tensors.get(name)
    if stored is not None and not _is_same(stored, worked[0]):
        raise _refusal(name, "is another weight than its parts make, and which counts", path)
    return worked


def _is_same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(a.isclose(b, rtol=1e-5, atol=1e-7).all())


def _pruned(orig: Tensor, mask: Tensor) -> tuple[Tensor, str] | None:
    if orig.shape != mask.shape:
        return None
    return orig * mask.to(orig), f"{PRUNED}, {percent(float((mask == 0).float().mean()))} of it"


def _of_magnitude(magnitude: Tensor, direction: Tensor) -> tuple[Tensor, str] | None:
    if direction.dim() != 2:
        return None
    rows, columns = direction.shape
    if magnitude.shape == (rows, 1):
        norm = direction.norm(dim=1, keepdim=True)
    elif magnitude.shape == (1, columns):
        norm = direction.norm(dim=0, keepdim=True)
    elif magnitude.dim() == 0:
        norm = direction.norm()
    else:
        return None
    return direction * (magnitude / norm), f"{NORMED[0]}, worked out"


def _of_unit_norm(orig: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, str] | None:
    if orig.dim() != 2 or (*left.shape, *right.shape) != orig.shape:
        return None
    return orig / left.dot(orig @ right), f"{NORMED[1]}, worked out"


def _without_masks(
    tensors: dict[str, Tensor], path: Path
) -> tuple[dict[str, Tensor], tuple[Noted, ...]]:
    """Leaves masks out that weights have been multiplied by already."""
    left, ignored = dict(tensors), []
    for name, mask in tensors.items():
        found = _MASK.fullmatch(name)
        if found is None:
            continue
        weight = tensors.get(f"{found['stem']}{found['of'] or 'weight'}")
        is_done = weight is not None and weight.shape == mask.shape
        if weight is None or not is_done or not bool((weight * mask == weight).all()):
            raise _refusal(name, "is a mask, and whether the network applies it", path)
        del left[name]
        ignored.append(Noted(name, MASKED))
    return left, tuple(ignored)


def _refusal(name: str, what: str, path: Path) -> UnusableInput:
    return UnusableInput(f"“{name}” in {path.name} {what} is not known.", _REMOVE, NETWORKS)
