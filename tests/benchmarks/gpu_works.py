"""Whether a GPU computes what the CPU does, and what happens when it fails: for `gpu`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.base.resources import sample_network
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.reconstruction import run as run_module
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.search import Search
from engine.reconstruction.settings import fast, paper
from engine.runtime.devices import free_cached_memory
from engine.session.session import Session, session_of
from engine.session.session_file import load_session, save_session
from tests.benchmarks.attack import found
from tests.benchmarks.training import DIGITS, images

_ROOT = Path(__file__).resolve().parents[2]
_OUT_OF_BOUNDS = 1 << 20
_SINGLE, _DOUBLE = 2e-2, 1e-9
"""Of the largest gradient: factors of float32 products may be rounded to TF32."""


def apart(one: Tensor, other: Tensor) -> float:
    """The largest difference of two tensors, as a share of the largest number in them."""
    one, other = one.double().cpu(), other.double().cpu()
    return float((one - other).abs().max() / other.abs().max().clamp_min(1e-300))


def check_oracle(device: str, quick: bool) -> dict[str, Any]:
    """The engine's steps and searches against the formulas as they are stated, in float64."""
    tests = "tests/engine/test_oracle_step.py"
    chosen = ["-k", "a_whole_search and free-2"] if quick else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests, *chosen],
        env={**os.environ, "ORACLE_DEVICE": device},
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip().splitlines()
    return {"passes": done.returncode == 0, "exit": done.returncode, "said": said[-1:]}


def check_products(device: str, quick: bool) -> dict[str, Any]:
    """The gradients of one step in float32, and in float64, against the CPU's in float64."""
    network = load_network(sample_network(DIGITS))
    candidates = 32 if quick else 400

    def begun(on: str, dtype: str) -> Search:
        settings = replace(fast(), candidates=candidates, steps=10, device=on, rank=40)
        run = Reconstruction(network, replace(settings, dtype=dtype))
        next(run.iterate())
        return run._search

    there = begun("cpu", "float64")
    exact = there.evaluate(0)[1:3]
    row: dict[str, Any] = {}
    for dtype, most in (("float32", _SINGLE), ("float64", _DOUBLE)):
        here = begun(device, dtype)
        here.unknowns.copy_(there.unknowns)  # Noise is drawn in the precision of the run.
        here.multipliers.copy_(there.multipliers)
        row[dtype] = max(map(apart, here.evaluate(0)[1:3], exact))
        row[f"{dtype}_passes"] = row[dtype] < most
    return {"passes": row["float32_passes"] and row["float64_passes"], **row}


def check_paper(device: str, quick: bool) -> dict[str, Any]:
    """The published procedure, in float64: the first steps are those of the CPU."""
    network = load_network(sample_network(DIGITS))
    settings = replace(paper(1), candidates=8 if quick else 100, steps=3 if quick else 10)
    ends = {
        on: list(Reconstruction(network, replace(settings, device=on)).iterate())[-1]
        for on in (device, "cpu")
    }
    difference = apart(ends[device].unknowns, ends["cpu"].unknowns)
    return {"passes": difference < 1e-6, "apart": difference, "steps": settings.steps}


