"""Changes files as damage and malice do; the same number gives the same change."""

from __future__ import annotations

import json
import pickle
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz import containers, pickles
from tests.fuzz.seeds import Seed

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**400,
    0.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\x1b[2J\x07\r\n",
    "\u202egpj.exe",
    "\ud800",
    "../../../etc/passwd",
    "/dev/zero",
    "\\\\server\\share\\x.pth",
    "9" * 5000,
    "A" * 100_000,
    [],
    {},
    [[]] * 10,
    list(range(1000)),
    {"a": {"b": {"c": []}}},
)
_NAMES = (
    "../../canary",
    "/tmp/canary",
    "C:\\canary",
    "a\x00b",
    "\x1b[31m\n",
    "\u202enpz",
    "x" * 60_000,
    "images.npy",
    "data.pkl",
    "constants.pkl",
    "",
)
_MOST_PADDING = 40 << 20


class Mutator:
    """Makes mutated files out of whole ones."""

    def __init__(self, seeds: Sequence[Seed], canary: str) -> None:
        """
        Args:
            seeds: whole files.
            canary: a path that nothing must ever write to.
        """
        self._seeds = seeds
        self._canary = canary

    def make(self, number: int) -> tuple[int, bytes]:
        """The place of the seed that a number stands for, and what became of its content."""
        choose = random.Random(number)
        place = number % len(self._seeds)
        content = self._seeds[place].content
        for _ in range(choose.choice((1, 1, 1, 2, 3))):
            content = self._change(content, choose)
        return place, content

    def _change(self, content: bytes, choose: random.Random) -> bytes:
        try:
            return choose.choice(self._ways(content, choose))(content, choose)
        except Exception:  # What has been damaged before cannot always be taken apart.
            return choose.choice(_ON_BYTES)(content, choose)

    def _ways(
        self, content: bytes, choose: random.Random
    ) -> Sequence[Callable[[bytes, random.Random], bytes]]:
        """What can be done to a file; mostly what reaches its inside, where it has one."""
        inner: list[Callable[[bytes, random.Random], bytes]] = []
        if containers.is_zip(content):
            inner = [self._change_zip, self._change_zip, _tamper_directory]
        elif containers.is_png(content):
            inner = [_change_png]
        elif containers.is_safetensors(content):
            inner = [_change_safetensors]
        elif content.startswith(b"\x80\x02"):
            inner = [self._change_pickle]
        elif content.startswith(b"{"):
            inner = [_change_json_text]
        return inner if inner and choose.random() < 0.7 else [*_ON_BYTES, self._splice]

    def _splice(self, content: bytes, choose: random.Random) -> bytes:
        """The beginning of one file and the end of another."""
        other = choose.choice(self._seeds).content
        return content[: _place(content, choose)] + other[_place(other, choose) :]

    def _change_pickle(self, content: bytes, choose: random.Random) -> bytes:
        if choose.random() < 0.05:
            return choose.choice(pickles.hostile_calls(self._canary)) + b"."
        return pickles.change(content, self._canary, choose)

    def _change_zip(self, content: bytes, choose: random.Random) -> bytes:
        """Another entry, name, order, or packing; or an entry with something else in it."""
        parts = containers.unzip(content)
        at = choose.randrange(len(parts))
        name, inside = parts[at]
        kind = choose.randrange(8)
        if kind == 0:
            other = choose.choice(_NAMES)
            parts[at] = (choose.choice((other, name + other, other + name)), inside)
        elif kind == 1:
            parts.insert(choose.randrange(len(parts)), choose.choice(parts))
        elif kind == 2:
            del parts[at]
        elif kind == 3 and choose.random() < 0.02:
            parts[at] = (name, inside + bytes(choose.randrange(_MOST_PADDING)))
        elif name.endswith(".npy"):
            parts[at] = (name, self._change_array(inside, choose))
        elif name.endswith(".pkl"):
            parts[at] = (name, self._change_pickle(inside, choose))
        else:
            parts[at] = (name, choose.choice(_ON_BYTES)(inside, choose))
        return containers.zip_again(parts, choose.choice((0, 0, 8)))

    def _change_array(self, content: bytes, choose: random.Random) -> bytes:
        """The header of an array, or Python objects in its place."""
        if choose.random() < 0.2:
            head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
            head += b" " * (-(len(head) + 11) % 64) + b"\n"
            calls = choose.choice(pickles.hostile_calls(self._canary))
            body = choose.choice((calls + b".", pickle.dumps([1])))
            return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body
        old, new = choose.choice(
            (
                (rb"\(\d+.*?\)", b"(%d,)" % choose.choice(_NUMBERS)),
                (rb"\(\d+.*?\)", b"(%d, %d)" % (choose.choice(_NUMBERS), choose.choice(_NUMBERS))),
                (rb"\(\d+.*?\)", b"(3, 1, 0, 4)"),
                (rb"\(\d+.*?\)", b"(-1, 4)"),
                (rb"False", b"True"),
                (rb"'[<|]\w+'", choose.choice((b"'|O'", b"'<f2'", b"'>f8'", b"'<c16'", b"'|S0'"))),
                (rb"'[<|]\w+'", b"'<U%d'" % choose.choice(_NUMBERS)),
                (rb"'[<|]\w+'", b"[('a', '<f4'), ('b', '|V%d')]" % choose.choice(_NUMBERS)),
                (rb"'descr'", b"'descr': 0, 'x'"),
                (rb"\{", b"{" * 200),
            )
        )
        length = struct.unpack_from("<H", content, 8)[0]
        head = re.sub(old, new, content[10 : 10 + length], count=1)
        return content[:8] + struct.pack("<H", len(head)) + head + content[10 + length :]


