"""JSON that is read back, held to the type that says what it has to be.

Each kind of file has one such type, a frozen `msgspec.Struct` or dataclass, and that is its
contract: what it holds, what may be missing, and what counts in its place. Fields that the type
does not name are not looked at.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec

from engine.base.plain_text import SEEN

T = TypeVar("T")

Words = Annotated[str, msgspec.Meta(pattern=SEEN)]
"""Text that shows what it holds and steers nothing, as all is that we write ourselves."""

Count = Annotated[int, msgspec.Meta(ge=0)]
"""A whole number that is not below 0."""

Measure = Annotated[float, msgspec.Meta(ge=0)]
"""A number that is not below 0, whole or not."""


def read_json(text: str, kind: type[T]) -> T:
    """What a text in JSON says.

    Python's parser takes it apart: a file's name can hold bytes that are no text, which Python
    writes as lone surrogates, and msgspec's own parser refuses those.

    Raises:
        ValueError: it is no JSON (which has neither NaN nor infinity), or of another kind.
    """
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("lists of lists without end") from error
    return held_to(found, kind)


def held_to(found: Any, kind: type[T]) -> T:
    """Plain values as a type; whole numbers pass for others, and nothing else is converted.

    Raises:
        ValueError: they are of another kind.
        AfterimageError: the type's own checks refuse them.
    """
    try:
        return msgspec.convert(found, kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # As 1e999 becomes.
        _refuse(text)
    return number
