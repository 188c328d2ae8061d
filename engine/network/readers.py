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

from engine.base.errors import UnusableInput, explained_on
from engine.base.file_checks import archive_entries, check_file, check_unpacked
from engine.base.files import read_tensors
from engine.network.kinds import FILES, Kind, kind_of
from engine.network.tensor_checks import check_filled, check_kind, check_storages, check_tensor
from engine.runtime.lazy import load_torch, torch

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".pth", ".pt", ".th", ".ckpt", ".safetensors", ".npz")
"""What checkpoints are usually called; what they hold decides."""
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "params")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
_CALLED = {
    "input_shape": ("input_shape",),
    "activation": (
        *("activation", "activation_fn", "activation_function", "act", "act_fn", "hidden_act"),
        *("nonlinearity", "non_linearity"),
    ),
    "slope": ("negative_slope", "slope", "leaky_slope", "activation_slope", "leakiness"),
    "mean": ("mean", "normalize_mean", "norm_mean", "image_mean", "pixel_mean", "data_mean"),
    "std": ("std", "normalize_std", "norm_std", "image_std", "pixel_std", "data_std"),
    "classes": ("classes", "class_names", "label_names", "class_to_idx", "id2label", "labels"),
}
"""What is looked for beside the weights, and what people call it."""
METADATA_KEYS = (*_CALLED, "negative_slope")
_HYPER_PARAMETERS = (
    *("hyper_parameters", "hyperparameters", "hparams", "hyper_params", "config", "cfg", "args"),
    *("model_args", "model_config", "model_kwargs", "preprocessing", "normalization", "metadata"),
)
"""Entries of a checkpoint that hold such; `hyper_parameters` is Lightning's."""
_BUFFER = re.compile(
    r"(?:(?:normali[sz]\w*|norm|preprocess\w*|image|pixel|data)[._])?"
    r"(?:(?P<mean>mean|mu)|(?P<std>std|sigma))|(?:negative_)?(?P<slope>slope)"
)
"""Tensors that are said beside the weights, as of a layer that only normalises its input."""
_MAX_BYTES = 8 << 30
_SAVE = "Where it was made, save the weights alone: torch.save(model.state_dict(), …)."
BESIDE = "beside."


@explained_on(FILES)
def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors of the file's state dict, and what it says beside them.

    What the file holds decides how it is read, not what it is called.
    """
    kind, size = kind_of(path), check_file(path)
    if size > _MAX_BYTES:
        raise UnusableInput(f"{path.name} is larger than 8 GiB, too large for this method.")
    load_torch()  # Were it broken, that would look like a damaged file below.
    if kind is Kind.SAFETENSORS:
        return _read_safetensors(path)
    if kind is Kind.NPZ:
        return _read_npz(path)
    if kind is Kind.TORCH_ARCHIVE:
        size = sum(entry.file_size for entry in archive_entries(path))
    return _read_torch(path, size, kind)


def _read_torch(path: Path, held: int, kind: Kind) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise _explained(path, str(error)) from error
    state, metadata = _find_state_dict(content)
    if state is None:
        raise UnusableInput(f"{path.name} holds no state dict.", _SAVE)
    found = {
        name: value
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    check_storages(found, held, path)
    if kind is Kind.TORCH_PICKLE:
        check_filled(found, path)
    return _split_buffers(found, metadata, path)


def _explained(path: Path, message: str) -> UnusableInput:
    """Why PyTorch could not read a file."""
    found = re.search(r"GLOBAL ([\w.]+)", message)
    if found or ("weights_only" in message and "Unsupported" in message):
        what = f" ({found[1]})" if found else ""
        return UnusableInput(
            f"{path.name} holds Python objects{what} that would have to be run to be read, and "
            "Afterimage runs no file.",
            _SAVE,
        )
    return UnusableInput(
        f"{path.name} is damaged, cut short, or no PyTorch file.", "Copy or export it again."
    )


def _find_state_dict(content: object) -> tuple[Mapping[Any, Any] | None, dict[str, Any]]:
    """Descends through the usual wrappers; collects known metadata on the way."""
    metadata: dict[str, Any] = {}
    for _ in range(len(_WRAPPERS)):
        if not isinstance(content, Mapping):
            return None, metadata
        metadata.update(_said(content))
        inner = next((content[k] for k in _WRAPPERS if isinstance(content.get(k), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not any(
        isinstance(v, torch.Tensor) for v in content.values()
    ):
        return None, metadata
    return content, metadata


def _said(content: Mapping[Any, Any]) -> dict[str, Any]:
    """What is said beside the weights, by the names of `_CALLED`, whatever it is called there.

    What stands in a mapping itself counts more than what its hyper-parameters say.
    """
    inner = [content[k] for k in _HYPER_PARAMETERS if isinstance(content.get(k), Mapping)]
    said: dict[str, Any] = {}
    for mapping in (*(m[k] for m in inner for k in _HYPER_PARAMETERS if k in m), *inner, content):
        if isinstance(mapping, Mapping):
            said.update(_by_name(mapping))
    return said


def _by_name(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    every = ((key, name) for key, names in _CALLED.items() for name in reversed(names))
    return {key: mapping[name] for key, name in every if mapping.get(name) is not None}


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        metadata, content = read_tensors(path, lambda name: not name.startswith(BESIDE))
    except Exception as error:  # As above.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no safetensors file.",
            "Copy or export it again.",
        ) from error
    return _split_buffers(content, {**metadata, **_said(metadata)}, path)


def _read_npz(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        archive_entries(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: _native(file[name]) for name in file.files}
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except UnusableInput:
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise UnusableInput(
                f"{path.name} holds Python objects, which are not read.", "Store plain arrays."
            ) from error
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no .npz file.", "Copy or export it again."
        ) from error
    if "images" in arrays:
        raise UnusableInput(
            f"{path.name} holds images, not a network.",
            "Open a network first, then these images to compare with it.",
        )
    words = {name: array for name, array in arrays.items() if array.dtype.kind in "iuU"}
    metadata = _said({name: array.tolist() for name, array in words.items() if array.ndim <= 1})
    numeric = {n: torch.from_numpy(a) for n, a in arrays.items() if a.dtype.kind == "f"}
    return _split_buffers(numeric, metadata, path)


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """Floats of any width and byte order as this machine computes with them."""
    if array.dtype.kind != "f":
        return array
    return array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)


def _split_buffers(
    content: dict[str, Tensor], metadata: dict[str, Any], path: Path
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of layers, and with what a file says those that only normalise its input."""
    weights: dict[str, Tensor] = {}
    for name, tensor in content.items():
        known = _BUFFER.fullmatch(_strip_prefixes(name))
        if known is None or known.lastgroup is None:
            weights[name] = tensor
        else:
            metadata[known.lastgroup] = tensor
    return _checked(weights, path), metadata


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
