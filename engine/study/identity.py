"""What a run is told from others by: its id for the study, its names for people."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.study.gathering import ID_DIGITS
from engine.study.plan import Cell, Given, Made
from engine.study.study import File, Run


def named(cells: list[Cell]) -> list[Cell]:
    """Checkpoints by their names alone, where those are enough to tell them apart."""
    addresses = {cell.network.address for cell in cells if isinstance(cell.network, Given)}
    short = {address: address.replace("\\", "/").rpartition("/")[2] for address in addresses}
    if len(set(short.values())) < len(addresses):
        return cells
    return [
        cell
        if isinstance(cell.network, Made)
        else Cell(
            cell.network,
            cell.settings,
            cell.seed,
            {**cell.variables, "checkpoint": short[cell.network.address]},
        )
        for cell in cells
    ]


def with_own_id(run: Run, seen: dict[str, int]) -> Run:
    """Runs that are alike in all, as of a file that is there twice, are told apart by a number."""
    before = seen.get(run.id, 0)
    seen[run.id] = before + 1
    if not before:
        return run
    values = {name: getattr(run, name) for name in run.__struct_fields__}
    return Run(**{**values, "id": id_of([run.id, before])})


def id_of(made_of: Any) -> str:
    """The id of something that is made of plain values."""
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:ID_DIGITS]


def search_of(cell: Cell) -> tuple[dict[str, Any], int]:
    """What of a search makes a run; where it is computed does not."""
    return {k: v for k, v in cell.settings.items() if k != "device"}, cell.seed


def pixels_of(file: File | None) -> str:
    """What images are, whatever file holds them; empty where there are none."""
    return "" if file is None else file.pixels or file.sha256
