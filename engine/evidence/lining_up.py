"""Line-ups: is a reconstruction's partner picked out among images that the network never saw?

A partner was chosen for being alike, so it would often be first even if nothing had been memorised.
Images of the control get the same chance: they are matched with the same candidates by the same
rule, as many at a time, and neither kind is matched together with those that fill its line-ups.
Were training images and control alike to the network, both would be first equally often
(decision 34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.evidence.lineup import LineUp, Trials, counted_up
from engine.evidence.scoring import match
from engine.evidence.similarity import edge_features, ncc_features
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

MOST_FILLERS = 99
FEWEST_FILLERS = 5
"""With fewer of a class, images of any class fill; with fewer of all, there are no line-ups."""

PARTS = 5
"""A part of the control stands in for training images, while the others fill the line-ups."""

_SEED = 0

Places = NDArray[np.int64]


@dataclass(frozen=True)
class _Set:
    """Images that stand in line-ups, and the class of each.

    Attributes:
        images: in [0, 1], shape (n, c, h, w).
        labels: class number of each, shape (n,).
    """

    images: Tensor
    labels: Places


def line_up(
    candidates: Tensor,
    train: tuple[Tensor, Tensor],
    control: tuple[Tensor, Tensor],
    mean: Tensor,
    recovered: int,
) -> LineUp | None:
    """Lines up every training image, and images of the control, with images of the control.

    Args:
        candidates: centred images, shape (m, c, h, w).
        train: training images in [0, 1], shape (n, c, h, w), and the class number of each, (n,).
        control: images that the network never saw, alike.
        mean: μ, shape (c, h, w).
        recovered: how many training images are, by the rule for matches.

    Returns:
        What it came to; None where the control has too few images.
    """
    sets = [_Set(images, labels.long().numpy()) for images, labels in (train, control)]
    dealt = _by_class(*sets) or _by_any(*sets)
    if dealt is None:
        return None
    seen, unseen, random = dealt.train, dealt.control, np.random.default_rng(_SEED)
    fillers = [_drawn(unseen.labels, part, dealt.fillers, random) for part in dealt.parts]
    at_once = min(len(seen.labels), *(len(part) for part in dealt.parts))
    court = _Court(candidates, unseen, mean)
    return counted_up(
        court.tried(seen, _deal(seen.labels, -(-len(seen.labels) // at_once)), fillers),
        court.tried(unseen, [part[:at_once] for part in dealt.parts], fillers),
        dealt.fillers,
        dealt.of_class,
        recovered,
    )


@dataclass(frozen=True)
class _Dealt:
    """Who stands, and who may fill.

    Attributes:
        train: training images.
        control: images of the control.
        parts: places of those that stand in together, while the others fill; of alike sizes.
        fillers: images beside the partner in each line-up.
        of_class: whether they are of its class; else all count as of one.
    """

    train: _Set
    control: _Set
    parts: list[Places]
    fillers: int
    of_class: bool


def _by_class(train: _Set, control: _Set) -> _Dealt | None:
    """Line-ups of one class each; None where the control has too few images of one."""
    there = np.isin(control.labels, train.labels)
    control = _Set(control.images[torch.from_numpy(there)], control.labels[there])
    parts = _deal(control.labels, PARTS)
    fillers = min(
        [
            MOST_FILLERS,
            *(
                int((control.labels == label).sum() - (control.labels[part] == label).sum())
                for label in np.unique(train.labels)
                for part in parts
            ),
        ]
    )
    enough = fillers >= FEWEST_FILLERS
    return _Dealt(train, control, parts, fillers, of_class=True) if enough else None


def _by_any(train: _Set, control: _Set) -> _Dealt | None:
    """Line-ups of any class."""
    ones, others = (_Set(each.images, np.zeros_like(each.labels)) for each in (train, control))
    dealt = _by_class(ones, others)
    return None if dealt is None else replace(dealt, of_class=False)


def _deal(labels: Places, count: int) -> list[Places]:
    """Places dealt to so many parts by the seed, each class as evenly as can be."""
    shuffled = np.random.default_rng(_SEED).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    # Shuffled again, because of a part its first ones may be all that stand in.
    return [
        np.random.default_rng(_SEED).permutation(by_class[part::count]) for part in range(count)
    ]


def _drawn(
    labels: Places, part: Places, count: int, random: np.random.Generator
) -> dict[int, Places]:
    """Of each class so many images that are not of a part, by the seed."""
    others = np.setdiff1d(np.arange(len(labels)), part)
    return {
        int(label): random.permutation(others[labels[others] == label])[:count]
        for label in np.unique(labels)
    }


class _Court:
    """Candidates, and the images of the control among which they have to find their partner."""

    def __init__(self, candidates: Tensor, unseen: _Set, mean: Tensor) -> None:
        self._candidates, self._mean = candidates, mean
        self._features = _both(candidates)
        self._unseen = _both(unseen.images - mean)

    def tried(
        self, real: _Set, parts: Sequence[Places], fillers: Sequence[dict[int, Places]]
    ) -> Trials:
        """Line-ups of some images, each part of them matched by itself."""
        return Trials.joined(
            [
                self._tried(real, part, fillers[number % len(fillers)])
                for number, part in enumerate(parts)
            ]
        )

    def _tried(self, real: _Set, part: Places, fillers: dict[int, Places]) -> Trials:
        images = real.images[torch.from_numpy(part)]
        found = match(self._candidates, images, self._mean, features=self._features[0])
        partners, labels = _both(images - self._mean), real.labels[part][found.reference]
        is_first = np.zeros((2, len(labels)), bool)
        for label in np.unique(labels):
            chosen = np.flatnonzero(labels == label)
            for by in range(2):
                ones = self._features[by][torch.from_numpy(found.candidate[chosen])]
                own = (ones * partners[by][torch.from_numpy(found.reference[chosen])]).sum(1)
                others = self._unseen[by][torch.from_numpy(fillers[int(label)])]
                is_first[by, chosen] = (own > (ones @ others.T).amax(1)).numpy()
        return Trials(is_first[0], is_first[1], found.measure)


def _both(images: Tensor) -> tuple[Tensor, Tensor]:
    """Features whose dot products are the two similarities."""
    return ncc_features(images), edge_features(images)
