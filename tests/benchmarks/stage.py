"""How live the stage is: distinct pictures a second, pauses, and what it costs the engine.

`python -m tests.benchmarks.stage window` is the window on the sample, as a person starts it, with
an eye on it; `… alone` is the same run without a window. Both print a line of JSON. The benchmark
runs them in turns: by themselves, then beside another program on one core, and then once more with
threads of torch that spin while they wait, as they do unless they are told not to.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from engine.base.resources import sample_network

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 30.0
_ROUNDS = int(os.environ.get("ROUNDS", "3"))
_HEART_MILLISECONDS = 5
_LOOK_MILLISECONDS = 50
_BUSY = "while True: pass"


def bench_stage() -> dict[str, Any]:
    """Medians over rounds; `lost` is the share of its steps a second that the window costs.

    `frames` are distinct pictures of the stage a second over the first 30 s of a run, `pause` the
    longest time between two of them, `blocked` the longest that the window's thread did not answer.
    """
    return {
        "quiet": _rounds({}),
        "beside_another": _beside({}),
        "beside_another_spinning": _beside({"OMP_WAIT_POLICY": "ACTIVE"}),
    }


def _beside(environment: dict[str, str]) -> dict[str, Any]:
    with subprocess.Popen([sys.executable, "-c", _BUSY]) as other:
        try:
            return _rounds(environment)
        finally:
            other.kill()


def _rounds(environment: dict[str, str]) -> dict[str, Any]:
    windows, alone = [], []
    for _ in range(_ROUNDS):
        alone.append(_measured("alone", environment)["steps_per_second"])
        windows.append(_measured("window", environment))
    found = {name: round(median(each[name] for each in windows), 3) for name in windows[0]}
    worst = {name: round(max(each[name] for each in windows), 3) for name in ("pause", "blocked")}
    lost = 1 - median(w["steps_per_second"] / a for w, a in zip(windows, alone, strict=True))
    return {
        **found,
        **{f"worst_{name}": value for name, value in worst.items()},
        "alone_steps_per_second": round(median(alone), 2),
        "lost": round(lost, 3),
    }


def _measured(what: str, environment: dict[str, str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "tests.benchmarks.stage", what]
        display = {"QT_QPA_PLATFORM": "offscreen"}
        if what == "window" and shutil.which("xvfb-run"):
            command = ["xvfb-run", "-a", "-s", "-screen 0 1920x1200x24", *command]
            display = {"QT_QPA_PLATFORM": "xcb"}
        homes = {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        usual = {"OMP_WAIT_POLICY": "PASSIVE"}
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env={**os.environ, **usual, **homes, **display, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _alone() -> dict[str, float]:
    from engine.network.checkpoints import load_network
    from engine.reconstruction.run import Reconstruction
    from engine.reconstruction.settings import fast

    run = Reconstruction(load_network(sample_network()), fast())
    for snapshot in run.iterate():
        if snapshot.seconds > _SECONDS:
            break
    return {"steps_per_second": snapshot.step / snapshot.seconds}


def _in_window() -> dict[str, float]:
    from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer

    from engine.viewing.frames import Frame
    from gui.app import application

    _, window, log = application.start([sample_network()])
    window.resize(1280, 820)
    drawn: list[tuple[float, int]] = []
    beats: list[float] = []
    reached: list[Frame] = []

    class Eye(QObject):
        """Sees each picture that the stage draws."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint and window.stage.picture is not None:
                drawn.append((time.perf_counter(), zlib.crc32(window.stage.shown_tiles())))
            return super().eventFilter(watched, event)

    eye = Eye()
    window.stage.viewport().installEventFilter(eye)
    window.controller.frame_ready.connect(reached.append)
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))

    def until(is_so: Callable[[], object]) -> None:
        """Lets the window work as it does for a person: it sleeps where nothing happens."""
        loop, look = QEventLoop(), QTimer()
        look.timeout.connect(lambda: loop.quit() if is_so() else None)
        look.start(_LOOK_MILLISECONDS)
        loop.exec()

    until(lambda: window.workspace.network is not None and not window.background.is_busy)
    window.run_bar.main_button.click()
    until(lambda: reached)
    began = time.perf_counter()
    heart.start(_HEART_MILLISECONDS)
    until(lambda: time.perf_counter() - began > _SECONDS)
    heart.stop()
    window.controller.stop()
    until(lambda: not window.controller.is_active and not window.background.is_busy)
    window.close()
    log.end()
    within = [(at, what) for at, what in drawn if began <= at <= began + _SECONDS]
    distinct = [b for (_, one), (b, other) in pairwise(within) if one != other]
    while_on = [frame for frame in reached if frame.seconds <= _SECONDS]
    last = while_on[-1]
    return {
        "frames": len(distinct) / _SECONDS,
        "pause": max((b - a for a, b in pairwise([began, *distinct])), default=_SECONDS),
        "blocked": max(b - a for a, b in pairwise(beats)) - _HEART_MILLISECONDS / 1000,
        "steps_per_second": last.step / last.seconds,
    }


if __name__ == "__main__":
    print(json.dumps(_alone() if sys.argv[1] == "alone" else _in_window()), flush=True)
    os._exit(0)
