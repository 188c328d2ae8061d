"""Reads what `make` made: `python -m tests.zoo.real.read FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from engine.base.errors import UnusableInput
from engine.network.checkpoints import load_network

_CLOSE = 1e-4


def _furthest(expected: Path, path: Path) -> float:
    """How far the outputs are from those that were recorded, relative to their size."""
    recorded = np.load(expected)
    network = load_network(path).to("cpu", torch.float64)
    found = network.forward(torch.from_numpy(recorded["x"]).double()).numpy()
    return float(np.abs(found - recorded["y"]).max() / np.abs(recorded["y"]).max())


def _tell(path: Path) -> bool:
    """Says what becomes of one file; whether it is right."""
    expected = path.with_name(f"{path.name}.expected.npz")
    try:
        if not expected.exists():
            load_network(path)
            print(f"WRONG  {path.name}: opens, and should be refused")
            return False
        off = _furthest(expected, path)
    except UnusableInput as error:
        print(f"{'WRONG ' if expected.exists() else 'right '} {path.name}: {error}")
        return not expected.exists()
    print(f"{'right ' if off < _CLOSE else 'WRONG '} {path.name}: outputs differ by {off:.1e}")
    return off < _CLOSE


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    made = {path.name.removesuffix(".expected.npz") for path in folder.glob("*.expected.npz")}
    refused = {path.name for path in folder.glob("refused.*")}
    results = [_tell(folder / name) for name in sorted(made | refused)]
    sys.exit(not (results and all(results)))
