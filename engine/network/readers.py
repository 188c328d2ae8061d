"""Files → tensors by name, and what a file says beside them. What they mean: `checkpoints`.

Reading never executes anything: PyTorch files go through `weights_only=True` and nothing else,
NumPy files through `allow_pickle=False`. Whatever cannot be used is refused with one sentence
that names the cause and what would work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file, check_unpacked
from engine.base.files import read_tensors
from engine.network.tensor_checks import check_filled, check_kind, check_storages, check_tensor
from engine.runtime.lazy import load_torch, torch

if TYPE_CHECKING:
    from torch import Tensor

TORCH_SUFFIXES = (".pth", ".pt", ".th", ".ckpt")
SUFFIXES = (*TORCH_SUFFIXES, ".safetensors", ".npz")
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "params")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
METADATA_KEYS = ("input_shape", "mean", "activation")
_MAX_BYTES = 8 << 30
BESIDE = "beside."


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors of the file's state dict, and what it says beside them."""
    suffix = path.suffix.lower()
    size = check_file(path)
    if suffix not in SUFFIXES:
        raise UnusableInput(
            f"{path.name} is no checkpoint that Afterimage reads ({', '.join(SUFFIXES)})."
        )
    if size == 0:
        raise UnusableInput(f"{path.name} is empty.")
    if size > _MAX_BYTES:
        raise UnusableInput(f"{path.name} is larger than 8 GiB, too large for this method.")
    load_torch()  # Were it broken, that would look like a damaged file below.
    if suffix == ".safetensors":
        return _read_safetensors(path)
    if suffix == ".npz":
        return _read_npz(path)
    return _read_torch(path, size)


def _read_torch(path: Path, held: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with path.open("rb") as file:
        is_archive = file.read(2) == b"PK"
    if is_archive:
        held = _check_archive(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise UnusableInput(_explain_load_error(path, str(error))) from error
    state, metadata = _find_state_dict(content)
    if state is None:
        raise UnusableInput(
            f"{path.name} holds no state dict; save one with torch.save(model.state_dict(), …)."
        )
    found = {
        name: value
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    check_storages(found, held, path)
    checked = _checked(found, path)
    if not is_archive:
        check_filled(found, path)
    return checked, metadata


def _explain_load_error(path: Path, message: str) -> str:
    found = re.search(r"GLOBAL ([\w.]+)", message)
    if found or ("weights_only" in message and "Unsupported" in message):
        what = f" ({found[1]})" if found else ""
        return (
            f"{path.name} holds Python objects{what} that would have to be run to be read, and "
            "Afterimage runs no file; save the weights alone with "
            "torch.save(model.state_dict(), …)."
        )
    return f"{path.name} is damaged, cut short, or no PyTorch file; copy or export it again."


def _check_archive(path: Path) -> int:
    """Refuses programs, archives that unpack to more than they hold, and truncated files.

    Returns:
        How many bytes it unpacks to.
    """
    try:
        entries = archive_entries(path)
    except UnusableInput:
        raise
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise UnusableInput(
            f"{path.name} is damaged or cut short; copy or export it again."
        ) from error
    names = [entry.filename for entry in entries]
    if any(n.endswith("constants.pkl") or "/code/" in n for n in names):
        raise UnusableInput(
            f"{path.name} is a TorchScript archive, a program rather than data; save the "
            "weights alone with torch.save(model.state_dict(), …)."
        )
    if any("archive_format" in n or n.endswith((".so", "model.json")) for n in names):
        raise UnusableInput(
            f"{path.name} is an exported program (.pt2), not weights; save the weights alone "
            "with torch.save(model.state_dict(), …)."
        )
    return sum(entry.file_size for entry in entries)


def _find_state_dict(content: object) -> tuple[Mapping[Any, Any] | None, dict[str, Any]]:
    """Descends through the usual wrappers; collects known metadata on the way."""
    metadata: dict[str, Any] = {}
    for _ in range(len(_WRAPPERS)):
        if not isinstance(content, Mapping):
            return None, metadata
        metadata.update({k: content[k] for k in METADATA_KEYS if k in content})
        inner = next((content[k] for k in _WRAPPERS if isinstance(content.get(k), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not any(
        isinstance(v, torch.Tensor) for v in content.values()
    ):
        return None, metadata
    return {k: v for k, v in content.items() if k not in METADATA_KEYS}, metadata


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        metadata, content = read_tensors(path, lambda name: not name.startswith(BESIDE))
    except Exception as error:  # As above.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no safetensors file; copy or export it again."
        ) from error
    return _split_mean(content, dict(metadata), path)


def _read_npz(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        archive_entries(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: _native(file[name]) for name in file.files}
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except UnusableInput:
        raise
    except Exception as error:
        pickled = "allow_pickle" in str(error)
        raise UnusableInput(
            f"{path.name} holds Python objects, which are not read; store plain arrays."
            if pickled
            else f"{path.name} is damaged, cut short, or no .npz file; copy or export it again."
        ) from error
    if "images" in arrays:
        raise UnusableInput(f"{path.name} holds images, not a network.")
    metadata: dict[str, Any] = {}
    for key in ("input_shape", "activation"):
        if key in arrays and arrays[key].size <= 3:
            metadata[key] = arrays.pop(key).tolist()
    numeric = {n: torch.from_numpy(a) for n, a in arrays.items() if a.dtype.kind == "f"}
    return _split_mean(numeric, metadata, path)


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """Floats of any width and byte order as this machine computes with them."""
    if array.dtype.kind != "f":
        return array
    return array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)


def _split_mean(
    content: dict[str, Tensor], metadata: dict[str, Any], path: Path
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if "mean" in content:
        metadata["mean"] = content.pop("mean")
    return _checked(content, path), metadata


def _checked(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors as `check_tensor` gives them, prefixes of their names stripped."""
    for name, tensor in tensors.items():
        check_kind(name, tensor, path)
    # A storage that many tensors share, or narrow floats, would grow out of a small file.
    check_unpacked(path, sum(t.numel() * max(t.element_size(), 4) for t in tensors.values()))
    return {_strip_prefixes(n): check_tensor(n, t, path) for n, t in tensors.items()}


def _strip_prefixes(name: str) -> str:
    while name.startswith(_PREFIXES):
        name = name.split(".", 1)[1]
    return name
