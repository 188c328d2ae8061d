"""Small studies: images of noise, networks of a few neurons, runs of a few steps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.study.driving import Driver
from engine.study.lock import Lock
from engine.study.plan import plan_of
from engine.study.pool import Processes
from engine.study.preparing import prepare
from engine.study.store import Store
from engine.study.study import Run, Study
from engine.study.table import Result, Row

TRAINING = """
dataset = "images.npz"
per_class = 3
recipe = "usual"
hidden = "12"
batch = 0
cosine = false
rate = 0.1
"""

SEARCH = """
[settings]
steps = 4
candidates = 8
device = "cpu"
"""

TWO_BY_TWO = f"seeds = [0, 1]\n[training]\n{TRAINING}\nepochs = [2, 5]\n{SEARCH}"
"""Two trainings, each looked at twice: four runs."""

TIMES = {"seconds", "attempts"}
"""Of a result: what differs between two computations of the same."""


def write_images(folder: Path, per_class: int = 8, seed: int = 0) -> Path:
    """Images of noise, two classes, 1 × 6 × 6, with eight bits a pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (2 * per_class, 1, 6, 6), dtype=np.uint8)
    labels = np.repeat(np.arange(2), per_class)
    np.savez(folder / "images.npz", images=images, labels=labels)
    return folder / "images.npz"


def ready(text: str, folder: Path, out: Path | str) -> tuple[Study, Store]:
    """A study made ready; its images lie in `folder`."""
    if not (folder / "images.npz").exists():
        write_images(folder)
    store = Store(out)
    return prepare(plan_of(text, "study", folder), store), store


def finished(study: Study, store: Store, workers: object = None) -> list[Row]:
    """The rows of a study whose runs have all ended."""
    driver = Driver(study, store, workers or Processes(1, 1))
    with Lock(store):
        for _ in driver.iterate():
            pass
    return list(driver.table.rows)


def told(rows: list[Row]) -> dict[str, dict[str, object]]:
    """What runs came to, but for how long it took."""
    return {
        row.id: {
            name: getattr(row.result, name)
            for name in Result.__struct_fields__
            if name not in TIMES
        }
        for row in rows
        if row.result is not None
    }


def written(out: Path) -> dict[str, dict[str, object]]:
    """The results in a folder."""
    return {path.stem: json.loads(path.read_bytes()) for path in (out / "results").glob("*.json")}


def with_runs(study: Study, *runs: Run) -> Study:
    """The same study with other runs."""
    values = {name: getattr(study, name) for name in study.__struct_fields__}
    return Study(**{**values, "runs": runs})


def with_settings(run: Run, id_: str, **settings: object) -> Run:
    """The same run under another id, with other settings."""
    values = {name: getattr(run, name) for name in run.__struct_fields__}
    return Run(**{**values, "id": id_, "settings": {**run.settings, **settings}})
