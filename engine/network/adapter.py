"""Adapters (LoRA): a change B·A to each of some layers, read from a safetensors or a PyTorch file.

The names are those of PEFT: `….lora_A.weight`, r × in, and `….lora_B.weight`, out × r; with the
name of an adapter between (`….lora_A.default.weight`), or with `down` and `up`, as others write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file
from engine.base.files import read_tensors
from engine.base.plain_text import plain
from engine.network.kinds import Kind, kind_of
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

_PART = re.compile(r"(?P<module>.*?)[._]?lora_(?P<part>A|B|down|up)(?:\.[^.]+)?\.weight|")
_DOWN = ("A", "down")
_INSTEAD = "Give an adapter with ….lora_A.weight and ….lora_B.weight, as PEFT saves it."


@dataclass(frozen=True)
class Module:
    """The change of one layer, out = W h + B A h but for a factor.

    Attributes:
        name: of the layer.
        down: A, float64, shape (r, in).
        up: B, float64, shape (out, r).
        resolution: the relative distance of neighbouring numbers as the file stores B.
    """

    name: str
    down: Tensor
    up: Tensor
    resolution: float

    @property
    def rank(self) -> int:
        """r."""
        return int(self.down.shape[0])


def load_adapter(path: Path) -> tuple[Module, ...]:
    """The modules of an adapter's file, in the file's order.

    Raises:
        UnusableInput: it is none, or its parts do not fit together; the message says why.
    """
    check_file(path)
    tensors = _tensors(path)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        found = _PART.fullmatch(name)
        if found is not None and found["part"]:
            which = "A" if found["part"] in _DOWN else "B"
            parts.setdefault(plain(found["module"]), {})[which] = tensor
    if not parts:
        raise UnusableInput(f"{path.name} holds no adapter.", _INSTEAD)
    return tuple(_module(name, both, path) for name, both in parts.items())


def _tensors(path: Path) -> dict[str, Tensor]:
    kind = kind_of(path)
    try:
        if kind is Kind.SAFETENSORS:
            return read_tensors(path, lambda name: "lora_" in name)[1]
        if kind is Kind.TORCH_ARCHIVE:
            archive_entries(path)
            found = torch.load(path, map_location="cpu", weights_only=True)
            if isinstance(found, dict):
                return {str(k): v for k, v in found.items() if isinstance(v, torch.Tensor)}
    except UnusableInput:
        raise
    except Exception as error:  # Whatever a hostile or damaged file makes the reader raise.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or holds more than tensors.", _INSTEAD
        ) from error
    raise UnusableInput(f"{path.name} holds no adapter.", _INSTEAD)


def _module(name: str, both: dict[str, Tensor], path: Path) -> Module:
    where = f"“{name}” in {path.name}"
    if set(both) != {"A", "B"}:
        raise UnusableInput(f"{where} has lora_{next(iter(both))} alone; both are needed.")
    down, up = both["A"], both["B"]
    if down.dim() != 2 or up.dim() != 2 or down.shape[0] != up.shape[1]:
        raise UnusableInput(
            f"{where} is no pair of matrices r × in and out × r: {tuple(down.shape)} and "
            f"{tuple(up.shape)}.",
            "Adapters of convolutions are not looked at.",
        )
    if not (down.is_floating_point() and up.is_floating_point()):
        raise UnusableInput(f"{where} is stored in whole numbers; give it as floats.")
    for tensor in (down, up):
        is_whole = tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
        if not is_whole or not bool(torch.isfinite(tensor.float()).all()):
            raise UnusableInput(f"{where} has values that are no finite numbers.")
    return Module(name, down.double(), up.double(), torch.finfo(up.dtype).eps)
