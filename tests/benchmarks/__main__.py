"""Timings, as ratios within one run: `make bench`, or `make bench BENCH="step window"`.

    step    a step of `fast` against a step of `paper`, 1,000 colour candidates
    start   how soon the window is there, and answers to a sample that is opened
    window  what the window costs the engine, and how long its own thread is ever blocked
    stage   distinct pictures of the stage a second, its pauses, and what it costs the engine
    share   a step against its matrix products alone
    scaling a step against image size, candidates, depth
    memory  10,000 candidates of 64×64 in colour
    mnist   recovered on the published MNIST checkpoint in 30 s and in 4 s, five seeds
    cifar   recovered on the colour checkpoint in 120 s, five seeds
    pooled  the same from restarts, in 600 s
    race    recovered over time, fast and paper, on a network of each kind (LIMIT=300 seconds)
    unseen  four kinds of network that the defaults were not chosen on; paper has ten times the time
    sample  seconds until the bundled sample shows 20 good digits
    train   the fast schedule against plain descent: digits to 1e-4 and to 1e-40
    photos  the fast schedule on 500 photographs to 1e-10
    recipe  good images of networks made by the default recipe, and plainly (takes half an hour)
    half    good images of the photographs' sample, and of the same network with 32 bits
    study   runs of a study in two processes over one; reading and writing ten thousand results

Only where they are named, because they take long:

    cycles  a thousand times open, start and stop in the window, and what that leaves (TURNS=1000)
    soak    memory over an hour of runs in the window at full speed (MINUTES=60)
    fuzz    mutated files of every kind that is read (FILES=100000, FIRST=0)
    mutants which single changed lines of the engine the tests notice (TESTS=all, ONLY=, WORKERS=1)

Each prints one line of JSON. Real checkpoints are used where they are.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch

from engine.base.resources import sample_network
from engine.data.datasets import load_images
from engine.data.inputs import InputSpec
from engine.evidence.references import References
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast, paper
from tests.benchmarks import attack, endurance, hostile, mutants, training
from tests.benchmarks.stage import bench_stage
from tests.benchmarks.start import bench_start
from tests.benchmarks.study import bench_study

SHARED = Path(__file__).resolve().parents[3] / "shared" / "checkpoints"
COLOUR = "cifar10_vehicles_animals"


def colour_network() -> Network:
    """The real colour checkpoint; where it is absent, a random network of its size."""
    path = SHARED / f"{COLOUR}_d250.pth"
    if path.exists():
        return load_network(path)
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(1000, 300, generator=generator) @ torch.randn(
        300, 3072, generator=generator
    )
    second = torch.randn(1000, 1000, generator=generator) / 50
    weights = (first / 2000, second, torch.randn(1, 1000, generator=generator) / 10)
    parameters = Parameters.of(weights, torch.randn(1000, generator=generator) / 50)
    return Network(parameters, InputSpec((3, 32, 32)))


def colour_references(network: Network) -> References | None:
    """Its training images and their control, where they are."""
    train = SHARED / f"{COLOUR}_d250_images.npz"
    if not train.exists():
        return None
    control = load_images(SHARED / f"{COLOUR}_control_images.npz")
    return References.of(network, load_images(train), control)


def bench_step() -> dict[str, Any]:
    """Alternates blocks of both presets, so that a busy moment strikes both."""
    network = colour_network()
    runs = {
        "fast": Reconstruction(network, replace(fast(), candidates=1000, device="cpu")),
        "paper": Reconstruction(network, replace(paper(3), candidates=1000, device="cpu")),
    }
    snapshots = {name: run.iterate() for name, run in runs.items()}
    # Blocks short enough that a busy moment of the machine strikes both. Those of the fast preset
    # are whole cycles: it looks at the pixels in every tenth step.
    block = {"fast": 10, "paper": 2}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(12):
        for name, run in runs.items():
            next(snapshots[name])  # The first step after the other preset finds cold caches.
            steps, started = run.step, time.perf_counter()
            for _ in range(block[name]):
                next(snapshots[name])
            seconds[name].append((time.perf_counter() - started) / (run.step - steps))
    return {
        "fast_ms": [round(1e3 * f(seconds["fast"]), 1) for f in (min, median)],
        "paper_ms": [round(1e3 * f(seconds["paper"]), 1) for f in (min, median)],
        "ratio_of_best": round(min(seconds["paper"]) / min(seconds["fast"]), 2),
        "ratio_of_medians": round(median(seconds["paper"]) / median(seconds["fast"]), 2),
    }


def bench_window() -> dict[str, Any]:
    """The engine alone and in the window, in short turns; 1,000 candidates of 32×32 in colour.

    Machines have moods that last for seconds, so that only neighbouring turns are compared.
    """
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from gui.app import application
    from gui.app.main_window import MainWindow
    from gui.run.worker import RunRequest
    from gui.state.workspace import Workspace
    from gui.toolkit import theme

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp(prefix="bench")
    )
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    application.configure(QApplication)
    app.setStyle("Fusion")
    theme.apply_palette(app)
    network = colour_network()
    references = colour_references(network)
    settings = replace(fast(), candidates=1000, steps=100_000, device="cpu")
    window = MainWindow(["auto", "cpu"])
    window.resize(1600, 1000)
    window.workspace = Workspace(network)
    window.curves.set_depth(network.depth)
    window.show()
    frames: list[tuple[float, int]] = []
    beats: list[float] = []
    window.controller.frame_ready.connect(
        lambda frame: frames.append((time.perf_counter(), frame.step))
    )
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))

    def process_events(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def alone(seconds: float) -> float:
        steps, started = run.step, time.perf_counter()
        for _ in snapshots:
            now = time.perf_counter()
            if now - started > seconds:
                return (run.step - steps) / (now - started)
        raise AssertionError

    def in_window(seconds: float) -> float:
        frames.clear()
        beats.clear()
        window.controller.go_on()
        heart.start(5)
        process_events(seconds)
        heart.stop()
        window.controller.pause()
        (start, first), (end, last) = frames[0], frames[-1]
        blocks.extend(b - a for a, b in pairwise(beats))
        process_events(1.0)  # The pause draws and scores its last step in full.
        return (last - first) / (end - start)

    run = Reconstruction(network, settings)
    snapshots = run.iterate()
    window.controller.start(RunRequest(network, settings, None, references, None))
    while not frames:
        process_events(0.1)
    window.controller.pause()
    process_events(2.0)
    blocks: list[float] = []
    turns = [(alone(3), in_window(3)) for _ in range(16)][1:]
    window.controller.go_on()
    process_events(1.0)
    asked = time.perf_counter()
    window.controller.stop()
    while window.controller.is_active:
        app.processEvents()
    stop = time.perf_counter() - asked
    window.close()
    return {
        "alone_steps_per_second": round(median(a for a, _ in turns), 2),
        "in_window_steps_per_second": round(median(w for _, w in turns), 2),
        "lost_percent": round(100 * (1 - median(w / a for a, w in turns)), 1),
        "lost_percent_each_turn": [round(100 * (1 - w / a)) for a, w in turns],
        "longest_block_ms": round(max(blocks) * 1e3, 1),
        "stop_ms": round(stop * 1e3),
        "scored": references is not None,
    }


def bench_sample() -> dict[str, Any]:
    """Counts scoring out: the clock is that of the run."""
    network = load_network(sample_network())
    references = References.of(network, *training.images(training.DIGITS))
    run = Reconstruction(network, replace(fast(), device="cpu"))
    reached, next_look = None, 5.0
    for last in run.iterate():
        if last.seconds > next_look or last.is_last:
            next_look += 2.5
            evidence = references.score(last.images())
            assert evidence.control is not None
            if reached is None and evidence.train.good >= 20 and evidence.control.good == 0:
                reached = round(last.seconds, 1)
    return {
        "seconds_to_20_good": reached,
        "at_the_end": {
            "seconds": round(last.seconds, 1),
            "good": evidence.train.good,
            "control": evidence.control.good,
        },
    }


BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "step": bench_step,
    "start": bench_start,
    "stage": bench_stage,
    "window": bench_window,
    "sample": bench_sample,
    "share": attack.bench_share,
    "scaling": attack.bench_scaling,
    "memory": attack.bench_memory,
    "mnist": attack.bench_mnist,
    "cifar": attack.bench_cifar,
    "pooled": attack.bench_pooled,
    "race": attack.bench_race,
    "unseen": attack.bench_unseen,
    "train": training.bench_train,
    "photos": training.bench_photos,
    "recipe": training.bench_recipe,
    "half": training.bench_half,
    "study": bench_study,
}
LONG: dict[str, Callable[[], dict[str, Any]]] = {
    "cycles": endurance.bench_cycles,
    "soak": endurance.bench_soak,
    "fuzz": hostile.bench_fuzz,
    "mutants": mutants.bench_mutants,
}


def main() -> None:
    """Runs those that are named, or all but the long ones."""
    names = sys.argv[1:] or list(BENCHMARKS)
    machine = {"processor": platform.machine(), "threads": torch.get_num_threads()}
    print(json.dumps({"torch": torch.__version__, **machine}))
    for name in names:
        print(json.dumps({name: (BENCHMARKS | LONG)[name]()}), flush=True)


if __name__ == "__main__":
    main()
