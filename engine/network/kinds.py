"""What a path leads to, told by its content: which reader it takes, or why none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from pathlib import Path

from engine.base.errors import UnusableInput, explained_on
from engine.base.file_checks import archive_entries, check_file
from engine.base.plain_text import listed
from engine.network.foreign import SHARDED, TENSORFLOW, foreign_archive, foreign_file, is_onnx
from engine.network.other_layers import OF_ADAPTERS

FILES = "files-that-open"
"""The heading of the guide that says which files are read, and how to get to one."""


@dataclass(frozen=True)
class NetworkFile:
    """A kind of file that networks are read from.

    Attributes:
        maker: whose it is; empty where its ending says so.
        endings: what such files are usually called; what they hold decides.
        about: what has to be in it, as the end of a phrase, for the guide.
    """

    maker: str
    endings: tuple[str, ...]
    about: str

    @property
    def name(self) -> str:
        """`PyTorch (.pth .pt)`, or the ending alone."""
        return f"{self.maker} ({' '.join(self.endings)})" if self.maker else self.endings[0]


NETWORK_FILES = (
    NetworkFile(
        "PyTorch",
        (".pth", ".pt", ".th", ".ckpt"),
        ", with a state dict, alone or under one name of any kind; also where it is called `.bin`, "
        "`.pkl` or `.pth.tar`",
    ),
    NetworkFile(
        "",
        (".safetensors",),
        "; a folder in Hugging Face's layout that holds one (`model.safetensors`, else "
        "`pytorch_model.bin`)",
    ),
    NetworkFile("", (".npz",), " of NumPy, of weights and biases by name"),
    NetworkFile("ONNX", (".onnx",), ", a chain of the operators that are read, in one file"),
)
"""What opens as a network: refusals name it, and the guide's table is made of it."""

READ = f"Networks come as {listed([each.name for each in NETWORK_FILES], 'or')} files."
_HEAD = 64 << 10
_MOST_HEADER = 16 << 20
_WHOLE = ("model.safetensors", "pytorch_model.bin")
_INDEX = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_ELSEWHERE = ("tf_model.h5", "flax_model.msgpack", "model.onnx")
_ADAPTER = ("adapter_model.safetensors", "adapter_model.bin")


class Kind(Enum):
    """Files that may hold weights."""

    TORCH_ARCHIVE = auto()
    TORCH_PICKLE = auto()
    SAFETENSORS = auto()
    NPZ = auto()
    ONNX = auto()


@explained_on(FILES)
def kind_of(path: Path) -> Kind:
    """Which kind of file a path leads to, by a glance at its first 64 KiB.

    Raises:
        UnusableInput: none that is read; the message says what it is, and what would work.
    """
    if check_file(path) == 0:
        raise UnusableInput(f"{path.name} is empty.", "Copy or download it again.")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    # First of the two: the length of its header may begin with what a pickle begins with.
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER:
        return Kind.SAFETENSORS
    if head.startswith(b"\x80"):
        return Kind.TORCH_PICKLE
    if is_onnx(head):
        return Kind.ONNX
    found = foreign_file(head)
    if found is None:
        raise UnusableInput(
            f"{path.name} is damaged, cut short, or of a kind that is not known here.",
            f"Copy or export it again. {READ}",
        )
    raise UnusableInput(f"{path.name} is {found.what}.", found.instead)


def is_network_file(path: Path) -> bool:
    """Whether a path leads to a file that may hold weights, whatever it is called."""
    try:
        kind_of(path)
    except (UnusableInput, OSError):
        return False
    return True


def _kind_of_archive(path: Path) -> Kind:
    try:
        names = [entry.filename for entry in archive_entries(path)]
    except UnusableInput:
        raise
    # Whatever a hostile or damaged file makes the reader raise, the answer is the same.
    except Exception as error:
        raise UnusableInput(
            f"{path.name} is damaged or cut short.", "Copy or export it again."
        ) from error
    found = foreign_archive(names)
    if found is not None:
        raise UnusableInput(f"{path.name} is {found.what}.", found.instead)
    is_torch = any(name.endswith("data.pkl") for name in names)
    return Kind.TORCH_ARCHIVE if is_torch else Kind.NPZ


# --- folders --------------------------------------------------------------------------------------


def is_network_folder(path: Path) -> bool:
    """Whether a path leads to a folder that a network was stored in, whichever way."""
    known = (*_WHOLE, *_INDEX, *_ELSEWHERE, *_ADAPTER, "config.json", "saved_model.pb")
    return any(_holds(path, name) for name in known)


@explained_on(FILES)
def checkpoint_of(path: Path) -> Path:
    """The file to read a network from: the path, or the one checkpoint in a folder that holds it.

    Raises:
        UnusableInput: a folder that a network was stored in, in a way that is not read.
    """
    if not is_network_folder(path):
        return path
    for name in _WHOLE:
        if _holds(path, name):
            return path / name
    if any(_holds(path, name) for name in _INDEX):
        what, instead = "a model whose weights are split over several files", SHARDED.instead
        raise UnusableInput(f"{path.name} holds {what}.", instead)
    if _holds(path, "saved_model.pb"):
        raise UnusableInput(f"{path.name} holds {TENSORFLOW.what}.", TENSORFLOW.instead)
    if any(_holds(path, name) for name in _ADAPTER):
        raise UnusableInput(
            f"{path.name} holds an adapter: changes to the weights of another network.",
            OF_ADAPTERS,
        )
    alone = list(islice(path.glob("*.safetensors"), 2))
    if len(alone) == 1:
        return alone[0]
    raise UnusableInput(
        f"{path.name} holds a model, but no weights that are read.",
        f"Look for its model.safetensors. {READ}",
    )


def _holds(folder: Path, name: str) -> bool:
    # Not by the path's own `is_file`, which fails on impossible names.
    return os.path.isfile(folder / name)  # noqa: PTH113
