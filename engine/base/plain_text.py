"""Words fit for a terminal and a window: text that comes from files, and numbers of things."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_UNSEEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # Control characters: line ends, and the escapes that steer a terminal.
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # They turn the direction of reading.
    "\u2028\u2029\ufeff"  # Other line ends; the mark of byte order.
    "\ud800-\udfff"  # Bytes of a file's name that are no text, as Python stands for them.
    "]"
)
SEEN = rf"\A[^{_UNSEEN.pattern[1:-1]}]*\Z"
"""A pattern of text of which `plain` escapes nothing."""

_LONGEST_WORD, _LONGEST_TEXT = 120, 1200


def plain(text: str) -> str:
    r"""One line of text that shows what it holds and steers nothing.

    What cannot be seen is written as Python escapes it (a line end as `\n`), and very long words
    (and texts) lose their middle, so that the name of a file neither turns a sentence around nor
    breaks a layout.
    """
    words = visible(text).split(" ")
    return _shortened(" ".join(_shortened(word, _LONGEST_WORD) for word in words), _LONGEST_TEXT)


def visible(text: str) -> str:
    r"""All of a text, in one line: what cannot be seen is written as Python escapes it."""
    return _UNSEEN.sub(lambda found: _escaped(found[0]), text)


def counted(number: int, things: str) -> str:
    """`1 image`, `1,200 images`; the word is that of several, and loses its s."""
    return f"{number:,} {things.removesuffix('s') if number == 1 else things}"


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *before, last = words
    return f"{', '.join(before)} {conjunction} {last}" if before else last


def some_of(words: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 58 others`: the first ones, and how many more there are."""
    more = [counted(len(words) - most, "others")] if len(words) > most else []
    return listed([*words[:most], *more])


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = longest // 2
    return f"{text[:kept]}…{text[-kept:]}"


def percent(share: float, decimals: int = 0) -> str:
    """`51 %` of 0.51."""
    return f"{100 * share:.{decimals}f} %"


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 5 min`: about how long something takes."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def of_logarithm(logarithm: float) -> str:
    """The number of a decadic logarithm: `0.693`, `1.26e-11`; also one below all floats."""
    if not math.isfinite(logarithm) or abs(logarithm) < 4:
        return f"{10**logarithm:.3g}"
    exponent = math.floor(logarithm)
    factor = f"{10 ** (logarithm - exponent):.3g}"
    return f"1e{exponent + 1}" if factor == "10" else f"{factor}e{exponent}"
