"""Networks that can't know an image, and what a search makes of them: `make nulls`.

All kinds, or one: `make nulls KIND="binary margin, colour"`.

* *Noise*: trained until it knows images that are none, pixels in any order, or the amplitudes of a
  picture with phases at random. It can know these; whatever else is found is chance, and how
  trusted it is goes into the table.
* *Untrained*: weights as they are drawn. All that a search ends at is chance, but it is little (a
  handful of images, where noise leaves hundreds), and no such network may get a confidence in the
  first place: that is made sure of, and nothing of it goes into the table.

Trained on true images with labels at random a network holds these images as any other does. It is
no null for evidence that needs no truth, and is left out.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
import torch
from torch import Tensor

from engine.base.files import atomic_path
from engine.base.json_text import read_json
from engine.base.resources import images_beside, resource_folder, sample_network
from engine.data.datasets import LabelledImages, load_images
from engine.evidence.confidence import Case, log_odds
from engine.evidence.gallery import signs_of_truth
from engine.evidence.groups import distinct
from engine.evidence.nulls import NullImages
from engine.evidence.references import References
from engine.evidence.similarity import ncc_features
from engine.network.network import Network
from engine.reconstruction.run import Reconstruction
from engine.reconstruction.settings import fast
from engine.session.session import Session, session_of
from engine.stationarity.cases import TrainingKind
from engine.training.recipe import Recipe
from engine.training.training import Training

Made = Literal["untrained", "pixels in any order", "phases at random"]

_PER_CLASS = {2: 40, 10: 10}
_STEPS = 250
_CANDIDATES = {1: 500, 2: 400}
"""Of each search, by how many searches are pooled."""

_MARGIN = Recipe(device="cpu")
_DECAY = Recipe(
    start="pytorch",
    biases="all",
    schedule="plain",
    optimizer="sgd",
    rate=0.2,
    weight_decay=1e-3,
    until_exponent=0,
    most_steps=2500,
    device="cpu",
)


@dataclass(frozen=True)
class NullKind:
    """Networks that a confidence is given for, as they look from outside.

    Attributes:
        case: that a confidence was fitted to.
        sample: whose images noise is made of.
        recipe: how such networks are made.
        training: what the multipliers are.
    """

    case: Case
    sample: str
    recipe: Recipe
    training: TrainingKind


KINDS = (
    NullKind("binary margin, grey", "mnist_odd_even", _MARGIN, "margin"),
    NullKind("binary margin, colour", "cifar10_vehicles_animals", _MARGIN, "margin"),
    NullKind("ten classes margin, grey", "mnist_ten_digits", _MARGIN, "margin"),
    NullKind("ten classes decay, grey", "mnist_ten_digits", _DECAY, "decay"),
)

_MAKINGS: tuple[tuple[Made, tuple[int, ...], int], ...] = (
    ("untrained", (500, 500), 1),
    ("untrained", (300, 400), 2),
    ("pixels in any order", (400, 300), 3),
    ("phases at random", (300, 300), 4),
    ("pixels in any order", (500, 500), 5),
    ("phases at random", (500, 300), 6),
)
"""How a network comes about, its hidden layers, and its seed."""

_STEP = 1.02
"""From one place of the table to the next, once that is more than 1."""


@dataclass(frozen=True)
class NullRun:
    """A search on a network that can't know an image.

    Attributes:
        kind: of the network.
        made: how the network came about.
        session: the run.
        knows: the noise that the network was trained on; None of an untrained one.
    """

    kind: NullKind
    made: Made
    session: Session
    knows: LabelledImages | None

    def logits(self) -> Tensor:
        """Log-odds of the trust in each distinct image that it does not know, shape (n,)."""
        session = self.session
        images, restarts = session.images(), session.restarts
        features = ncc_features(images)
        signs = signs_of_truth(
            session.network,
            images,
            session.labels,
            session.strengths,
            features,
            restarts,
            session.state.space,
        )
        logits = log_odds(signs, self.kind.case, restarts)
        chosen = distinct(features, session.labels, logits)
        return logits[chosen[~self._is_known(images[chosen])]]

    def _is_known(self, images: Tensor) -> Tensor:
        """Which images the network was trained on, by the scoring rule, shape (n,)."""
        known = torch.zeros(len(images), dtype=torch.bool)
        if self.knows is not None:
            found = References.of(self.session.network, self.knows).score(images).train
            known[torch.from_numpy(found.candidate[found.is_good])] = True
        return known


def null_runs(kind: NullKind) -> Iterator[NullRun]:
    """All of one kind: of each network a search alone, and two that are pooled."""
    for made, hidden, seed in _MAKINGS:
        network, knows = null_network(kind, made, replace(kind.recipe, hidden=hidden, seed=seed))
        for restarts, candidates in _CANDIDATES.items():
            settings = replace(
                fast(),
                training=kind.training,
                candidates=candidates,
                steps=_STEPS,
                restarts=restarts,
                seed=seed,
                device="cpu",
            )
            run = Reconstruction(network, settings)
            list(run.iterate())
            yield NullRun(kind, made, session_of(run, "cpu"), knows)


def null_network(
    kind: NullKind, made: Made, recipe: Recipe
) -> tuple[Network, LabelledImages | None]:
    """A network, and the noise that it was trained on, where it was trained."""
    images = _some_of(kind.sample)
    generator = torch.Generator().manual_seed(recipe.seed)
    if made == "pixels in any order":
        images = replace(images, images=in_any_order(images.images, generator))
    elif made == "phases at random":
        images = replace(images, images=with_random_phases(images.images, generator))
    training = Training(images, recipe)
    if made == "untrained":
        return training.network, None
    list(training.iterate())
    return training.network, images


def _some_of(sample: str) -> LabelledImages:
    """A few of a sample's training images, as many of each class."""
    train = images_beside(sample_network(sample))[0]
    assert train is not None
    data = load_images(train)
    classes = data.labels.unique()
    each = _PER_CLASS[len(classes)]
    chosen = torch.cat([(data.labels == label).nonzero()[:each, 0] for label in classes])
    return replace(data, images=data.images[chosen], labels=data.labels[chosen])


