"""Files that hold no weights as they are read here: what each is, and how to get to some.

Recognised by what they begin with, whatever they are called. Nothing is unpacked or executed, and
no more is looked at than the caller has read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Foreign:
    """A kind of file that is not read.

    Attributes:
        what: it is, as the end of a sentence; with the reason why it cannot be used.
        instead: what would work.
    """

    what: str
    instead: str


_SAVE = (
    "Where the network was made, save its weights: "
    'safetensors.torch.save_file(model.state_dict(), "model.safetensors").'
)
_OF_KERAS = (
    'Where it was made, save the weights alone: numpy.savez("model.npz", *model.get_weights()).'
)
_OF_SHARDS = (
    "In Python, in its folder: safetensors.torch.save_file({k: v for f in "
    'glob.glob("*.safetensors") for k, v in safetensors.torch.load_file(f).items()}, '
    '"whole.safetensors").'
)
_OF_SCRIPT = (
    "If you trust it, in Python: "
    'torch.save(torch.jit.load("model.pt").state_dict(), "weights.pth").'
)
_OF_EXPORT = (
    'If you trust it, in Python: torch.save(torch.export.load("model.pt2").state_dict, '
    '"weights.pth").'
)
_OF_MATLAB = (
    'In Python: numpy.savez("model.npz", **{k: v for k, v in scipy.io.loadmat("model.mat").items() '
    'if k[0] != "_"}).'
)
_UNPACK = "Unpack it, and open the checkpoint that is inside."
_NO_NETWORK = (
    "Open the network's own checkpoint; images to compare with come as an .npz, or as a folder "
    "with one subfolder a class."
)
_AGAIN = "Download it anew from the link to the file itself, which pages often call “raw”."

SHARDED = Foreign("the index of a model whose weights are split over several files", _OF_SHARDS)
TENSORFLOW = Foreign("a TensorFlow model: a graph of operators, not weights by name", _OF_KERAS)
_KERAS = Foreign("a Keras model, which is a program as much as weights", _OF_KERAS)
_HDF5 = Foreign("an HDF5 file, as Keras writes them, and those are not read", _OF_KERAS)
_MATLAB = Foreign("a MATLAB file, and those are not read", _OF_MATLAB)
_SCRIPT = Foreign("a TorchScript archive, a program rather than data", _OF_SCRIPT)
_EXPORT = Foreign("an exported program (.pt2), not weights", _OF_EXPORT)
_CONFIG = Foreign(
    "the description of a model, which holds no weights",
    "Open the model.safetensors that lies beside it.",
)
_POINTER = Foreign(
    "a pointer of Git LFS: a few lines that stand for a file which was not downloaded",
    "In its repository, “git lfs pull” fetches the file itself.",
)


def _image(kind: str) -> Foreign:
    return Foreign(f"a {kind} image, not a network", _NO_NETWORK)


def _film(kind: str) -> Foreign:
    return Foreign(f"a film ({kind}), not a network", _NO_NETWORK)


def _packed(kind: str) -> Foreign:
    return Foreign(f"a {kind} archive, and what is in it is not looked at", _UNPACK)


_ZIP = _packed("zip")
_SIGNATURES: tuple[tuple[int, bytes, Foreign], ...] = (
    (0, b"\x89HDF\r\n\x1a\n", _HDF5),
    (0, b"GGUF", Foreign("a GGUF file: a language model, packed for llama.cpp", _SAVE)),
    (4, b"TFL3", Foreign("a TensorFlow Lite model, packed for phones", _OF_KERAS)),
    (0, b"MATLAB 5.0 MAT-file", _MATLAB),
    (0, b"MATLAB 7.3 MAT-file", _MATLAB),
    (
        0,
        b"\x93NUMPY",
        Foreign(
            "a single NumPy array, and a network is several",
            'Store them by name: numpy.savez("model.npz", w1=…, b1=…, w2=…).',
        ),
    ),
    (0, b"\x1f\x8b", _packed("gzip")),
    (4, b"1AY&SY", _packed("bzip2")),
    (0, b"\xfd7zXZ\x00", _packed("xz")),
    (0, b"\x28\xb5\x2f\xfd", _packed("zstd")),
    (0, b"7z\xbc\xaf\x27\x1c", _packed("7-Zip")),
    (0, b"Rar!\x1a\x07", _packed("RAR")),
    (257, b"ustar", _packed("tar")),
    (0, b"\x89PNG\r\n\x1a\n", _image("PNG")),
    (0, b"\xff\xd8\xff", _image("JPEG")),
    (0, b"GIF8", _image("GIF")),
    (8, b"WEBP", _image("WebP")),
    (0, b"II*\x00", _image("TIFF")),
    (0, b"MM\x00*", _image("TIFF")),
    (4, b"ftyp", _film("MP4")),
    (0, b"\x1aE\xdf\xa3", _film("Matroska")),
    (8, b"AVI ", _film("AVI")),
    (0, b"%PDF", Foreign("a PDF, not a network", _NO_NETWORK)),
)
_USER_BLOCKS = (512, 1024, 2048)
"""Where HDF5 may begin, behind a block of somebody else's."""


