"""Files that are no checkpoints which are read, each of which is called what it is."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch

from tests.engine.network.foreign_files import FOREIGN
from tests.zoo.items import Shelf
from tests.zoo.networks import mlp

FILES = Shelf("Files that hold no weights that are read")


def _foreign(name: str, about: str, of: str) -> None:
    """One of the files that `tests/engine/network` has at hand."""
    content, says = FOREIGN[of]

    def make(path: Path) -> None:
        path.write_bytes(content)

    FILES.refuses(name, about, says)(make)


def _bytes(name: str, about: str, says: str, content: Callable[[], bytes]) -> None:
    def make(path: Path) -> None:
        path.write_bytes(content())

    FILES.refuses(name, about, says)(make)


def _saved() -> bytes:
    stream = io.BytesIO()
    torch.save(mlp().state_dict(), stream)
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        content = _saved()
        entry = tarfile.TarInfo("network.pth")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


class _Program:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (Path.touch, ("it_ran",))


def _code() -> bytes:
    stream = io.BytesIO()
    torch.save({"state_dict": mlp().state_dict(), "hook": _Program()}, stream)
    return stream.getvalue()


_foreign("pointer.pth", "a pointer of Git LFS in place of the file", "pointer.safetensors")
_foreign("page.pth", "a web page that was saved in place of the file", "page.pth")
_bytes("network.pth.gz", "a gzip archive", "a gzip archive", lambda: gzip.compress(_saved()))
_bytes("network.tar", "a tar archive", "a tar archive", _tar)
_foreign("network.zip", "a zip archive", "packed.zip")
_foreign("script.pt", "a TorchScript archive", "script.pt")
_foreign("exported.pt2", "an exported program (`torch.export`)", "exported.pt2")
_foreign("network.h5", "HDF5, as Keras 2 writes it", "keras.h5")
_foreign("network.keras", "a Keras archive", "three.keras")
_foreign("saved_model.pb", "a TensorFlow SavedModel", "saved_model.pb")
_foreign("network.tflite", "TensorFlow Lite", "mobile.tflite")
_foreign("network.gguf", "GGUF", "llama.gguf")
_foreign("network.mat", "MATLAB", "weights.mat")
_foreign("network.npy", "a single array of NumPy", "array.npy")
_foreign("notes.txt", "plain text", "notes.txt")
_foreign("config.json", "the description of a model alone", "config.json")
_foreign("picture.pth", "an image", "picture.pth")
_bytes("empty.pth", "an empty file", "is empty", lambda: b"")
_bytes("cut.pth", "a file that was cut short", "damaged", lambda: _saved()[:-400])
_bytes(
    "cut.safetensors",
    "safetensors, cut short",
    "damaged",
    lambda: safetensors.torch.save(mlp().state_dict())[:-40],
)
_bytes("noise.pth", "noise", "of a kind that is not known", lambda: bytes([1, 2, 3]) * 200)
_bytes("code.pth", "a pickle with code in it, which is not run", "Python objects", _code)
_bytes(
    "estimator.pkl",
    "a pickled object of another library (scikit-learn, joblib)",
    "Python objects",
    lambda: pickle.dumps(_Program()),
)
_bytes(
    "flax.msgpack",
    "Flax' own serialisation",
    "of a kind that is not known",
    lambda: b"\x81\xa6params\x81\xa7Dense_0\x81\xa6kernel\xc7\x10\x01" + bytes(16),
)
