"""Of which images shadow networks are trained (`evidence.shadows` says what they are for).

*Online*: each of a random half of images in question and control, so that every record is among the
images of about half of them, and not among those of the others. *Offline*: each of a random part of
a pool that shares no image with either set. The network in question decides nothing here, and
images in question and control are drawn alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.base.errors import UnusableInput
from engine.base.plain_text import counted, listed
from engine.data.datasets import LabelledImages
from engine.data.inputs import shape_in_words
from engine.data.nouns import nouns_of
from engine.evidence.duplicates import by_classes_of, copies_within, kept_apart, shared_images
from engine.evidence.shadows import Flags
from engine.network.classes import Classes
from engine.runtime.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

Places = NDArray[np.int64]


@dataclass(frozen=True)
class ShadowImages:
    """What each of some shadow networks is trained on, and who is asked about.

    Attributes:
        asked: images in question and control, shape (n + n', c, h, w).
        asked_classes: their class numbers, from 0, int64, shape (n + n',).
        pool: what the networks are trained on a part of, shape (m, c, h, w).
        pool_classes: their class numbers, shape (m,).
        chosen: which of the pool each is trained on, shape (s, m).
        said: what the pool is and what was left out of it, in words.
        is_online: whether the pool is what is asked about.
    """

    asked: Tensor
    asked_classes: Tensor
    pool: Tensor
    pool_classes: Tensor
    chosen: Flags
    said: str
    is_online: bool

    def of(self, index: int) -> LabelledImages:
        """What one of the networks is trained on."""
        places = torch.from_numpy(np.flatnonzero(self.chosen[index]))
        return LabelledImages(self.pool[places], self.pool_classes[places], "shadow images")

    @property
    def inside(self) -> Flags:
        """Whether each network is trained on each record that is asked about, shape (s, n + n')."""
        if self.is_online:
            return self.chosen
        return np.zeros((len(self.chosen), len(self.asked)), bool)


def halves(
    classes: Classes, images: LabelledImages, control: LabelledImages, count: int, seed: int
) -> ShadowImages:
    """For the online attack.

    Args:
        classes: of the network in question.
        images: in question.
        control: images of the same kind that it never saw.
        count: how many shadow networks.
        seed: of the draw.

    Raises:
        UnusableInput: labels are not given for both sets, or the control holds images in question
            alone.
    """
    asked, numbers = _asked(classes, images, kept_apart(images, control))
    chosen = together(random_halves(numbers.numpy(), count, seed), copies_within(asked))
    nouns = nouns_of(asked.shape[1:]).several
    said = f"a random half of the {len(asked):,} {nouns} in question and of the control"
    return ShadowImages(asked, numbers, asked, numbers, chosen, said, True)


def parts_of_pool(
    classes: Classes,
    images: LabelledImages,
    control: LabelledImages,
    pool: LabelledImages,
    count: int,
    seed: int,
) -> ShadowImages:
    """For the offline attack: each network has as many images of each class as are in question.

    Args:
        classes: of the network in question.
        images: in question.
        control: images of the same kind that it never saw.
        pool: others; those in question or in the control, and copies, are left out.
        count: how many shadow networks.
        seed: of the draw.

    Raises:
        UnusableInput: as `halves`; or what is left of the pool has fewer images of a class than are
            in question, or they are of another size.
    """
    asked, numbers = _asked(classes, images, kept_apart(images, control))
    if pool.images.shape[1:] != asked.shape[1:]:
        have, want = (shape_in_words(each.shape[1:]) for each in (pool.images, asked))
        raise UnusableInput(
            f"The images for shadow networks are {have}, and those in question {want}.",
            "Give images of one size.",
        )
    pool = by_classes_of(images, pool)
    stays, left_out = _apart(asked, len(images), pool.images)
    kept = torch.from_numpy(stays)
    wanted = np.bincount(images.labels.numpy(), minlength=classes.count)
    chosen = random_subsets(pool.labels[kept].numpy(), wanted, count, seed)
    nouns = nouns_of(asked.shape[1:]).several
    said = f"{int(wanted.sum()):,} of {len(stays):,} other {nouns} ({pool.name}){left_out}"
    return ShadowImages(asked, numbers, pool.images[kept], pool.labels[kept], chosen, said, False)


def _apart(asked: Tensor, count: int, pool: Tensor) -> tuple[Places, str]:
    """Places of a pool that are no copies, and in words how many were left out as what."""
    shared = shared_images(asked, pool)
    copies = np.setdiff1d(copies_within(pool)[:, 0], shared[:, 0])
    in_question = int((shared[:, 1] < count).sum())
    kinds = {
        "in question": in_question,
        "in the control": len(shared) - in_question,
        "copies of others there": len(copies),
    }
    said = [f"{number:,} {what}" for what, number in kinds.items() if number]
    stays = np.setdiff1d(np.arange(len(pool)), np.append(shared[:, 0], copies))
    return stays, f"; left out of them: {listed(said)}" if said else ""


def _asked(
    classes: Classes, images: LabelledImages, control: LabelledImages
) -> tuple[Tensor, Tensor]:
    """Images in question and control, and their class numbers.

    Raises:
        UnusableInput: these do not say what the network's classes are.
    """
    sets = (images, control)
    there = [set(each.labels.tolist()) for each in sets]
    wanted = set(range(classes.count))
    one_output = classes.outputs == 1
    fits = all(each == wanted if one_output else each <= wanted for each in there)
    if not fits or set.union(*there) != wanted:
        raise UnusableInput(
            "Shadow networks are trained on the labels of images in question and control, and "
            f"these do not give each of the network's {counted(classes.count, 'classes')} its "
            "images.",
            "Give both sets with labels counted from 0, or leave shadow networks out.",
        )
    return torch.cat([each.images for each in sets]), torch.cat([each.labels for each in sets])


def random_halves(classes: Places, count: int, seed: int) -> Flags:
    """Of which records each of so many networks is trained: a half of each class.

    Two by two they divide the records between them, so that of an even number each record is
    among the images of exactly half. The first networks are the same whatever the number.

    Args:
        classes: class number of each record, shape (n,).
        count: how many networks.
        seed: of the draw.

    Returns:
        Shape (count, n).
    """
    found = np.zeros((count, len(classes)), bool)
    for first in range(0, count, 2):
        random = np.random.default_rng((seed, first))
        for number in np.unique(classes):
            places = random.permutation(np.flatnonzero(classes == number))
            more = int(random.integers(2))  # Of an odd number either half may have one more.
            found[first, places[: (len(places) + more) // 2]] = True
        if first + 1 < count:
            found[first + 1] = ~found[first]
    return found


def random_subsets(classes: Places, wanted: Places, count: int, seed: int) -> Flags:
    """Of which images of a pool each of so many networks is trained: as many of each class.

    Args:
        classes: class number of each image of the pool, shape (m,).
        wanted: how many of each class, shape (K,).
        count: how many networks.
        seed: of the draw.

    Returns:
        Shape (count, m).

    Raises:
        UnusableInput: the pool has fewer images of a class.
    """
    for number, needed in enumerate(wanted):
        there = int((classes == number).sum())
        if there < needed:
            raise UnusableInput(
                f"Of class {number} there are {there:,} images for shadow networks that are "
                f"neither in question nor in the control, and {needed:,} are in question.",
                "Give more of them, or train shadow networks on images in question and control.",
            )
    found = np.zeros((count, len(classes)), bool)
    for index in range(count):
        random = np.random.default_rng((seed, index))
        for number, needed in enumerate(wanted):
            places = np.flatnonzero(classes == number)
            found[index, random.permutation(places)[:needed]] = True
    return found


def together(inside: Flags, copies: Places) -> Flags:
    """The same draw, with copies of a record wherever that one is.

    Args:
        inside: shape (s, n).
        copies: the place of each copy, rising, and of the record before it, shape (p, 2).
    """
    found = inside.copy()
    for place, of in copies:
        found[:, place] = found[:, of]
    return found
