"""Small files that hold no weights as Afterimage reads them, written by hand."""

from __future__ import annotations

import io
import json
import struct
import zipfile


def field(number: int, value: int | bytes) -> bytes:
    """One field of a protobuf message; its number and its length fit into seven bits or two."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    length = len(value)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + value


def archive(**entries: bytes) -> bytes:
    """A zip archive; two underscores in a name stand for a dot, three for a slash."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in entries.items():
            path = name.replace("___", "/").replace("__", ".")
            file.writestr(zipfile.ZipInfo(path), content)
    return stream.getvalue()


_NODE = field(1, b"dense") + field(2, b"Placeholder")
_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
_SHARDS = {"metadata": {}, "weight_map": {"fc.weight": "model-00001-of-00002.safetensors"}}
_CONFIG = {"architectures": ["ViTForImageClassification"], "model_type": "vit"}
_TAR = b"network.pth".ljust(257, b"\0") + b"ustar\x0000".ljust(255, b"\0")

FOREIGN: dict[str, tuple[bytes, str]] = {
    "saved_model.pb": (
        field(1, 1) + field(2, field(1, b"\n\0" * 100)),
        "a TensorFlow model",
    ),
    "frozen.pb": (field(1, _NODE), "a TensorFlow model"),
    "mobile.tflite": (b"\x1c\0\0\0TFL3" + bytes(20), "TensorFlow Lite"),
    "keras.h5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file"),
    "block.h5": (bytes(512) + b"\x89HDF\r\n\x1a\n" + bytes(40), "an HDF5 file"),
    "three.keras": (
        archive(config__json=b"{}", metadata__json=b"{}", model__weights__h5=b"\x89HDF"),
        "a Keras model",
    ),
    "script.pt": (
        archive(script___code_____torch____py=b"", script___constants__pkl=b"", data__pkl=b""),
        "TorchScript",
    ),
    "exported.pt2": (
        archive(exported___archive_format=b"pt2", exported___models___model__json=b"{}"),
        "exported program (.pt2)",
    ),
    "llama.gguf": (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "a GGUF file"),
    "weights.mat": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128), "a MATLAB file"),
    "array.npy": (b"\x93NUMPY\x01\0v\0{'descr': '<f4'}", "a single NumPy array"),
    "pointer.safetensors": (_LFS.encode(), "Git LFS"),
    "page.pth": (b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>", "a web page"),
    "model.safetensors.index.json": (json.dumps(_SHARDS).encode(), "split over several files"),
    "config.json": (json.dumps(_CONFIG).encode(), "the description of a model"),
    "numbers.json": (b'[1, 2, {"three": 3}]', "text in JSON"),
    "notes.txt": ("Größe: 784 → 1000 → 1\n".encode(), "plain text"),
    "notes.pth": (b"\xef\xbb\xbf" + "é".encode() * 40_000, "plain text"),
    "packed.gz": (b"\x1f\x8b\x08" + bytes(20), "a gzip archive"),
    "packed.bz2": (b"BZh91AY&SY" + bytes(20), "a bzip2 archive"),
    "packed.xz": (b"\xfd7zXZ\0" + bytes(20), "a xz archive"),
    "packed.zst": (b"\x28\xb5\x2f\xfd" + bytes(20), "a zstd archive"),
    "packed.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(20), "a 7-Zip archive"),
    "packed.rar": (b"Rar!\x1a\x07\x01\0" + bytes(20), "a RAR archive"),
    "network.pth.tar": (_TAR, "a tar archive"),
    "packed.zip": (archive(network__pth=b"weights"), "a zip archive"),
    "picture.pth": (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG image"),
    "photo.ckpt": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG image"),
    "film.gif": (b"GIF89a" + bytes(20), "a GIF image"),
    "photo.webp": (b"RIFF\x20\0\0\0WEBPVP8 ", "a WebP image"),
    "scan.tif": (b"II*\0\x08\0\0\0", "a TIFF image"),
    "scan.tiff": (b"MM\0*\0\0\0\x08", "a TIFF image"),
    "film.pth": (b"\0\0\0\x18ftypisom" + bytes(20), "a film (MP4)"),
    "film.mkv": (b"\x1aE\xdf\xa3\x93" + bytes(20), "a film (Matroska)"),
    "film.avi": (b"RIFF\x20\0\0\0AVI LIST", "a film (AVI)"),
    "paper.pdf": (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
}
"""By name: the bytes of a file, and what its refusal says of it."""
