"""What a file holds, sorted out: tensors of layers, what is said beside them, and neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_unpacked
from engine.network.averages import without_averages
from engine.network.extras import CONSTANT, why_ignored
from engine.network.other_layers import NETWORKS
from engine.network.reading import Noted
from engine.network.reparametrised import worked_out
from engine.network.tensor_checks import check_kind, check_tensor
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_OURS = "afterimage"
"""In the metadata of our own files, whose mean image is no surprise."""
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "_module.")


@dataclass(frozen=True)
class Contents:
    """A checkpoint's.

    Attributes:
        tensors: of layers, prefixes of their names stripped, in the order of the file; all of them
            in float32, or in float64 where one of them is.
        metadata: what is said beside them, by the names of `said`.
        applied: what was worked out of several tensors.
        ignored: tensors that are no part of the network.
    """

    tensors: dict[str, Tensor]
    metadata: dict[str, Any]
    applied: tuple[Noted, ...] = ()
    ignored: tuple[Noted, ...] = ()


@dataclass
class _Sorted:
    weights: dict[str, Tensor] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    constants: dict[str, list[Tensor]] = field(default_factory=dict)
    ignored: list[Noted] = field(default_factory=list)


def sort_out(
    content: Mapping[str, Tensor],
    metadata: Mapping[str, Any],
    path: Path,
    applied: tuple[Noted, ...] = (),
    ignored: tuple[Noted, ...] = (),
) -> Contents:
    """Tells the tensors of layers from others, and works out those that are stored in parts.

    Args:
        content: all tensors of a state dict, by name.
        metadata: what the file says beside them.
        path: for messages.
        applied: what was worked out before.
        ignored: what was left out before.

    Raises:
        UnusableInput: tensors that a network cannot be made of, or that are not understood.
    """
    found, said = _Sorted(), dict(metadata)
    content, averages = without_averages(content)
    for name, tensor in content.items():
        check_kind(name, tensor, path)
        bare = strip_prefixes(name)
        constant, why = CONSTANT.fullmatch(bare), why_ignored(name, tensor, path.name)
        if constant is not None and constant.lastgroup is not None:
            found.constants.setdefault(constant.lastgroup, []).append(tensor)
            what = "slope of an activation" if constant["slope"] else "normalises the input"
            if _OURS not in metadata:
                found.ignored.append(Noted(name, f"{what}; no layer"))
        elif why:
            found.ignored.append(Noted(name, why))
        else:
            _take(found, name, bare, tensor, path)
    said |= {kind: tensors[0] for kind, tensors in found.constants.items()}
    for kind, (first, *others) in found.constants.items():
        if not all(_is_equal(first, other) for other in others):
            del said[kind]  # Two that differ say nothing.
    # A storage that many tensors share, or narrow floats, would grow out of a small file.
    held = found.weights.values()
    check_unpacked(path, sum(t.numel() * max(t.element_size(), 4) for t in held))
    checked = {
        bare: check_tensor(found.called[bare], _as_floats(bare, tensor), path)
        for bare, tensor in found.weights.items()
    }
    wide = any(tensor.dtype == torch.float64 for tensor in checked.values())
    alike = {name: tensor.double() if wide else tensor for name, tensor in checked.items()}
    tensors, worked, masks = worked_out(alike, path)
    notes = (*applied, *worked, *_tied(found))
    return Contents(tensors, said, notes, (*ignored, *averages, *found.ignored, *masks))


def _tied(found: _Sorted) -> list[Noted]:
    """Matrices that are one and the same in memory, as the file says."""
    first: dict[tuple[int, tuple[int, ...]], str] = {}
    tied = []
    for bare, tensor in found.weights.items():
        other = first.setdefault((tensor.data_ptr(), (*tensor.shape, *tensor.stride())), bare)
        if other != bare and tensor.dim() == 2:
            tied.append(Noted(bare, f"tied to {other}"))
    return tied


def _take(found: _Sorted, name: str, bare: str, tensor: Tensor, path: Path) -> None:
    """Takes a tensor of a layer; two that are called the same have to be the same."""
    other = found.weights.get(bare)
    if other is None:
        found.weights[bare], found.called[bare] = tensor, name
    elif _is_equal(other, tensor):
        found.ignored.append(Noted(name, f"the same as {found.called[bare]}"))
    else:
        raise UnusableInput(
            f"{path.name} holds two networks: “{found.called[bare]}” and “{name}” are the same "
            "layer of each.",
            "Save the weights of one of them alone.",
            NETWORKS,
        )


def _is_equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool((a == b).all())


def _as_floats(name: str, tensor: Tensor) -> Tensor:
    """A mask may hold whole numbers, or truth values."""
    is_whole = not tensor.is_floating_point() and not tensor.is_complex()
    return tensor.float() if name.endswith("mask") and is_whole else tensor


def strip_prefixes(name: str) -> str:
    """The name of a tensor without what wrappers put before it."""
    while name.startswith(_PREFIXES):
        name = name.split(".", 1)[1]
    return name
