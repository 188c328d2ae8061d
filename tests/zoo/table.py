"""The zoo as a page of the documentation: what opens, and what does not."""

from __future__ import annotations

from tests.conftest import ROOT
from tests.zoo.collection import PENDING, SHELVES
from tests.zoo.items import Item, Shelf

PAGE = ROOT / "docs" / "checkpoints.md"

_HEAD = """\
# Checkpoints: what opens

Each row is a file that the tests make as the program named writes it (`tests/zoo`). One that opens
computes there what the network computed that was saved, on the same inputs; one that does not is
refused in a sentence with the words given. Nothing in a file is ever executed. Which networks can
be attacked, and what a checkpoint does not say, is in the [guide](guide.md).

This page is written by `python -m tests.zoo`. Who misses a file adds it there in five lines.
"""
_MISREAD = "**not yet**"


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_shelf(shelf) for shelf in SHELVES)])


def _shelf(shelf: Shelf) -> str:
    rows = "".join(_row(item) for item in shelf.items)
    return f"## {shelf.title}\n\n| file | what it is | opens |\n| --- | --- | --- |\n{rows}"


def _row(item: Item) -> str:
    becomes = "yes" if item.opens else f"no: “{item.says}”"
    return f"| `{item.name}` | {item.about} | {_MISREAD if item.name in PENDING else becomes} |\n"