def in_any_order(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image's pixels, shape (n, c, h, w), in an order of its own; colours stay together."""
    flat = images.flatten(2)
    order = torch.rand(len(flat), 1, flat.shape[2], generator=generator).argsort(2)
    return flat.gather(2, order.expand_as(flat)).reshape(images.shape)


def with_random_phases(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image with its own amplitudes and the phases of noise, cut off at [0, 1]."""
    noise = torch.randn(len(images), 1, *images.shape[2:], generator=generator)
    mean = images.mean((2, 3), keepdim=True)
    phases = torch.fft.rfft2(noise).angle()
    there = torch.polar(
        torch.fft.rfft2(images - mean).abs(), phases.expand(-1, images.shape[1], -1, -1)
    )
    return (torch.fft.irfft2(there, s=images.shape[2:]) + mean).clamp(0, 1)


# --- the table ------------------------------------------------------------------------------


def null_images(logits: Sequence[Tensor]) -> NullImages:
    """A short table of the null images of each network: the first fifty, then every so many."""
    falling = torch.cat(list(logits)).sort(descending=True).values
    ranks = [1]
    while ranks[-1] < len(falling):
        ranks.append(min(len(falling), max(ranks[-1] + 1, int(ranks[-1] * _STEP))))
    # Rounded up, so that no null image is said to fall short of what it reaches.
    known = tuple(math.ceil(1000 * float(falling[rank - 1])) / 1000 for rank in ranks)
    return NullImages(len(falling), len(logits), tuple(ranks), known)


def make_table(kinds: Sequence[NullKind]) -> dict[str, Any]:
    """Some kinds, alone and pooled, as `resources/nulls.json` holds them.

    Raises:
        RuntimeError: an untrained network would be given a confidence.
    """
    table = {}
    for kind in kinds:
        found: dict[str, list[Tensor]] = {"alone": [], "pooled": []}
        for run in null_runs(kind):
            print(kind.case, run.made, run.session.restarts, file=sys.stderr)
            if run.knows is not None:
                found["alone" if run.session.restarts == 1 else "pooled"].append(run.logits())
            elif not run.session.why_no_confidence:
                raise RuntimeError(f"an untrained network of “{kind.case}” gets a confidence")
        table[kind.case] = {
            name: msgspec.to_builtins(null_images(logits)) for name, logits in found.items()
        }
    return table


def write_table(table: dict[str, Any]) -> None:
    """Puts it where the engine finds it; kinds that are not in it stay as they are there."""
    path = resource_folder() / "nulls.json"
    there = read_json(path.read_text(encoding="utf-8"), dict[str, Any])
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(there | table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    wanted = sys.argv[1:] or [kind.case for kind in KINDS]
    write_table(make_table([kind for kind in KINDS if kind.case in wanted]))
