"""Changes to pickles: code that must not run, and values that no honest file holds."""

from __future__ import annotations

import io
import pickle
import pickletools
import random
import struct

_ALLOWED = (
    b"torch._utils\n_rebuild_tensor_v2",
    b"torch._utils\n_rebuild_parameter",
    b"torch._utils\n_rebuild_sparse_tensor",
    b"torch._utils\n_rebuild_meta_tensor_no_storage",
    b"torch._utils\n_rebuild_qtensor",
    b"torch._utils\n_rebuild_nested_tensor",
    b"torch._tensor\n_rebuild_from_type_v2",
    b"torch\nTensor",
    b"torch\nSize",
    b"torch\nDoubleStorage",
    b"torch\ndevice",
    b"collections\nOrderedDict",
    b"collections\nCounter",
    b"builtins\nset",
    b"_codecs\nencode",
)
_ARGUMENTS = (
    b")",
    b"(K\x01tR",
    b"(J\xff\xff\xff\x7f\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft",
    b"((K\x01K\x02t(J\xff\xff\xff\xffK\x01tNt",
    b"(X\x03\x00\x00\x00abct",
    b"(NNNNNt",
    b"(}]G\x7f\xf0\x00\x00\x00\x00\x00\x00t",
)
_EXTREME_NUMBERS = (
    b"K\x00",
    b"J\xff\xff\xff\xff",
    b"J\xff\xff\xff\x7f",
    b"J\x00\x00\x00\x80",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01",
    b"\x8a\xff" + b"\x7f" * 255,
    b"G\x7f\xf8\x00\x00\x00\x00\x00\x00",
    b"N",
    b"\x88",
    b"]",
)


def hostile_calls(canary: str) -> list[bytes]:
    """Pieces of a pickle that would each write the file `canary` if they were carried out."""
    touch, python = f"touch {canary}", f"open({canary!r}, 'w')"

    class Opens:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (canary, "w")

    whole = [pickle.dumps(Opens(), protocol)[:-1] for protocol in (0, 2, 4)]
    return [
        *(body + b"0" for body in whole),
        f"cposix\nsystem\n(S{touch!r}\ntR0".encode(),
        f"cos\nsystem\n(S{touch!r}\ntR0".encode(),
        f"(S{touch!r}\nios\nsystem\n0".encode(),
        f"(cos\nsystem\nS{touch!r}\no0".encode(),
        f"c__builtin__\nexec\n(S{python!r}\ntR0".encode(),
        f"cbuiltins\neval\n(S{python!r}\ntR0".encode(),
        f"csubprocess\ncall\n((S'touch'\nS{canary!r}\nltR0".encode(),
        f"cio\nFileIO\n(S{canary!r}\nS'w'\ntR0".encode(),
        f"\x80\x04\x8c\x07pathlib\x8c\x0aPath.touch\x93(cpathlib\nPath\n(S{canary!r}\ntRtR0".encode(
            "latin-1"
        ),
        f"ctorch\nsave\n(K\x01S{canary!r}\ntR0".encode(),
        f"\x8c\x02os\x8c\x06system\x93(S{touch!r}\ntR0".encode("latin-1"),
    ]


def change(content: bytes, canary: str, choose: random.Random) -> bytes:
    """A pickle (or several in a row) with something else in it."""
    places = _places(content)
    if not places:
        return content
    at = choose.choice(places)
    kind = choose.randrange(6)
    if kind == 0:
        return content[:at] + choose.choice(hostile_calls(canary)) + content[at:]
    if kind == 1:
        call = b"c" + choose.choice(_ALLOWED) + b"\n" + choose.choice(_ARGUMENTS) + b"R"
        return content[:at] + call + choose.choice((b"", b"0")) + content[at:]
    if kind == 2:
        return _with_other_number(content, choose)
    if kind == 3:
        return content[:at] + _growing(choose) + content[at:]
    if kind == 4:
        return content[:at] + choose.choice(_DEEP) + content[at:]
    other = choose.choice(places)
    return content[:at] + content[other:]


_DEEP = (
    b"(" * 50_000,
    b"]" * 50_000 + b"a" * 49_999 + b"0",
    b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"X\xff\xff\xff\x7f",
    b"\x8b\xff\xff\xff\x7f",
    b"r\xff\xff\xff\x7f",
    b"Q",
    b"P1\n",
    b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x82\x01",
    b"2" * 1000,
    b"b",
    b"u",
    b".",
)


def _growing(choose: random.Random) -> bytes:
    """Lists of lists of lists, each ten times the one before: short, and endless as text."""
    levels = choose.choice((5, 12, 30))
    piece = b"]q\xf0"
    for _ in range(levels):
        piece += b"](" + b"h\xf0" * 10 + b"eq\xf0"
    key = b"X\x0b\x00\x00\x00input_shape"
    return choose.choice((piece + b"0", key + piece + b"s"))


def _places(content: bytes) -> list[int]:
    """Where an operation begins, in one pickle or several in a row."""
    found: list[int] = []
    stream = io.BytesIO(content)
    try:
        while stream.tell() < len(content):
            begin = stream.tell()
            found += [
                at for _, _, at in pickletools.genops(stream) if at is not None and at > begin
            ]
    except Exception:  # Behind the pickles of the old format lie numbers.
        pass
    return found


def _with_other_number(content: bytes, choose: random.Random) -> bytes:
    """One whole number replaced: a size, a stride, an offset, a count."""
    widths = {b"K": 2, b"M": 3, b"J": 5}
    numbers = [at for at in _places(content) if content[at : at + 1] in widths]
    if not numbers:
        return content
    at = choose.choice(numbers)
    random_number = b"J" + struct.pack("<i", choose.randint(-(2**31), 2**31 - 1))
    number = choose.choice((*_EXTREME_NUMBERS, random_number))
    return content[:at] + number + content[at + widths[content[at : at + 1]] :]
