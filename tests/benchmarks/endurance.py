"""A thousand turns of open, start and stop; and an hour at full speed."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.base.resources import images_beside, sample_network
from gui.app.main_window import MainWindow
from tests.endurance import FLAT, footprint, is_flat, open_window, settle, turn, wait_until

_TURNS = 1000
_SAMPLES = 60


def bench_cycles() -> dict[str, Any]:
    """Opens a network, the last run or the sample, starts and stops (TURNS: how often)."""
    turns = int(os.environ.get("TURNS", _TURNS))
    folder = Path(tempfile.mkdtemp(prefix="cycles"))
    window = open_window(folder)
    network = folder / "network.pth"
    first = torch.randn(64, 8) @ torch.randn(8, 144)  # Else Start asks whether it is to search it.
    torch.save({"0.weight": first, "1.weight": torch.randn(1, 64)}, network)
    kept = window.copies.last_run
    table = []
    for number in range(1, turns + 1):
        turn(window, [sample_network() if number % 10 == 5 else (kept, network)[number % 2]])
        if number == turns // 10 or number % max(1, turns // 10) == 0:
            table.append({"turn": number, **asdict(footprint())})
            print(table[-1], flush=True)
    _close(window)
    first, last = table[0], table[-1]
    return {
        "turns": turns,
        "threads": [first["threads"], last["threads"]],
        "files": [first["files"], last["files"]],
        "objects": [first["objects"], last["objects"]],
        "megabytes": [round(row["megabytes"]) for row in table],
        "megabytes_in_use": [round(row["in_use"], 1) for row in table],
        "leaves_nothing": last["threads"] <= first["threads"]
        and last["files"] <= first["files"]
        and last["objects"] <= first["objects"] + 3
        and last["in_use"] <= FLAT * first["in_use"],
        "resident_memory_is_flat": last["megabytes"] <= FLAT * first["megabytes"],
    }


def bench_soak() -> dict[str, Any]:
    """The sample, scored live, run after run with another seed (MINUTES: how long, 60)."""
    minutes = float(os.environ.get("MINUTES", 60))
    window = open_window(Path(tempfile.mkdtemp(prefix="soak")))
    train, control = images_beside(sample_network())
    window.files.open([path for path in (sample_network(), train, control) if path])
    settle(window)
    window.settings_panel.editor("candidates").setValue(300)
    memory: list[float] = []
    runs = steps = 0
    started = time.monotonic()
    while len(memory) < _SAMPLES:
        if not window.controller.is_active:
            settle(window)
            window.settings_panel.editor("seed").setValue(runs)
            window.pages.start_or_pause()
            runs += 1
        due = started + 60 * minutes * (len(memory) + 1) / _SAMPLES
        wait_until(lambda: not window.controller.is_active or time.monotonic() > due)  # noqa: B023
        if not window.controller.is_active and window.workspace.session is not None:
            steps += window.workspace.session.state.step
        if time.monotonic() > due:
            memory.append(footprint().megabytes)
            row = f"{(time.monotonic() - started) / 60:6.1f} min {memory[-1]:8.0f} MB"
            print(f"{row} {runs:5d} runs", flush=True)
    window.pages.stop()
    settle(window)
    _close(window)
    flat, ratio = is_flat(memory)
    return {
        "minutes": minutes,
        "runs": runs,
        "steps_of_runs_that_ended": steps,
        "megabytes": [round(value) for value in memory],
        "last_quarter_over_second": round(ratio, 4),
        "flat": flat,
    }


def _close(window: MainWindow) -> None:
    window.close()
    wait_until(lambda: not window.isVisible())