def foreign_file(head: bytes) -> Foreign | None:
    """What a file is that begins so; None where nothing is recognised."""
    for offset, magic, found in _SIGNATURES:
        if head.startswith(magic, offset):
            return found
    if any(head.startswith(b"\x89HDF\r\n\x1a\n", offset) for offset in _USER_BLOCKS):
        return _HDF5
    return _graph(head) or _text(head)


def foreign_archive(names: Sequence[str]) -> Foreign | None:
    """What a zip archive with these entries is; None where it may hold weights that are read."""
    if "model.weights.h5" in names:
        return _KERAS
    if any(name.endswith("constants.pkl") or "/code/" in name for name in names):
        return _SCRIPT
    if any("archive_format" in name or name.endswith((".so", "model.json")) for name in names):
        return _EXPORT
    return None if any(name.endswith((".npy", "data.pkl")) for name in names) else _ZIP


# --- graphs: messages of protobuf -----------------------------------------------------------------

_OF_MODEL = {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}
"""Fields of ONNX's ModelProto: 1 its version, 2 and 3 what made it and which, 7 the graph."""
_LATEST, _LONGEST_NAME = 1000, 100


def is_onnx(head: bytes) -> bool:
    """Whether a file that begins so is an ONNX model."""
    fields = _fields(head)
    version = fields.get(1)
    if not head.startswith(b"\x08") or not isinstance(version, int) or version > _LATEST:
        return False
    return (
        not _is_saved_model(fields) and set(fields) <= _OF_MODEL and bool({2, 7, 8} & set(fields))
    )


def _is_saved_model(fields: dict[int, int | bytes]) -> bool:
    """A SavedModel of TensorFlow has a graph where ONNX names what made it."""
    return fields.get(1) == 1 and 2 in fields and not _words(fields[2])


def _graph(head: bytes) -> Foreign | None:
    if head.startswith(b"\n") and (b"\x12\x05Const" in head or b"\x12\x0bPlaceholder" in head):
        return TENSORFLOW  # A frozen graph: nodes, each with the name of its operator.
    is_saved = head.startswith(b"\x08") and _is_saved_model(_fields(head))
    return TENSORFLOW if is_saved else None


def _words(value: int | bytes | None) -> str:
    """A short string of a message; empty where it is none."""
    if not isinstance(value, bytes) or not value.isascii() or len(value) > _LONGEST_NAME:
        return ""
    text = value.decode("ascii")
    return text if text.isprintable() else ""


def _fields(head: bytes) -> dict[int, int | bytes]:
    """The first value of each field of a message, as far as the message is whole."""
    found: dict[int, int | bytes] = {}
    place = 0
    while place < len(head):
        tag, place = _number(head, place)
        value, place = _number(head, place)  # Of a string: its length.
        if tag & 7 == 2:
            found.setdefault(tag >> 3, head[place : place + value])
            place += value
        elif tag & 7 == 0:
            found.setdefault(tag >> 3, value)
        else:
            break
    return found


def _number(head: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while place < len(head) and shift < 64:
        byte = head[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
    return value, place


# --- text -----------------------------------------------------------------------------------------

_PAGE = re.compile(
    r"(?:(?:<\?xml[^>]*+>|<!--(?>.*?-->))\s*+)*+<(?:!doctype html|html|head|body|title)\b",
    re.DOTALL,
)
"""Nothing is tried twice, whatever the text holds."""
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f]")


def _text(head: bytes) -> Foreign | None:
    """What a text is; its last character may be cut in two."""
    coding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        text = codecs.getincrementaldecoder(coding)().decode(head).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    if _UNREADABLE.search(text) or not text:
        return None
    begins = text.lstrip().lower()
    if begins.startswith("version https://git-lfs"):
        return _POINTER
    if _PAGE.match(begins):
        return Foreign("a web page, not the file that it leads to", _AGAIN)
    if begins.startswith(("{", "[")):
        return _json(text)
    return Foreign("plain text, not a network", _SAVE)


def _json(text: str) -> Foreign:
    if '"weight_map"' in text:
        return SHARDED
    if '"model_type"' in text or '"architectures"' in text:
        return _CONFIG
    return Foreign("text in JSON, not a network", _SAVE)
