"""Line-ups: is a reconstruction's partner picked out among images that the network never saw?

A partner was chosen for being alike, so it would often be first even if nothing had been memorised.
Images of the control get the same chance: they are matched with the same candidates by the same
rule, as many at a time, and neither kind is matched together with those that fill its line-ups.
Were training images and control alike to the network, both would be first equally often
(decision 34).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.evidence.lineup import Elsewhere, LineUp, Trials, counted_up
from engine.evidence.other_run import OtherRun
from engine.evidence.scoring import as_directions, match, on_one_scale
from engine.evidence.similarity import cosine_features, edge_features, ncc_features
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
class Deal:
    """Who stands in line-ups with whom; all are places of images.

    Attributes:
        train: training images that are matched together; of alike sizes.
        control: images of the control that are matched together, no more than of those at once.
        fillers: of each part of the control, the images of the others that fill line-ups meanwhile,
            by class, all equally many.
        count: how many those are.
        train_labels: class number of each training image, shape (n,).
        control_labels: of each image of the control, alike.
        of_class: whether those are classes; else all count as of one.
    """

    train: list[Places]
    control: list[Places]
    fillers: list[dict[int, Places]]
    count: int
    train_labels: Places
    control_labels: Places
    of_class: bool


def line_up(
    candidates: Tensor,
    train: tuple[Tensor, Tensor],
    control: tuple[Tensor, Tensor],
    mean: Tensor,
    recovered: int,
    by_cosine: bool = False,
    other: OtherRun | None = None,
) -> LineUp | None:
    """Lines up every training image, and images of the control, with images of the control.

    Args:
        candidates: centred images, shape (m, c, h, w).
        train: training images in [0, 1], shape (n, c, h, w), and the class number of each, (n,).
        control: images that the network never saw, alike.
        mean: μ, shape (c, h, w).
        recovered: how many training images are, by the rule for matches.
        by_cosine: of embeddings: by cosine and by the NCC of standardised features, in place of
            NCC and edges.
        other: a run on another network, whose candidates are lined up alike.

    Returns:
        What it came to; None where the control has too few images.
    """
    dealt = deal(train[1].long().numpy(), control[1].long().numpy())
    if dealt is None:
        return None
    shown, unseen, reduced = train[0], control[0], mean
    if by_cosine:
        shown, unseen = (as_directions(each, train[0]) for each in (shown, unseen))
        reduced = torch.zeros_like(mean)

    def tried(found: Tensor) -> tuple[Trials, Trials]:
        """Line-ups of training images, and of images of the control."""
        ones = as_directions(found, train[0]) if by_cosine else found
        court = _Court(ones, unseen, reduced, dealt.fillers, shown if by_cosine else None)
        return (
            court.tried(shown, dealt.train_labels, dealt.train),
            court.tried(unseen, dealt.control_labels, dealt.control),
        )

    return counted_up(
        *tried(candidates),
        dealt.count,
        dealt.of_class,
        recovered,
        "embeddings" if by_cosine else "images",
        None if other is None else _elsewhere(other, tried, mean, len(candidates)),
    )


def _elsewhere(
    other: OtherRun, tried: Callable[[Tensor], tuple[Trials, Trials]], mean: Tensor, most: int
) -> Elsewhere:
    """What line-ups come to with no more candidates than these, of a run on another network."""
    candidates = other.centred_by(mean)[:most]
    train, control = (each.firsts() for each in tried(candidates))
    return Elsewhere(other.network, len(candidates), len(candidates) < most, train, control)


def deal(train: Places, control: Places) -> Deal | None:
    """Draws line-ups by a seed of its own, so that the same images always stand together.

    Args:
        train: class number of each training image, shape (n,).
        control: of each image of the control, alike.

    Returns:
        Line-ups of one class each where the control has enough of all of them, else of any class;
        None where it has too few images for that.
    """
    by_class = _deal(train, control)
    if by_class is not None:
        return by_class
    by_any = _deal(np.zeros_like(train), np.zeros_like(control))
    return None if by_any is None else replace(by_any, of_class=False)


def _deal(train: Places, control: Places) -> Deal | None:
    random = np.random.default_rng(_SEED)
    places = np.flatnonzero(np.isin(control, train))
    parts = [places[part] for part in _dealt(control[places], PARTS, random)]
    others = [np.setdiff1d(places, part) for part in parts]
    classes = np.unique(train).tolist()
    fewest = min(int((control[rest] == label).sum()) for rest in others for label in classes)
    count = min(MOST_FILLERS, fewest)
    if count < FEWEST_FILLERS:
        return None
    fillers = [
        {label: random.permutation(rest[control[rest] == label])[:count] for label in classes}
        for rest in others
    ]
    at_once = min(len(train), *(len(part) for part in parts))
    together = _dealt(train, -(-len(train) // at_once), random)
    standing = [part[:at_once] for part in parts]
    return Deal(together, standing, fillers, count, train, control, of_class=True)


def _dealt(labels: Places, count: int, random: np.random.Generator) -> list[Places]:
    """All places, dealt to so many parts, each class as evenly as can be; in any order there."""
    shuffled = random.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return [random.permutation(by_class[part::count]) for part in range(count)]


class _Court:
    """Candidates, and images of the control among which they have to find their partners."""

    def __init__(
        self,
        candidates: Tensor,
        unseen: Tensor,
        mean: Tensor,
        fillers: Sequence[dict[int, Places]],
        directions: Tensor | None = None,
    ) -> None:
        """
        Args:
            candidates: see `line_up`.
            unseen: images of the control.
            mean: μ.
            fillers: see `Deal`.
            directions: of the training embeddings, where these are some; else None.
        """
        self._candidates, self._mean, self._fillers = candidates, mean, fillers
        self._directions = directions
        self._features, self._unseen = self._both(candidates), self._both(unseen - mean)

    def tried(self, images: Tensor, labels: Places, parts: Sequence[Places]) -> Trials:
        """Line-ups of images in [0, 1], each part of them matched by itself."""
        return Trials.joined(
            [
                self._tried(
                    images[torch.from_numpy(part)],
                    labels[part],
                    self._fillers[number % len(self._fillers)],
                )
                for number, part in enumerate(parts)
            ]
        )

    def _tried(self, images: Tensor, labels: Places, fillers: dict[int, Places]) -> Trials:
        by_cosine = self._directions is not None
        found = match(
            self._candidates, images, self._mean, features=self._features[0], by_cosine=by_cosine
        )
        partners, labels = self._both(images - self._mean), labels[found.reference]
        is_first = np.zeros((2, len(labels)), bool)
        for label in np.unique(labels):
            chosen = np.flatnonzero(labels == label)
            for by in range(2):
                ones = self._features[by][torch.from_numpy(found.candidate[chosen])]
                own = (ones * partners[by][torch.from_numpy(found.reference[chosen])]).sum(1)
                others = self._unseen[by][torch.from_numpy(fillers[int(label)])]
                is_first[by, chosen] = (own > (ones @ others.T).amax(1)).numpy()
        return Trials(is_first[0], is_first[1], found.measure)

    def _both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features whose dot products are the two similarities."""
        if self._directions is None:
            return ncc_features(images), edge_features(images)
        standardised = on_one_scale(images, self._directions)
        return cosine_features(images), ncc_features(standardised)