def _place(content: bytes, choose: random.Random) -> int:
    """A place in a file; every third time among the first bytes, where headers are."""
    most = len(content) if choose.random() < 0.67 else min(64, len(content))
    return choose.randint(0, most)


def _flip_bits(content: bytes, choose: random.Random) -> bytes:
    changed = bytearray(content or b"\x00")
    for _ in range(choose.choice((1, 2, 8, 64))):
        at = min(_place(changed, choose), len(changed) - 1)
        changed[at] ^= 1 << choose.randrange(8)
    return bytes(changed)


def _cut_short(content: bytes, choose: random.Random) -> bytes:
    return content[: _place(content, choose)]


def _take_out(content: bytes, choose: random.Random) -> bytes:
    at = _place(content, choose)
    return content[:at] + content[at + choose.choice((1, 4, 17, 256)) :]


def _repeat(content: bytes, choose: random.Random) -> bytes:
    at = _place(content, choose)
    piece = content[at : at + choose.choice((1, 4, 17, 256))]
    return content[:at] + piece * choose.choice((2, 3, 100)) + content[at:]


def _put_in(content: bytes, choose: random.Random) -> bytes:
    at = _place(content, choose)
    return content[:at] + choose.randbytes(choose.choice((1, 4, 17, 256))) + content[at:]


def _set_number(content: bytes, choose: random.Random) -> bytes:
    """A length, a count or an offset of one, two, four or eight bytes, of either byte order."""
    width = choose.choice((1, 2, 4, 8))
    number = choose.choice(_NUMBERS) % 256**width
    order = choose.choice(("<", ">"))
    piece = number.to_bytes(width, "little" if order == "<" else "big")
    at = _place(content, choose)
    return content[:at] + piece + content[at + width :]


_ON_BYTES = (_flip_bits, _cut_short, _take_out, _repeat, _put_in, _set_number)


def _tamper_directory(content: bytes, choose: random.Random) -> bytes:
    """The directory of an archive says something else than its entries do."""
    at = choose.choice([found.start() for found in re.finditer(b"PK[\x01\x03\x05\x06]", content)])
    return content[:at] + _set_number(content[at : at + 46], choose) + content[at + 46 :]


def _change_png(content: bytes, choose: random.Random) -> bytes:
    parts = containers.png_chunks(content)
    at = choose.randrange(len(parts))
    kind, inside = parts[at]
    way = choose.randrange(5)
    if way == 0 and choose.random() < 0.02:
        bomb = zlib.compress(bytes(choose.randrange(_MOST_PADDING)))
        parts[at] = (choose.choice(("IDAT", "iCCP", "zTXt", "iTXt")), b"a\x00\x00" + bomb)
    elif way == 1:
        names = ("IHDR", "PLTE", "tRNS", "IDAT", "gAMA", "eXIf", "acTL", "fdAT", "IEND", "zTXt")
        parts.insert(at, (choose.choice(names), inside))
    elif way == 2:
        parts.insert(at, choose.choice(parts))
    else:
        parts[at] = (kind, choose.choice(_ON_BYTES)(inside, choose))
    return containers.png_again(parts)


def _change_safetensors(content: bytes, choose: random.Random) -> bytes:
    """A field of the header, or of the session inside it; or the header's length."""
    if choose.random() < 0.1:
        return choose.choice(_NUMBERS).to_bytes(8, "little") + content[8:]
    header, data = containers.safetensors_header(content)
    session = header.get("__metadata__", {}).get("session")
    if session is not None and choose.random() < 0.6:
        header["__metadata__"]["session"] = json.dumps(_change_json(json.loads(session), choose))
    else:
        header = _change_json(header, choose)
    return containers.safetensors_again(header, data)


def _change_json_text(content: bytes, choose: random.Random) -> bytes:
    if choose.random() < 0.05:
        return choose.choice((b"[", b'{"a":')) * 100_000
    return json.dumps(_change_json(json.loads(content), choose)).encode()


def _change_json(document: Any, choose: random.Random) -> Any:
    """One value anywhere in a document replaced, moved, or taken out."""
    branches = list(_branches(document))
    branch = choose.choice(branches)
    keys = list(branch) if isinstance(branch, dict) else list(range(len(branch)))
    if not keys:
        return choose.choice(_VALUES)
    key = choose.choice(keys)
    way = choose.randrange(6)
    if way == 0:
        del branch[key]
    elif way == 1 and isinstance(branch, dict):
        branch[choose.choice(_NAMES)] = branch[key]
    elif way == 2:
        branch[key] = json.loads(json.dumps(choose.choice(branches)))
    elif way == 3 and isinstance(branch[key], int):
        branch[key] += choose.choice((-1, 1, 2**16))
    else:
        branch[key] = choose.choice(_VALUES)
    return document


def _branches(document: Any) -> list[Any]:
    """All lists and dictionaries in a document."""
    if not isinstance(document, dict | list):
        return []
    inner = document.values() if isinstance(document, dict) else document
    return [document, *(branch for each in inner for branch in _branches(each))]
