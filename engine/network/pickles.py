"""Pickles of any protocol as PyTorch's restricted reader takes them; nothing in them is executed.

That reader (`weights_only=True`) knows the operations of protocol 2 and few others. Those of
protocols 3 to 5 are put into the words of protocol 2 here; what may be called is for it to say.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import shutil
import struct
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_MAGIC = 0x1950A86A20F9469CFC6C
"""With which PyTorch's format of before 1.6 begins (`torch.serialization.MAGIC_NUMBER`)."""
_BEFORE = (_MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}})
_AS_THEY_ARE = (
    *("NEWOBJ", "REDUCE", "BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "MARK", "TUPLE"),
    *("TUPLE1", "TUPLE2", "TUPLE3", "NONE", "NEWFALSE", "NEWTRUE", "EMPTY_TUPLE", "EMPTY_LIST"),
    *("EMPTY_DICT", "BINPERSID", "STOP"),
)
_INSTEAD = {"EMPTY_SET": b"]", "ADDITEMS": b"e", "FROZENSET": b"t", "FRAME": b"", "PROTO": b""}
"""A set is read as a list: only numbers and words beside the weights are looked at."""
_PACKED = {"BININT": "<i", "BININT1": "<B", "BININT2": "<H", "BINFLOAT": ">d"}
_TEXT = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_BYTES = ("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8")
_PUT, _GET = ("BINPUT", "LONG_BINPUT", "MEMOIZE"), ("BINGET", "LONG_BINGET")
_CALLS = ("REDUCE", "NEWOBJ")
_ARGUMENTS = ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_TUPLE")
_MOST_GROWTH = 4
_FREELY = 1 << 20


class _Rewriter:
    """One pickle, put into the words of protocol 2.

    Texts are written where they are used, never remembered, so that the two before a STACK_GLOBAL
    can become its GLOBAL.
    """

    def __init__(self) -> None:
        self.literals: list[bytes] = []
        self._out: list[bytes] = [b"\x80\x02"]
        self._texts: dict[int, str] = {}
        self._remembered: set[int] = set()
        self._last: list[str | None] = []
        self._size = 0

    def rewrite(self, stream: IO[bytes], most: int) -> bytes:
        """Reads one pickle from a stream, to its end and no further.

        Raises:
            ValueError, and others: it has operations that no checkpoint needs, or it grows to more
                than so many bytes.
        """
        for operation, argument in _operations(stream):
            self._take(operation.name, operation.code, argument)
            if self._size > most:
                raise ValueError("the pickle grows beyond reason")
        return b"".join(self._out)

    def _write(self, piece: bytes, text: str | None = None) -> None:
        self._out.append(piece)
        self._last = [*self._last[-1:], text]
        self._size += len(piece)

    def _take(self, name: str, code: str, argument: Any) -> None:
        if name in _TEXT:
            # In protocol 2 and below bytes are a text.
            self.literals.append(argument.encode("latin-1", "replace"))
            self._write_text(argument)
        elif name in _PUT:
            self._remember(len(self._remembered) if name == "MEMOIZE" else argument)
        elif name in _GET and argument in self._texts:
            self._write_text(self._texts[argument])
        elif name in _GET:
            self._write(b"j" + struct.pack("<I", argument))
        elif name in _BYTES:
            self.literals.append(bytes(argument))
            text = _packed_text(bytes(argument).decode("latin-1"))
            self._write(b"c_codecs\nencode\n" + text + _packed_text("latin1") + b"\x86R")
        elif name == "STACK_GLOBAL":
            module, attribute = self._last
            if module is None or attribute is None:
                raise ValueError("a name that is not written out")
            del self._out[-2:]
            self._write(_global(f"{module} {attribute}"))
        elif name == "GLOBAL":
            self._write(_global(argument))
        elif name in ("LONG1", "LONG4"):
            digits = pickle.encode_long(argument)
            self._write(b"\x8a" + bytes([len(digits)]) + digits)
        elif name in _PACKED:
            self._write(code.encode("latin-1") + struct.pack(_PACKED[name], argument))
        elif name in _AS_THEY_ARE:
            self._write(code.encode("latin-1"))
        elif _INSTEAD.get(name):
            self._write(_INSTEAD[name])
        elif name not in _INSTEAD:
            raise ValueError(f"the operation {name} is none of a checkpoint's")

    def _write_text(self, text: str) -> None:
        self._write(_packed_text(text), text)

    def _remember(self, place: int) -> None:
        self._remembered.add(place)
        text = self._last[-1]
        if text is None:
            self._texts.pop(place, None)
            self._out.append(b"r" + struct.pack("<I", place))
        else:
            self._texts[place] = text


def _operations(stream: IO[bytes]) -> Iterator[tuple[pickletools.OpcodeInfo, Any]]:
    """The operations of one pickle, each with its argument.

    Whatever is called has to be called with a tuple. PyTorch's reader would unpack anything, for
    ever where it has no end.

    Raises:
        ValueError, and others: it is damaged.
    """
    before = ""
    for operation, argument, _ in pickletools.genops(stream):
        if operation.name in _CALLS and before not in _ARGUMENTS:
            raise ValueError("a call without a tuple of arguments")
        if operation.name not in _PUT:
            before = operation.name
        yield operation, argument


def _check(stream: IO[bytes], pickles: int = 1) -> None:
    """Reads some pickles, to their end and no further.

    Raises:
        ValueError, and others: one is damaged.
    """
    for _ in range(pickles):
        deque(_operations(stream), maxlen=0)


def _packed_text(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _global(name: str) -> bytes:
    module, _, attribute = name.partition(" ")
    if not all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
        raise ValueError("a name that is none")
    return f"c{module}\n{attribute}\n".encode()


# --- files ----------------------------------------------------------------------------------------


@contextmanager
def archive_for_torch(path: Path, names: Sequence[str]) -> Iterator[Path | IO[bytes]]:
    """PyTorch's archive with its pickle in protocol 2.

    Args:
        path: of the archive.
        names: of its entries.

    Raises:
        ValueError, and others: it is damaged.
    """
    pickled = [name for name in names if f"/{name}".endswith("/data.pkl")]
    with zipfile.ZipFile(path) as archive:
        content = archive.read(pickled[0]) if len(pickled) == 1 else b""
        if content[:1] != b"\x80" or content[:2] == b"\x80\x02":
            _check(io.BytesIO(content), 1 if content else 0)
            yield path
            return
        with tempfile.TemporaryFile() as anew:
            with zipfile.ZipFile(anew, "w") as target:
                for name in dict.fromkeys(names):
                    with target.open(name, "w", force_zip64=True) as entry:
                        if name == pickled[0]:
                            entry.write(_rewritten(io.BytesIO(content), len(content))[0])
                        else:
                            shutil.copyfileobj(archive.open(name), entry)
            anew.seek(0)
            yield anew


def pickle_for_torch(path: Path) -> tuple[IO[bytes], list[bytes]]:
    """A file without an archive as PyTorch's format of before 1.6, in protocol 2.

    Returns:
        The file, in memory, and pieces one of which holds every number that a tensor may have.

    Raises:
        ValueError, and others: it is damaged.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        is_of_torch = _begins_with_magic(file)
        is_plain = is_of_torch and file.read(2) == b"\x80\x02"
        file.seek(0)
        if is_plain:
            _check(file, len(_BEFORE) + 2)
            file.seek(0)
            content = file.read()
            return io.BytesIO(content), [content]
        if is_of_torch:
            parts = [_rewritten(file, size)[0] for _ in range(5)]
            rest = file.read()
            return io.BytesIO(b"".join([*parts, rest])), [rest]
        body, literals = _rewritten(file, size)
    before = [pickle.dumps(each, 2) for each in _BEFORE]
    return io.BytesIO(b"".join([*before, body, pickle.dumps([], 2)])), literals


def _begins_with_magic(file: IO[bytes]) -> bool:
    """Whether the first pickle is PyTorch's number; leaves the file at its end."""
    for operation, argument, place in pickletools.genops(file):
        if operation.name in ("LONG1", "STOP"):
            is_magic = argument == _MAGIC
            if is_magic:
                file.seek((place or 0) + 2 + len(pickle.encode_long(_MAGIC)) + 1)
            return is_magic
        if operation.name not in ("PROTO", "FRAME"):
            return False
    return False


def _rewritten(stream: IO[bytes], size: int) -> tuple[bytes, list[bytes]]:
    rewriter = _Rewriter()
    return rewriter.rewrite(stream, _MOST_GROWTH * size + _FREELY), rewriter.literals
