"""What the attack finds, how soon, and what a step costs: always beside a baseline of the same run.

Networks that the defaults were not chosen on are trained here, on the *control* images of the
bundled samples; the samples' training images are their control.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from engine.base.resources import images_beside, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.data.inputs import InputShape, InputSpec
from engine.evidence.references import References
from engine.network.checkpoints import load_network
from engine.network.network import Network
from engine.network.parameters import Parameters
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import Settings, fast, paper
from engine.runtime.devices import quick_products
from engine.session.session import Session, session_of
from engine.training.recipe import Recipe
from engine.training.training import Training
from engine.viewing.frames import LiveView
from tests.benchmarks.training import DIGITS, PHOTOS, images

SHARED = Path(__file__).resolve().parents[3] / "shared" / "checkpoints"
COLOUR = SHARED / "cifar10_vehicles_animals_d250.pth"
MNIST = SHARED / "haim_mnist_d50.pth"
_RACES = {
    "digits of the published code": MNIST,
    "photographs": sample_network("cifar10_vehicles_animals"),
    "ten digits, weight decay": sample_network("mnist_ten_digits"),
}
SEEDS = range(5)
_BLOCK = 10

Sets = tuple[LabelledImages, LabelledImages]
"""Training images and control."""


def sets_of(checkpoint: Path) -> Sets | None:
    """The images of a shared checkpoint, where they are."""
    if checkpoint == COLOUR:
        stem = str(checkpoint).removesuffix("_d250.pth")
        files = [Path(f"{stem}_d250_images.npz"), Path(f"{stem}_control_images.npz")]
    else:
        files = [file for file in images_beside(checkpoint) if file is not None]
    if not checkpoint.exists() or len(files) < 2 or not all(file.exists() for file in files):
        return None
    return load_images(files[0]), load_images(files[1])


def found(candidates: Tensor, network: Network, sets: Sets) -> dict[str, Any]:
    """Good and recovered images of some candidates, and good ones of the control."""
    evidence = References.of(network, *sets).score(candidates)
    assert evidence.control is not None
    return {
        "recovered": evidence.recovered,
        "good": evidence.train.good,
        "control": evidence.control.good,
    }


def attack(network: Network, settings: Settings, sets: Sets) -> dict[str, Any]:
    """One run from start to end, and how true its gallery's confidences are."""
    run = Reconstruction(network, replace(settings, device="cpu"))
    *_, last = run.iterate()
    row = {
        **found(last.pool(), network, sets),
        "steps": last.step,
        "seconds": round(last.seconds, 1),
        "candidates": run.settings.candidates,
    }
    if settings.preset == "fast":
        row |= trust(session_of(run, "cpu"), sets[0])
    return row


def trust(session: Session, train: LabelledImages) -> dict[str, Any]:
    """How well trust tells good images from others: area under the ROC; and those above 0.9."""
    gallery = session.gallery()
    references = References.of(session.network, train)
    matches = references.score(session.images()[gallery.candidate])
    is_good = torch.zeros(len(gallery), dtype=torch.bool)
    is_good[torch.from_numpy(matches.train.candidate[matches.train.is_good])] = True
    ranks = torch.arange(len(gallery))
    ordered = (ranks[is_good][:, None] < ranks[~is_good]).float()
    row: dict[str, Any] = {
        "distinct": len(gallery),
        "roc_area": round(float(ordered.mean()), 3) if ordered.numel() else None,
    }
    if gallery.confidence is not None:
        sure = gallery.confidence > 0.9
        row |= {"sure": int(sure.sum()), "sure_and_good": int((sure & is_good).sum())}
    return row


# --- what is found --------------------------------------------------------------------------


def bench_mnist() -> dict[str, Any]:
    """The published code needed 395 s for 8 good images on this checkpoint."""
    return {"30_s": _seeds(MNIST, fast(), 30), "4_s": _seeds(MNIST, fast(), 4)}


def bench_cifar() -> dict[str, Any]:
    """One run of two minutes on the colour checkpoint."""
    return _seeds(COLOUR, fast(), 120)


