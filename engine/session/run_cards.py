"""The last runs as cards: what each was, what it found, and a strip of its best images.

One file of our own in the user's folder for such things. It is read as carefully as that of a
stranger all the same: it can be damaged, or written by somebody else.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from engine.base.errors import UnusableInput
from engine.base.file_checks import check_file
from engine.base.files import atomic_path
from engine.base.json_text import Count, read_json
from engine.base.plain_text import plain

MOST_CARDS = 6
STRIP_TILES, TILE = 6, 48
"""Images of a strip at most, and how many pixels one is high and wide at most."""

_LARGEST = 4 << 20
_LARGEST_STRIP = 256 << 10
_LONGEST = 4096
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_LATEST = 1 << 38
"""Seconds; some thousand years from now, and dates that no calendar has are beyond it."""

_Text = Annotated[str, msgspec.Meta(max_length=_LONGEST)]


class _CardSaid(msgspec.Struct, frozen=True):
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST)]
    network: _Text
    headline: _Text
    seconds: Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]
    stamp: Count
    strip: Annotated[bytes, msgspec.Meta(max_length=_LARGEST_STRIP)]


class _Content(msgspec.Struct, frozen=True):
    """What the file holds; all of it has to be there."""

    format: Literal[1]
    cards: Annotated[list[_CardSaid], msgspec.Meta(max_length=MOST_CARDS)]


@dataclass(frozen=True)
class RunCard:
    """One run.

    Attributes:
        path: of its session; it need not exist any more.
        network: name of its network.
        headline: what it found.
        seconds: when that was written down, since 1970.
        stamp: time of the session's file then, in nanoseconds: a copy is written over.
        strip: a PNG of its best images; empty where there is none.
    """

    path: Path
    network: str
    headline: str
    seconds: int
    stamp: int
    strip: bytes = b""


def read_cards(path: Path) -> tuple[RunCard, ...]:
    """Reads them, the last one first; none of the files that they name is touched.

    Raises:
        UnusableInput: it cannot be read, or holds no cards.
    """
    if check_file(path) > _LARGEST:
        raise UnusableInput(f"{path.name} is too large for a list of runs.")
    try:
        content = read_json(path.read_text(encoding="ascii"), _Content)
        return tuple(_card(said) for said in content.cards)
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{path.name} is no list of runs.") from error


def write_cards(cards: Sequence[RunCard], path: Path) -> None:
    """Writes plain JSON.

    Raises:
        OSError: it cannot be written; what stood there before is untouched.
    """
    content = {
        "format": 1,
        "cards": [
            {
                "path": str(card.path),
                "network": card.network,
                "headline": card.headline,
                "seconds": card.seconds,
                "stamp": card.stamp,
                "strip": base64.b64encode(card.strip).decode("ascii"),
            }
            for card in cards[:MOST_CARDS]
        ],
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=True), encoding="ascii")


def change_cards(
    path: Path, change: Callable[[tuple[RunCard, ...]], Sequence[RunCard]]
) -> tuple[RunCard, ...]:
    """Reads cards, changes them, and writes them; a file that cannot be read holds none.

    Raises:
        OSError: it cannot be written.
    """
    try:
        before = read_cards(path)
    except UnusableInput:
        before = ()
    after = tuple(change(before))[:MOST_CARDS]
    write_cards(after, path)
    return after


def _card(said: _CardSaid) -> RunCard:
    path = Path(said.path)
    if "\0" in said.path or said.path.startswith(("\\\\", "//")) or not path.is_absolute():
        raise ValueError(f"{said.path} is no path on this machine")
    if said.strip and not _is_strip(said.strip):
        raise ValueError("the picture of a run is no strip")
    return RunCard(
        path, plain(said.network), plain(said.headline), said.seconds, said.stamp, said.strip
    )


def _is_strip(png: bytes) -> bool:
    """Whether a picture says of itself that it is a PNG no larger than a strip.

    So nobody unpacks a small file to a picture that fills the memory.
    """
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    most = STRIP_TILES * (TILE + 1) + 1
    return png.startswith(_PNG) and 0 < width <= most and 0 < height <= TILE + 2
