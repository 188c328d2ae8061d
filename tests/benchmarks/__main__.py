"""Timings, as ratios within one run: `make bench`, or `make bench BENCH="step window"`.

    step    a step of `fast` against a step of `paper`, 1,000 colour candidates
    window  what the window costs the engine, and how long its own thread is ever blocked
    mnist   good images on the published MNIST checkpoint in 30 s
    cifar   good images on the colour checkpoint in 120 s
    sample  seconds until the bundled sample shows 20 good digits

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
from pathlib import Path
from statistics import median
from typing import Any

import torch

from engine.checkpoints import load_network
from engine.datasets import load_images
from engine.live import References
from engine.network import Network
from engine.reconstruction import Reconstruction
from engine.samples import images_beside, sample_network
from engine.scoring import score
from engine.settings import fast, paper

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
    return Network(weights, torch.randn(1000, generator=generator) / 50, (3, 32, 32))


def colour_references() -> References | None:
    """Its training images and their control, where they are."""
    train = SHARED / f"{COLOUR}_d250_images.npz"
    if not train.exists():
        return None
    control = load_images(SHARED / f"{COLOUR}_control_images.npz").images
    return References(load_images(train).images, control, None)


def bench_step() -> dict[str, Any]:
    """Alternates blocks of both presets, so that a busy moment strikes both."""
    network = colour_network()
    runs = {
        "fast": Reconstruction(network, replace(fast(), candidates=1000, device="cpu")),
        "paper": Reconstruction(network, replace(paper(3), candidates=1000, device="cpu")),
    }
    snapshots = {name: run.iterate() for name, run in runs.items()}
    # Whole cycles of the fast preset, which looks at the pixels in every tenth step.
    block = {"fast": 20, "paper": 3}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(6):
        for name, run in runs.items():
            next(snapshots[name])  # The first step after the other preset finds cold caches.
            steps, started = run.step, time.perf_counter()
            for _ in range(block[name]):
                next(snapshots[name])
            seconds[name].append((time.perf_counter() - started) / (run.step - steps))
    fast_step, paper_step = median(seconds["fast"]), median(seconds["paper"])
    return {
        "fast_ms": round(fast_step * 1e3, 1),
        "paper_ms": round(paper_step * 1e3, 1),
        "ratio": round(paper_step / fast_step, 2),
    }


def bench_window() -> dict[str, Any]:
    """The engine alone, in the window, and alone again; 1,000 candidates of 32×32 in colour."""
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from gui import application, theme
    from gui.main_window import MainWindow, Workspace
    from gui.run_controller import RunState
    from gui.worker import RunRequest

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp(prefix="bench")
    )
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    application.configure(QApplication)
    app.setStyle("Fusion")
    theme.apply_palette(app)
    network, references = colour_network(), colour_references()
    settings = replace(fast(), candidates=1000, steps=100_000, device="cpu")
    window = MainWindow(["auto", "cpu"])
    window.resize(1600, 1000)
    window.show()

    def engine_alone(seconds: float) -> float:
        run = Reconstruction(network, settings)
        for snapshot in run.iterate():
            if snapshot.seconds > seconds:
                return snapshot.step / snapshot.seconds
        raise AssertionError

    def in_window(seconds: float) -> tuple[float, float, float]:
        window.workspace = Workspace(network)
        window.curves.set_depth(network.depth)
        window._show_workspace()
        loop, gaps, last = QEventLoop(), [], time.perf_counter()
        frames: list[tuple[float, int]] = []

        def beat() -> None:
            nonlocal last
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

        def note(frame: Any) -> None:
            frames.append((time.perf_counter(), frame.step))
            if frames[-1][0] - frames[0][0] > seconds:
                loop.quit()

        heart = QTimer()
        heart.timeout.connect(beat)
        window.controller.frame_ready.connect(note)
        window.controller.start(RunRequest(network, settings, None, references, None))
        while window.controller.state is not RunState.RUNNING:
            app.processEvents()
        last = time.perf_counter()
        heart.start(2)
        loop.exec()
        heart.stop()
        window.controller.frame_ready.disconnect(note)
        (start, first), (end, final) = frames[3], frames[-1]
        speed = (final - first) / (end - start)
        asked = time.perf_counter()
        window.controller.stop()
        while window.controller.is_active:
            app.processEvents()
        return speed, max(gaps[2:]), time.perf_counter() - asked

    before = engine_alone(20)
    speed, gap, stop = in_window(30)
    after = engine_alone(20)
    window.close()
    alone = (before + after) / 2
    return {
        "alone_steps_per_second": [round(before, 2), round(after, 2)],
        "in_window_steps_per_second": round(speed, 2),
        "lost_percent": round(100 * (1 - speed / alone), 1),
        "longest_block_ms": round(gap * 1e3, 1),
        "stop_ms": round(stop * 1e3),
        "scored": references is not None,
    }


def bench_mnist() -> dict[str, Any]:
    """The published code needed 395 s for 8 good images on this checkpoint."""
    stem = SHARED / "haim_mnist_d50.pth"
    return _good_images(stem, *images_beside(stem), seconds=30)


def bench_cifar() -> dict[str, Any]:
    """The colour checkpoint."""
    return _good_images(
        SHARED / f"{COLOUR}_d250.pth",
        SHARED / f"{COLOUR}_d250_images.npz",
        SHARED / f"{COLOUR}_control_images.npz",
        seconds=120,
    )


def _good_images(
    model: Path, train: Path | None, control: Path | None, seconds: float
) -> dict[str, Any]:
    if not model.exists() or train is None or control is None:
        return {"skipped": f"{model.name} is not here"}
    run = Reconstruction(load_network(model), replace(fast(), seconds=seconds, device="cpu"))
    *_, last = run.iterate()
    evidence = score(last.images(), load_images(train).images, load_images(control).images)
    assert evidence.control is not None
    return {
        "model": model.name,
        "candidates": run.settings.candidates,
        "steps": last.step,
        "seconds": round(last.seconds, 1),
        "good": evidence.train.good,
        "control": evidence.control.good,
        "recovered": evidence.recovered,
    }


def bench_sample() -> dict[str, Any]:
    """Counts scoring out: the clock is that of the run."""
    network = load_network(sample_network())
    train, control = (load_images(path).images for path in images_beside(sample_network()) if path)
    run = Reconstruction(network, replace(fast(), device="cpu"))
    reached, next_look = None, 5.0
    for last in run.iterate():
        if last.seconds > next_look or last.is_last:
            next_look += 2.5
            evidence = score(last.images(), train, control, network.mean)
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
    "window": bench_window,
    "sample": bench_sample,
    "mnist": bench_mnist,
    "cifar": bench_cifar,
}


def main() -> None:
    """Runs those that are named, or all."""
    names = sys.argv[1:] or list(BENCHMARKS)
    machine = {"processor": platform.machine(), "threads": torch.get_num_threads()}
    print(json.dumps({"torch": torch.__version__, **machine}))
    for name in names:
        print(json.dumps({name: BENCHMARKS[name]()}), flush=True)


if __name__ == "__main__":
    main()
