"""How fast a GPU is, and whether it is ever waited for: for `gpu`."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from engine.data.datasets import LabelledImages
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, fast, paper
from engine.runtime.devices import synchronize
from engine.training.recipe import Recipe
from engine.training.training import Training
from tests.benchmarks.attack import COLOUR, Sets, _random_network, found, sets_of

WAITING = (
    *("aten::item", "aten::_local_scalar_dense", "aten::is_nonzero", "aten::nonzero"),
    *("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize"),
    "Memcpy DtoH",
)
"""Beginnings of what a trace calls that for which the host waits."""

_PAPER_SECONDS = 30.0


def bench_waiting(device: str, quick: bool) -> dict[str, Any]:
    """How often a block of steps waits for the device: never."""
    run = Reconstruction(*_colour(device, quick, candidates=3000))
    next(run.iterate())
    search = run._search
    search.plan = replace(search.plan, frames=frozenset())  # Those are copied to the host.
    for _ in range(3):
        search.take_step()
    synchronize(run.device)
    steps = 2 if quick else 20
    activities = [ProfilerActivity.CPU]
    if device == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as seen:
        for _ in range(steps):
            search.take_step()
    # The profiler waits for the device once as it ends.
    counts = {
        name: sum(e.count for e in seen.key_averages() if e.key.startswith(name))
        for name in WAITING
    }
    waited = {name: count for name, count in counts.items() if count}
    at_end = 0 if device == "cpu" else 1
    is_never = sum(waited.values()) - min(waited.get("cudaDeviceSynchronize", 0), at_end) == 0
    return {"passes": is_never, "steps": steps, "waited": waited}


def _colour(device: str, quick: bool, **given: Any) -> tuple[Network, Settings]:
    """The photographs' network, or one of its size; its settings."""
    settings = replace(fast(), steps=500, device=device, **given)
    if quick:
        small = {"candidates": 20, "steps": 10, "rank": 8}
        return _random_network(8, 2), replace(settings, **small)
    if COLOUR.exists():
        return load_network(COLOUR), settings
    return _random_network(32, 2), replace(settings, rank=100)


def _sets(quick: bool) -> Sets | None:
    return None if quick else sets_of(COLOUR)


def _timed(run: Reconstruction) -> dict[str, Any]:
    """A run from its noise to its end; the clock is that of the run."""
    *_, last = run.iterate()
    return {
        "steps": last.step,
        "seconds": round(last.seconds, 2),
        "steps_per_second": round(last.step / max(last.seconds, 1e-9), 1),
        "candidates": run.settings.candidates,
        "parts": run._recovery.at_once,
    }


def bench_fast(device: str, quick: bool) -> dict[str, Any]:
    """3,000 candidates, 500 steps, after a short run that warms up."""
    network, settings = _colour(device, quick, candidates=3000)
    list(Reconstruction(network, replace(settings, steps=10)).iterate())
    run = Reconstruction(network, settings)
    return {**_timed(run), **_scored(run, network, quick)}


def bench_restarts(device: str, quick: bool) -> dict[str, Any]:
    """Sixteen searches, pooled."""
    network, settings = _colour(device, quick, candidates=0, restarts=2 if quick else 16)
    run = Reconstruction(network, replace(settings, candidates=20 if quick else 2000))
    return {**_timed(run), **_scored(run, network, quick)}


def bench_paper(device: str, quick: bool) -> dict[str, Any]:
    """The published procedure beside it: steps a second, and what it recovers over time."""
    network, _ = _colour(device, quick)
    settings = replace(paper(3), device=device)
    settings = replace(settings, candidates=8, steps=4) if quick else settings
    sets, over_time = _sets(quick), []
    due = step = _PAPER_SECONDS / 3
    for snapshot in Reconstruction(network, settings).iterate():
        if sets is not None and snapshot.seconds >= due:
            due = snapshot.seconds + step
            now = found(snapshot.images(), network, sets)
            over_time.append({"seconds": round(snapshot.seconds, 1), **now})
        if snapshot.seconds > _PAPER_SECONDS:
            break
    rate = snapshot.step / max(snapshot.seconds, 1e-9)
    return {"steps": snapshot.step, "steps_per_second": round(rate, 1), "over_time": over_time}


def _scored(run: Reconstruction, network: Network, quick: bool) -> dict[str, Any]:
    sets = _sets(quick)
    return {} if sets is None else found(run._snapshot().pool(), network, sets)


def bench_many(device: str, quick: bool) -> dict[str, Any]:
    """Ten classes taught 5,000 colour images of smooth noise with weight decay, then attacked."""
    count, hidden = (50, (20,)) if quick else (5000, (1000,))
    data = noise_images(count, 8 if quick else 32)
    recipe = replace(
        Recipe.usual(), hidden=hidden, epochs=2 if quick else 100, batch=250, device=device
    )
    training = Training(data, recipe)
    *_, end = training.iterate()
    settings = replace(fast(), candidates=20 if quick else 10_000, steps=5 if quick else 100)
    memory = _Memory(device)
    attacked = _timed(Reconstruction(training.network, replace(settings, device=device)))
    accuracy = float(end.curves.accuracy[-1])
    return {
        "training_seconds": round(end.seconds, 1),
        "accuracy": round(accuracy, 3),
        **attacked,
        "peak_gigabytes": memory.peak(),
    }


def noise_images(count: int, side: int) -> LabelledImages:
    """Smooth noise in colour, ten classes in turn."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 4, 4, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, side, mode="bilinear", align_corners=False)
    return LabelledImages(smooth, torch.arange(count) % 10, "smooth noise")


def bench_large(device: str, quick: bool) -> dict[str, Any]:
    """10,000 candidates of 64×64 in colour: a step, and the memory that it takes."""
    network = _random_network(8 if quick else 64, 2)
    settings = replace(fast(), candidates=20 if quick else 10_000, steps=12, rank=100)
    settings = replace(settings, rank=8) if quick else settings
    memory = _Memory(device)
    row = _timed(Reconstruction(network, replace(settings, device=device)))
    return {**row, "peak_gigabytes": memory.peak()}


class _Memory:
    """The most memory since it was made; of the CPU, since the process began."""

    def __init__(self, device: str) -> None:
        self._device = device
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()

    def peak(self) -> float:
        """In GiB."""
        if self._device == "cuda":
            return round(torch.cuda.max_memory_allocated() / 2**30, 2)
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


CHECKS: dict[str, Callable[[str, bool], dict[str, Any]]] = {
    "never waited for": bench_waiting,
    "3,000 candidates, 500 steps": bench_fast,
    "16 restarts": bench_restarts,
    "published procedure, steps": bench_paper,
    "ten classes, 5,000 images": bench_many,
    "64×64, 10,000 candidates": bench_large,
}