def bench_pooled() -> dict[str, Any]:
    """Restarts on the colour checkpoint, ten minutes in all."""
    sets = sets_of(COLOUR)
    if sets is None:
        return {"skipped": f"{COLOUR.name} is not here"}
    return attack(load_network(COLOUR), replace(fast(), restarts=8, seconds=600), sets)


def _seeds(checkpoint: Path, settings: Settings, seconds: float) -> dict[str, Any]:
    sets = sets_of(checkpoint)
    if sets is None:
        return {"skipped": f"{checkpoint.name} is not here"}
    network = load_network(checkpoint)
    runs = [attack(network, replace(settings, seconds=seconds, seed=seed), sets) for seed in SEEDS]
    return {
        "median_recovered": median(run["recovered"] for run in runs),
        **{name: [run[name] for run in runs] for name in runs[0]},
    }


def bench_race() -> dict[str, Any]:
    """Images recovered over time, of `fast` and of `paper`, on one network of each kind.

    The published procedure has five times as long (LIMIT=300 seconds).
    """
    limit = float(os.environ.get("LIMIT", "300"))
    rows: dict[str, Any] = {}
    for kind, checkpoint in _RACES.items():
        sets = sets_of(checkpoint)
        if sets is not None:
            rows[kind] = _race(load_network(checkpoint), sets, limit)
    return rows


def _race(network: Network, sets: Sets, limit: float) -> dict[str, Any]:
    """Both on one network; `fast` lays its schedule out over each of its times anew."""
    shares = (30, 15, 8, 4, 2, 1)
    ours = [attack(network, replace(fast(), seconds=limit / 5 / each), sets) for each in shares]
    theirs: list[dict[str, Any]] = []
    settings = paper(network.input_shape[0], network.output_count)
    due = step = limit / 20
    for snapshot in Reconstruction(network, replace(settings, device="cpu")).iterate():
        if snapshot.seconds >= due:
            due = snapshot.seconds + step
            now = found(snapshot.images(), network, sets)
            theirs.append({**now, "steps": snapshot.step, "seconds": round(snapshot.seconds, 1)})
        if snapshot.seconds > limit:
            break
    most = max((now["recovered"] for now in theirs), default=0)
    return {
        "fast": ours,
        "paper": theirs,
        "paper_most": most,
        "fast_needs": next(
            (run["seconds"] for run in ours if run["recovered"] >= max(1, most)), None
        ),
    }


def unseen_networks() -> dict[str, tuple[Network, Sets]]:
    """Four kinds of network that the defaults were not chosen on, with their images."""
    train, control = images(DIGITS)
    photos, other_photos = (_grey(part, 50) for part in images(PHOTOS))
    recipes = {
        "grey photographs": (other_photos, photos, (1000, 1000)),
        "1 hidden layer": (control, train, (1000,)),
        "3 hidden layers": (control, train, (1000, 1000, 1000)),
        "width 300": (control, train, (300, 300)),
    }
    made = {}
    for name, (data, unseen, hidden) in recipes.items():
        training = Training(data, Recipe(hidden=hidden, seed=1, device="cpu"))
        list(training.iterate())
        made[name] = (training.network, (data, unseen))
    return made


def _grey(data: LabelledImages, per_class: int) -> LabelledImages:
    chosen = torch.cat([(data.labels == y).nonzero()[:per_class, 0] for y in data.labels.unique()])
    return replace(
        data, images=data.images[chosen].mean(1, keepdim=True), labels=data.labels[chosen]
    )


def bench_unseen(seconds: float = 15.0) -> dict[str, Any]:
    """The defaults, and `paper` with ten times the time."""
    rows = {}
    for name, (network, sets) in unseen_networks().items():
        rows[name] = {
            "fast": attack(network, replace(fast(), seconds=seconds), sets),
            "paper": attack(network, replace(paper(1), seconds=10 * seconds), sets),
        }
    return rows


# --- what a step costs ----------------------------------------------------------------------


_PRODUCTS = (
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.addmm_.default,
)


