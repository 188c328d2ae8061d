"""Checkpoint files ↔ networks.

Reading never executes anything: PyTorch files go through `weights_only=True` and nothing else,
NumPy files through `allow_pickle=False`. Whatever cannot be used is refused with one sentence
that names the cause and what would work.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.file_checks import archive_entries, check_file, check_unpacked
from engine.base.files import read_tensors, save_tensors
from engine.data.inputs import InputShape, InputSpec
from engine.network.network import Network, Origin
from engine.network.parameters import Parameters
from engine.network.state_dict import infer_layers
from engine.network.tensor_checks import check_filled, check_kind, check_storages, check_tensor
from engine.runtime.lazy import load_torch, torch

if TYPE_CHECKING:
    from torch import Tensor

TORCH_SUFFIXES = (".pth", ".pt", ".th", ".ckpt")
SUFFIXES = (*TORCH_SUFFIXES, ".safetensors", ".npz")

_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "params")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
_METADATA_KEYS = ("input_shape", "mean", "activation")
_MAX_BYTES = 8 << 30
_FORMAT_VERSION = "1"
_BESIDE = "beside."


def load_network(path: str | Path, input_shape: InputShape | None = None) -> Network:
    """Reads a trained network from a checkpoint.

    Args:
        path: `.pth .pt .th .ckpt` (PyTorch), `.safetensors` or `.npz`.
        input_shape: (c, h, w); read from the file's metadata or inferred from the number of
            inputs where not given.

    Raises:
        UnusableInput: the file cannot be used; the message says why and what would work.
    """
    path = Path(path)
    tensors, metadata = _read(path)
    mean = metadata.get("mean")
    activation = str(metadata.get("activation", "relu")).lower()
    if activation != "relu":
        raise UnusableInput(
            f"{path.name} says that its activation is {activation}; the method needs ReLU."
        )
    weights, bias = infer_layers(tensors, path.name)
    dimension = weights[0].shape[1]
    stored = _parse_stored_shape(metadata.get("input_shape"), dimension)
    shape = input_shape or stored or infer_input_shape(dimension)
    if math.prod(shape) != dimension:
        raise UnusableInput(
            f"The input shape {format_shape(shape)} holds {math.prod(shape)} numbers, but "
            f"{path.name} reads {dimension}."
        )
    is_known = bool(input_shape or stored or _is_image_size(dimension))
    return Network(
        Parameters.of(weights, bias),
        InputSpec(shape, _check_mean(mean, shape, path.name), is_known),
        origin=Origin(str(path), sha256_of(path), _details(metadata)),
    )


def save_network(
    network: Network,
    path: str | Path,
    details: Mapping[str, str],
    beside: Mapping[str, Tensor] = MappingProxyType({}),
) -> None:
    """Writes a network as one of Afterimage's own checkpoints (safetensors).

    Args:
        network: its weights are stored in the precision they have.
        path: where to; replaced only once the new file is whole.
        details: what made the network, for people and reports (label names, recipe, …).
        beside: tensors that are not the network's, by name; reading it leaves them out.

    Raises:
        OSError: the file cannot be written; what stood there before is untouched.
    """
    parameters = network.parameters
    tensors = dict(zip(parameters.names, parameters.tensors, strict=True))
    if network.mean is not None:
        tensors["mean"] = network.mean
    tensors.update({f"{_BESIDE}{name}": tensor for name, tensor in beside.items()})
    metadata = {
        **details,
        "afterimage": _FORMAT_VERSION,
        "architecture": network.architecture,
        "activation": "relu",
        "input_shape": format_shape(network.input_shape),
    }
    save_tensors(tensors, Path(path), metadata)


def load_beside(path: str | Path) -> dict[str, Tensor]:
    """What `save_network` was given as `beside`, from a file that `load_network` has read."""
    _, tensors = read_tensors(Path(path), lambda name: name.startswith(_BESIDE))
    return {name.removeprefix(_BESIDE): tensor for name, tensor in tensors.items()}


def infer_input_shape(dimension: int) -> InputShape:
    """The image shape that D numbers most likely are.

    One grey square, else one colour square (784 → 1×28×28, 3072 → 3×32×32); for any other
    number the grey rectangle closest to a square, which the user can correct.
    """
    side = math.isqrt(dimension)
    if side * side == dimension:
        return (1, side, side)
    side = math.isqrt(dimension // 3)
    if 3 * side * side == dimension:
        return (3, side, side)
    height = next(h for h in range(math.isqrt(dimension), 0, -1) if dimension % h == 0)
    return (1, height, dimension // height)


def parse_shape(text: str) -> InputShape:
    """`1x28x28` → (1, 28, 28).

    Raises:
        UnusableInput: not three positive whole numbers, or not 1 or 3 channels.
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*[x×, ]\s*(\d{1,9})\s*", text)
    if not match or int(match[1]) not in (1, 3) or not all(int(n) for n in match.groups()):
        raise UnusableInput(
            f"“{text}” is not an input shape; write channels (1 or 3), height and width "
            "like 1x28x28 or 3x32x32."
        )
    return (int(match[1]), int(match[2]), int(match[3]))


def format_shape(shape: InputShape) -> str:
    """(1, 28, 28) → `1x28x28`."""
    return "x".join(str(n) for n in shape)


# --- reading --------------------------------------------------------------------------------


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
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
        metadata.update({k: content[k] for k in _METADATA_KEYS if k in content})
        inner = next((content[k] for k in _WRAPPERS if isinstance(content.get(k), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not any(
        isinstance(v, torch.Tensor) for v in content.values()
    ):
        return None, metadata
    return {k: v for k, v in content.items() if k not in _METADATA_KEYS}, metadata


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        metadata, content = read_tensors(path, lambda name: not name.startswith(_BESIDE))
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


def _check_mean(mean: object, shape: InputShape, name: str) -> Tensor | None:
    """The mean image; an entry of that name that is something else is left alone."""
    if not isinstance(mean, torch.Tensor) or mean.numel() != math.prod(shape):
        return None
    if mean.layout != torch.strided or not mean.is_floating_point():
        return None
    check_kind("mean", mean, Path(name))
    mean = check_tensor("mean", mean, Path(name))
    return mean.float().reshape(shape)


def _parse_stored_shape(stored: object, dimension: int) -> InputShape | None:
    """The shape that the file states; None where it states none that fits."""
    if isinstance(stored, list | tuple):
        # Lists of lists of lists would grow without end as text.
        if len(stored) != 3 or not all(type(n) is int and 0 < n <= dimension for n in stored):
            return None
        stored = "x".join(str(n) for n in stored)
    if not isinstance(stored, str) or len(stored) > 40:
        return None
    try:
        shape = parse_shape(stored)
    except UnusableInput:
        return None
    return shape if math.prod(shape) == dimension else None


def _is_image_size(dimension: int) -> bool:
    channels, height, width = infer_input_shape(dimension)
    return channels == 3 or height == width


def _details(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    """What an own checkpoint says of its making, as text."""
    details = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in metadata.items()
        if key not in _METADATA_KEYS and isinstance(value, str | int | float)
    }
    return MappingProxyType(details)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
