"""Files taken apart and put together again, so that a change inside reaches the innermost reader.

Without this most changes of an archive would only be noticed by its checksum.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

Parts = list[tuple[str, bytes]]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def is_zip(content: bytes) -> bool:
    """Whether it is a zip archive that can be taken apart."""
    return content.startswith(b"PK\x03\x04") and zipfile.is_zipfile(io.BytesIO(content))


def unzip(content: bytes) -> Parts:
    """Names and contents of an archive's entries."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


def zip_again(parts: Sequence[tuple[str, bytes]], method: int) -> bytes:
    """An archive of these entries, its checksums right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts:
            archive.writestr(_entry(name), content, method)
    return stream.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry of any name, without the time."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    return entry


def is_png(content: bytes) -> bool:
    """Whether it is a PNG."""
    return content.startswith(PNG_SIGNATURE)


def png_chunks(content: bytes) -> Parts:
    """Kinds and contents of a PNG's chunks."""
    parts, at = [], len(PNG_SIGNATURE)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        parts.append((content[at + 4 : at + 8].decode("latin-1"), content[at + 8 :][:length]))
        at += 12 + length
    return parts


def png_again(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A PNG of these chunks, its checksums right."""
    chunks = []
    for kind, content in parts:
        body = kind.encode("latin-1") + content
        chunks.append(struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body)))
    return PNG_SIGNATURE + b"".join(chunks)


def is_safetensors(content: bytes) -> bool:
    """Whether it has the header of one."""
    return content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content)


def safetensors_header(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, and the bytes behind it."""
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def safetensors_again(header: Any, data: bytes) -> bytes:
    """A safetensors file with this header."""
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + data