class _Products(TorchDispatchMode):
    """Notes the factors of each matrix product that is computed under it."""

    def __init__(self) -> None:
        super().__init__()
        self.factors: list[tuple[Tensor, Tensor]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in _PRODUCTS:
            left, right = args[-2:]
            self.factors.append((left.clone(), right.clone()))  # Transposed ones stay so.
        return func(*args, **(kwargs or {}))


def _cost(network: Network, settings: Settings, blocks: int = 15) -> dict[str, float]:
    """Milliseconds of a step, and of its matrix products alone; blocks of both alternate."""
    run = Reconstruction(network, replace(settings, steps=1_000_000, device="cpu"))
    snapshots = run.iterate()
    next(snapshots)
    next(snapshots)
    with _Products() as products:
        run._search.evaluate(1)
    outs = [torch.empty(len(left), right.shape[1]) for left, right in products.factors]
    steps, alone = [], []
    for _ in range(blocks):
        before, started = run.step, time.perf_counter()
        while run.step - before < _BLOCK:
            next(snapshots)
        steps.append((time.perf_counter() - started) / (run.step - before))
        started = time.perf_counter()
        with quick_products():  # As the step itself computes them.
            for _ in range(_BLOCK):
                for (left, right), out in zip(products.factors, outs, strict=True):
                    torch.mm(left, right, out=out)
        alone.append((time.perf_counter() - started) / _BLOCK)
    return {
        "step_ms": round(1e3 * median(steps), 1),
        "products_ms": round(1e3 * median(alone), 1),
        "ratio": round(median(s / p for s, p in zip(steps, alone, strict=True)), 2),
    }


def bench_share() -> dict[str, Any]:
    """A whole step against its matrix products alone, at the sizes that the defaults choose."""
    rows = {}
    for name, checkpoint in (("colour", COLOUR), ("mnist", MNIST)):
        if checkpoint.exists():
            rows[name] = _cost(load_network(checkpoint), fast())
    return rows or {"skipped": "no checkpoint is here"}


def bench_scaling() -> dict[str, Any]:
    """A step against the size D of an image, the number m of candidates, and the depth."""

    def step(side: int = 32, candidates: int = 500, hidden: int = 2) -> float:
        settings = replace(fast(), candidates=candidates, rank=100)
        return _cost(_random_network(side, hidden), settings, blocks=5)["step_ms"]

    sides, counts, depths = (16, 32, 64, 128), (250, 500, 1000, 2000), (1, 2, 3, 4)
    return {
        "ms_by_input_dimension": {3 * side**2: step(side=side) for side in sides},
        "ms_by_candidates": {m: step(candidates=m) for m in counts},
        "ms_by_hidden_layers": {depth: step(hidden=depth) for depth in depths},
    }


def _random_network(side: int, hidden: int) -> Network:
    """A first layer of rank 100, as a training on 100 images leaves it."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    shape: InputShape = (3, side, side)
    first = draw(1000, 100) @ draw(100, 3 * side**2) / (300 * side)
    upper = [draw(1000, 1000) / 50 for _ in range(hidden - 1)]
    parameters = Parameters.of((first, *upper, draw(1, 1000) / 10), draw(1000) / 50)
    return Network(parameters, InputSpec(shape))


def bench_memory() -> dict[str, Any]:
    """10,000 candidates of 64×64 in colour in a process of their own, pictures included."""
    program = (
        "from tests.benchmarks.attack import use_much_memory; import json;"
        "print(json.dumps(use_much_memory()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def use_much_memory() -> dict[str, Any]:
    """A short run as the window drives it: mosaic, order and gallery included."""
    network = _random_network(64, 2)
    run = Reconstruction(network, replace(fast(), candidates=10_000, steps=12, device="cpu"))
    view = LiveView(None)
    for snapshot in run.iterate():
        view.frame(snapshot)
    session_of(run, "cpu").gallery()
    return {
        "candidates": run.settings.candidates,
        "steps": run.step,
        "seconds_per_step": round(run.seconds / run.step, 2),
        "peak_gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
