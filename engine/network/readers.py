"""Files → tensors by name, and what a file says beside them. What they mean: `checkpoints`.

Reading never executes anything: PyTorch files go through `weights_only=True` and nothing else,
NumPy files through `allow_pickle=False`. Whatever cannot be used is refused with one sentence
that names the cause and what would work.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput, explained_on
from engine.base.file_checks import archive_entries, check_file
from engine.base.files import read_tensors
from engine.network.architecture_text import parse_architecture, written
from engine.network.contents import Contents, sort_out
from engine.network.kinds import FILES, Kind, kind_of
from engine.network.numpy_names import arrays_as_tensors, know_numpy
from engine.network.onnx_files import read_model
from engine.network.onnx_graph import chain_of
from engine.network.pickles import archive_for_torch, pickle_for_torch
from engine.network.reading import Noted
from engine.network.said import beside_weights
from engine.network.tensor_checks import check_filled, check_storages
from engine.network.wrappers import find_state_dict
from engine.runtime.lazy import load_torch, torch

if TYPE_CHECKING:
    pass

SUFFIXES = (".pth", ".pt", ".th", ".ckpt", ".safetensors", ".npz", ".onnx")
"""What checkpoints are usually called; what they hold decides."""
_MAX_BYTES = 8 << 30
_SAVE = "Where it was made, save the weights alone: torch.save(model.state_dict(), …)."
BESIDE = "beside."


@explained_on(FILES)
def read_checkpoint(path: Path) -> Contents:
    """What the file holds, sorted out.

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
    if kind is Kind.ONNX:
        return _read_onnx(path, size)
    return _read_torch(path, size, kind)


def _read_torch(path: Path, size: int, kind: Kind) -> Contents:
    known: list[bytes] | None = None
    try:
        if kind is Kind.TORCH_ARCHIVE:
            entries = archive_entries(path)
            size = sum(entry.file_size for entry in entries)
            with archive_for_torch(path, [entry.filename for entry in entries]) as file:
                content = _loaded(file)
        else:
            stream, known = pickle_for_torch(path)
            content = _loaded(stream)
    except UnusableInput:
        raise
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise _explained(path, str(error)) from error
    arrays = arrays_as_tensors(content)
    state, metadata, others = find_state_dict(content, path.name)
    if state is None:
        raise UnusableInput(f"{path.name} holds no state dict.", _SAVE)
    found = {
        name: value
        for name, value in state.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    check_storages(found, size, path)
    if known is not None:
        check_filled({n: t for n, t in found.items() if id(t) not in arrays}, known, path)
    return sort_out(found, metadata, path, ignored=others)


def _loaded(file: Path | IO[bytes]) -> Any:
    know_numpy()
    return torch.load(file, map_location="cpu", weights_only=True)


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


def _read_safetensors(path: Path) -> Contents:
    try:
        metadata, content = read_tensors(path, lambda name: not name.startswith(BESIDE))
    except Exception as error:  # As above.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no safetensors file.",
            "Copy or export it again.",
        ) from error
    tied = [
        Noted(name, f"tied to {other}")
        for name, other in metadata.items()
        if name not in content and other in content
    ]
    content |= {noted.name: content[metadata[noted.name]].clone() for noted in tied}
    return sort_out(content, {**metadata, **beside_weights(metadata)}, path, tuple(tied))


def _read_npz(path: Path) -> Contents:
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
    words = {n: a for n, a in arrays.items() if a.dtype.kind in "iuU" and a.ndim <= 1}
    try:
        metadata = beside_weights({name: array.tolist() for name, array in words.items()})
    except (SystemError, ValueError) as error:  # Of texts that no program wrote.
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or no .npz file.", "Copy or export it again."
        ) from error
    numeric = {n: torch.from_numpy(a) for n, a in arrays.items() if a.dtype.kind == "f"}
    return sort_out(numeric, metadata, path)


def _read_onnx(path: Path, size: int) -> Contents:
    """The chain of operators as layers in order, with what they are said to be."""
    chain = chain_of(read_model(path, size).graph, path.name)
    text = written(chain.architecture)
    try:
        parse_architecture(text)
    except UnusableInput as error:
        raise UnusableInput(
            f"{path.name} is no classifier that is attacked: {error.why}"
        ) from error
    scaling = chain.scaling.said
    if scaling is None:
        raise UnusableInput(
            f"{path.name} does something to images that is not read.",
            "Export it without its preprocessing.",
        )
    tensors = {}
    for place, (weight, bias) in enumerate(zip(chain.weights, chain.biases, strict=True)):
        tensors[f"layers.{place}.weight"] = weight
        if bias is not None:
            tensors[f"layers.{place}.bias"] = bias
    metadata = {"architecture": text, "input_shape": list(chain.sizes), **scaling}
    return sort_out(tensors, metadata, path, chain.applied, chain.ignored)


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """Floats of any width and byte order as this machine computes with them."""
    if array.dtype.kind != "f":
        return array
    return array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