def check_session(device: str, quick: bool) -> dict[str, Any]:
    """A run from the CPU to the device and back, by session files, is the run that stays there."""
    network = load_network(sample_network(DIGITS))
    settings = replace(
        fast(), candidates=16 if quick else 100, steps=30, rank=20, dtype="float64", device="cpu"
    )
    whole = list(Reconstruction(network, settings).iterate())[-1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.afterimage"
        session = _after(Reconstruction(network, settings), 10, path)
        session = _after(_going_on(session, device), 20, path)
        end = list(_going_on(session, "cpu").iterate())[-1]
    difference = apart(end.unknowns, whole.unknowns)
    same_length = end.step == whole.step == len(end.losses)
    return {"passes": same_length and difference < 1e-6, "apart": difference, "steps": end.step}


def _after(run: Reconstruction, steps: int, path: Path) -> Session:
    """The session of a run after so many steps, as its file has it."""
    whole = run_module.SNAPSHOT_INTERVAL
    run_module.SNAPSHOT_INTERVAL = 0.0  # A snapshot after every step.
    try:
        next(each for each in run.iterate() if each.step == steps)
    finally:
        run_module.SNAPSHOT_INTERVAL = whole
    save_session(session_of(run, str(run.device)), path)
    return load_session(path)


def _going_on(session: Session, device: str) -> Reconstruction:
    settings = replace(session.settings, device=device)
    return Reconstruction(session.network, settings, session.state)


def check_images(device: str, quick: bool) -> dict[str, Any]:
    """As many training images are recovered as on the CPU."""
    network, sets = load_network(sample_network(DIGITS)), images(DIGITS)
    settings = replace(fast(), candidates=30, steps=20) if quick else replace(fast(), steps=300)
    counts: dict[str, Any] = {}
    for on in dict.fromkeys((device, "cpu")):
        *_, last = Reconstruction(network, replace(settings, device=on)).iterate()
        counts[on] = found(last.pool(), network, sets)
    here, there = (counts[on]["recovered"] for on in (device, "cpu"))
    close = abs(here - there) <= max(3, there // 4)
    return {"passes": close, **counts}


# --- what fails -----------------------------------------------------------------------------


@contextmanager
def limited_memory(before: int, most: int) -> Iterator[None]:
    """Lets PyTorch have no more of the GPU's memory than lies between two amounts, in bytes."""
    total = torch.cuda.get_device_properties(0).total_memory
    free_cached_memory(torch.device("cuda"))
    torch.cuda.set_per_process_memory_fraction((before + (most - before) / 2) / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def memory_of(work: Callable[[], Any]) -> tuple[int, int]:
    """What lies on the GPU before some work, and the most while it is done, in bytes."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    torch.cuda.synchronize()
    return before, torch.cuda.max_memory_allocated()


def check_memory(device: str, quick: bool) -> dict[str, Any]:
    """A step that does not fit is taken in parts, and is the same step."""
    if device == "cpu":
        return {"passes": None, "why": "a CPU cannot be told to have less memory"}
    network = load_network(sample_network(DIGITS))
    settings = replace(fast(), candidates=100 if quick else 4000, steps=10, device=device)
    run = Reconstruction(network, replace(settings, dtype="float64"))
    next(run.iterate())
    before, most = memory_of(lambda: run._search.evaluate(0))
    return halves(run, limited_memory(before, most))


def halves(run: Reconstruction, limit: AbstractContextManager[None]) -> dict[str, Any]:
    """Evaluates a step with and without enough memory.

    Args:
        run: that has begun.
        limit: within it a whole step does not fit.
    """
    whole = run._search.evaluate(0)
    with limit:
        parts = run._search.evaluate(0)
    difference = max(apart(a, b) for a, b in zip(parts[1:3], whole[1:3], strict=True))
    at_once = run._recovery.at_once
    return {
        "passes": at_once is not None and difference < _DOUBLE,
        "at_once": at_once,
        "of": len(run._search.unknowns),
        "apart": difference,
    }


def check_lost(device: str, quick: bool) -> dict[str, Any]:
    """A device that fails for good hands over to the CPU; in a process of its own."""
    if device == "cpu":
        return {"passes": None, "why": "there is no device to lose"}
    program = (
        "import json; from tests.benchmarks import gpu_works;"
        "print(json.dumps(gpu_works.hands_over(gpu_works.break_gpu)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"passes": False, "said": done.stderr.strip().splitlines()[-1:]}
    row: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return row


def break_gpu() -> None:
    """Has a kernel read out of bounds: no call of this process is answered any more."""
    numbers = torch.zeros(1, device="cuda")
    try:
        numbers[torch.tensor([_OUT_OF_BOUNDS], device="cuda")].cpu()
    except RuntimeError:
        return
    raise AssertionError("The GPU still answers.")


def hands_over(break_device: Callable[[], None], network: Network | None = None) -> dict[str, Any]:
    """A run on a GPU that is broken in the middle.

    Args:
        break_device: after it nothing on the GPU can be read.
        network: what is attacked; the sample where left out.
    """
    network = network or load_network(sample_network(DIGITS))
    settings = replace(fast(), candidates=50, steps=60, rank=8, device="cuda")
    run = Reconstruction(network, settings)
    snapshots = run.iterate()
    list(islice(snapshots, 2))
    break_device()
    *_, last = snapshots
    said = " ".join(last.notes)
    return {
        "passes": last.step == 60 and last.is_last and "went on on the CPU" in said,
        "said": said,
    }


CHECKS: dict[str, Callable[[str, bool], dict[str, Any]]] = {
    "formulas in float64": check_oracle,
    "float32 and float64 steps": check_products,
    "published procedure": check_paper,
    "session CPU to GPU to CPU": check_session,
    "same images": check_images,
    "out of memory": check_memory,
    "device lost": check_lost,
}
