"""Renews the guide's tables of files that open and that are refused, out of what is said of them.

    make file-tables

Each kind of file that is refused is written and opened: what its refusal says, the guide says. The
files are those of the tests, so that no kind is missing that is known.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.base.errors import UnusableInput
from engine.base.plain_text import listed
from engine.base.resources import guide_file
from engine.network.checkpoints import load_network
from engine.network.kinds import NETWORK_FILES
from engine.runtime.lazy import torch
from tests.engine.network.foreign_files import FOREIGN

OPENED = "| file | opens |"
REFUSED = "| a file, or a folder, that | what works |"
"""The first lines of both tables, by which they are found."""

_AS_NETWORK = "yes, as a network"
_FOLDERS = {
    "sharded": "model.safetensors.index.json",
    "tensorflow": "saved_model.pb",
    "adapter": "adapter_model.safetensors",
    "without": "config.json",
}
"""Of each folder that a network was stored in, the file that tells how."""

_ALIKE = (
    re.compile(r"(is an? )([\w-]+)( (?:image|archive), .*)"),
    re.compile(r"(is a film \()(\w+)(\), .*)"),
)
"""Refusals that differ in a name alone."""

_MADE_BY = re.compile(r" \((?:made by [^)]*|[A-Za-z]\w*(?:\.\w+)+)\)")
"""What one such file says of itself."""

_CODE = re.compile(r"(?<![\w.])(?:numpy|torch|safetensors)\..*\)(?=\.$)")
_IN_QUOTES = re.compile(r"“(git [^”]*)”")


def opened_rows() -> list[str]:
    """A line for each kind of file that a network is read from."""
    rows = []
    for each in NETWORK_FILES:
        endings = ", ".join(f"`{ending}`" for ending in each.endings)
        name = f"{each.maker} ({endings})" if each.maker else endings
        rows.append(f"| {name}{each.about} | {_AS_NETWORK} |")
    return rows


def refused_rows() -> list[str]:
    """A line for each kind of refusal; those that differ in a name alone have one together."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for why, instead in _refusals():
        found = next(filter(None, (each.fullmatch(why) for each in _ALIKE)), None)
        before, name, after = found.groups() if found else (why, "", "")
        names = rows.setdefault((before, after, instead), [])
        names += [] if name in names else [name]
    return [
        f"| {before}{listed(names, 'or')}{after} | {_with_code(instead)} |"
        for (before, after, instead), names in rows.items()
    ]


def renewed(guide: str) -> str:
    """The guide with both tables as they have to be; lines of other files that open stay."""
    lines = guide.split("\n")
    start, end = _table(lines, OPENED)
    others = [line for line in lines[start:end] if not line.endswith(f"| {_AS_NETWORK} |")]
    lines[start:end] = [*opened_rows(), *others]
    start, end = _table(lines, REFUSED)
    lines[start:end] = refused_rows()
    return "\n".join(lines)


def _table(lines: list[str], header: str) -> tuple[int, int]:
    """Where the rows of a table begin and end."""
    start = end = lines.index(header) + 2
    while lines[end].startswith("|"):
        end += 1
    return start, end


def _refusals() -> Iterator[tuple[str, str]]:
    """Why each is refused, without its name, and what works instead."""
    with tempfile.TemporaryDirectory() as folder:
        for path in _written(Path(folder)):
            try:
                load_network(path)
            except UnusableInput as error:
                why = _MADE_BY.sub("", error.why.removeprefix(path.name).strip().rstrip("."))
                yield why, error.instead
            else:
                raise AssertionError(f"{path.name} opens")


def _written(folder: Path) -> Iterator[Path]:
    """One file, or one folder, of each kind."""
    for name, (content, _) in FOREIGN.items():
        (folder / name).write_bytes(content)
        yield folder / name
    whole = folder / "whole.pth"
    torch.save(torch.nn.Sequential(torch.nn.Linear(4, 1)), whole)
    yield whole
    for name, inside in _FOLDERS.items():
        (folder / name).mkdir()
        (folder / name / inside).write_bytes(b"{}")
        yield folder / name
    objects = folder / "objects.npz"
    np.savez(objects, w=np.array([{}], dtype=object))
    yield objects
    for name, content in (("empty.pth", b""), ("noise.pth", bytes(range(255, 127, -1)))):
        (folder / name).write_bytes(content)
        yield folder / name


def _with_code(instead: str) -> str:
    """Code as Markdown writes it, so that it can be copied."""
    return _IN_QUOTES.sub(r"`\1`", _CODE.sub(lambda found: f"`{found[0]}`", instead))


if __name__ == "__main__":
    path = guide_file()
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
